#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/causal_lm.hpp"
#include "headformer/models/causal_lm/family.hpp"
#include "headformer/models/readers/decoder.hpp"

namespace headformer {

/// GPT-2 (Radford et al. 2019): learned positions, layer norms with biases.
template <class Mask>
using Gpt2Layer = PreNormBlock<LayerNorm, SelfAttention<Mask, NoRotary>, Mlp>;
using Gpt2 = CausalLm<LearnedPositions, Gpt2Layer<Causal>, LayerNorm>;

namespace gpt2 {

/// Hugging Face's files store the matrices [in, out], queries, keys and values side by side.
inline constexpr NameRow rows[] = {
    {"embedding", "transformer.wte", "token_embd"},
    {"positions", "transformer.wpe", "position_embd"},
    {"output_norm", "transformer.ln_f", "output_norm"},
    {"output", "lm_head", "output"},
    {"final_norm", "transformer.ln_f", "output_norm"},
    {"classifier.output", "score", ""},
    {"tokens.output", "classifier", ""},
    {"answer.output", "qa_outputs", ""},
    {"layers.#.attn_norm", "transformer.h.#.ln_1", "blk.#.attn_norm"},
    {"layers.#.attn.query", "transformer.h.#.attn.c_attn", "blk.#.attn_qkv", Transform::transposed},
    {"layers.#.attn.key", "transformer.h.#.attn.c_attn", "blk.#.attn_qkv", Transform::transposed},
    {"layers.#.attn.value", "transformer.h.#.attn.c_attn", "blk.#.attn_qkv", Transform::transposed},
    {"layers.#.attn.output", "transformer.h.#.attn.c_proj", "blk.#.attn_output", Transform::transposed},
    {"layers.#.ff_norm", "transformer.h.#.ln_2", "blk.#.ffn_norm"},
    {"layers.#.ff.up", "transformer.h.#.mlp.c_fc", "blk.#.ffn_up", Transform::transposed},
    {"layers.#.ff.down", "transformer.h.#.mlp.c_proj", "blk.#.ffn_down", Transform::transposed},
};
/// Older files hold the causal mask as a buffer of each layer.
inline constexpr std::string_view ignored[] = {".attn.bias", ".attn.masked_bias"};
inline NameTable names() { return {rows, ignored}; }

HEADFORMER_COLD inline CausalLmConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    CausalLmConfig config = read_decoder(checkpoint, "gpt2", "GPT-2");
    config.learned_positions =
        checkpoint.gguf().integer_or("gpt2.context_length", config.context_length, 1, detail::most_width);
    for (LayerConfig& layer : config.layers) layer.feed_forward.activation = kernels::Activation::gelu_tanh;
    return config;
  }
  const JsonObject json = checkpoint.config();
  if (json.boolean_or("add_cross_attention", false)) json.fail("add_cross_attention", "false");
  CausalLmConfig config;
  config.family = "GPT-2";
  config.width = json.integer("n_embd", 1, detail::most_width);
  config.vocabulary = json.integer("vocab_size", 1, std::numeric_limits<std::int32_t>::max());
  config.context_length = config.learned_positions = json.integer_or("n_positions", 1024, 1, detail::most_width);
  config.tied_output = json.boolean_or("tie_word_embeddings", true);
  config.norm = {config.width, static_cast<float>(json.number_or("layer_norm_epsilon", 1e-5, 0, 1))};

  LayerConfig layer;
  layer.norm = config.norm;
  AttentionConfig& attention = layer.attention;
  attention.width = config.width;
  attention.heads = attention.key_value_heads = json.integer("n_head", 1, detail::most_width);
  if (config.width % attention.heads != 0) json.fail("n_head", "a divisor of n_embd " + std::to_string(config.width));
  attention.head_width = config.width / attention.heads;
  attention.bias = attention.output_bias = true;
  if (json.boolean_or("scale_attn_weights", true))
    attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  layer.feed_forward = {config.width, json.integer_or("n_inner", 4 * config.width, 1, detail::most_width),
                        detail::read_activation(json, "activation_function", "gelu_new"), true};
  config.layers.assign(static_cast<std::size_t>(json.integer("n_layer", 1, detail::most_layers)), layer);
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    config.layers[i].attention.slot = static_cast<Index>(i);
    if (json.boolean_or("scale_attn_by_inverse_layer_idx", false))
      config.layers[i].attention.scale /= static_cast<float>(i + 1);
  }
  return config;
}

inline constexpr std::string_view architectures[] = {"GPT2LMHeadModel"};
inline constexpr CausalLmFamily family = {"GPT-2", architectures, "gpt2", config, names, make_causal_lm<Gpt2>};

}  // namespace gpt2
}  // namespace headformer
