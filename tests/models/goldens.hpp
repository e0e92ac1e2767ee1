#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <headformer/formats/json.hpp>
#include <headformer/formats/safetensors.hpp>
#include <headformer/models/causal_lm/causal_lm_model.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace headformer::testing {

inline std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens"; }

/// Every tensor of a safetensors file as forward() takes them.
inline NamedTensors read_tensors(const std::filesystem::path& path) {
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  NamedTensors result;
  for (const TensorEntry& entry : file.tensors()) {
    const auto bytes = static_cast<std::size_t>(entry.shape.count()) * block_bytes(entry.dtype);
    if (entry.dtype == DType::f32) {
      Tensor<float> tensor(entry.shape);
      std::memcpy(tensor.data(), entry.bytes.data(), bytes);
      result.emplace(entry.name, std::move(tensor));
    } else {
      EXPECT_EQ(entry.dtype, DType::i64) << entry.name;
      Tensor<std::int64_t> tensor(entry.shape);
      std::memcpy(tensor.data(), entry.bytes.data(), bytes);
      result.emplace(entry.name, std::move(tensor));
    }
  }
  return result;
}

/// One line of the manifest.
struct Golden {
  std::string name;
  std::string family;
  std::filesystem::path model;
  std::filesystem::path inputs;
  std::filesystem::path outputs;
  double tolerance = 0;

  bool of_encoder() const { return name.starts_with("encoders/"); }
  bool of_seq2seq() const { return name.starts_with("seq2seq/"); }
  bool of_vision() const { return name.starts_with("vision/"); }
  bool of_speech() const { return name.starts_with("speech/"); }
  bool of_dual() const { return name.starts_with("dual/"); }
};

inline std::vector<Golden> read_manifest() {
  const Json manifest = parse_json(Bytes::map(goldens() / "manifest.json"));
  std::vector<Golden> result;
  for (const Json& line : manifest) {
    result.push_back({line["name"], line["family"], goldens() / line["path"].get<std::string>(),
                      goldens() / line["inputs"].get<std::string>(), goldens() / line["outputs"].get<std::string>(),
                      line["tolerance"]});
  }
  return result;
}

/// The numeric rule: every value within `tolerance` of the output's largest magnitude, and the same argmax of each row
/// wherever the reference's two best are further apart than that.
inline void expect_close(const Tensor<float>& found, const Tensor<float>& expected, double tolerance) {
  ASSERT_EQ(found.shape(), expected.shape());
  const Index columns = expected.size(expected.shape().rank() - 1);
  double largest = 0;
  for (Index i = 0; i < expected.count(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(expected.data()[i])));
  double worst = 0;
  Index where = 0;
  for (Index i = 0; i < expected.count(); ++i) {
    const double difference = std::abs(static_cast<double>(found.data()[i]) - static_cast<double>(expected.data()[i]));
    if (!(difference <= worst)) {
      worst = difference;
      where = i;
    }
  }
  EXPECT_LE(worst, tolerance * largest) << "greatest difference " << worst << " (" << worst / largest
                                        << " of the largest magnitude " << largest << ") at row " << where / columns
                                        << ", column " << where % columns << ": expected " << expected.data()[where]
                                        << ", found " << found.data()[where];
  for (Index row = 0; row < expected.count() / columns; ++row) {
    const float* reference = expected.data() + row * columns;
    const auto best = std::max_element(reference, reference + columns) - reference;
    float second = -std::numeric_limits<float>::infinity();
    for (Index i = 0; i < columns; ++i) second = i == best ? second : std::max(second, reference[i]);
    if (static_cast<double>(reference[best] - second) <= 2 * tolerance * largest) continue;
    const float* ours = found.data() + row * columns;
    EXPECT_EQ(std::max_element(ours, ours + columns) - ours, best) << "argmax of row " << row;
  }
}

}  // namespace headformer::testing
