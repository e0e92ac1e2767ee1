#pragma once

#include <utility>

#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

/// A residual step: x += last(...(first(x))). x [T, D] in place; every module maps [T, D] to [T, D].
template <Module... Modules>
void add_residual(Context& context, TensorView<float> x, const Modules&... modules) {
  Scratch::Frame frame(context.scratch());
  auto to = frame.take<float>(x.shape());
  auto other = frame.take<float>(x.shape());
  TensorView<const float> from = x;
  const auto apply = [&](const auto& module) {
    module(context, from, to);
    from = to;
    std::swap(to, other);
  };
  (apply(modules), ...);
  kernels::add(context.compute(), x, from);
}

}  // namespace headformer
