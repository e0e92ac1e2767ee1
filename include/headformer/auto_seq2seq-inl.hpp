#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/auto_seq2seq.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/bart.hpp"
#include "headformer/models/blenderbot.hpp"
#include "headformer/models/blenderbot_small.hpp"
#include "headformer/models/m2m_100.hpp"
#include "headformer/models/marian.hpp"
#include "headformer/models/mbart.hpp"
#include "headformer/models/pegasus.hpp"
#include "headformer/models/t5.hpp"
#include "headformer/models/umt5.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every encoder-decoder family that can be opened by name.
inline constexpr const Seq2SeqFamily* seq2seq_families[] = {
    &t5::family,      &t5::mt5_family, &umt5::family,    &bart::family,       &mbart::family,
    &pegasus::family, &marian::family, &m2m_100::family, &blenderbot::family, &blenderbot_small::family,
};

namespace detail {

/// A family and its class that a checkpoint names.
struct Seq2SeqMatch {
  const Seq2SeqFamily* family = nullptr;
  Seq2SeqTask task = Seq2SeqTask::generation;
  DecoderInputs decoder_inputs = DecoderInputs::required;
};

/// No family where the checkpoint names none of them.
HEADFORMER_COLD inline Seq2SeqMatch match_seq2seq(const Checkpoint& checkpoint) {
  const std::string architecture = checkpoint.architecture();
  for (const Seq2SeqFamily* family : seq2seq_families) {
    if (checkpoint.is_gguf()) {
      if (!architecture.empty() && family->gguf_architecture == architecture) return {family};
      continue;
    }
    for (const Seq2SeqClass& known : family->classes) {
      if (known.architecture == architecture) return {family, known.task, known.decoder_inputs};
    }
  }
  return {};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_seq2seq(const Checkpoint& checkpoint) {
  return detail::match_seq2seq(checkpoint).family != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string seq2seq_architectures(bool gguf) {
  std::string names;
  for (const Seq2SeqFamily* family : seq2seq_families) {
    if (gguf) detail::add_name(names, family->gguf_architecture);
    for (const Seq2SeqClass& known : family->classes) detail::add_name(names, gguf ? "" : known.architecture);
  }
  return names;
}

namespace detail {

/// The match of a checkpoint that names an encoder-decoder, and the config of its class. Throws ConfigError for
/// another.
HEADFORMER_COLD inline std::pair<const Seq2SeqFamily*, Seq2SeqConfig> find_seq2seq(const Checkpoint& checkpoint) {
  const Seq2SeqMatch match = match_seq2seq(checkpoint);
  if (match.family == nullptr) fail_architecture(checkpoint, seq2seq_architectures(checkpoint.is_gguf()));
  Seq2SeqConfig config = match.family->config(checkpoint);
  config.task = match.task;
  config.decoder_inputs = match.decoder_inputs;
  return {match.family, std::move(config)};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<SequenceToSequence> open_seq2seq(const Checkpoint& checkpoint,
                                                                                   const LoadOptions& options) {
  auto [family, config] = detail::find_seq2seq(checkpoint);
  const NameTable names = family->names();
  const LoadWorkers workers(options);
  return family->make(std::move(config), Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE MemoryEstimate seq2seq_memory_estimate(const Checkpoint& checkpoint,
                                                                         const LoadOptions& options,
                                                                         const MemoryUse& use) {
  auto [family, config] = detail::find_seq2seq(checkpoint);
  const NameTable names = family->names();
  SerialExecutor executor;
  const Weights weights = Weights::measure(checkpoint, names, options, executor);
  const auto model = family->make(std::move(config), weights);
  return estimate_memory(model->config(), model->report(), use);
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<SequenceToSequence> open_seq2seq(const std::filesystem::path& path,
                                                                                   const LoadOptions& options) {
  return open_seq2seq(Checkpoint::open(path), options);
}

}  // namespace headformer
