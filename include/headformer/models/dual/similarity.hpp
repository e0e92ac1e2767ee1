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

/// What makes probabilities of a contrastive model's logits, as it was trained.
enum class ContrastiveLoss {
  softmax,  ///< over the other side: CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020)
  sigmoid,  ///< of each pair, whose logits have a bias: SigLIP (Zhai et al. 2023, https://arxiv.org/abs/2303.15343)
};

/// How alike vectors of length 1 are as the logits of a contrastive model: scale * a . b + bias. With scale = 1 /
/// temperature they are SimCLR's too (Chen et al. 2020, https://arxiv.org/abs/2002.05709).
struct ContrastiveSimilarity {
  float scale = 1;
  float bias = 0;
  ContrastiveLoss loss = ContrastiveLoss::softmax;

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
