#pragma once

#include <tuple>
#include <utility>

#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

/// A module that can add its result to a sum while it computes it: add(context, x, sum). x [T, D], sum [T, D].
template <class M>
concept AccumulatingModule = requires(const M& module, Context& context, TensorView<const float> x,
                                      TensorView<float> sum) { module.add(context, x, sum); };

/// A residual step: x += last(...(first(x))). x [T, D] in place; every module maps [T, D] to [T, D].
template <class... Modules>
void add_residual(Context& context, TensorView<float> x, const Modules&... modules) {
  using Last = std::tuple_element_t<sizeof...(Modules) - 1, std::tuple<Modules...>>;
  Scratch::Frame frame(context.scratch());
  auto to = frame.take_rows<float>(x.rows(), x.columns());
  auto other = sizeof...(Modules) > 2 || !AccumulatingModule<Last> ? frame.take_rows<float>(x.rows(), x.columns()) : to;
  TensorView<const float> from = x;
  std::size_t rest = sizeof...(Modules);
  const auto apply = [&](const auto& module) {
    --rest;
    if constexpr (AccumulatingModule<std::remove_cvref_t<decltype(module)>>) {
      if (rest == 0) return module.add(context, from, x);
    }
    module(context, from, to);
    from = to;
    std::swap(to, other);
  };
  (apply(modules), ...);
  if constexpr (!AccumulatingModule<Last>) kernels::add(context.compute(), x, from);
}

}  // namespace headformer
