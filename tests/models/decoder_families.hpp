#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <headformer/models/causal_lm/causal_lm.hpp>
#include <headformer/models/causal_lm/family.hpp>
#include <headformer/models/causal_lm/memory_estimate.hpp>
#include <headformer/models/causal_lm/session.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <random>
#include <string>
#include <vector>

#include "models/goldens.hpp"

namespace headformer::testing {

/// A checkpoint of the goldens that stands for its family.
struct DecoderCase {
  std::string name;
  std::string path;    ///< below goldens
  Index prompt = 150;  ///< tokens: past every window here, and across the pages of 64
};

inline std::ostream& operator<<(std::ostream& out, const DecoderCase& decoder) { return out << decoder.name; }

inline const std::vector<DecoderCase>& decoder_cases() {
  static const std::vector<DecoderCase> cases = {
      {"gpt2", "decoders/gpt2", 72},  // as many as it has learned positions
      {"llama_grouped", "decoders/llama_grouped"},
      {"mistral_window_7", "decoders/mistral"},
      {"qwen2_window_6", "decoders/qwen2_window"},
      {"qwen3", "decoders/qwen3"},
      {"gemma", "decoders/gemma"},
      {"gemma2_window_9", "decoders/gemma2"},
      {"gemma3_window_9", "decoders/gemma3", 200},
      {"phi3", "decoders/phi3"},
      {"phi4_mini_longrope", "decoders/phi4_mini"},
      {"smollm3_window", "decoders/smollm3_window"},
      {"gguf_q4_k", "gguf/llama_q4_k_wide/llama_q4_k_wide.gguf"},
      {"gguf_q8_0", "gguf/llama_q8_0_wide/llama_q8_0_wide.gguf"},
      {"gguf_q4_k_m", "gguf/llama_q4_k_m/llama_q4_k_m.gguf", 130},
      {"gguf_gemma3_f16", "gguf/gemma3_linear_f16/gemma3_linear_f16.gguf"},
  };
  return cases;
}

// What knows every family, compiled once (decoder_families_test.cpp).
std::shared_ptr<const CausalLanguageModel> open_decoder(const Checkpoint& checkpoint, LoadOptions options = {});
MemoryEstimate estimate_decoder(const Checkpoint& checkpoint, const LoadOptions& options, const MemoryUse& use);
const CausalLmFamily& family_of(const Checkpoint& checkpoint);

inline std::shared_ptr<const CausalLanguageModel> open_decoder(const std::string& path_below_goldens,
                                                               LoadOptions options = {}) {
  return open_decoder(Checkpoint::open(goldens() / path_below_goldens), std::move(options));
}

inline std::shared_ptr<Workspace> workspace_of(int threads = 1, Isa isa = best_isa(),
                                               Activations activations = Activations::f32) {
  return std::make_shared<Workspace>(std::make_shared<ThreadPool>(threads), isa, activations);
}

inline std::vector<TokenId> random_ids(const CausalLanguageModel& model, Index count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<TokenId> ids;
  for (Index i = 0; i < count; ++i) {
    ids.push_back(static_cast<TokenId>(random() % static_cast<unsigned>(model.config().vocabulary)));
  }
  return ids;
}

/// Logits of each of some ids in a sequence of their own. Shapes: [T] -> [T, V].
inline Tensor<float> logits_of(const std::shared_ptr<const CausalLanguageModel>& model, std::span<const TokenId> ids,
                               const std::shared_ptr<Workspace>& workspace, const SessionOptions& options = {}) {
  return Session(model, workspace, options).append_all(ids);
}

/// The same bits, or a message that says how far apart they are and where.
inline ::testing::AssertionResult same_bits(std::span<const float> found, std::span<const float> expected) {
  if (found.size() != expected.size()) {
    return ::testing::AssertionFailure() << "expected " << expected.size() << " values, found " << found.size();
  }
  if (std::memcmp(found.data(), expected.data(), found.size_bytes()) == 0) return ::testing::AssertionSuccess();
  std::size_t where = 0;
  std::size_t differing = 0;
  double worst = -1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::memcmp(&found[i], &expected[i], sizeof(float)) == 0) continue;
    ++differing;
    const double difference = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(difference <= worst)) {
      worst = difference;
      where = i;
    }
  }
  return ::testing::AssertionFailure() << differing << " of " << found.size()
                                       << " values differ, the greatest difference is " << worst << " at " << where
                                       << ": expected " << expected[where] << ", found " << found[where];
}
inline ::testing::AssertionResult same_bits(const Tensor<float>& found, const Tensor<float>& expected) {
  const auto all = [](const Tensor<float>& t) {
    return std::span<const float>(t.data(), static_cast<std::size_t>(t.count()));
  };
  return same_bits(all(found), all(expected));
}

inline std::span<const float> row_of(const Tensor<float>& logits, Index row) {
  return {logits.view().row(row), static_cast<std::size_t>(logits.size(1))};
}
inline std::span<const float> rows_of(const Tensor<float>& logits, Index begin, Index end) {
  return {logits.view().row(begin), static_cast<std::size_t>((end - begin) * logits.size(1))};
}

/// Greatest difference relative to the greatest magnitude expected.
inline double relative_difference(const Tensor<float>& found, const Tensor<float>& expected) {
  double worst = 0;
  double largest = 0;
  for (Index i = 0; i < expected.count(); ++i) {
    const double difference = std::abs(static_cast<double>(found.data()[i]) - static_cast<double>(expected.data()[i]));
    if (!(difference <= worst)) worst = difference;
    largest = std::max(largest, std::abs(static_cast<double>(expected.data()[i])));
  }
  return worst / largest;
}

template <class Param>
std::string case_name(const ::testing::TestParamInfo<Param>& info) {
  return info.param.name;
}

}  // namespace headformer::testing
