#pragma once

#include "headformer/blocks/led_stack.hpp"
#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/encoders/transformer_encoder.hpp"
#include "headformer/models/readers/encoder.hpp"
#include "headformer/models/readers/json_rotary.hpp"
#include "headformer/models/readers/windows.hpp"

namespace headformer {

/// ModernBERT (Warner et al. 2024, https://arxiv.org/abs/2412.13663): norms before each sub-layer, rotary positions,
/// gated feed-forwards, local layers between global ones. The embeddings' norm stands for the first layer's.
template <Module AttentionNorm>
using ModernBertLayer = PreNormBlock<LayerNorm, SelfAttention<Bidirectional, Rotary>, GatedMlp, AttentionNorm>;
using ModernBert = TransformerEncoder<InputEmbeddings<NormThenProjection>,
                                      LedStack<ModernBertLayer<NoNorm>, ModernBertLayer<LayerNorm>>, LayerNorm,
                                      HeadMaker<NormedTransform, NormedTransform>>;

namespace modernbert {

inline constexpr NameRow rows[] = {
    {"embedding", "embeddings.tok_embeddings", "token_embd"},
    {"embedding_norm", "embeddings.norm", "token_embd_norm"},
    {"layers.#.attn_norm", "layers.#.attn_norm", "blk.#.attn_norm"},
    {"layers.#.attn.query", "layers.#.attn.Wqkv", "blk.#.attn_qkv"},
    {"layers.#.attn.key", "layers.#.attn.Wqkv", "blk.#.attn_qkv"},
    {"layers.#.attn.value", "layers.#.attn.Wqkv", "blk.#.attn_qkv"},
    {"layers.#.attn.output", "layers.#.attn.Wo", "blk.#.attn_output"},
    {"layers.#.ff_norm", "layers.#.mlp_norm", "blk.#.ffn_norm"},
    {"layers.#.ff.gate", "layers.#.mlp.Wi", "blk.#.ffn_up"},
    {"layers.#.ff.up", "layers.#.mlp.Wi", "blk.#.ffn_up"},
    {"layers.#.ff.down", "layers.#.mlp.Wo", "blk.#.ffn_down"},
    {"final_norm", "final_norm", "output_norm"},
    {"output", "decoder", ""},
    {"masked_lm.dense", "head.dense", ""},
    {"masked_lm.norm", "head.norm", ""},
    {"classifier.dense", "head.dense", ""},
    {"classifier.norm", "head.norm", ""},
    {"classifier.output", "classifier", ""},
    {"choice.dense", "head.dense", ""},
    {"choice.norm", "head.norm", ""},
    {"choice.output", "classifier", ""},
    {"tokens.dense", "head.dense", ""},
    {"tokens.norm", "head.norm", ""},
    {"tokens.output", "classifier", ""},
    {"answer.dense", "head.dense", ""},
    {"answer.norm", "head.norm", ""},
    {"answer.output", "classifier", ""},
};
inline constexpr std::string_view ignored[] = {"head.", "decoder.", "classifier.", "cls."};
inline NameTable names() {
  NameTable table{rows, ignored};
  table.base = "model";
  return table;
}

/// The rotary settings of a kind of layer: `rope_parameters`, or the bases that configs of transformers 4 have.
HEADFORMER_COLD inline RotaryConfig read_rotary(const JsonObject& json, Index head_width, const std::string& layer_type,
                                                const char* theta_key, double theta) {
  const double base = json.positive_or(theta_key, theta);
  if (!json.has("rope_parameters")) return RotaryConfig::plain(head_width, base);
  return headformer::read_rotary(json, head_width, {base, json.integer_or("max_position_embeddings", 8192, 1)},
                                 layer_type);
}

HEADFORMER_COLD inline void read_heads(const JsonObject& json, EncoderConfig& config) {
  TransformConfig head{config.width, detail::read_activation(json, "classifier_activation", "gelu"),
                       json.boolean_or("classifier_bias", false), config.norm};
  const std::string pooling = json.string_or("classifier_pooling", "cls");
  if (pooling != "cls" && pooling != "mean") json.fail("classifier_pooling", "cls or mean");
  head.pooling = pooling == "cls" ? Pooling::first : Pooling::mean;
  HeadsConfig& heads = config.heads;
  heads.pooler.width = 0;
  heads.classifier = heads.choice = heads.tokens = heads.masked_lm = head;
  heads.output_bias = json.boolean_or("decoder_bias", true);
}

/// Architecture modern-bert: every third layer sees everything, the first one of all, as llama.cpp takes for granted.
HEADFORMER_COLD inline EncoderConfig gguf_config(const Checkpoint& checkpoint) {
  const Gguf& gguf = checkpoint.gguf();
  const std::string prefix = "modern-bert.";
  EncoderConfig config = read_encoder(checkpoint, "modern-bert", "ModernBERT");
  config.counts_columns = true;
  config.norm.bias = false;
  const Index head_width = config.layers.front().attention.head_width;
  const double global = gguf.number_or(prefix + "rope.freq_base", 160000, 1);
  const double local = gguf.number_or(prefix + "rope.freq_base_swa", 10000, 1);
  const Index window = gguf.integer_or(prefix + "attention.sliding_window", 128, 2, detail::most_width);
  const Index every = gguf.integer_or(prefix + "attention.sliding_window_pattern", 3, 1, detail::most_layers);
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    LayerConfig& layer = config.layers[i];
    const bool windowed = static_cast<Index>(i) % every != 0;
    layer.norm = config.norm;
    layer.attention.window = windowed ? window : 0;
    layer.attention.rotary = RotaryConfig::plain(head_width, windowed ? local : global);
    layer.feed_forward.activation = kernels::Activation::gelu;
  }
  return config;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return gguf_config(checkpoint);
  EncoderDefaults defaults;
  defaults.activation_key = "hidden_activation";
  defaults.epsilon_key = "norm_eps";
  defaults.vocabulary = 50368;
  defaults.layers = 22;
  defaults.hidden_width = 1152;
  defaults.positions = 8192;
  defaults.epsilon = 1e-5;
  defaults.padding_id = 50283;
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "ModernBERT", defaults);
  config.learned_positions = 0;
  config.counts_columns = true;
  config.norm.bias = json.boolean_or("norm_bias", false);
  read_heads(json, config);

