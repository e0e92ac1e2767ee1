#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of BERT and of the families whose layers are called as its are; what comes before them is the table's base.
inline constexpr NameRow bert_rows[] = {
    {"embedding", "embeddings.word_embeddings", "token_embd"},
    {"positions", "embeddings.position_embeddings", "position_embd"},
    {"token_types", "embeddings.token_type_embeddings", "token_types"},
    {"embedding_norm", "embeddings.LayerNorm", "token_embd_norm"},
    {"layers.#.attn.query", "encoder.layer.#.attention.self.query", "blk.#.attn_q|blk.#.attn_qkv"},
    {"layers.#.attn.key", "encoder.layer.#.attention.self.key", "blk.#.attn_k|blk.#.attn_qkv"},
    {"layers.#.attn.value", "encoder.layer.#.attention.self.value", "blk.#.attn_v|blk.#.attn_qkv"},
    {"layers.#.attn.output", "encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
    {"layers.#.attn_norm", "encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_output_norm"},
    {"layers.#.ff.up", "encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
    {"layers.#.ff.down", "encoder.layer.#.output.dense", "blk.#.ffn_down"},
    {"layers.#.ff_norm", "encoder.layer.#.output.LayerNorm", "blk.#.layer_output_norm"},
    {"output", "cls.predictions.decoder|cls.predictions", ""},
    {"masked_lm.dense", "cls.predictions.transform.dense", ""},
    {"masked_lm.norm", "cls.predictions.transform.LayerNorm", ""},
    {"pooler.dense", "pooler.dense", ""},
    {"next_sentence.dense", "pooler.dense", ""},
    {"next_sentence.output", "cls.seq_relationship", ""},
    {"classifier.dense", "pooler.dense", ""},
    {"classifier.output", "classifier", ""},
    {"choice.dense", "pooler.dense", ""},
    {"choice.output", "classifier", ""},
    {"tokens.output", "classifier", ""},
    {"answer.output", "qa_outputs", ""},
};
/// Older files hold a buffer of positions; a class does not use the heads of the others.
inline constexpr std::string_view bert_ignored[] = {"position_ids", "pooler.", "cls.", "classifier.", "qa_outputs."};

}  // namespace headformer
