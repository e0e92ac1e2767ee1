#pragma once

#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/config.hpp"
#include "headformer/models/readers/gguf_layers.hpp"

namespace headformer {

/// The common keys of a decoder's GGUF. A tied output is published in no key and read from the tensors.
HEADFORMER_COLD inline CausalLmConfig read_decoder(const Checkpoint& checkpoint, const std::string& architecture,
                                                   std::string family) {
  CausalLmConfig result;
  result.family = std::move(family);
  result.width = checkpoint.gguf().integer(architecture + ".embedding_length", 1, detail::most_width);
  result.context_length = checkpoint.gguf().integer_or(architecture + ".context_length", 2048, 1);
  result.vocabulary = read_gguf_vocabulary(checkpoint);
  result.tied_output = checkpoint.find("output.weight") == nullptr;
  result.layers = read_gguf_layers(checkpoint, architecture, result.width);
  result.norm = result.layers.front().norm;
  return result;
}

}  // namespace headformer
