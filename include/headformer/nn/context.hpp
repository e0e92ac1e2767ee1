#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "headformer/core/executor.hpp"
#include "headformer/core/scratch.hpp"
#include "headformer/nn/batch.hpp"
#include "headformer/nn/rotary.hpp"

namespace headformer {

/// Sees named intermediate values, e.g. "layers.3" after a layer. May change them in place.
using Observer = std::function<void(std::string_view name, TensorView<float> value)>;

/// The machinery of one forward pass, and nothing else: where to compute, temporary memory, the batch and its states,
/// hooks. Modules are const; whatever changes during a pass is here.
class Context {
 public:
  /// `scratch` is the modules' stack; `tables` holds what lives as long as the pass.
  Context(Compute compute, Scratch& scratch, Scratch& tables, const Batch& batch)
      : compute_(compute), scratch_(scratch), tables_(tables), batch_(batch) {}

  const Compute& compute() const { return compute_; }
  Scratch& scratch() const { return scratch_; }
  const Batch& batch() const { return batch_; }

  /// nullptr (the default): nobody watches.
  const Observer* observer = nullptr;
  /// How many layers run: all, or the first of a decoder that is left early.
  std::size_t depth = std::numeric_limits<std::size_t>::max();

  /// Cosines and sines of every row's position, already times the attention factor. Shapes: [T, width / 2] each.
  struct RotaryTable {
    TensorView<const float> cosines;
    TensorView<const float> sines;
  };

  /// Made at a config's first use in this pass and kept for the other layers.
  const RotaryTable& rotary_table(const RotaryConfig& config) {
    for (const KnownTable* known = rotary_tables_; known != nullptr; known = known->next) {
      if (*known->config == config) return known->table;
    }
    rotary_tables_ =
        new (tables_.take<KnownTable>(Shape{1}).data()) KnownTable{&config, make_rotary_table(config), rotary_tables_};
    return rotary_tables_->table;
  }

 private:
  /// A list in the pass's own memory: a step of decoding asks the system for none.
  struct KnownTable {
    const RotaryConfig* config;
    RotaryTable table;
    const KnownTable* next;
  };
  static_assert(std::is_trivially_destructible_v<KnownTable>);

  RotaryTable make_rotary_table(const RotaryConfig& config) {
    const Index half = config.width / 2;
    const auto cosines = tables_.take<float>(Shape{batch_.rows(), half});
    const auto sines = tables_.take<float>(Shape{batch_.rows(), half});
    const auto scale = static_cast<float>(config.attention_factor);
    const std::span<float> frequencies(tables_.take<float>(Shape{half}).data(), static_cast<std::size_t>(half));
    Index known_class = -1;
    for (const BatchSequence& sequence : batch_.sequences) {
      if (const Index length_class = config.length_class(sequence.total_length); length_class != known_class) {
        inverse_frequencies(config, sequence.total_length, frequencies);
        known_class = length_class;
      }
      parallel_for(compute_.executor, sequence.rows, 16, [&](Index begin, Index end) {
        for (Index r = sequence.first_row + begin; r < sequence.first_row + end; ++r) {
          const auto position = static_cast<float>(batch_.positions[static_cast<std::size_t>(r)]);
          for (Index i = 0; i < half; ++i) {
            const float angle =
                position * frequencies[static_cast<std::size_t>(i)];  // rounded to f32, as in the reference
            cosines.row(r)[i] = std::cos(angle) * scale;
            sines.row(r)[i] = std::sin(angle) * scale;
          }
        }
      });
    }
    return {cosines, sines};
  }

  Compute compute_;
  Scratch& scratch_;
  Scratch::Frame tables_;
  const Batch& batch_;
  const KnownTable* rotary_tables_ = nullptr;
};

/// Maps x to y. Const, shareable between threads.
template <class T>
concept Module = requires(const T& module, Context& context, TensorView<const float> x, TensorView<float> y) {
  module(context, x, y);
};

/// Works on x in place.
template <class T>
concept Block = requires(const T& block, Context& context, TensorView<float> x) { block(context, x); };

}  // namespace headformer
