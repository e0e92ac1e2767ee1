#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/models/causal_lm/config.hpp"
#include "headformer/models/input_checks.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/nn/key_values.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

/// Which rows of a sequence's input get logits.
enum class LogitRows { none, last, all };

/// What is appended to one sequence: ids, or embeddings in their place.
struct SequenceInput {
  SequenceState* state = nullptr;
  std::span<const TokenId> ids;
  TensorView<const float> embeddings;            ///< [T, D]; used when there are no ids
  std::span<const std::int32_t> positions = {};  ///< [T]; empty: they continue from the sequence's length
  LogitRows logits = LogitRows::last;
  std::span<const float> key_bias = {};  ///< [T]; added to the scores of each key, only for an empty sequence
  Index total_length = 0;                ///< of the sequence when all is appended that this is a piece of; 0: no more
};

/// A decoder language model of any family: ids in, logits out. Immutable, shareable between threads; what changes lives
/// in the sequences and the workspace.
class CausalLanguageModel {
 public:
  virtual ~CausalLanguageModel() = default;
  CausalLanguageModel(const CausalLanguageModel&) = delete;
  CausalLanguageModel& operator=(const CausalLanguageModel&) = delete;

  const CausalLmConfig& config() const { return config_; }
  const LoadReport& report() const { return report_; }

  /// An empty sequence. `cache`: f32, f16, bf16 or q8_0. `depth`: what is appended to it passes only so many layers,
  /// then the norm and the head (an early exit); 0: all. Throws ArgumentError for another dtype and more than all
  /// layers.
  SequenceState new_sequence(DType cache = DType::f32, Index depth = 0) const {
    std::vector<KeyValueSlotConfig> all = slots(config_, cache);
    if (depth < 0 || depth > static_cast<Index>(all.size()))
      throw ArgumentError("early exit: expected a layer of 1 to " + std::to_string(all.size()) + ", found " +
                          std::to_string(depth));
    if (depth > 0) all.resize(static_cast<std::size_t>(depth));
    return SequenceState(pool_, all);
  }

  /// What a sequence keeps, a slot a layer.
  static std::vector<KeyValueSlotConfig> slots(const CausalLmConfig& config, DType cache) {
    std::vector<KeyValueSlotConfig> result;
    for (const LayerConfig& layer : config.layers) result.push_back(key_value_slot(layer.attention, cache));
    return result;
  }

  /// Throws ArgumentError for an id outside the vocabulary.
  void expect_in_vocabulary(std::span<const TokenId> ids) const {
    detail::expect_below("input_ids", ids, config_.vocabulary);
  }

  /// Appends the inputs to their sequences (all different) in one ragged batch. A sequence's bits do not depend on what
  /// else is in the batch, on threads, or on how its tokens are cut into calls.
  /// Shapes: logits [rows asked for by the inputs, V], in the inputs' order.
  /// Throws ArgumentError for an id outside the vocabulary, a position past a learned table, wrong shapes; then no
  /// sequence has changed.
  void forward(Workspace& workspace, std::span<const SequenceInput> inputs, TensorView<float> logits,
               const Observer* observer = nullptr) const {
    if (!config_.has_output)
      throw ArgumentError("logits: expected a class with a head over the vocabulary, found none");
    pass(workspace, inputs, logits, Asked::logits, observer);
  }

  /// The same without the head: the hidden states that it would be given. Shapes: hidden [rows asked for, D].
  void hidden_states(Workspace& workspace, std::span<const SequenceInput> inputs, TensorView<float> hidden,
                     const Observer* observer = nullptr) const {
    pass(workspace, inputs, hidden, Asked::hidden_states, observer);
  }

 protected:
  explicit CausalLanguageModel(CausalLmConfig config) : config_(std::move(config)) {}
  void set_report(LoadReport report) { report_ = std::move(report); }

 private:
  enum class Asked { logits, hidden_states };

  /// ids [T] -> x [T, D].
  virtual void embed(Context& context, std::span<const TokenId> ids, TensorView<float> x) const = 0;
  /// x [T, D] (overwritten) -> the normalised hidden states of the rows named; nothing where there are none.
  virtual void run(Context& context, TensorView<float> x, std::span<const Index> rows,
                   TensorView<float> hidden) const = 0;
  /// hidden [R, D] (overwritten) -> logits [R, V].
  virtual void head(Context& context, TensorView<float> hidden, TensorView<float> logits) const = 0;