  const Index head_width = config.layers.front().attention.head_width;
  const RotaryConfig global = read_rotary(json, head_width, "full_attention", "global_rope_theta", 160000);
  const RotaryConfig local = read_rotary(json, head_width, "sliding_attention", "local_rope_theta", 10000);
  const Index window = json.integer_or("local_attention", 128, 2, detail::most_width);
  const Index every = json.integer_or("global_attn_every_n_layers", 3, 1);
  const auto windowed =
      read_windowed_layers(json, static_cast<Index>(config.layers.size()), [&](Index i) { return i % every != 0; });
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    LayerConfig& layer = config.layers[i];
    layer.norm = config.norm;
    layer.attention.bias = layer.attention.output_bias = json.boolean_or("attention_bias", false);
    layer.attention.window = windowed[i] ? window : 0;
    layer.attention.rotary = windowed[i] ? local : global;
    layer.feed_forward.bias = json.boolean_or("mlp_bias", false);
  }
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"ModernBertModel", EncoderTask::base},
    {"ModernBertForMaskedLM", EncoderTask::masked_lm},
    {"ModernBertForSequenceClassification", EncoderTask::sequence_classification},
    {"ModernBertForMultipleChoice", EncoderTask::multiple_choice},
    {"ModernBertForTokenClassification", EncoderTask::token_classification},
    {"ModernBertForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"ModernBERT", "modernbert", "modern-bert",           classes,
                                         config,       names,        make_encoder<ModernBert>};

}  // namespace modernbert
}  // namespace headformer
