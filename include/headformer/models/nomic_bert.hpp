#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"
#include "headformer/models/readers/encoder.hpp"
#include "headformer/models/readers/json_rotary.hpp"

namespace headformer {

/// NomicBERT (Nussbaum et al. 2024, https://arxiv.org/abs/2402.01613): BERT with rotary positions and gated
/// feed-forwards, without biases in its layers.
using NomicBert = TransformerEncoder<InputEmbeddings<NormThenProjection>,
                                     Stack<PostNormBlock<LayerNorm, SelfAttention<Bidirectional, Rotary>, GatedMlp>>,
                                     NoNorm, HeadMaker<NoTransform, DenseTransform>>;

namespace nomic_bert {

/// The reference's names, and those of the publisher's files.
inline constexpr NameRow rows[] = {
    {"embedding", "embeddings.word_embeddings", "token_embd"},
    {"token_types", "embeddings.token_type_embeddings", "token_types"},
    {"embedding_norm", "embeddings.LayerNorm|emb_ln", "token_embd_norm"},
    {"layers.#.attn.query", "layers.#.self_attn.q_proj|encoder.layers.#.attn.Wqkv", "blk.#.attn_q|blk.#.attn_qkv"},
    {"layers.#.attn.key", "layers.#.self_attn.k_proj|encoder.layers.#.attn.Wqkv", "blk.#.attn_k|blk.#.attn_qkv"},
    {"layers.#.attn.value", "layers.#.self_attn.v_proj|encoder.layers.#.attn.Wqkv", "blk.#.attn_v|blk.#.attn_qkv"},
    {"layers.#.attn.output", "layers.#.self_attn.o_proj|encoder.layers.#.attn.out_proj", "blk.#.attn_output"},
    {"layers.#.attn_norm", "layers.#.post_attention_layernorm|encoder.layers.#.norm1", "blk.#.attn_output_norm"},
    {"layers.#.ff.gate", "layers.#.mlp.gate_proj|encoder.layers.#.mlp.fc12", "blk.#.ffn_gate"},
    {"layers.#.ff.up", "layers.#.mlp.up_proj|encoder.layers.#.mlp.fc11", "blk.#.ffn_up"},
    {"layers.#.ff.down", "layers.#.mlp.down_proj|encoder.layers.#.mlp.fc2", "blk.#.ffn_down"},
    {"layers.#.ff_norm", "layers.#.post_mlp_layernorm|encoder.layers.#.norm2", "blk.#.layer_output_norm"},
    {"output", "cls.predictions.decoder|cls.predictions", ""},
    {"masked_lm.dense", "cls.predictions.transform.dense", ""},
    {"masked_lm.norm", "cls.predictions.transform.layer_norm", ""},
    {"classifier.dense", "pooler.dense", ""},
    {"classifier.output", "classifier", ""},
    {"tokens.output", "classifier", ""},
};
inline constexpr std::string_view ignored[] = {"inv_freq", "pooler.", "cls.", "classifier."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "nomic_bert";
  return table;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_encoder(checkpoint, "nomic-bert", "NomicBERT");
  const JsonObject json = checkpoint.config();
  // The publisher's files have a config in GPT-2's words.
  const bool own_words = json.has("n_embd");
  EncoderDefaults defaults;
  if (own_words) {
    defaults.width_key = "n_embd";
    defaults.layers_key = "n_layer";
    defaults.heads_key = "n_head";
    defaults.hidden_width_key = "n_inner";
    defaults.epsilon_key = "layer_norm_epsilon";
    if (json.string_or("activation_function", "swiglu") != "swiglu") json.fail("activation_function", "swiglu");
  }
  defaults.vocabulary = 30528;
  defaults.positions = 2048;
  defaults.activation = "silu";
  EncoderConfig config = read_encoder(json, "NomicBERT", defaults);
  config.learned_positions = 0;
  config.token_types = json.integer_or("type_vocab_size", 2, 0, detail::most_width);
  config.heads.pooler.width = 0;
  const double theta = own_words ? json.positive_or("rotary_emb_base", 1000) : 1000;
  for (LayerConfig& layer : config.layers) {
    AttentionConfig& attention = layer.attention;
    attention.head_width = json.integer_or("head_dim", attention.head_width, 1, 4096);
    attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
    attention.bias = attention.output_bias = layer.feed_forward.bias = false;
    attention.rotary = read_rotary(json, attention.head_width, {theta, config.context_length});
  }
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"NomicBertModel", EncoderTask::base},
    {"NomicBertForMaskedLM", EncoderTask::masked_lm},
    {"NomicBertForSequenceClassification", EncoderTask::sequence_classification},
    {"NomicBertForTokenClassification", EncoderTask::token_classification},
};
inline constexpr EncoderFamily family = {"NomicBERT", "nomic_bert", "nomic-bert",           classes,
                                         config,      names,        make_encoder<NomicBert>};

}  // namespace nomic_bert
}  // namespace headformer
