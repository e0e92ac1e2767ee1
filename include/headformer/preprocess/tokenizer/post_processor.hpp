#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "headformer/preprocess/tokenizer/vocabulary.hpp"

namespace headformer::detail {

/// Where special tokens go around one text: ids in order, nothing for the text itself. What TemplateProcessing, Bert
/// and Roberta come to when there is one text.
using SingleTemplate = std::vector<std::optional<TokenId>>;

/// Puts special tokens around the tokens of a text, one template after the other. (The ByteLevel processor moves
/// offsets only, so it is none of the steps.)
inline std::vector<TokenId> post_process(const std::vector<SingleTemplate>& steps, std::vector<TokenId> ids,
                                         bool add_special_tokens) {
  for (const SingleTemplate& step : steps) {
    std::vector<TokenId> result;
    result.reserve(ids.size() + step.size());
    for (const std::optional<TokenId>& item : step) {
      if (!item) {
        result.insert(result.end(), ids.begin(), ids.end());
      } else if (add_special_tokens) {
        result.push_back(*item);
      }
    }
    ids = std::move(result);
  }
  return ids;
}

}  // namespace headformer::detail
