#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of T5 and its heirs. The first layer's relative bias is all layers'.
inline constexpr NameRow t5_rows[] = {
    {"encoder.embedding", "encoder.embed_tokens|shared|decoder.embed_tokens|lm_head", ""},
    {"encoder.layers.#.attn_norm", "encoder.block.#.layer.0.layer_norm", ""},
    {"encoder.layers.#.attn.query", "encoder.block.#.layer.0.SelfAttention.q", ""},
    {"encoder.layers.#.attn.key", "encoder.block.#.layer.0.SelfAttention.k", ""},
    {"encoder.layers.#.attn.value", "encoder.block.#.layer.0.SelfAttention.v", ""},
    {"encoder.layers.#.attn.output", "encoder.block.#.layer.0.SelfAttention.o", ""},
    {"encoder.layers.#.attn.relative_bias", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias", ""},
    {"encoder.layers.#.ff_norm", "encoder.block.#.layer.1.layer_norm", ""},
    {"encoder.layers.#.ff.gate", "encoder.block.#.layer.1.DenseReluDense.wi_0", ""},
    {"encoder.layers.#.ff.up", "encoder.block.#.layer.1.DenseReluDense.wi|encoder.block.#.layer.1.DenseReluDense.wi_1",
     ""},
    {"encoder.layers.#.ff.down", "encoder.block.#.layer.1.DenseReluDense.wo", ""},
    {"encoder.final_norm", "encoder.final_layer_norm", ""},
    {"encoder.tokens.output", "classifier", ""},
    {"decoder.embedding", "decoder.embed_tokens|shared|encoder.embed_tokens", ""},
    {"decoder.layers.#.attn_norm", "decoder.block.#.layer.0.layer_norm", ""},
    {"decoder.layers.#.attn.query", "decoder.block.#.layer.0.SelfAttention.q", ""},
    {"decoder.layers.#.attn.key", "decoder.block.#.layer.0.SelfAttention.k", ""},
    {"decoder.layers.#.attn.value", "decoder.block.#.layer.0.SelfAttention.v", ""},
    {"decoder.layers.#.attn.output", "decoder.block.#.layer.0.SelfAttention.o", ""},
    {"decoder.layers.#.attn.relative_bias", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias", ""},
    {"decoder.layers.#.cross_norm", "decoder.block.#.layer.1.layer_norm", ""},
    {"decoder.layers.#.cross.query", "decoder.block.#.layer.1.EncDecAttention.q", ""},
    {"decoder.layers.#.cross.key", "decoder.block.#.layer.1.EncDecAttention.k", ""},
    {"decoder.layers.#.cross.value", "decoder.block.#.layer.1.EncDecAttention.v", ""},
    {"decoder.layers.#.cross.output", "decoder.block.#.layer.1.EncDecAttention.o", ""},
    {"decoder.layers.#.ff_norm", "decoder.block.#.layer.2.layer_norm", ""},
    {"decoder.layers.#.ff.gate", "decoder.block.#.layer.2.DenseReluDense.wi_0", ""},
    {"decoder.layers.#.ff.up", "decoder.block.#.layer.2.DenseReluDense.wi|decoder.block.#.layer.2.DenseReluDense.wi_1",
     ""},
    {"decoder.layers.#.ff.down", "decoder.block.#.layer.2.DenseReluDense.wo", ""},
    {"decoder.output_norm", "decoder.final_layer_norm", ""},
    {"decoder.output", "lm_head", ""},
    {"classifier.dense", "classification_head.dense", ""},
    {"classifier.output", "classification_head.out_proj", ""},
    {"answer.output", "qa_outputs", ""},
};
/// Files may hold a tied table under all its names, a table that nothing reads, and the heads of other classes.
inline constexpr std::string_view t5_ignored[] = {
    "shared.weight",        "embed_tokens.weight", "lm_head.weight", "EncDecAttention.relative_attention_bias",
    "classification_head.", "qa_outputs.",         "classifier."};
/// What is left of a whole model's file for its encoder alone.
inline constexpr std::string_view t5_encoder_ignored[] = {"shared.weight", "embed_tokens.weight",  "lm_head.weight",
                                                          "decoder.",      "classification_head.", "qa_outputs.",
                                                          "classifier."};
inline NameTable t5_names() {
  NameTable table{t5_rows, t5_ignored};
  table.base = "transformer";
  return table;
}
inline NameTable t5_encoder_names() {
  NameTable table{t5_rows, t5_encoder_ignored};
  table.base = "transformer";
  return table;
}

}  // namespace headformer
