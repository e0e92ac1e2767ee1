#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/preprocess/tokenizer/models/short_text.hpp"

namespace headformer::detail {

/// The ids of words that a tokenizer has met, of at most `longest` bytes and `most_ids` ids: text repeats itself. One
/// place a word by its hash, the later word stays; it begins small and grows to `most_entries`. Not for several threads
/// at a time.
template <std::size_t longest, std::size_t most_ids, std::size_t most_entries>
class WordCache {
 public:
  static constexpr std::size_t longest_word = longest;

  /// Where a word would be. The word is no longer than longest_word.
  static std::uint64_t hash_of(std::string_view word) {
    std::uint64_t hash = word.size() * 0x9E3779B97F4A7C15u;
    const char* data = word.data();
    std::size_t left = word.size();
    for (; left > 8; left -= 8, data += 8) hash = mixed(hash, load<std::uint64_t>(data));
    hash = mixed(hash, load_short(data, left));
    return hash ^ hash >> 29;
  }

  /// The ids stored for this word, or nullptr.
  const TokenId* find(std::uint64_t hash, std::string_view word, std::size_t& count) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[hash & (entries_.size() - 1)];
    if (entry.size != word.size() || !equal_bytes(entry.word.data(), word.data(), word.size())) return nullptr;
    count = entry.count;
    return entry.ids.data();
  }
  void store(std::uint64_t hash, std::string_view word, std::span<const TokenId> ids) {
    if (ids.size() > most_ids) return;
    if (++stored_ > entries_.size()) grow();
    Entry& entry = entries_[hash & (entries_.size() - 1)];
    entry.size = static_cast<std::uint8_t>(word.size());
    entry.count = static_cast<std::uint8_t>(ids.size());
    std::copy(word.begin(), word.end(), entry.word.begin());
    std::copy(ids.begin(), ids.end(), entry.ids.begin());
  }

 private:
  static_assert(longest < 0xFF);
  struct Entry {
    std::array<TokenId, most_ids> ids;
    std::array<char, longest> word;
    std::uint8_t size = 0xFF;  // free
    std::uint8_t count = 0;
  };

  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t part) {
    hash = (hash ^ part) * 0xBF58476D1CE4E5B9u;
    return hash ^ hash >> 31;
  }
  /// Four times as many places; what was stored is met again.
  void grow() {
    if (entries_.size() >= most_entries) return;
    std::vector<Entry> larger(entries_.empty() ? 512 : entries_.size() * 4);
    for (const Entry& entry : entries_)
      if (entry.size <= longest) larger[hash_of({entry.word.data(), entry.size}) & (larger.size() - 1)] = entry;
    entries_ = std::move(larger);
    stored_ = 0;
  }

  std::vector<Entry> entries_;
  std::size_t stored_ = 0;
};

}  // namespace headformer::detail
