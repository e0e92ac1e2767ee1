#pragma once

#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/config.hpp"
#include "headformer/models/readers/gguf_layers.hpp"

namespace headformer {

/// The common keys of an encoder's GGUF, which holds the base model without a pooler. Of a model that counts positions
/// from its padding id on, the converter has left the table's first rows out: they are columns here.
HEADFORMER_COLD inline EncoderConfig read_encoder(const Checkpoint& checkpoint, const std::string& architecture,
                                                  std::string family) {
  const Gguf& gguf = checkpoint.gguf();
  const auto rows_of = [&](const char* name) {
    const TensorEntry* table = checkpoint.find(name);
    return table == nullptr || table->shape.rank() != 2 ? 0 : table->shape[0];
  };
  EncoderConfig result;
  result.family = std::move(family);
  result.width = result.embedding_width = gguf.integer(architecture + ".embedding_length", 1, detail::most_width);
  result.context_length = gguf.integer_or(architecture + ".context_length", 512, 1);
  result.vocabulary = read_gguf_vocabulary(checkpoint);
  result.learned_positions = rows_of("position_embd.weight");
  result.token_types = rows_of("token_types.weight");
  result.padding_id =
      static_cast<TokenId>(gguf.integer_or("tokenizer.ggml.padding_token_id", 0, 0, detail::most_width));
  result.layers = read_gguf_layers(checkpoint, architecture, result.width);
  result.norm = result.layers.front().norm;
  return result;
}

}  // namespace headformer
