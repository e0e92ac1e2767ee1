#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm.hpp"
#include "headformer/models/rotary_reader.hpp"

namespace headformer {

/// What the decoder families' configs have in common. A family reads with these and then says what is its own.
struct DecoderDefaults {
  double rotary_theta = 10000;
  bool tied = false;
  float epsilon = 1e-6F;
  const char* activation_key = "hidden_act";
  Index vocabulary = 0;  ///< 0, here and below: the config must say
  Index heads = 0;
  Index key_value_heads = 0;  ///< of a config without the key; one that says null has as many as heads
  Index head_width = 0;
  Index context_length = 2048;
  Index original_positions = 0;  ///< see RotaryDefaults

  RotaryDefaults rotary() const { return {rotary_theta, context_length, original_positions}; }
};

namespace detail {

/// Bounds that no real model comes near, so that a lying config cannot ask for gigabytes before a tensor is looked at.
inline constexpr Index most_layers = 4096;
inline constexpr Index most_width = Index{1} << 24;

/// A size that must be there unless the class has a default.
HEADFORMER_COLD inline Index read_size(const JsonObject& config, const char* key, Index fallback, Index most) {
  return fallback > 0 ? config.integer_or(key, fallback, 1, most) : config.integer(key, 1, most);
}

HEADFORMER_COLD inline kernels::Activation read_activation(const JsonObject& config, const char* key,
                                                           std::string_view fallback) {
  const std::string name = config.string_or(key, fallback);
  if (name == "silu" || name == "swish") return kernels::Activation::silu;
  if (name == "gelu") return kernels::Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast" || name == "gelu_python_tanh")
    return kernels::Activation::gelu_tanh;
  if (name == "quick_gelu") return kernels::Activation::quick_gelu;
  if (name == "relu") return kernels::Activation::relu;
  if (name == "relu2") return kernels::Activation::relu_squared;
  if (name == "tanh") return kernels::Activation::tanh;
  if (name == "sigmoid") return kernels::Activation::sigmoid;
  if (name == "linear") return kernels::Activation::identity;
  config.fail(key, "silu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, relu2, tanh, sigmoid or linear");
}

inline void set_window(CausalLmConfig& config, const std::vector<bool>& windowed, Index window) {
  for (std::size_t i = 0; i < config.layers.size(); ++i) config.layers[i].attention.window = windowed[i] ? window : 0;
}

}  // namespace detail

/// A window that a config may leave out (the class's default), switch off (null), or set.
HEADFORMER_COLD inline Index read_window(const JsonObject& config, Index fallback) {
  if (!config.mentions("sliding_window")) return fallback;
  return config.integer_or("sliding_window", 0, 1);
}

/// Which layers slide, by `layer_types` ("sliding_attention", "full_attention"), or where the config has none by
/// `otherwise(i)`.
template <class Otherwise>
std::vector<bool> read_windowed_layers(const JsonObject& config, Index layers, Otherwise otherwise) {
  std::vector<bool> windowed(static_cast<std::size_t>(layers));
  if (!config.has("layer_types")) {
    for (Index i = 0; i < layers; ++i) windowed[static_cast<std::size_t>(i)] = otherwise(i);
    return windowed;
  }
  const std::vector<std::string> types = config.strings("layer_types");
  if (static_cast<Index>(types.size()) != layers)
    config.fail("layer_types", std::to_string(layers) + " entries (num_hidden_layers)");
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != "sliding_attention" && types[i] != "full_attention")
      config.fail("layer_types", "sliding_attention or full_attention for each layer");
    windowed[i] = types[i] == "sliding_attention";
  }
  return windowed;
}

/// The common keys of a Hugging Face config of a Llama-like decoder.
HEADFORMER_COLD inline CausalLmConfig read_decoder(const JsonObject& config, std::string family,
                                                   const DecoderDefaults& defaults = {}) {
  CausalLmConfig result;
  result.family = std::move(family);
  result.width = config.integer("hidden_size", 1, detail::most_width);
  result.vocabulary =
      detail::read_size(config, "vocab_size", defaults.vocabulary, std::numeric_limits<std::int32_t>::max());
  result.context_length = config.integer_or("max_position_embeddings", defaults.context_length, 1);
  result.tied_output = config.boolean_or("tie_word_embeddings", defaults.tied);

  LayerConfig layer;
  layer.norm = {result.width,
                static_cast<float>(config.number_or("rms_norm_eps", static_cast<double>(defaults.epsilon), 0, 1))};
  result.norm = layer.norm;
  AttentionConfig& attention = layer.attention;
  attention.width = result.width;
  attention.heads = detail::read_size(config, "num_attention_heads", defaults.heads, detail::most_width);
  const bool silent = !config.mentions("num_key_value_heads");
  attention.key_value_heads = config.integer_or(
      "num_key_value_heads", silent && defaults.key_value_heads > 0 ? defaults.key_value_heads : attention.heads, 1);
  if (attention.heads % attention.key_value_heads != 0)
    config.fail("num_key_value_heads", "a divisor of num_attention_heads " + std::to_string(attention.heads));
  if (!config.has("head_dim") && defaults.head_width == 0 && result.width % attention.heads != 0) {
    config.fail("num_attention_heads", "a divisor of hidden_size " + std::to_string(result.width));
  }
  attention.head_width = config.integer_or(
      "head_dim", defaults.head_width > 0 ? defaults.head_width : result.width / attention.heads, 1, 4096);
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.head_norm = {attention.head_width, layer.norm.epsilon};
  layer.feed_forward = {result.width, config.integer("intermediate_size", 1, detail::most_width),
                        detail::read_activation(config, defaults.activation_key, "silu"), false};
  result.layers.assign(static_cast<std::size_t>(config.integer("num_hidden_layers", 1, detail::most_layers)), layer);
  const RotaryConfig rotary = read_rotary(config, attention.head_width, defaults.rotary());
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    result.layers[i].attention.slot = static_cast<Index>(i);
    result.layers[i].attention.rotary = rotary;
  }
  return result;
}

