#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json.hpp"

namespace headformer {

/// How the rows of a text's tokens become one vector: sentence-transformers' `pooling_mode`s.
enum class TokenPooling { cls, max, mean, mean_sqrt_len_tokens, weighted_mean, last_token };

/// What sentence-transformers' Pooling is made from.
struct TokenPoolingConfig {
  std::vector<TokenPooling> modes = {TokenPooling::mean};  ///< their vectors follow each other
  bool include_prompt = true;                              ///< whether a prompt's tokens count
};

namespace detail {

inline constexpr std::pair<std::string_view, TokenPooling> pooling_names[] = {
    {"cls", TokenPooling::cls},
    {"max", TokenPooling::max},
    {"mean", TokenPooling::mean},
    {"mean_sqrt_len_tokens", TokenPooling::mean_sqrt_len_tokens},
    {"weightedmean", TokenPooling::weighted_mean},
    {"lasttoken", TokenPooling::last_token},
};

/// Reads 1_Pooling/config.json: `pooling_mode` (one name or several), or a boolean for each as older files have it.
HEADFORMER_COLD inline TokenPoolingConfig read_token_pooling(const JsonObject& json) {
  TokenPoolingConfig config;
  config.include_prompt = json.boolean_or("include_prompt", true);
  std::vector<std::string> names;
  if (json.has("pooling_mode")) {
    if (json.is_string("pooling_mode")) {
      names.push_back(json.string("pooling_mode"));
    } else {
      names = json.strings("pooling_mode");
    }
  } else {
    static constexpr std::pair<const char*, const char*> flags[] = {
        {"pooling_mode_cls_token", "cls"},
        {"pooling_mode_max_tokens", "max"},
        {"pooling_mode_mean_tokens", "mean"},
        {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
        {"pooling_mode_weightedmean_tokens", "weightedmean"},
        {"pooling_mode_lasttoken", "lasttoken"}};
    for (const auto& [flag, name] : flags)
      if (json.boolean_or(flag, false)) names.emplace_back(name);
  }
  if (names.empty()) return config;
  config.modes.clear();
  for (const std::string& name : names) {
    const auto* const found = std::find_if(std::begin(pooling_names), std::end(pooling_names),
                                           [&](const auto& known) { return known.first == name; });
    if (found == std::end(pooling_names))
      json.fail("pooling_mode", "cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken");
    config.modes.push_back(found->second);
  }
  return config;
}

}  // namespace detail

/// Pools the rows from `first` on (those before are a prompt's). Where none is left, the vector is 0, the greatest
/// value -infinity, as in the reference. Shapes: rows [T, D] -> vector [D].
inline void pool_tokens(TokenPooling mode, TensorView<const float> rows, Index first, float* vector) {
  const Index width = rows.columns();
  const Index count = rows.rows();
  if (mode == TokenPooling::cls || mode == TokenPooling::last_token) {
    if (mode == TokenPooling::last_token && first >= count) {
      std::fill_n(vector, width, 0.0F);
    } else {
      std::copy_n(rows.row(mode == TokenPooling::last_token ? count - 1 : first < count ? first : 0), width, vector);
    }
    return;
  }
  if (mode == TokenPooling::max) {
    std::fill_n(vector, width, -std::numeric_limits<float>::infinity());
    for (Index r = first; r < count; ++r)
      for (Index i = 0; i < width; ++i) vector[i] = std::max(vector[i], rows.row(r)[i]);
    return;
  }
  std::fill_n(vector, width, 0.0F);
  float weights = 0;
  for (Index r = first; r < count; ++r) {
    const float weight = mode == TokenPooling::weighted_mean ? static_cast<float>(r + 1) : 1.0F;
    for (Index i = 0; i < width; ++i) vector[i] += weight * rows.row(r)[i];
    weights += weight;
  }
  weights = std::max(weights, 1e-9F);
  const float divisor = mode == TokenPooling::mean_sqrt_len_tokens ? std::sqrt(weights) : weights;
  for (Index i = 0; i < width; ++i) vector[i] /= divisor;
}

}  // namespace headformer
