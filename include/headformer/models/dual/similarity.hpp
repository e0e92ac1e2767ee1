#pragma once

#include <cmath>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// x / |x|, each row. Shapes: x [N, D] in place. A row of zeros stays one.
inline void normalise_rows(TensorView<float> x) {
  for (Index r = 0; r < x.rows(); ++r) {
    float squares = 0;
    for (const float value : x.row_span(r)) squares += value * value;
    const float length = std::sqrt(squares);
    if (length == 0) continue;
    for (float& value : x.row_span(r)) value /= length;
  }
}

/// How alike vectors of length 1 are as the logits of a contrastive model: scale * a . b + bias. With a softmax over
/// the other side they are CLIP's (Radford et al. 2021, https://arxiv.org/abs/2103.00020), with a sigmoid SigLIP's
/// (Zhai et al. 2023, https://arxiv.org/abs/2303.15343), with scale = 1 / temperature SimCLR's (Chen et al. 2020,
/// https://arxiv.org/abs/2002.05709).
struct ContrastiveSimilarity {
  float scale = 1;
  float bias = 0;

  /// Shapes: a [N, D], b [M, D] -> logits [N, M].
  void operator()(TensorView<const float> a, TensorView<const float> b, TensorView<float> logits) const {
    for (Index i = 0; i < a.rows(); ++i) {
      for (Index j = 0; j < b.rows(); ++j) {
        float product = 0;
        for (Index c = 0; c < a.columns(); ++c) product += a.row(i)[c] * b.row(j)[c];
        logits.row(i)[j] = scale * product + bias;
      }
    }
  }
};

}  // namespace headformer
