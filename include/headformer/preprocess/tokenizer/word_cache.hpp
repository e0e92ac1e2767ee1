#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "headformer/core/token_id.hpp"

namespace headformer::detail {

/// The ids of short words that a tokenizer has met: text repeats itself. One place a word by its hash, the later word
/// stays; it begins small and grows to 2 MiB at most. Not for several threads at a time.
class WordCache {
 public:
  static constexpr std::size_t longest_word = 22;
  static constexpr std::size_t most_ids = 8;

  /// The word's place, for find() and store(). The word is no longer than longest_word.
  struct Place {
    std::uint64_t hash;
  };
  static Place place(std::string_view word) {
    std::uint64_t parts[3] = {0, 0, 0};
    std::memcpy(parts, word.data(), word.size());
    std::uint64_t hash = (parts[0] ^ word.size() << 56) * 0x9E3779B97F4A7C15u;
    hash = (hash ^ hash >> 29 ^ parts[1]) * 0xBF58476D1CE4E5B9u;
    hash = (hash ^ hash >> 31 ^ parts[2]) * 0x94D049BB133111EBu;
    return {hash ^ hash >> 32};
  }

  /// The ids stored for this word, or nothing.
  const TokenId* find(Place place, std::string_view word, std::size_t& count) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[place.hash & (entries_.size() - 1)];
    if (entry.size != word.size() || std::memcmp(entry.word.data(), word.data(), word.size()) != 0) return nullptr;
    count = entry.count;
    return entry.ids.data();
  }
  void store(Place place, std::string_view word, std::span<const TokenId> ids) {
    if (ids.size() > most_ids) return;
    if (++stored_ > entries_.size()) grow();
    Entry& entry = entries_[place.hash & (entries_.size() - 1)];
    entry.size = static_cast<std::uint8_t>(word.size());
    entry.count = static_cast<std::uint8_t>(ids.size());
    std::memcpy(entry.word.data(), word.data(), word.size());
    std::memcpy(entry.ids.data(), ids.data(), ids.size() * sizeof(TokenId));
  }

 private:
  struct Entry {
    std::array<TokenId, most_ids> ids;
    std::array<char, longest_word> word;
    std::uint8_t size = 0xFF;  // free
    std::uint8_t count = 0;
  };
  static constexpr std::size_t most_entries = std::size_t{1} << 15;

  /// Four times as many places; what was stored is met again.
  void grow() {
    if (entries_.size() >= most_entries) return;
    std::vector<Entry> larger(entries_.empty() ? 512 : entries_.size() * 4);
    for (const Entry& entry : entries_) {
      if (entry.size > longest_word) continue;
      larger[place({entry.word.data(), entry.size}).hash & (larger.size() - 1)] = entry;
    }
    entries_ = std::move(larger);
    stored_ = 0;
  }

  std::vector<Entry> entries_;
  std::size_t stored_ = 0;
};

}  // namespace headformer::detail
