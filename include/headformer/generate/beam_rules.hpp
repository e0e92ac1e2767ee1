#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <vector>

#include "headformer/generate/generation_config.hpp"

namespace headformer::detail {

/// What goes on with a beam, or ends it.
struct Continuation {
  std::size_t beam;
  TokenId id;
  float score;

  /// Of equal ones the earlier beam's, then the lesser id.
  static bool better(const Continuation& a, const Continuation& b) {
    return std::tie(b.score, a.beam, a.id) < std::tie(a.score, b.beam, b.id);
  }
};

/// What searches by beams read in a config, and what they make of it. The time begins with begin().
struct BeamRules {
  static constexpr float never = -1e9F;  // the reference's score of what has no chance, whose sums it takes part in

  std::size_t beams;
  Index most;  ///< new tokens
  double length_penalty;
  EarlyStopping early;
  std::vector<TokenId> ends;

  /// `config` is complete.
  BeamRules(const GenerationConfig& config, std::size_t prompt_length)
      : beams(static_cast<std::size_t>(config.num_beams.value_or(1))),
        most(config.new_tokens(static_cast<Index>(prompt_length))),
        length_penalty(config.length_penalty.value_or(1)),
        early(config.early_stopping.value_or(EarlyStopping::no)),
        ends(config.eos_token_id.value_or(std::vector<TokenId>{})),
        seconds_(config.max_time.value_or(std::numeric_limits<double>::infinity())) {}

  bool is_end(TokenId id) const { return std::find(ends.begin(), ends.end(), id) != ends.end(); }
  /// Continuations that `count` beams are chosen from: enough where all ends are among the best.
  std::size_t kept(std::size_t count) const { return std::max<std::size_t>(2, 1 + ends.size()) * count; }
  /// What a sum of log-probabilities is divided by, of an answer of so many tokens.
  double divisor(Index length) const { return std::pow(static_cast<double>(length), length_penalty); }
  /// The length at which a beam that is so long now is compared with answers.
  Index compared(Index length) const { return early == EarlyStopping::never && length_penalty > 0 ? most : length; }
  void begin() { begun_ = std::chrono::steady_clock::now(); }
  bool time_is_over() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count() > seconds_;
  }

 private:
  double seconds_;
  std::chrono::steady_clock::time_point begun_{};
};

}  // namespace headformer::detail
