#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/input_checks.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

/// What encoders have in common whatever they encode: rows of several items one after another, a group of whole items
/// through all layers at a time, and the heads of a class. `Config` has `width` and `layers`.
/// Immutable, shareable between threads; what changes lives in the workspace.
template <class Config, class Input>
class GroupedEncoder {
 public:
  virtual ~GroupedEncoder() = default;
  GroupedEncoder(const GroupedEncoder&) = delete;
  GroupedEncoder& operator=(const GroupedEncoder&) = delete;

  const Config& config() const { return config_; }
  const LoadReport& report() const { return report_; }
  const std::vector<std::unique_ptr<EncoderHead>>& heads() const { return heads_; }

  /// Rows of an item. Throws ArgumentError for one that the encoder cannot take.
  virtual Index rows(const Input& input) const = 0;

  /// The last layer's hidden states. Shapes: hidden [T, D], T the items' rows together. Throws as rows().
  void encode(Workspace& workspace, std::span<const Input> inputs, TensorView<float> hidden,
              const Observer* observer = nullptr) const {
    expect_shape("hidden", {rows(inputs), config_.width}, hidden.shape());
    run_groups(workspace, inputs, observer, [&](Context& context, std::span<const Input> group, Index row, Index) {
      run(context, group, hidden.slice_rows(row, row + context.batch().rows()));
    });
  }

  /// What the heads make of some items. An item's bits do not depend on what else is there, nor on threads.
  /// Shapes: outputs[i] [T or items, heads()[i]->output().width]. Throws as rows().
  void forward(Workspace& workspace, std::span<const Input> inputs, std::span<const TensorView<float>> outputs,
               const Observer* observer = nullptr) const {
    const Index total = rows(inputs);
    if (outputs.size() != heads_.size()) detail::fail_count("outputs", heads_.size(), outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const EncoderOutput& output = heads_[i]->output();
      expect_shape(output.names.front(), {output.per_token ? total : static_cast<Index>(inputs.size()), output.width},
                   outputs[i].shape());
    }
    run_groups(workspace, inputs, observer, [&](Context& context, std::span<const Input> group, Index row, Index item) {
      Scratch::Frame frame(workspace.scratch);
      const auto hidden = frame.take_rows<float>(context.batch().rows(), config_.width);
      run(context, group, hidden);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool tokens = heads_[i]->output().per_token;
        const Index first = tokens ? row : item;
        const Index count = tokens ? hidden.rows() : static_cast<Index>(group.size());
        (*heads_[i])(context, hidden, outputs[i].slice_rows(first, first + count));
      }
    });
  }

 protected:
  explicit GroupedEncoder(Config config) : config_(std::move(config)) {}
  void set_heads(std::vector<std::unique_ptr<EncoderHead>> heads) { heads_ = std::move(heads); }
  void set_report(LoadReport report) { report_ = std::move(report); }

 private:
  /// Items -> hidden [T, D].
  virtual void run(Context& context, std::span<const Input> inputs, TensorView<float> hidden) const = 0;
  /// Puts an item at the end of the batch.
  virtual void append(const Input& input, Batch& batch) const = 0;

  Index rows(std::span<const Input> inputs) const {
    Index total = 0;
    for (const Input& input : inputs) total += rows(input);
    return total;
  }

  /// Rows that go through all layers together: as many as keep the widest activation in the cache, where more would
  /// only wait for memory.
  Index rows_together() const {
    constexpr Index numbers = Index{3} << 17;
    Index widest = config_.width;
    for (const LayerConfig& layer : config_.layers) widest = std::max(widest, layer.feed_forward.hidden_width);
    return std::clamp<Index>(numbers / widest, 64, 1024);
  }

  /// Calls pass(context, group, first row, first item) for one group of whole items after the other.
  template <class Pass>
  void run_groups(Workspace& workspace, std::span<const Input> inputs, const Observer* observer,
                  const Pass& pass) const {
    const Index together = rows_together();
    Index item = 0;
    for (Index row = 0; !inputs.empty(); row += workspace.batch.rows()) {
      Batch& batch = workspace.batch;
      batch.sequences.clear();
      batch.positions.clear();
      batch.token_types.clear();
      std::size_t count = 0;
      for (; count < inputs.size() && batch.rows() < together; ++count) append(inputs[count], batch);
      Context context(workspace.compute(), workspace.scratch, workspace.tables, batch);
      context.observer = observer;
      pass(context, inputs.first(count), row, item);
      item += static_cast<Index>(count);
      inputs = inputs.subspan(count);
    }
  }

  HEADFORMER_COLD static void expect_shape(const std::string& name, const Shape& expected, const Shape& found) {
    if (!(found == expected))
      throw ArgumentError(name + ": expected " + to_string(expected) + ", found " + to_string(found));
  }

  Config config_;
  LoadReport report_;
  std::vector<std::unique_ptr<EncoderHead>> heads_;
};

}  // namespace headformer
