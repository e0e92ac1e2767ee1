#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/nn/context.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

struct GroupNormConfig {
  Index width = 0;   ///< C
  Index groups = 1;  ///< divides C
  float epsilon = 1e-5F;
};

/// Group normalisation (Wu and He 2018, https://arxiv.org/abs/1803.08494) of one sequence: a group's columns over all
/// rows together, so that every row depends on all of them. x [T, C] -> y [T, C].
struct GroupNorm {
  GroupNormConfig config;
  Tensor<float> weight;  // [C]
  Tensor<float> bias;    // [C]

  HEADFORMER_COLD GroupNorm(const GroupNormConfig& c, const Weights& weights)
      : config(c), weight(weights.vector("weight", c.width)), bias(weights.vector("bias", c.width)) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    const Index each = config.width / config.groups;
    const auto columns = static_cast<std::size_t>(config.width);
    std::vector<double> means(columns);
    std::vector<double> scales(columns);
    // Columns are split among workers, never rows: the order of a sum does not depend on their number.
    sums(context, x, means, [](float value, double) { return static_cast<double>(value); });
    share(means, each, static_cast<double>(x.rows() * each));
    sums(context, x, scales, [&](float value, double mean) { return (value - mean) * (value - mean); }, means.data());
    share(scales, each, static_cast<double>(x.rows() * each));
    for (double& scale : scales) scale = 1 / std::sqrt(scale + static_cast<double>(config.epsilon));
    parallel_for(context.compute().executor, x.rows(), 8, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r) {
        for (Index c = 0; c < x.columns(); ++c) {
          const auto i = static_cast<std::size_t>(c);
          const auto normed = static_cast<float>((x.row(r)[c] - means[i]) * scales[i]);
          y.row(r)[c] = normed * weight.data()[c] + bias.data()[c];
        }
      }
    });
  }

 private:
  /// sum[c] = the sum of term(x[r][c], about[c]) over all rows.
  template <class Term>
  static void sums(Context& context, TensorView<const float> x, std::vector<double>& sum, const Term& term,
                   const double* about = nullptr) {
    parallel_for(context.compute().executor, x.columns(), 16, [&](Index begin, Index end) {
      for (Index r = 0; r < x.rows(); ++r) {
        for (Index c = begin; c < end; ++c)
          sum[static_cast<std::size_t>(c)] += term(x.row(r)[c], about == nullptr ? 0 : about[c]);
      }
    });
  }

  /// Each column's sum becomes its group's mean.
  static void share(std::vector<double>& sum, Index each, double count) {
    for (auto group = sum.begin(); group != sum.end(); group += each) {
      double total = 0;
      for (Index i = 0; i < each; ++i) total += group[i];
      std::fill_n(group, each, total / count);
    }
  }
};

}  // namespace headformer
