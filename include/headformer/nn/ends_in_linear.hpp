#pragma once

#include "headformer/core/scratch.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/nn/linear.hpp"

namespace headformer {

/// A Module that ends in a Linear, which can write its result or add it to a sum (a residual stream). `Module` derives
/// from this, has `const Linear& last() const`, and `before_last(context, x, frame)`: what that Linear is given, in
/// memory of the frame.
template <class Module>
struct EndsInLinear {
  /// y = module(x). Shapes: x [T, in] -> y [T, out].
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    Scratch::Frame frame(context.scratch());
    self().last()(context, self().before_last(context, x, frame), y);
  }
  /// sum += module(x). Shapes: x [T, in], sum [T, out].
  void add(Context& context, TensorView<const float> x, TensorView<float> sum) const {
    Scratch::Frame frame(context.scratch());
    self().last().add(context, self().before_last(context, x, frame), sum);
  }

 private:
  const Module& self() const { return static_cast<const Module&>(*this); }
};

}  // namespace headformer
