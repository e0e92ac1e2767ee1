#include "headformer/nn/feed_forward.hpp"

#include "nn/modules.hpp"

namespace headformer::testing {
namespace {

/// Feed-forwards against their steps, one Linear each.
class FeedForwards : public ModuleTest {
 protected:
  static constexpr NameRow rows[] = {{"gate", "gate", ""}, {"up", "up", ""}, {"down", "down", ""}};
  static constexpr NameTable names = {rows, {}};
  static constexpr Index width = 64;

  Weights weights_of(Index hidden, DType type) {
    tensors_ = {};
    for (const char* name : {"gate", "up"})
      tensors_[std::string(name) + ".weight"] = matrix(hidden, width, static_cast<unsigned>(*name));
    tensors_["down.weight"] = matrix(width, hidden, 3);
    for (const char* name : {"gate", "up"})
      tensors_[std::string(name) + ".bias"] =
          StoredTensor::of(Shape{hidden}, numbers(hidden, static_cast<unsigned>(*name) + 1));
    tensors_["down.bias"] = StoredTensor::of(Shape{width}, numbers(width, 9));
    weights();
    options_.weights = type;
    return Weights(*checkpoint_, names, options_, executor_);
  }
  static Tensor<float> filled(const Shape& shape, unsigned seed) {
    Tensor<float> result(shape);
    const std::vector<float> values = numbers(result.count(), seed);
    std::copy(values.begin(), values.end(), result.data());
    return result;
  }
};

TEST_F(FeedForwards, GatesAreThoseOfSeparateSteps) {
  for (const DType type : {DType::f32, DType::q8_0}) {
    for (const Index hidden : {Index{96}, Index{160}, Index{32}}) {
      for (const bool bias : {false, true}) {
        const Weights weights = weights_of(hidden, type);
        const GatedMlp fused({width, hidden, kernels::Activation::silu, bias}, weights);
        const Linear gate({width, {{"gate", hidden}}, bias}, weights);
        const Linear up({width, {{"up", hidden}}, bias}, weights);
        const Linear down({hidden, {{"down", width}}, bias}, weights);
        for (const Index count : {1, 70}) {
          const Tensor<float> x = filled(Shape{count, width}, 5);
          Context context = this->context();
          Tensor<float> gates(Shape{count, hidden});
          Tensor<float> ups(Shape{count, hidden});
          Tensor<float> expected(x.shape());
          gate(context, x, gates);
          up(context, x, ups);
          kernels::gated(context.compute(), kernels::Activation::silu, gates.view(), ups.view(), gates);
          down(context, gates, expected);
          Tensor<float> y(x.shape());
          fused(context, x, y);
          Tensor<float> sum = filled(x.shape(), 6);
          const Tensor<float> before = sum.clone();
          fused.add(context, x, sum);
          for (Index i = 0; i < y.count(); ++i) {
            ASSERT_EQ(y.data()[i], expected.data()[i]) << name_of(type) << ", " << hidden << " wide, " << i;
            ASSERT_EQ(sum.data()[i], before.data()[i] + expected.data()[i]) << i;
          }
        }
      }
    }
  }
}

TEST_F(FeedForwards, ActivationsAreThoseOfSeparateSteps) {
  const Weights weights = weights_of(100, DType::f32);
  const Mlp fused({width, 100, kernels::Activation::gelu_tanh, true}, weights);
  const Tensor<float> x = filled(Shape{9, width}, 5);
  Context context = this->context();
  Tensor<float> hidden(Shape{9, 100});
  fused.up(context, x, hidden);
  kernels::activate(context.compute(), kernels::Activation::gelu_tanh, hidden);
  Tensor<float> expected(x.shape());
  fused.down(context, hidden, expected);
  Tensor<float> y(x.shape());
  fused(context, x, y);
  Tensor<float> sum(x.shape());
  fused.add(context, x, sum);
  for (Index i = 0; i < y.count(); ++i) {
    ASSERT_EQ(y.data()[i], expected.data()[i]) << i;
    ASSERT_EQ(sum.data()[i], 0.0F + expected.data()[i]) << i;
  }
}

}  // namespace
}  // namespace headformer::testing
