#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/readers/gguf_rotary.hpp"
#include "headformer/models/readers/sizes.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// Rows of the embedding's table: GGUF publishes the vocabulary's size in no key of the model.
HEADFORMER_COLD inline Index read_gguf_vocabulary(const Checkpoint& checkpoint) {
  const TensorEntry* embedding = checkpoint.find("token_embd.weight");
  if (embedding == nullptr) throw WeightError(checkpoint.name() + ": tensor token_embd.weight: expected, found none");
  if (embedding->shape.rank() != 2)
    throw WeightError(checkpoint.name() + ": tensor token_embd.weight: expected 2 dimensions, found " +
                      to_string(embedding->shape));
  return embedding->shape[0];
}

/// The layers of a GGUF of any architecture. Whether there are biases is published in no key and read from the tensors.
HEADFORMER_COLD inline std::vector<LayerConfig> read_gguf_layers(const Checkpoint& checkpoint,
                                                                 const std::string& architecture, Index width) {
  const Gguf& gguf = checkpoint.gguf();
  const std::string prefix = architecture + ".";
  const auto has = [&](std::string_view name) { return checkpoint.find(name) != nullptr; };
  LayerConfig layer;
  const bool layer_norm = gguf.has(prefix + "attention.layer_norm_epsilon");
  layer.norm = {width, static_cast<float>(gguf.number_or(
                           prefix + (layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
                           1e-5, 0, 1))};
  AttentionConfig& attention = layer.attention;
  attention.width = width;
  attention.heads = gguf.integer(prefix + "attention.head_count", 1, detail::most_width);
  attention.key_value_heads = gguf.integer_or(prefix + "attention.head_count_kv", attention.heads, 1, attention.heads);
  if (attention.heads % attention.key_value_heads != 0) {
    throw ConfigError(checkpoint.name() + ": " + prefix + "attention.head_count_kv: expected a divisor of " +
                      std::to_string(attention.heads) + ", found " + std::to_string(attention.key_value_heads));
  }
  attention.head_width = gguf.integer_or(prefix + "attention.key_length", width / attention.heads, 1, 4096);
  if (const Index value_width = gguf.integer_or(prefix + "attention.value_length", attention.head_width);
      value_width != attention.head_width) {
    throw ConfigError(checkpoint.name() + ": " + prefix + "attention.value_length: expected " +
                      std::to_string(attention.head_width) + " as for keys, found " + std::to_string(value_width));
  }
  attention.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(attention.head_width)));
  attention.head_norm = {attention.head_width, layer.norm.epsilon};
  attention.bias = has("blk.0.attn_q.bias") || has("blk.0.attn_qkv.bias");
  attention.output_bias = has("blk.0.attn_output.bias");
  layer.feed_forward = {width, gguf.integer(prefix + "feed_forward_length", 1, detail::most_width),
                        kernels::Activation::silu, has("blk.0.ffn_up.bias")};
  std::vector<LayerConfig> layers(
      static_cast<std::size_t>(gguf.integer(prefix + "block_count", 1, detail::most_layers)), layer);
  const RotaryConfig rotary = read_rotary(checkpoint, architecture, attention.head_width);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].attention.slot = static_cast<Index>(i);
    layers[i].attention.rotary = rotary;
  }
  return layers;
}

}  // namespace headformer
