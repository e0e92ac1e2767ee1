#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/pipelines/embedding/prompts.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer::detail {

/// Which of a text's tokens have a vector: sentence-transformers' MultiVectorMask. A text of no role counts as a
/// document.
struct ScoringMaskConfig {
  std::vector<std::string> skipped = {};  ///< tokens that have none
  bool skips_in_queries = false;
  bool skips_in_documents = true;
  std::vector<TokenId> kept = {};  ///< the only ids of documents that have one; empty: all
};

/// What ColBERT skips in documents: Python's string.punctuation.
HEADFORMER_COLD inline std::vector<std::string> punctuation() {
  std::vector<std::string> words;
  for (const char sign : std::string_view("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")) words.emplace_back(1, sign);
  return words;
}

/// Reads the module's config.json.
HEADFORMER_COLD inline ScoringMaskConfig read_scoring_mask(const JsonObject& json) {
  ScoringMaskConfig config;
  if (json.has("skiplist_words")) config.skipped = json.strings("skiplist_words");
  if (json.has("keep_only_token_ids"))
    for (const Index id : json.integers("keep_only_token_ids", 0, std::numeric_limits<TokenId>::max()))
      config.kept.push_back(static_cast<TokenId>(id));
  if (!json.has("skiplist_tasks")) return config;
  const std::vector<std::string> tasks = json.is_string("skiplist_tasks")
                                             ? std::vector<std::string>{json.string("skiplist_tasks")}
                                             : json.strings("skiplist_tasks");
  config.skips_in_queries = std::find(tasks.begin(), tasks.end(), "query") != tasks.end();
  config.skips_in_documents = std::find(tasks.begin(), tasks.end(), "document") != tasks.end();
  return config;
}

/// The mask in a tokenizer's ids. Skipped words that are no token of its vocabulary skip nothing.
class ScoringMask {
 public:
  HEADFORMER_COLD ScoringMask(const ScoringMaskConfig& config, const Tokenizer& tokenizer)
      : skips_in_queries_(config.skips_in_queries), skips_in_documents_(config.skips_in_documents), kept_(config.kept) {
    for (const std::string& word : config.skipped)
      if (const std::optional<TokenId> id = tokenizer.id_of(word)) skipped_.push_back(*id);
    std::sort(skipped_.begin(), skipped_.end());
    std::sort(kept_.begin(), kept_.end());
  }

  bool counts(TokenId id, TextRole role) const {
    const auto among = [id](const std::vector<TokenId>& ids) { return std::binary_search(ids.begin(), ids.end(), id); };
    const bool query = role == TextRole::query;
    if ((query ? skips_in_queries_ : skips_in_documents_) && among(skipped_)) return false;
    return query || kept_.empty() || among(kept_);
  }

 private:
  bool skips_in_queries_, skips_in_documents_;
  std::vector<TokenId> skipped_, kept_;  // ascending
};

}  // namespace headformer::detail