  void pass(Workspace& workspace, std::span<const SequenceInput> inputs, TensorView<float> result, Asked asked,
            const Observer* observer) const {
    Batch& batch = workspace.batch;
    std::vector<Index>& rows = workspace.logit_rows;
    fill(batch, inputs);
    if (batch.rows() == 0) return;
    find_logit_rows(rows, inputs);
    if (!rows.empty()) expect_result(result, static_cast<Index>(rows.size()), asked);
    const std::size_t depth = depth_of(inputs);
    for (const SequenceInput& input : inputs) input.state->prepare(rows_of(input));
    Context context(workspace.compute(), workspace.scratch, workspace.tables, batch);
    context.observer = observer;
    context.depth = depth;
    Scratch::Frame frame(workspace.scratch);
    const auto x = frame.take<float>(Shape{batch.rows(), config_.width});
    Index row = 0;
    for (const SequenceInput& input : inputs) {
      const auto part = x.slice_rows(row, row + rows_of(input));
      if (!input.ids.empty()) {
        embed(context, input.ids, part);
      } else {
        for (Index r = 0; r < part.rows(); ++r) std::copy_n(input.embeddings.row(r), config_.width, part.row(r));
      }
      row += rows_of(input);
    }
    if (asked == Asked::hidden_states) {
      run(context, x, rows, result);
    } else {
      const auto hidden = frame.take<float>(Shape{static_cast<Index>(rows.size()), config_.width});
      run(context, x, rows, hidden);
      if (!rows.empty()) head(context, hidden, result);
    }
    for (const SequenceInput& input : inputs) input.state->commit(rows_of(input));
  }

  void expect_result(TensorView<const float> result, Index rows, Asked asked) const {
    const Index width = asked == Asked::logits ? config_.vocabulary : config_.width;
    if (result.data() != nullptr && result.rows() == rows && result.columns() == width) return;
    throw ArgumentError(std::string(asked == Asked::logits ? "logits" : "hidden states") + ": expected [" +
                        std::to_string(rows) + ", " + std::to_string(width) + "], found " + to_string(result.shape()));
  }

  /// That of the sequences, which run together.
  static std::size_t depth_of(std::span<const SequenceInput> inputs) {
    const Index depth = inputs.front().state->slots();
    for (const SequenceInput& input : inputs) {
      if (input.state->slots() != depth)
        throw ArgumentError("early exit: expected sequences of the same depth in a batch, found " +
                            std::to_string(depth) + " and " + std::to_string(input.state->slots()) + " layers");
    }
    return static_cast<std::size_t>(depth);
  }

  static Index rows_of(const SequenceInput& input) {
    return input.ids.empty() ? (input.embeddings.data() == nullptr ? 0 : input.embeddings.rows())
                             : static_cast<Index>(input.ids.size());
  }

  void fill(Batch& batch, std::span<const SequenceInput> inputs) const {
    batch.sequences.clear();
    batch.positions.clear();
    for (const SequenceInput& input : inputs) {
      const Index rows = rows_of(input);
      check(input, rows);
      check_key_bias(input, rows);
      BatchSequence sequence{batch.rows(), rows, 0, input.state, input.key_bias};
      Index greatest = input.state->length() - 1;
      for (Index i = 0; i < rows; ++i) {
        const Index position =
            input.positions.empty() ? own_position(input, i) : input.positions[static_cast<std::size_t>(i)];
        detail::expect_position(position, config_.learned_positions);
        greatest = std::max(greatest, position);
        batch.positions.push_back(static_cast<std::int32_t>(position));
      }
      sequence.total_length = std::max(greatest + 1, input.total_length);
      if (rows > 0) batch.sequences.push_back(sequence);
    }
  }

  Index own_position(const SequenceInput& input, Index row) const {
    const Index before = input.state->length() + row;
    return input.ids.empty() ? config_.numbering.first() + before
                             : config_.numbering.position(input.ids[static_cast<std::size_t>(row)], before);
  }

  void check(const SequenceInput& input, Index rows) const {
    expect_in_vocabulary(input.ids);
    if (input.ids.empty() && rows > 0 && input.embeddings.columns() != config_.width) {
      throw ArgumentError("inputs_embeds: expected rows of " + std::to_string(config_.width) + ", found " +
                          std::to_string(input.embeddings.columns()));
    }
    detail::expect_one_a_row("position_ids", input.positions, rows);
  }

  static void check_key_bias(const SequenceInput& input, Index rows) {
    if (input.key_bias.empty()) return;
    if (input.state->length() != 0 || static_cast<Index>(input.key_bias.size()) != rows) {
      throw ArgumentError("key bias: expected " + std::to_string(rows) + " values for an empty sequence, found " +
                          std::to_string(input.key_bias.size()) + " for one of length " +
                          std::to_string(input.state->length()));
    }
  }

  static void find_logit_rows(std::vector<Index>& result, std::span<const SequenceInput> inputs) {
    result.clear();
    Index row = 0;
    for (const SequenceInput& input : inputs) {
      const Index rows = rows_of(input);
      const Index first = input.logits == LogitRows::all    ? 0
                          : input.logits == LogitRows::last ? std::max<Index>(rows - 1, 0)
                                                            : rows;
      for (Index i = first; i < rows; ++i) result.push_back(row + i);
      row += rows;
    }
  }

  CausalLmConfig config_;
  LoadReport report_;
  std::shared_ptr<PagePool> pool_ = std::make_shared<PagePool>();
};

}  // namespace headformer
