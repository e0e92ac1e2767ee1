#pragma once

#include <algorithm>
#include <numeric>
#include <utility>

#include "headformer/auto_encoder.hpp"
#include "headformer/auto_seq2seq.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/pipelines/encoder_pipeline.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/pipelines/token_limit.hpp"

namespace headformer {

namespace detail {

/// Rows of a batch: enough to keep all workers busy, few enough for the cache and for what heads make of each.
inline Index pipeline_rows_at_once(std::span<const EncoderOutput> outputs) {
  constexpr Index most = 2048;
  constexpr Index numbers = Index{1} << 24;
  Index rows = most;
  for (const EncoderOutput& output : outputs)
    if (output.per_token) rows = std::min(rows, std::max<Index>(numbers / output.width, 1));
  return rows;
}

}  // namespace detail

HEADFORMER_INLINE EncoderPipeline::EncoderPipeline(const Checkpoint& checkpoint, const PipelineOptions& options,
                                                   Heads heads)
    : EncoderPipeline(checkpoint, options, heads, detail::pipeline_tokenizer(checkpoint)) {}

HEADFORMER_INLINE EncoderPipeline::EncoderPipeline(const Checkpoint& checkpoint, const PipelineOptions& options,
                                                   Heads heads, Tokenizer tokenizer)
    : checkpoint_(checkpoint),
      workspace_(detail::pipeline_workspace(options)),
      whole_(heads == Heads::own && is_seq2seq(checkpoint)
                 ? open_seq2seq(checkpoint, detail::pipeline_loading(options, *workspace_->executor))
                 : nullptr),
      encoder_(whole_ ? std::shared_ptr<const Encoder>(whole_, &whole_->encoder())
               : heads == Heads::own
                   ? open_encoder(checkpoint, detail::pipeline_loading(options, *workspace_->executor))
                   : open_base_encoder(checkpoint, detail::pipeline_loading(options, *workspace_->executor))),
      tokenizer_(std::move(tokenizer)),
      max_length_(detail::token_limit(checkpoint, detail::usable_positions(encoder_->config()), options.max_length)),
      cancellation_(options.cancellation),
      progress_(options.progress) {}

HEADFORMER_INLINE EncodeOptions EncoderPipeline::cut_to_fit(TruncationStrategy strategy) const {
  EncodeOptions options;
  if (max_length_ > 0)
    options.truncation = Truncation{.max_length = max_length_, .strategy = strategy, .keep_overflowing = false};
  return options;
}

HEADFORMER_INLINE std::vector<Outcome<Encoding>> EncoderPipeline::tokens(std::span<const TextPair> texts,
                                                                         const EncodeOptions& options) const {
  std::vector<Outcome<Encoding>> result(texts.size(), Encoding());
  share_out(*workspace_->executor, texts.size(), [&](std::size_t i) {
    try {
      result[i] = tokenizer_.encode(texts[i], options);
      if (result[i].value().size() == 0)
        result[i] = Outcome<Encoding>::failure("text: expected at least one token, found none");
    } catch (const ArgumentError& error) {
      result[i] = Outcome<Encoding>::failure(error.what());
    }
  });
  return result;
}

HEADFORMER_INLINE EncoderInput EncoderPipeline::input_of(const Encoding& tokens, std::vector<float>& key_bias) const {
  EncoderInput input;
  input.ids = tokens.ids;
  const std::vector<std::uint8_t>& mask = tokens.attention_mask;
  if (std::find(mask.begin(), mask.end(), 0) != mask.end()) {
    for (const std::uint8_t seen : mask) key_bias.push_back(seen != 0 ? 0 : hidden_key_bias);
    input.key_bias = key_bias;
  }
  // Where there is but one type, tokenizers of the family say nothing of a second text.
  if (encoder_->config().token_types > 1) input.token_types = tokens.type_ids;
  return input;
}

HEADFORMER_INLINE void EncoderPipeline::run_batches(
    std::span<const Encoding* const> sequences, std::span<const EncoderOutput> outputs,
    FunctionRef<void(std::span<const EncoderInput>, std::span<const TensorView<float>>)> forward, Take take) const {
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  detail::stable_sort(order.begin(), order.end(),
                      [&](std::size_t a, std::size_t b) { return sequences[a]->size() > sequences[b]->size(); });
  const Index rows_at_once = detail::pipeline_rows_at_once(outputs);
  for (std::size_t begin = 0; begin < order.size();) {
    cancellation_.throw_if_cancelled();
    std::vector<EncoderInput> inputs;
    std::vector<std::vector<float>> key_biases;
    Index rows = 0;
    std::size_t end = begin;
    for (; end < order.size() && rows < rows_at_once; ++end) {
      inputs.push_back(input_of(*sequences[order[end]], key_biases.emplace_back()));
      rows += inputs.back().rows();
    }
    std::vector<Tensor<float>> results;
    std::vector<TensorView<float>> views;
    for (const EncoderOutput& output : outputs) {
      results.emplace_back(Shape{output.per_token ? rows : static_cast<Index>(inputs.size()), output.width});
      views.push_back(results.back());
    }
    forward(inputs, views);
    std::vector<TensorView<const float>> parts(views.size());
    for (Index row = 0, i = 0; begin < end; row += inputs[static_cast<std::size_t>(i)].rows(), ++i, ++begin) {
      for (std::size_t head = 0; head < views.size(); ++head) {
        parts[head] = outputs[head].per_token
                          ? views[head].slice_rows(row, row + inputs[static_cast<std::size_t>(i)].rows())
                          : views[head].slice_rows(i, i + 1);
      }
      take(order[begin], parts);
    }
    if (progress_) progress_({Progress::Stage::running, static_cast<double>(end), static_cast<double>(order.size())});
  }
}

HEADFORMER_INLINE Tensor<float> EncoderPipeline::apply_head(const EncoderHead& head,
                                                            TensorView<const float> rows) const {
  Tensor<float> result(Shape{rows.rows(), head.output().width});
  const Batch none;
  Context context(workspace_->compute(), workspace_->scratch, workspace_->tables, none);
  head(context, rows, result.view());
  return result;
}

HEADFORMER_INLINE void EncoderPipeline::run(std::span<const Encoding* const> sequences, Take take) const {
  std::vector<EncoderOutput> outputs;
  for (const auto& head : heads()) outputs.push_back(head->output());
  run_batches(
      sequences, outputs,
      [&](std::span<const EncoderInput> inputs, std::span<const TensorView<float>> results) {
        whole_ ? whole_->forward(*workspace_, inputs, results) : encoder_->forward(*workspace_, inputs, results);
      },
      take);
}

HEADFORMER_INLINE void EncoderPipeline::run_to_hidden(std::span<const Encoding* const> sequences, Take take) const {
  const EncoderOutput hidden{{"last_hidden_state"}, encoder_->config().width, true};
  run_batches(
      sequences, {&hidden, 1},
      [&](std::span<const EncoderInput> inputs, std::span<const TensorView<float>> results) {
        encoder_->encode(*workspace_, inputs, results.front());
      },
      take);
}

}  // namespace headformer
