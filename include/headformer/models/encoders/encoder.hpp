#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/encoders/config.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/input_checks.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

/// One sequence, without padding: ids, or embeddings in their place.
struct EncoderInput {
  std::span<const TokenId> ids;
  TensorView<const float> embeddings;              ///< [T, E]; used when there are no ids
  std::span<const std::int32_t> positions = {};    ///< [T]; empty: Encoder::positions()
  std::span<const std::int32_t> token_types = {};  ///< [T]; empty: 0
  std::span<const float> key_bias = {};            ///< [T]; added to the scores of each key; empty: none

  Index rows() const {
    if (!ids.empty()) return static_cast<Index>(ids.size());
    return embeddings.data() == nullptr ? 0 : embeddings.rows();
  }
};

/// An encoder of any family, with the heads of its class: ids in, hidden states or what the heads make of them out.
/// Immutable, shareable between threads; what changes lives in the workspace.
class Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  const EncoderConfig& config() const { return config_; }
  const LoadReport& report() const { return report_; }
  const std::vector<std::unique_ptr<EncoderHead>>& heads() const { return heads_; }

  Numbering numbering() const { return {config_.numbering, config_.padding_id}; }
  /// Positions by the class's own rule, of a row of ids as the caller has it, padding included; without ids, of `count`
  /// rows of embeddings. Shapes: -> [count].
  std::vector<std::int32_t> positions(std::span<const TokenId> ids, Index count) const {
    return numbering().positions(ids, count);
  }

  /// Throws ArgumentError where encode() would for these ids: none, one outside the vocabulary, more than there are
  /// positions for.
  void expect_encodable(std::span<const TokenId> ids) const {
    EncoderInput input;
    input.ids = ids;
    check(std::span(&input, 1));
  }

  /// The last layer's hidden states. Shapes: hidden [T, D], T the inputs' rows together.
  /// Throws ArgumentError for an input without rows, an id outside the vocabulary, a position past a learned table, a
  /// token type without a row, wrong shapes.
  void encode(Workspace& workspace, std::span<const EncoderInput> inputs, TensorView<float> hidden,
              const Observer* observer = nullptr) const {
    const Index rows = check(inputs);
    if (!(hidden.shape() == Shape{rows, config_.width})) fail_shape("hidden", {rows, config_.width}, hidden.shape());
    run_groups(workspace, inputs, observer, [&](Context& context, std::span<const EncoderInput> group, Index row) {
      run(context, group, hidden.slice_rows(row, row + context.batch().rows()));
    });
  }

  /// What the heads make of one ragged batch. A sequence's bits do not depend on what else is in the batch, nor on
  /// threads. Shapes: outputs[i] [T or sequences, heads()[i]->output().width]. Throws as encode().
  void forward(Workspace& workspace, std::span<const EncoderInput> inputs, std::span<const TensorView<float>> outputs,
               const Observer* observer = nullptr) const {
    const Index rows = check(inputs);
    if (outputs.size() != heads_.size()) detail::fail_count("outputs", heads_.size(), outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const EncoderOutput& output = heads_[i]->output();
      const Shape expected{output.per_token ? rows : static_cast<Index>(inputs.size()), output.width};
      if (!(outputs[i].shape() == expected)) fail_shape(output.names.front(), expected, outputs[i].shape());
    }
    Index item = 0;
    run_groups(workspace, inputs, observer, [&](Context& context, std::span<const EncoderInput> group, Index row) {
      Scratch::Frame frame(workspace.scratch);
      const auto hidden = frame.take_rows<float>(context.batch().rows(), config_.width);
      run(context, group, hidden);
      const Index items = static_cast<Index>(group.size());
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool tokens = heads_[i]->output().per_token;
        (*heads_[i])(
            context, hidden,
            tokens ? outputs[i].slice_rows(row, row + hidden.rows()) : outputs[i].slice_rows(item, item + items));
      }
      item += items;
    });
  }

 protected:
  explicit Encoder(EncoderConfig config) : config_(std::move(config)) {}
  void set_heads(std::vector<std::unique_ptr<EncoderHead>> heads) { heads_ = std::move(heads); }
  void set_report(LoadReport report) { report_ = std::move(report); }

 private:
  /// Words or embeddings -> hidden [T, D].
  virtual void run(Context& context, std::span<const EncoderInput> inputs, TensorView<float> hidden) const = 0;

  /// Rows that go through all layers together: as many as keep the widest activation in the cache, where more would
  /// only wait for memory.
  Index rows_together() const {
    constexpr Index numbers = Index{3} << 17;
    Index widest = config_.width;
    for (const LayerConfig& layer : config_.layers) widest = std::max(widest, layer.feed_forward.hidden_width);
    return std::clamp<Index>(numbers / widest, 64, 1024);
  }

  /// Calls pass(context, group, first row) for one group of whole sequences after the other.
  template <class Pass>
  void run_groups(Workspace& workspace, std::span<const EncoderInput> inputs, const Observer* observer,
                  const Pass& pass) const {
    const Index together = rows_together();
    for (Index row = 0; !inputs.empty(); row += workspace.batch.rows()) {
      std::size_t count = 0;
      for (Index rows = 0; count < inputs.size() && rows < together; ++count) rows += inputs[count].rows();
      fill(workspace.batch, inputs.first(count));
      Context context(workspace.compute(), workspace.scratch, workspace.tables, workspace.batch);
      context.observer = observer;
      pass(context, inputs.first(count), row);
      inputs = inputs.subspan(count);
    }
  }

  void fill(Batch& batch, std::span<const EncoderInput> inputs) const {
    batch.sequences.clear();
    batch.positions.clear();
    batch.token_types.clear();
    for (const EncoderInput& input : inputs) {
      const Index rows = input.rows();
      BatchSequence sequence{batch.rows(), rows, 0, nullptr, input.key_bias, input.ids};
      const std::vector<std::int32_t> own =
          input.positions.empty() ? positions(input.ids, rows) : std::vector<std::int32_t>();
      for (const std::int32_t position : input.positions.empty() ? std::span(own) : input.positions) {
        sequence.total_length = std::max<Index>(sequence.total_length, position + 1);
        batch.positions.push_back(position);
      }
      if (input.token_types.empty()) {
        batch.token_types.resize(static_cast<std::size_t>(batch.rows()), 0);
      } else {
        batch.token_types.insert(batch.token_types.end(), input.token_types.begin(), input.token_types.end());
      }
      batch.sequences.push_back(sequence);
    }
  }

  /// The inputs' rows together, after a look at each.
  Index check(std::span<const EncoderInput> inputs) const {
    Index rows = 0;
    for (const EncoderInput& input : inputs) {
      check(input, input.rows());
      rows += input.rows();
    }
    return rows;
  }

  void check(const EncoderInput& input, Index rows) const {
    if (rows == 0) throw ArgumentError("input_ids: expected at least one id or row, found none");
    detail::expect_below("input_ids", input.ids, config_.vocabulary);
    if (input.ids.empty() && input.embeddings.columns() != config_.embedding_width) {
      throw ArgumentError("inputs_embeds: expected rows of " + std::to_string(config_.embedding_width) + ", found " +
                          std::to_string(input.embeddings.columns()));
    }
    detail::expect_one_a_row("position_ids", input.positions, rows);
    for (const std::int32_t position : input.positions) detail::expect_position(position, config_.learned_positions);
    if (input.positions.empty())
      detail::expect_position(numbering().greatest(input.ids, rows), config_.learned_positions);
    detail::expect_one_a_row("token_type_ids", input.token_types, rows);
    detail::expect_one_a_row("key bias", input.key_bias, rows);
    if (config_.token_types > 0) detail::expect_below("token_type_ids", input.token_types, config_.token_types);
  }

  HEADFORMER_COLD [[noreturn]] static void fail_shape(const std::string& name, const Shape& expected,
                                                      const Shape& found) {
    throw ArgumentError(name + ": expected " + to_string(expected) + ", found " + to_string(found));
  }

  EncoderConfig config_;
  LoadReport report_;
  std::vector<std::unique_ptr<EncoderHead>> heads_;
};

}  // namespace headformer
