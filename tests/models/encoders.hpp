#pragma once

#include <gtest/gtest.h>

#include <headformer/models/encoders/encoder_model.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <random>
#include <string>
#include <vector>

#include "models/decoder_families.hpp"
#include "models/goldens.hpp"

namespace headformer::testing {

/// A checkpoint of the goldens that stands for what its layers or its head do.
struct EncoderCase {
  std::string name;    ///< below goldens/encoders
  Index longest = 70;  ///< tokens: across the pages of 64 where there are positions for it
};
inline std::ostream& operator<<(std::ostream& out, const EncoderCase& encoder) { return out << encoder.name; }

/// Compiled once (encoder_families_test.cpp).
std::shared_ptr<const Encoder> open_encoder_at(const std::filesystem::path& path);
inline std::shared_ptr<const Encoder> open_encoder_of_goldens(const std::string& name) {
  return open_encoder_at(goldens() / "encoders" / name);
}

inline Tensor<std::int64_t> integers(const Shape& shape, const std::vector<std::int64_t>& values) {
  Tensor<std::int64_t> tensor(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

inline std::vector<TokenId> random_ids(const Encoder& encoder, Index count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> ids;
  for (Index i = 0; i < count; ++i)
    ids.push_back(static_cast<TokenId>(5 + random() % static_cast<unsigned>(encoder.config().vocabulary - 5)));
  return ids;
}

/// What every head makes of some sequences in one batch.
inline std::vector<Tensor<float>> outputs_of(const Encoder& encoder, Workspace& workspace,
                                             const std::vector<std::vector<TokenId>>& texts) {
  std::vector<EncoderInput> inputs;
  Index rows = 0;
  for (const std::vector<TokenId>& text : texts) {
    inputs.emplace_back().ids = text;
    rows += static_cast<Index>(text.size());
  }
  std::vector<Tensor<float>> results;
  std::vector<TensorView<float>> views;
  for (const auto& head : encoder.heads()) {
    const EncoderOutput& output = head->output();
    results.emplace_back(Shape{output.per_token ? rows : static_cast<Index>(texts.size()), output.width});
  }
  for (Tensor<float>& result : results) views.push_back(result);
  encoder.forward(workspace, inputs, views);
  return results;
}

}  // namespace headformer::testing
