#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// What a decoder that writes times may write next: times come in pairs and never go back, the first token is one, and
/// where all times together are likelier than any other token it is one of them (Radford et al. 2022,
/// https://arxiv.org/abs/2212.04356; the reference's WhisperTimeStampLogitsProcessor).
struct TimestampRules {
  TokenId no_timestamps = 0;            ///< the id before the first time's
  TokenId end = 0;                      ///< ids below it are text
  std::optional<Index> latest_first{};  ///< the first time's greatest index; none: any

  TokenId first_time() const { return no_timestamps + 1; }
  bool is_time(TokenId id) const { return id >= first_time(); }

  /// Sets what must not follow `generated` to -infinity. Shapes: logits [V].
  void operator()(std::span<const TokenId> generated, std::span<float> logits) const {
    const auto first = std::min(static_cast<std::size_t>(first_time()), logits.size());
    ban(logits.subspan(first - 1, 1));
    const bool after_time = !generated.empty() && is_time(generated.back());
    const bool paired = generated.size() < 2 || is_time(generated[generated.size() - 2]);
    if (after_time && paired) ban(logits.subspan(first));
    if (after_time && !paired) ban(logits.first(std::min(static_cast<std::size_t>(end), logits.size())));
    const auto last = std::find_if(generated.rbegin(), generated.rend(), [&](TokenId id) { return is_time(id); });
    if (last != generated.rend()) {
      // An ending time is the next one's beginning; no other comes twice.
      const auto least = static_cast<std::size_t>(after_time && !paired ? *last : *last + 1);
      ban(logits.subspan(first, std::min(least, logits.size()) - first));
    }
    if (generated.empty()) {
      ban(logits.first(first));
      if (latest_first) {
        const auto latest = std::min(first + static_cast<std::size_t>(*latest_first) + 1, logits.size());
        ban(logits.subspan(latest));
      }
    }
    if (prefer_times(logits.first(first), logits.subspan(first))) ban(logits.first(first));
  }

 private:
  static constexpr float banned = -std::numeric_limits<float>::infinity();
  static void ban(std::span<float> logits) { std::fill(logits.begin(), logits.end(), banned); }

  static bool prefer_times(std::span<const float> others, std::span<const float> times) {
    const float greatest = times.empty() ? banned : *std::max_element(times.begin(), times.end());
    if (!(greatest > banned)) return false;
    double sum = 0;
    for (const float time : times) sum += std::exp(static_cast<double>(time) - static_cast<double>(greatest));
    const float best = others.empty() ? banned : *std::max_element(others.begin(), others.end());
    return static_cast<double>(greatest) + std::log(sum) > static_cast<double>(best);
  }
};

}  // namespace headformer
