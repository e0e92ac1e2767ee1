#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/config.hpp"
#include "headformer/models/readers/json_encoder.hpp"

namespace headformer {

namespace detail {

/// Sizes, one a layer. Throws ConfigError for another number of them than `count` (0: any but none).
HEADFORMER_COLD inline std::vector<Index> read_layer_sizes(const JsonObject& json, const char* key,
                                                           const std::vector<Index>& fallback, std::size_t count = 0) {
  const std::vector<Index> sizes = json.has(key) ? json.integers(key, 1, most_width) : fallback;
  if (sizes.empty() || (count > 0 && sizes.size() != count))
    json.fail(key, count > 0 ? std::to_string(count) + " sizes" : std::string("at least one size"));
  return sizes;
}

/// The layers of x-vectors.
HEADFORMER_COLD inline std::vector<TimeDelayConfig> read_time_delays(const JsonObject& json) {
  const std::vector<Index> outputs = read_layer_sizes(json, "tdnn_dim", {512, 512, 512, 512, 1500});
  const std::vector<Index> taps = read_layer_sizes(json, "tdnn_kernel", {5, 3, 3, 1, 1}, outputs.size());
  const std::vector<Index> dilations = read_layer_sizes(json, "tdnn_dilation", {1, 2, 3, 1, 1}, outputs.size());
  std::vector<TimeDelayConfig> result;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.push_back({outputs[i == 0 ? 0 : i - 1], outputs[i], taps[i], dilations[i]});
  return result;
}

/// The convolutions that make frames of a waveform.
HEADFORMER_COLD inline std::vector<TemporalConvolutionConfig> read_convolutions(const JsonObject& json) {
  const std::vector<Index> outputs = read_layer_sizes(json, "conv_dim", {512, 512, 512, 512, 512, 512, 512});
  const std::vector<Index> strides = read_layer_sizes(json, "conv_stride", {5, 2, 2, 2, 2, 2, 2}, outputs.size());
  const std::vector<Index> taps = read_layer_sizes(json, "conv_kernel", {10, 3, 3, 3, 3, 2, 2}, outputs.size());
  const bool bias = json.boolean_or("conv_bias", false);
  const kernels::Activation activation = read_activation(json, "feat_extract_activation", "gelu");
  std::vector<TemporalConvolutionConfig> result;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.push_back({i == 0 ? 1 : outputs[i - 1], outputs[i], taps[i], strides[i], 0, bias, activation});
  return result;
}

}  // namespace detail

/// The keys about the heads of classifiers.
HEADFORMER_COLD inline void read_audio_classifier(const JsonObject& json, AudioEncoderConfig& config) {
  config.labels = read_labels(json);
  config.weighted_layers = config.task != AudioTask::base && config.task != AudioTask::ctc &&
                           json.boolean_or("use_weighted_layer_sum", false);
  config.classifier.width = json.integer_or("classifier_proj_size", 256, 1, detail::most_width);
  config.classifier.activation = kernels::Activation::identity;
  config.classifier.pooling = Pooling::mean;
}

/// The common keys of wav2vec 2.0 and its heirs.
HEADFORMER_COLD inline AudioEncoderConfig read_waveform_encoder(const JsonObject& json, std::string family,
                                                                AudioTask task) {
  EncoderDefaults defaults;
  defaults.epsilon = 1e-5;
  const LayerConfig layer = read_encoder_layer(json, defaults);
  AudioEncoderConfig config;
  config.family = std::move(family);
  config.task = task;
  config.convolutions = detail::read_convolutions(json);
  const std::string norm = json.string_or("feat_extract_norm", "group");
  if (norm != "group" && norm != "layer") json.fail("feat_extract_norm", "group or layer");
  config.hears_padding = norm == "group";
  config.width = layer.norm.width;
  config.norm = layer.norm;
  config.layers.assign(read_layer_count(json, defaults), layer);
  config.stable = json.boolean_or("do_stable_layer_norm", false);
  ConvolutionalPositionsConfig& positions = config.convolutional_positions;
  positions.width = config.width;
  positions.taps = json.integer_or("num_conv_pos_embeddings", 128, 1, detail::most_width);
  positions.groups = json.integer_or("num_conv_pos_embedding_groups", 16, 1, detail::most_width);
  positions.activation = config.convolutions.front().activation;
  if (config.width % positions.groups != 0)
    json.fail("num_conv_pos_embedding_groups", "a divisor of hidden_size " + std::to_string(config.width));
  config.words = json.integer_or("vocab_size", 32, 1, detail::most_width);
  read_audio_classifier(json, config);
  if (task == AudioTask::speaker_vector) {
    config.time_delays = detail::read_time_delays(json);
    config.speaker_width = json.integer_or("xvector_output_dim", 512, 1, detail::most_width);
  }
  for (const char* key : {"add_adapter", "conv_pos_batch_norm"})
    if (json.boolean_or(key, false)) json.fail(key, "false, as others are not supported");
  return config;
}

/// The adapters of a language that wav2vec 2.0 and HuBERT may have behind each layer; without stable norms the
/// reference reads the key and does nothing with it. A language's file brings a head of its own size.
HEADFORMER_COLD inline void read_language_adapters(const Checkpoint& checkpoint, AudioEncoderConfig& config) {
  const JsonObject json = checkpoint.config();
  if (!json.has("adapter_attn_dim")) return;
  const Index width = json.integer("adapter_attn_dim", 1, detail::most_width);
  if (!config.stable) return;
  for (LayerConfig& layer : config.layers)
    layer.adapter = {config.width, width, kernels::Activation::relu, true, false};
  const TensorEntry* const head = checkpoint.find("lm_head.weight");
  if (config.task == AudioTask::ctc && head != nullptr && head->shape.rank() == 2) config.words = head->shape[0];
}

}  // namespace headformer
