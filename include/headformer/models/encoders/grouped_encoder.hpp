#pragma once

#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/head.hpp"
#include "headformer/models/encoders/item_groups.hpp"
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
    const std::vector<Index> lengths = lengths_of(inputs);
    expect_shape("hidden", {sum(lengths), config_.width}, hidden.shape());
    for_each_group(workspace, inputs, lengths, observer, [&](Context& context, const detail::ItemGroup& group) {
      run(context, inputs.subspan(group.first, group.count), hidden.slice_rows(group.row, group.row + group.rows));
    });
  }

  /// Rows that a head makes of an item. Throws as rows().
  Index head_rows(const EncoderHead& head, const Input& input) const { return head.rows(rows(input), map(input)); }

  /// What the heads make of some items. An item's bits do not depend on what else is there, nor on threads.
  /// Shapes: outputs[i] [head_rows() of the items together, heads()[i]->output().width]. Throws as rows().
  void forward(Workspace& workspace, std::span<const Input> inputs, std::span<const TensorView<float>> outputs,
               const Observer* observer = nullptr) const {
    if (outputs.size() != heads_.size()) detail::fail_count("outputs", heads_.size(), outputs.size());
    const std::vector<Index> lengths = lengths_of(inputs);
    std::vector<std::vector<Index>> starts(outputs.size());  // of each item's rows in an output, and their end
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      Index row = 0;
      for (std::size_t item = 0; item < inputs.size(); ++item) {
        starts[i].push_back(row);
        row += heads_[i]->rows(lengths[item], map(inputs[item]));
      }
      starts[i].push_back(row);
      expect_shape(heads_[i]->output().names.front(), {row, heads_[i]->output().width}, outputs[i].shape());
    }
    for_each_group(workspace, inputs, lengths, observer, [&](Context& context, const detail::ItemGroup& group) {
      Scratch::Frame frame(context.scratch());
      const auto hidden = frame.take_rows<float>(group.rows, config_.width);
      run(context, inputs.subspan(group.first, group.count), hidden);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        (*heads_[i])(context, hidden,
                     outputs[i].slice_rows(starts[i][group.first], starts[i][group.first + group.count]));
    });
  }

 protected:
  explicit GroupedEncoder(Config config) : config_(std::move(config)) {}
  void set_heads(std::vector<std::unique_ptr<EncoderHead>> heads) { heads_ = std::move(heads); }
  void set_report(LoadReport report) { report_ = std::move(report); }

 private:
  /// Items -> hidden [T, D].
  virtual void run(Context& context, std::span<const Input> inputs, TensorView<float> hidden) const = 0;
  /// The places that an item's last rows stand for, where it is a picture.
  virtual Grid map(const Input&) const { return {}; }
  /// Puts an item at the end of the batch.
  virtual void append(const Input& input, Batch& batch) const = 0;

  std::vector<Index> lengths_of(std::span<const Input> inputs) const {
    std::vector<Index> result;
    for (const Input& input : inputs) result.push_back(rows(input));
    return result;
  }
  static Index sum(std::span<const Index> rows) { return std::accumulate(rows.begin(), rows.end(), Index{0}); }

  template <class Pass>
  void for_each_group(Workspace& workspace, std::span<const Input> inputs, std::span<const Index> lengths,
                      const Observer* observer, const Pass& pass) const {
    const auto fill = [&](Batch& batch, const detail::ItemGroup& group) {
      for (const Input& input : inputs.subspan(group.first, group.count)) append(input, batch);
    };
    detail::for_each_group(workspace, lengths, detail::rows_together(config_), observer, fill, pass);
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
