#pragma once

#include <numeric>
#include <span>
#include <vector>

#include "headformer/core/stable_sort.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// The order that a masked autoencoder sees patches in: that of ascending noise.
inline std::vector<Index> order_of(std::span<const float> noise) {
  std::vector<Index> order(noise.size());
  std::iota(order.begin(), order.end(), Index{0});
  detail::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    return noise[static_cast<std::size_t>(a)] < noise[static_cast<std::size_t>(b)];
  });
  return order;
}

/// Of each patch its place in an order.
inline std::vector<Index> places_in(std::span<const Index> order) {
  std::vector<Index> places(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) places[static_cast<std::size_t>(order[i])] = static_cast<Index>(i);
  return places;
}

}  // namespace headformer
