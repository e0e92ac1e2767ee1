#pragma once

#include <gtest/gtest.h>

#include <headformer/nn/context.hpp>
#include <headformer/weights/weights.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "support/small_checkpoint.hpp"

namespace headformer::testing {

/// Modules bound to a folder that the test fills.
class ModuleTest : public ::testing::Test {
 protected:
  static constexpr NameRow rows[] = {{"embedding", "embedding", ""},
                                     {"positions", "positions", ""},
                                     {"query", "query", ""},
                                     {"key", "key", ""},
                                     {"value", "value", ""},
                                     {"norm", "norm", ""},
                                     {"windows", "query", "", Transform::windows}};
  static constexpr NameTable names = {rows, {}};

  Weights weights(const WeightType type = WeightType::stored()) {
    options_.weights = type;
    SmallCheckpoint small;
    small.config = Json::object();
    small.tensors = tensors_;
    small.write(folder_);
    checkpoint_ = Checkpoint::open(folder_.path());
    return Weights(*checkpoint_, names, options_, executor_);
  }
  Context context() { return Context({executor_}, scratch_, tables_, batch_); }

  static std::vector<float> numbers(Index count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000.0F;
    return values;
  }
  static StoredTensor matrix(Index outputs, Index inputs, unsigned seed) {
    return StoredTensor::of(Shape{outputs, inputs}, numbers(outputs * inputs, seed));
  }
  static StoredTensor narrowed(const StoredTensor& wide, DType dtype) {
    StoredTensor result = StoredTensor::zeros(dtype, wide.shape);
    const std::vector<float> values = wide.floats();
    kernels::quantise_row(dtype, values.data(), wide.shape.count(), result.bytes.data());
    return result;
  }

  StoredTensors tensors_;
  LoadOptions options_;
  SerialExecutor executor_;
  TemporaryFolder folder_;
  std::optional<Checkpoint> checkpoint_;
  Scratch scratch_;
  Scratch tables_;
  Batch batch_;
};

}  // namespace headformer::testing
