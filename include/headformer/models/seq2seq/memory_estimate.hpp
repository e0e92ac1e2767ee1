#pragma once

#include <algorithm>
#include <cstddef>

#include "headformer/models/causal_lm/memory_estimate.hpp"
#include "headformer/models/seq2seq/config.hpp"
#include "headformer/nn/key_values.hpp"

namespace headformer {

/// The same of an encoder-decoder, a source a sequence, encoded in one batch: the decoder's cache and that of what it
/// attends to; the larger of an encoder's pass, with the hidden states that it makes, and a decoder's.
inline MemoryEstimate estimate_memory(const Seq2SeqConfig& config, const LoadReport& report, const MemoryUse& use) {
  MemoryEstimate estimate = estimate_memory(config.decoder, report, use);
  const EncoderConfig& encoder = config.encoder;
  const Index source = use.source > 0 ? use.source : encoder.context_length;
  const Index pages = (source + kernels::page_positions - 1) / kernels::page_positions;
  for (const LayerConfig& layer : config.decoder.layers)
    estimate.cache += static_cast<std::size_t>(pages * use.sequences) *
                      key_value_slot(layer.cross_attention, use.cache).layout.page_bytes();
  const Index rows = source * std::max<Index>(1, use.sequences);
  const std::size_t hidden = static_cast<std::size_t>(rows * encoder.width) * sizeof(float);
  estimate.scratch =
      std::max(estimate.scratch, hidden + detail::pass_bytes(encoder.layers.front(), encoder.width, rows, report));
  return estimate;
}

}  // namespace headformer
