#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/generation.hpp"
#include "headformer/generate/log_sum_exp.hpp"

namespace headformer {

/// Classifier-free guidance of text (Sanchez et al. 2023, https://arxiv.org/abs/2306.17806): a sequence whose scores
/// are led away from those of a second one, which holds a negative prompt, or the prompt's last token, and what has
/// been generated. Its logits are scale * (log p - log q) + log q.
template <TokenSequence Sequence>
class GuidedSequence {
 public:
  /// `negative`: the negative prompt; none: the prompt's last token.
  GuidedSequence(Sequence sequence, Sequence unguided, double scale, std::vector<TokenId> negative = {})
      : sequence_(std::move(sequence)),
        unguided_(std::move(unguided)),
        scale_(static_cast<float>(scale)),
        negative_(std::move(negative)) {}

  std::span<float> append(std::span<const TokenId> ids) {
    const std::span<float> found = sequence_.append(ids);
    logits_.assign(found.begin(), found.end());  // the second may share what the first computes with
    normalise(logits_);
    if (!std::exchange(begun_, true) && !negative_.empty())
      append_unguided(negative_);
    else
      append_unguided(ids.last(1));
    return logits_;
  }

 private:
  void append_unguided(std::span<const TokenId> ids) {
    const std::span<float> unguided = unguided_.append(ids);
    normalise(unguided);
    for (std::size_t i = 0; i < logits_.size(); ++i) logits_[i] = scale_ * (logits_[i] - unguided[i]) + unguided[i];
  }
  static void normalise(std::span<float> logits) {
    const double log_sum = log_sum_exp(logits);
    for (float& logit : logits) logit = static_cast<float>(static_cast<double>(logit) - log_sum);
  }

  Sequence sequence_;
  Sequence unguided_;
  float scale_;
  std::vector<TokenId> negative_;
  bool begun_ = false;
  std::vector<float> logits_;
};

}  // namespace headformer
