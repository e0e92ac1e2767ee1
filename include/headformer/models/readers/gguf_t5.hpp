#pragma once

#include <string>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/gguf_layers.hpp"
#include "headformer/models/readers/json_t5.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// The keys of a GGUF of T5 or of its encoder alone ("t5", "t5encoder"). What llama.cpp takes for granted is here too:
/// distances up to 128, a gate's GELU or ReLU without one. Which models scale their output no key says: those without a
/// head of their own, as published, and UMT5, which has a relative bias in each layer.
HEADFORMER_COLD inline Seq2SeqConfig read_t5(const Checkpoint& checkpoint, const std::string& architecture) {
  const Gguf& gguf = checkpoint.gguf();
  const std::string prefix = architecture + '.';
  Seq2SeqConfig config;
  const bool umt5 = checkpoint.find("enc.blk.1.attn_rel_b.weight") != nullptr;
  config.family = umt5 ? "UMT5" : "T5";
  EncoderConfig& encoder = config.encoder;
  encoder.vocabulary = read_gguf_vocabulary(checkpoint);
  encoder.width = gguf.integer(prefix + "embedding_length", 1, detail::most_width);
  encoder.context_length = gguf.integer_or(prefix + "context_length", 512, 1);
  encoder.padding_id =
      static_cast<TokenId>(gguf.integer_or("tokenizer.ggml.padding_token_id", 0, 0, detail::most_width));
  encoder.gated_feed_forward = checkpoint.find("enc.blk.0.ffn_gate.weight") != nullptr;
  const std::vector<LayerConfig> layers = read_gguf_layers(checkpoint, architecture, encoder.width);
  LayerConfig layer = layers.front();
  encoder.norm = layer.norm;
  layer.attention.scale = 1;
  RelativeBucketConfig& relative = layer.attention.relative;
  relative.rows = relative.buckets = gguf.integer_or(prefix + "attention.relative_buckets_count", 32, 4, 65536);
  relative.greatest_distance = 128;
  if (relative.greatest_distance <= relative.buckets / 2)
    throw ConfigError(checkpoint.name() + ": " + prefix +
                      "attention.relative_buckets_count: expected less than 256, found " +
                      std::to_string(relative.buckets));
  layer.feed_forward.activation =
      encoder.gated_feed_forward ? kernels::Activation::gelu_tanh : kernels::Activation::relu;
  const auto count = static_cast<Index>(layers.size());
  build_t5(config, std::move(layer), count,
           gguf.integer_or(prefix + "decoder_block_count", count, 1, detail::most_layers));
  config.end_id = static_cast<TokenId>(gguf.integer_or("tokenizer.ggml.eos_token_id", 1, 0, detail::most_width));
  config.start_id = static_cast<TokenId>(gguf.integer_or(prefix + "decoder_start_token_id", 0, 0, detail::most_width));
  if (umt5 || checkpoint.find("output.weight") == nullptr) scale_output(config);
  return config;
}

}  // namespace headformer