/// The common keys of a GGUF. What GGUF publishes in no key is read from its tensors: the vocabulary's size, a tied
/// output, biases.
HEADFORMER_COLD inline CausalLmConfig read_decoder(const Checkpoint& checkpoint, const std::string& architecture,
                                                   std::string family) {
  const Gguf& gguf = checkpoint.gguf();
  const std::string prefix = architecture + ".";
  const auto has = [&](std::string_view name) { return checkpoint.find(name) != nullptr; };
  CausalLmConfig result;
  result.family = std::move(family);
  result.width = gguf.integer(prefix + "embedding_length", 1, detail::most_width);
  result.context_length = gguf.integer_or(prefix + "context_length", 2048, 1);
  const TensorEntry* embedding = checkpoint.find("token_embd.weight");
  if (embedding == nullptr) throw WeightError(checkpoint.name() + ": tensor token_embd.weight: expected, found none");
  if (embedding->shape.rank() != 2)
    throw WeightError(checkpoint.name() + ": tensor token_embd.weight: expected 2 dimensions, found " +
                      to_string(embedding->shape));
  result.vocabulary = embedding->shape[0];
  result.tied_output = !has("output.weight");

  LayerConfig layer;
  const bool layer_norm = gguf.has(prefix + "attention.layer_norm_epsilon");
  layer.norm = {
      result.width,
      static_cast<float>(gguf.number_or(
          prefix + (layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"), 1e-5, 0, 1))};
  result.norm = layer.norm;
  AttentionConfig& attention = layer.attention;
  attention.width = result.width;
  attention.heads = gguf.integer(prefix + "attention.head_count", 1, detail::most_width);
  attention.key_value_heads = gguf.integer_or(prefix + "attention.head_count_kv", attention.heads, 1, attention.heads);
  if (attention.heads % attention.key_value_heads != 0) {
    throw ConfigError(checkpoint.name() + ": " + prefix + "attention.head_count_kv: expected a divisor of " +
                      std::to_string(attention.heads) + ", found " + std::to_string(attention.key_value_heads));
  }
  attention.head_width = gguf.integer_or(prefix + "attention.key_length", result.width / attention.heads, 1, 4096);
  if (const Index value_width = gguf.integer_or(prefix + "attention.value_length", attention.head_width);
      value_width != attention.head_width) {
    throw ConfigError(checkpoint.name() + ": " + prefix + "attention.value_length: expected " +
                      std::to_string(attention.head_width) + " as for keys, found " + std::to_string(value_width));
  }
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.head_norm = {attention.head_width, layer.norm.epsilon};
  attention.bias = has("blk.0.attn_q.bias") || has("blk.0.attn_qkv.bias");
  attention.output_bias = has("blk.0.attn_output.bias");
  layer.feed_forward = {result.width, gguf.integer(prefix + "feed_forward_length", 1, detail::most_width),
                        kernels::Activation::silu, has("blk.0.ffn_up.bias")};
  result.layers.assign(static_cast<std::size_t>(gguf.integer(prefix + "block_count", 1, detail::most_layers)), layer);
  const RotaryConfig rotary = read_rotary(checkpoint, architecture, attention.head_width);
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    result.layers[i].attention.slot = static_cast<Index>(i);
    result.layers[i].attention.rotary = rotary;
  }
  return result;
}

/// A GGUF's window, in all layers. Only for the architectures whose models have one: files of others may hold the key
/// too (of a window that is switched off), and llama.cpp does not look at it there.
inline void set_window(const Checkpoint& checkpoint, const std::string& architecture, CausalLmConfig& config) {
  const Index window = checkpoint.gguf().integer_or(architecture + ".attention.sliding_window", 0, 0);
  for (LayerConfig& layer : config.layers) layer.attention.window = window;
}

/// Names of the Llama-like families, which agree on them; a family with other modules has its own rows.
inline constexpr NameRow decoder_rows[] = {
    {"embedding", "model.embed_tokens", "token_embd"},
    {"output_norm", "model.norm", "output_norm"},
    {"output", "lm_head", "output"},
    {"layers.#.attn_norm", "model.layers.#.input_layernorm", "blk.#.attn_norm"},
    {"layers.#.attn.query", "model.layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.attn.query_norm", "model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
    {"layers.#.attn.key", "model.layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.attn.key_norm", "model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
    {"layers.#.attn.value", "model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.attn.output", "model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.ff_norm", "model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    {"layers.#.ff.gate", "model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    {"layers.#.ff.up", "model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    {"layers.#.ff.down", "model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
};
inline constexpr std::string_view decoder_ignored[] = {"rotary_emb.inv_freq", "rope_freqs.weight", "rope_factors_"};
inline NameTable decoder_names() { return {decoder_rows, decoder_ignored}; }

}  // namespace headformer
