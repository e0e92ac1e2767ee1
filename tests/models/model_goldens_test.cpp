#include <headformer/auto.hpp>

#include "models/goldens.hpp"

namespace headformer::testing {
namespace {

class ModelGoldens : public ::testing::TestWithParam<Golden> {};

TEST_P(ModelGoldens, OutputsFollowTheReference) {
  const Golden& golden = GetParam();
  ModelOptions options;
  options.load.weights = DType::f32;
  options.workspace = std::make_shared<Workspace>(std::make_shared<ThreadPool>(2), best_isa(), Activations::f32);
  const NamedTensors expected = read_tensors(golden.outputs);
  const NamedTensors found = open_model(golden.model, options)->forward(read_tensors(golden.inputs));
  ASSERT_FALSE(expected.empty());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    SCOPED_TRACE(name);
    expect_close(std::get<Tensor<float>>(found.at(name)), std::get<Tensor<float>>(tensor), golden.tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Manifest, ModelGoldens, ::testing::ValuesIn(read_manifest()), [](const auto& golden) {
  std::string name;
  for (const char c : golden.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace headformer::testing
