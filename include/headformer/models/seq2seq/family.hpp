#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A class of the reference, what it puts on top of its family's decoder, and what it does without decoder inputs.
struct Seq2SeqClass {
  std::string_view architecture;
  Seq2SeqTask task;
  DecoderInputs decoder_inputs;
};

/// How `auto` finds a family and opens it: by the class name in config.json or by GGUF's architecture.
struct Seq2SeqFamily {
  std::string_view name;
  std::span<const Seq2SeqClass> classes;
  Seq2SeqConfig (*config)(const Checkpoint&);
  NameTable (*names)();
  std::unique_ptr<SequenceToSequence> (*make)(Seq2SeqConfig, const Weights&);
  std::string_view gguf_architecture = "";  ///< of its GGUF files, which hold models that generate; empty: none
};

template <class Model>
HEADFORMER_COLD std::unique_ptr<SequenceToSequence> make_seq2seq(Seq2SeqConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
