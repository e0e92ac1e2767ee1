#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "headformer/kernels/attention.hpp"
#include "headformer/nn/attention_config.hpp"
#include "headformer/nn/key_values.hpp"

namespace headformer {

// What self-attention and cross-attention have in common, over any policy of where keys and values lie.

/// Where the keys and values of each sequence of the batch lie, in memory of the frame.
template <class KeyValues>
std::span<const KeyValues> open_key_values(Context& context, const AttentionConfig& config, Scratch::Frame& frame) {
  const auto& sequences = context.batch().sequences;
  auto* const all = frame.take<KeyValues>(Shape{static_cast<Index>(sequences.size())}).data();
  for (std::size_t i = 0; i < sequences.size(); ++i) std::construct_at(all + i, config, sequences[i], frame);
  return {all, sequences.size()};
}

/// Writes the rows' keys and values into their pages. Shapes: keys, values [T, K * Dh].
template <class KeyValues>
void store(Context& context, std::span<const KeyValues> stored, TensorView<const float> keys,
           TensorView<const float> values) {
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const BatchSequence& sequence = context.batch().sequences[i];
    const KeyValues& to = stored[i];
    const Index first = to.length();
    parallel_for(context.compute().executor, sequence.rows, 16, [&](Index begin, Index end) {
      for (Index r = begin, slot = 0; r < end; r += kernels::page_positions - slot) {
        slot = (first + r) % kernels::page_positions;
        const Index row = sequence.first_row + r;
        const Index last = row + std::min(end - r, kernels::page_positions - slot);
        kernels::append(to.layout(), to.writable_page(first + r), slot, keys.slice_rows(row, last),
                        values.slice_rows(row, last), context.compute().isa);
      }
    });
  }
}

/// The batch as the kernel takes it, in memory of the frame.
template <class KeyValues>
std::span<kernels::AttentionSequence> attention_sequences(Context& context, std::span<const KeyValues> stored,
                                                          Scratch::Frame& frame) {
  auto* const items = frame.take<kernels::AttentionSequence>(Shape{static_cast<Index>(stored.size())}).data();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const BatchSequence& sequence = context.batch().sequences[i];
    kernels::AttentionSequence& item = *std::construct_at(items + i);
    item.first_row = sequence.first_row;
    item.rows = sequence.rows;
    item.first_position = stored[i].length();
    item.keys = stored[i].keys(sequence.rows);
    item.pages = stored[i].pages();
  }
  return {items, stored.size()};
}

/// What all sequences have in common, before a mask has its say.
template <class KeyValues>
kernels::AttentionParameters attention_parameters(const Context& context, const AttentionConfig& config) {
  kernels::AttentionParameters parameters;
  parameters.heads = config.heads;
  parameters.key_value_heads = config.key_value_heads;
  parameters.key_width = config.head_width;
  parameters.value_width = config.head_width;
  parameters.scale = config.scale;
  parameters.soft_cap = config.soft_cap;
  parameters.bf16_products = KeyValues::passing && context.compute().activations == Activations::bf16;
  return parameters;
}

}  // namespace headformer
