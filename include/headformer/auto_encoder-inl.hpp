#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "headformer/auto_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/albert.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/bert.hpp"
#include "headformer/models/clip.hpp"
#include "headformer/models/deberta_v2.hpp"
#include "headformer/models/decoder_bases.hpp"
#include "headformer/models/distilbert.hpp"
#include "headformer/models/electra.hpp"
#include "headformer/models/modernbert.hpp"
#include "headformer/models/mpnet.hpp"
#include "headformer/models/nomic_bert.hpp"
#include "headformer/models/roberta.hpp"
#include "headformer/models/siglip.hpp"
#include "headformer/models/umt5.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every encoder family that can be opened by name.
inline constexpr const EncoderFamily* encoder_families[] = {
    &bert::family,           &roberta::family,      &roberta::xlm_family, &roberta::camembert_family,
    &distilbert::family,     &albert::family,       &electra::family,     &mpnet::family,
    &modernbert::family,     &nomic_bert::family,   &deberta_v2::family,  &t5::encoder_family,
    &t5::mt5_encoder_family, &umt5::encoder_family, &gpt2::base_family,   &llama::base_family,
    &mistral::base_family,   &qwen2::base_family,   &qwen3::base_family,  &gemma::base_family,
    &gemma2::base_family,    &gemma3::base_family,  &phi3::base_family,   &smollm3::base_family,
    &clip::text_family,      &siglip::text_family,
};

namespace detail {

/// A family and what one of its classes puts on top of it.
struct EncoderMatch {
  const EncoderFamily* family = nullptr;
  EncoderTask task = EncoderTask::base;
  std::span<const std::string_view> beside = {};  ///< tensors that the checkpoint has for others
};

/// The family whose base class a config names by its model type alone; nullptr where there is none.
HEADFORMER_COLD inline const EncoderFamily* family_of_type(const JsonObject& config) {
  const std::string type = config.string_or("model_type", "");
  for (const EncoderFamily* family : encoder_families)
    if (!type.empty() && family->model_type == type) return family;
  return nullptr;
}

/// Stanford's ColBERT: the base class of any family, and beside it a matrix over each token's hidden state, which is no
/// part of the encoder.
inline constexpr std::string_view stanford_colbert = "HF_ColBERT";
inline constexpr std::string_view stanford_colbert_head[] = {"linear.weight"};

/// No family where the checkpoint names none of them.
HEADFORMER_COLD inline EncoderMatch match_encoder(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    const std::string architecture = checkpoint.architecture();
    for (const EncoderFamily* family : encoder_families) {
      // An empty name stands for no GGUF of its own, so it must not match an empty key of the file.
      if (!architecture.empty() && family->gguf_architecture == architecture) return {family, EncoderTask::base};
    }
    return {};
  }
  // Some publishers' configs name the family only.
  const JsonObject config = checkpoint.config();
  if (!config.has("architectures")) {
    if (const EncoderFamily* family = family_of_type(config)) return {family, EncoderTask::base};
  }
  const std::string architecture = checkpoint.architecture();
  for (const EncoderFamily* family : encoder_families) {
    for (const EncoderClass& known : family->classes) {
      if (known.architecture == architecture) return {family, known.task};
    }
  }
  return {};
}

/// The same for the base class whatever the checkpoint's own puts on top: a head over the vocabulary, too.
HEADFORMER_COLD inline EncoderMatch match_base_encoder(const Checkpoint& checkpoint) {
  const EncoderMatch match = match_encoder(checkpoint);
  if (match.family != nullptr) return {match.family, EncoderTask::base};
  if (!checkpoint.is_gguf() && checkpoint.architecture() == stanford_colbert)
    return {family_of_type(checkpoint.config()), EncoderTask::base, stanford_colbert_head};
  for (const EncoderFamily* family : encoder_families) {
    if (family->decoder != nullptr && names_family(checkpoint, *family->decoder)) return {family, EncoderTask::base};
  }
  return {};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_encoder(const Checkpoint& checkpoint) {
  return detail::match_encoder(checkpoint).family != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string encoder_architectures(bool gguf) {
  std::string names;
  for (const EncoderFamily* family : encoder_families) {
    if (gguf) detail::add_name(names, family->gguf_architecture);
    for (const EncoderClass& known : family->classes) detail::add_name(names, gguf ? "" : known.architecture);
  }
  return names;
}

namespace detail {

/// Throws ConfigError where there is no match.
HEADFORMER_COLD inline std::unique_ptr<Encoder> open_encoder(const Checkpoint& checkpoint, const EncoderMatch& match,
                                                             const LoadOptions& options) {
  if (match.family == nullptr) fail_architecture(checkpoint, encoder_architectures(checkpoint.is_gguf()));
  EncoderConfig config = match.family->config(checkpoint);
  config.task = match.task;
  NameTable names = match.family->names();
  if (!match.beside.empty()) names.other_heads = match.beside;
  const LoadWorkers workers(options);
  return match.family->make(std::move(config), Weights(checkpoint, names, options, workers.executor()));
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<Encoder> open_encoder(const Checkpoint& checkpoint,
                                                                        const LoadOptions& options) {
  return detail::open_encoder(checkpoint, detail::match_encoder(checkpoint), options);
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<Encoder> open_base_encoder(const Checkpoint& checkpoint,
                                                                             const LoadOptions& options) {
  return detail::open_encoder(checkpoint, detail::match_base_encoder(checkpoint), options);
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<Encoder> open_encoder(const std::filesystem::path& path,
                                                                        const LoadOptions& options) {
  return open_encoder(Checkpoint::open(path), options);
}

}  // namespace headformer
