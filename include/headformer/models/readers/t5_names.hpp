#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of T5 and its heirs. The first layer's relative bias is all layers'.
inline constexpr NameRow t5_rows[] = {
    {"encoder.embedding", "encoder.embed_tokens|shared|decoder.embed_tokens|lm_head", "token_embd"},
    {"encoder.layers.#.attn_norm", "encoder.block.#.layer.0.layer_norm", "enc.blk.#.attn_norm"},
    {"encoder.layers.#.attn.query", "encoder.block.#.layer.0.SelfAttention.q", "enc.blk.#.attn_q"},
    {"encoder.layers.#.attn.key", "encoder.block.#.layer.0.SelfAttention.k", "enc.blk.#.attn_k"},
    {"encoder.layers.#.attn.value", "encoder.block.#.layer.0.SelfAttention.v", "enc.blk.#.attn_v"},
    {"encoder.layers.#.attn.output", "encoder.block.#.layer.0.SelfAttention.o", "enc.blk.#.attn_o"},
    {"encoder.layers.#.attn.relative_bias", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
     "enc.blk.#.attn_rel_b|enc.blk.0.attn_rel_b"},
    {"encoder.layers.#.ff_norm", "encoder.block.#.layer.1.layer_norm", "enc.blk.#.ffn_norm"},
    {"encoder.layers.#.ff.gate", "encoder.block.#.layer.1.DenseReluDense.wi_0", "enc.blk.#.ffn_gate"},
    {"encoder.layers.#.ff.up", "encoder.block.#.layer.1.DenseReluDense.wi|encoder.block.#.layer.1.DenseReluDense.wi_1",
     "enc.blk.#.ffn_up"},
    {"encoder.layers.#.ff.down", "encoder.block.#.layer.1.DenseReluDense.wo", "enc.blk.#.ffn_down"},
    {"encoder.final_norm", "encoder.final_layer_norm", "enc.output_norm"},
    {"encoder.tokens.output", "classifier", ""},
    {"decoder.embedding", "decoder.embed_tokens|shared|encoder.embed_tokens", "token_embd"},
    {"decoder.layers.#.attn_norm", "decoder.block.#.layer.0.layer_norm", "dec.blk.#.attn_norm"},
    {"decoder.layers.#.attn.query", "decoder.block.#.layer.0.SelfAttention.q", "dec.blk.#.attn_q"},
    {"decoder.layers.#.attn.key", "decoder.block.#.layer.0.SelfAttention.k", "dec.blk.#.attn_k"},
    {"decoder.layers.#.attn.value", "decoder.block.#.layer.0.SelfAttention.v", "dec.blk.#.attn_v"},
    {"decoder.layers.#.attn.output", "decoder.block.#.layer.0.SelfAttention.o", "dec.blk.#.attn_o"},
    {"decoder.layers.#.attn.relative_bias", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias",
     "dec.blk.#.attn_rel_b|dec.blk.0.attn_rel_b"},
    {"decoder.layers.#.cross_norm", "decoder.block.#.layer.1.layer_norm", "dec.blk.#.cross_attn_norm"},
    {"decoder.layers.#.cross.query", "decoder.block.#.layer.1.EncDecAttention.q", "dec.blk.#.cross_attn_q"},
    {"decoder.layers.#.cross.key", "decoder.block.#.layer.1.EncDecAttention.k", "dec.blk.#.cross_attn_k"},
    {"decoder.layers.#.cross.value", "decoder.block.#.layer.1.EncDecAttention.v", "dec.blk.#.cross_attn_v"},
    {"decoder.layers.#.cross.output", "decoder.block.#.layer.1.EncDecAttention.o", "dec.blk.#.cross_attn_o"},
    {"decoder.layers.#.ff_norm", "decoder.block.#.layer.2.layer_norm", "dec.blk.#.ffn_norm"},
    {"decoder.layers.#.ff.gate", "decoder.block.#.layer.2.DenseReluDense.wi_0", "dec.blk.#.ffn_gate"},
    {"decoder.layers.#.ff.up", "decoder.block.#.layer.2.DenseReluDense.wi|decoder.block.#.layer.2.DenseReluDense.wi_1",
     "dec.blk.#.ffn_up"},
    {"decoder.layers.#.ff.down", "decoder.block.#.layer.2.DenseReluDense.wo", "dec.blk.#.ffn_down"},
    {"decoder.output_norm", "decoder.final_layer_norm", "dec.output_norm"},
    {"decoder.output", "lm_head", "output"},
    {"classifier.dense", "classification_head.dense", ""},
    {"classifier.output", "classification_head.out_proj", ""},
    {"answer.output", "qa_outputs", ""},
};
/// Files may hold a tied table under all its names, a table that nothing reads, and the heads of other classes.
inline constexpr std::string_view t5_ignored[] = {
    "shared.weight",    "embed_tokens.weight",  "lm_head.weight", "EncDecAttention.relative_attention_bias",
    "cross_attn_rel_b", "classification_head.", "qa_outputs.",    "classifier."};
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
