#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/models/causal_lm/causal_language_model.hpp"

namespace headformer {

/// The keys and values of an encoded source, for the cross-attention of every decoder layer. Immutable: kept as long as
/// one likes, and shared by all sequences over it.
using Source = std::shared_ptr<const SequenceState>;

/// What encoder-decoders have in common whatever they encode: a decoder whose layers attend to a source. Immutable,
/// shareable between threads; what changes lives in the sequences and the workspace.
class DecoderOverSource {
 public:
  virtual ~DecoderOverSource() = default;
  DecoderOverSource(const DecoderOverSource&) = delete;
  DecoderOverSource& operator=(const DecoderOverSource&) = delete;

  const LoadReport& report() const { return report_; }
  virtual const CausalLanguageModel& decoder() const = 0;

  /// Sources from an encoder's output that the caller has. Shapes: hidden [sum of lengths, D].
  /// Throws ArgumentError for another shape, a source without rows, another cache type.
  std::vector<Source> remember(Workspace& workspace, TensorView<const float> hidden, std::span<const Index> lengths,
                               DType cache = DType::f32) const {
    std::vector<KeyValueSlotConfig> slots;
    for (const LayerConfig& layer : decoder().config().layers)
      slots.push_back(key_value_slot(layer.cross_attention, cache));
    std::vector<std::shared_ptr<SequenceState>> states;
    Batch batch;
    Index rows = 0;
    for (const Index length : lengths) {
      if (length < 1) throw ArgumentError("source: expected at least one row, found " + std::to_string(length));
      states.push_back(std::make_shared<SequenceState>(pool_, slots));
      states.back()->prepare(length);
      batch.sequences.push_back({rows, length, length, states.back().get()});
      rows += length;
    }
    if (!(hidden.shape() == Shape{rows, decoder().config().width}))
      throw ArgumentError("source: expected " + to_string(Shape{rows, decoder().config().width}) + ", found " +
                          to_string(hidden.shape()));
    batch.positions.resize(static_cast<std::size_t>(rows));
    if (rows > 0) {
      Context context(workspace.compute(), workspace.scratch, workspace.tables, batch);
      write_source(context, hidden);
    }
    for (std::size_t i = 0; i < states.size(); ++i) states[i]->commit(lengths[i]);
    return {states.begin(), states.end()};
  }

  /// An empty decoder sequence over a source of this model. Throws ArgumentError for another cache type.
  SequenceState new_sequence(Source source, DType cache = DType::f32) const {
    SequenceState state = decoder().new_sequence(cache);
    state.set_source(std::move(source));
    return state;
  }

 protected:
  DecoderOverSource() = default;
  void set_report(LoadReport report) { report_ = std::move(report); }

 private:
  /// Writes every layer's keys and values into the states of the batch. Shapes: hidden [S, D].
  virtual void write_source(Context& context, TensorView<const float> hidden) const = 0;

  LoadReport report_;
  std::shared_ptr<PagePool> pool_ = std::make_shared<PagePool>();
};

}  // namespace headformer
