#pragma once

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "headformer/models/encoders/head.hpp"
#include "headformer/models/model.hpp"
#include "headformer/models/sequence_rows.hpp"

namespace headformer::detail {

/// A sequence and its row in the padded batch.
struct PlacedRow {
  Index index;
  SequenceRow row;
};

/// The shape of an output over a whole padded batch.
inline Shape padded_shape(const EncoderOutput& output, const SequenceRows& rows) {
  std::vector<Index> sizes(rows.leading().begin(), rows.leading().end());
  if (output.per_token) sizes.push_back(rows.length());
  if (!output.scalars) sizes.push_back(output.width);
  return Shape(sizes);
}

/// Writes a head's rows, those of the parts one after another, to their places in padded outputs of `length` columns.
inline void scatter(const EncoderOutput& output, TensorView<const float> result, const std::vector<PlacedRow>& parts,
                    Index length, NamedTensors& outputs) {
  const Index width = output.scalars ? 1 : output.width;
  for (std::size_t n = 0; n < output.names.size(); ++n) {
    float* const to = std::get<Tensor<float>>(outputs.at(output.names[n])).data();
    Index from = 0;
    const auto copy = [&](Index place) {
      std::copy_n(result.row(from) + static_cast<Index>(n), width, to + place * width);
    };
    for (const PlacedRow& part : parts) {
      if (!output.per_token) {
        copy(part.index);
        ++from;
        continue;
      }
      for (std::size_t i = 0; i < part.row.columns.size(); ++i, ++from) {
        if (!part.row.hidden(i)) copy(part.index * length + part.row.columns[i]);
      }
    }
  }
}

}  // namespace headformer::detail
