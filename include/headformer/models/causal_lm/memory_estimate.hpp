#pragma once

#include <algorithm>

#include "headformer/kernels/int8_layout.hpp"
#include "headformer/models/causal_lm/causal_language_model.hpp"

namespace headformer {

/// How a model is going to be used.
struct MemoryUse {
  Index context = 0;  ///< positions a sequence; 0: the model's own context length
  Index source = 0;   ///< rows of the source that an encoder-decoder's sequence goes on over; 0: its encoder's length
  Index sequences = 1;
  DType cache = DType::f32;
  Index rows = 512;      ///< rows of the largest forward pass (a session cuts prompts into such pieces)
  Index logit_rows = 1;  ///< rows that get logits in it
};

/// Bytes, as they will be resident at the peak beside the program itself.
struct MemoryEstimate {
  std::size_t weights = 0;
  std::size_t cache = 0;
  std::size_t scratch = 0;
  std::size_t total() const { return weights + cache + scratch; }
};

namespace detail {

/// What a pass of so many rows through one layer after the other takes, its rows beside quantised weights included.
inline std::size_t pass_bytes(const LayerConfig& layer, Index width, Index rows, const LoadReport& report) {
  const AttentionConfig& attention = layer.attention;
  const Index attention_width = (2 * attention.heads + 2 * attention.key_value_heads) * attention.head_width;
  const Index row_floats =
      3 * width + std::max(attention_width, 2 * layer.feed_forward.hidden_width) + 2 * attention.rotary.width;
  // Quantised weights meet a pass's rows as int8, in records of either kind.
  using kernels::detail::Int8Layout;
  const Index record_bytes = Int8Layout{32}.record_bytes() + Int8Layout{16}.record_bytes();
  return static_cast<std::size_t>(rows * row_floats) * sizeof(float) +
         static_cast<std::size_t>(rows * Int8Layout::records(report.widest_quantised) * record_bytes);
}

}  // namespace detail

inline MemoryEstimate estimate_memory(const CausalLmConfig& config, const LoadReport& report, const MemoryUse& use) {
  MemoryEstimate estimate;
  estimate.weights = report.packed_bytes;
  const Index context = use.context > 0 ? use.context : config.context_length;
  for (const KeyValueSlotConfig& slot : CausalLanguageModel::slots(config, use.cache)) {
    // A windowed layer holds its window, the page it is in, and what one pass appends.
    const Index positions =
        slot.window > 0 ? std::min(context, slot.window + use.rows + 2 * kernels::page_positions) : context;
    const Index pages = (positions + kernels::page_positions - 1) / kernels::page_positions;
    estimate.cache += static_cast<std::size_t>(pages * use.sequences) * slot.layout.page_bytes();
  }
  const Index rows = std::min(use.rows, context) * std::max<Index>(1, use.sequences);
  const Index logit_floats = config.vocabulary + 2 * config.width;
  estimate.scratch = detail::pass_bytes(config.layers.front(), config.width, rows, report) +
                     static_cast<std::size_t>(use.logit_rows * use.sequences * logit_floats) * sizeof(float);
  return estimate;
}

}  // namespace headformer
