#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "headformer/generate/candidates.hpp"
#include "headformer/generate/watermark_config.hpp"

// Processors that leave a mark in the text which its detectors find. Both draw as the reference's generator does.
namespace headformer {

namespace detail {

/// The first `count` of a random permutation of 0 .. n - 1, by the seed's draws (Fisher and Yates).
inline std::vector<std::uint32_t> permutation(std::uint64_t seed, std::size_t n, std::size_t count) {
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  std::vector<std::uint32_t> result(n);
  std::iota(result.begin(), result.end(), 0U);
  for (std::size_t i = 0; i < count && i + 1 < n; ++i) std::swap(result[i], result[i + random() % (n - i)]);
  result.resize(count);
  return result;
}

}  // namespace detail

/// Adds the bias to the tokens of a list that a hash of the last ones draws.
class GreenList {
 public:
  explicit GreenList(const GreenListConfig& config) : config_(config) {
    if (!config.selfhash) return;
    const auto key = static_cast<std::uint64_t>(config.hashing_key);
    table_ = std::make_shared<const std::vector<std::uint32_t>>(detail::permutation(key, table_size, table_size));
  }

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    if (static_cast<Index>(step.history.size()) < config_.context_width) return;
    const std::size_t vocabulary = candidates.vocabulary;
    const auto count = static_cast<std::size_t>(static_cast<double>(vocabulary) * config_.greenlist_ratio);
    const auto bias = static_cast<float>(config_.bias);
    if (!config_.selfhash) {
      const std::uint64_t seed =
          static_cast<std::uint64_t>(config_.hashing_key) * static_cast<std::uint64_t>(step.history.back());
      for (const std::uint32_t id : detail::permutation(seed, vocabulary, count))
        if (float* logit = candidates.find(static_cast<TokenId>(id))) *logit += bias;
      return;
    }
    std::vector<TokenId> context(step.history.begin(), step.history.end());
    context.push_back(0);
    for (const std::size_t i : candidates.sorted(40)) {  // of the others none will be chosen
      context.back() = candidates.ids[i];
      const std::vector<std::uint32_t> green = detail::permutation(seed_of(context), vocabulary, count);
      const auto id = static_cast<std::uint32_t>(context.back());
      if (std::find(green.begin(), green.end(), id) != green.end()) candidates.logits[i] += bias;
    }
  }

 private:
  static constexpr std::size_t table_size = 1000003;

  std::uint64_t seed_of(std::span<const TokenId> ids) const {
    const auto entry = [&](TokenId id) {
      return std::uint64_t{(*table_)[static_cast<std::size_t>(id) % table_size]} + 1;
    };
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const TokenId id : ids.last(static_cast<std::size_t>(config_.context_width))) {
      const std::uint64_t product = static_cast<std::uint64_t>(config_.hashing_key) * entry(id) * entry(ids.back());
      least = std::min(least, static_cast<std::int64_t>(product));
    }
    // Modulo 2^64 - 1, as Python has it.
    return least < 0 ? static_cast<std::uint64_t>(least) - 1 : static_cast<std::uint64_t>(least);
  }

  GreenListConfig config_;
  std::shared_ptr<const std::vector<std::uint32_t>> table_;
};

/// Tournament sampling: at each of its layers tokens whose bit of the hash of the last ones and themselves is set beat
/// the others. A context that has been marked already is left alone.
class SynthId {
 public:
  explicit SynthId(SynthIdConfig config) : config_(std::move(config)) {
    std::mt19937 random(static_cast<std::uint32_t>(config_.sampling_table_seed));
    auto table = std::make_shared<std::vector<bool>>();
    for (Index i = 0; i < config_.sampling_table_size; ++i) table->push_back(random() % 2 != 0);
    table_ = std::move(table);
  }

  void operator()(Candidates& candidates, const DecodingStep& step) const {
    const Index generated = step.generated();
    if (config_.skip_first_ngram_calls && generated + 1 < config_.ngram_len) return;
    const std::uint64_t context = hash_at(step, generated);
    const Index first = config_.skip_first_ngram_calls ? config_.ngram_len - 1 : 0;
    for (Index i = std::max(first, generated - config_.context_history_size); i < generated; ++i)
      if (hash_at(step, i) == context) return;
    if (context == 0 && generated - first < config_.context_history_size) return;  // its history begins as zeros
    std::vector<double> probabilities = candidates.probabilities();
    std::vector<std::uint64_t> hashes;
    for (const TokenId id : candidates.ids) hashes.push_back(accumulate(context, static_cast<std::uint64_t>(id)));
    std::vector<bool> bits(candidates.size());
    for (const std::int64_t key : config_.keys) {
      double mass = 0;
      for (std::size_t i = 0; i < bits.size(); ++i) {
        bits[i] = (*table_)[index_of(accumulate(hashes[i], static_cast<std::uint64_t>(key)))];
        if (bits[i]) mass += probabilities[i];
      }
      for (std::size_t i = 0; i < bits.size(); ++i) probabilities[i] *= (bits[i] ? 2 : 1) - mass;
    }
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const double log = std::log(std::max(probabilities[i], 0.0));
      candidates.logits[i] = std::isfinite(log) ? static_cast<float>(log) : std::numeric_limits<float>::lowest();
    }
  }

 private:
  /// Of 64 bits, wrapping.
  static std::uint64_t accumulate(std::uint64_t hash, std::uint64_t value) {
    return (hash + value) * 6364136223846793005U + 1;
  }
  /// Of the ngram_len - 1 tokens before the generated one of number i; zeros stand before the first.
  std::uint64_t hash_at(const DecodingStep& step, Index i) const {
    std::uint64_t hash = 1;
    for (Index at = i - config_.ngram_len + 1; at < i; ++at) {
      const TokenId id = at < 0 ? 0 : step.history[static_cast<std::size_t>(step.prompt_length + at)];
      hash = accumulate(hash, static_cast<std::uint64_t>(id));
    }
    return hash;
  }
  /// As the remainder of a signed number that Python takes.
  std::size_t index_of(std::uint64_t hash) const {
    const std::int64_t rest = static_cast<std::int64_t>(hash) % config_.sampling_table_size;
    return static_cast<std::size_t>(rest < 0 ? rest + config_.sampling_table_size : rest);
  }

  SynthIdConfig config_;
  std::shared_ptr<const std::vector<bool>> table_;
};

}  // namespace headformer
