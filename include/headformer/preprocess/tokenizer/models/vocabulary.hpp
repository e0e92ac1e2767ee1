#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/models/short_text.hpp"

namespace headformer {

/// A token's number in its vocabulary, from 0.
using TokenId = std::int32_t;

namespace detail {

/// A model's pieces by number and by text: views into the file (or into texts owned here) and one flat hash table with
/// open addressing, so that a vocabulary of a quarter million pieces opens in some milliseconds.
class Vocabulary {
 public:
  static constexpr TokenId none = -1;
  /// More would be no vocabulary; it bounds what a lying file can make us allocate.
  static constexpr std::size_t limit = std::size_t{1} << 24;

  /// `owner` keeps the views that add() is given alive.
  explicit Vocabulary(std::size_t expected, std::shared_ptr<const void> owner = nullptr) : owner_(std::move(owner)) {
    texts_.reserve(expected);
    rehash(expected);
  }

  /// Gives `id` this text; a text that comes twice belongs to the later id. The view must live as long as the owner.
  void add(TokenId id, std::string_view text) {
    if (static_cast<std::size_t>(id) >= texts_.size()) texts_.resize(static_cast<std::size_t>(id) + 1);
    texts_[static_cast<std::size_t>(id)] = text.data() == nullptr ? std::string_view("") : text;
    if (used_ + 1 > most_used(slots_.size())) rehash(used_ * 2 + 16);
    const std::uint64_t hash = hash_of(text);
    Slot& slot = slots_[place(hash, text)];
    if (slot.id == none) ++used_;
    slot = {static_cast<std::uint32_t>(hash >> 32), id};
    mark(hash);
    if (text.size() > longest_) longest_ = text.size();
  }
  /// The same for a text that nobody else keeps.
  void add_copy(TokenId id, std::string text) { add(id, own(std::move(text))); }
  /// none when no piece has this text.
  TokenId find(std::string_view text) const {
    if (text.size() > longest_) return none;
    const std::uint64_t hash = hash_of(text);
    return marked(hash) ? slots_[place(hash, text)].id : none;
  }
  /// False when no piece has this text, by a table that stays in the cache: of texts that are none it lets an eighth
  /// pass. Most texts that merging asks for are none.
  bool may_have(std::string_view text) const { return text.size() <= longest_ && marked(hash_of(text)); }
  bool has(TokenId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < texts_.size() &&
           texts_[static_cast<std::size_t>(id)].data() != nullptr;
  }
  /// The caller has checked has(id).
  std::string_view text_of(TokenId id) const { return texts_[static_cast<std::size_t>(id)]; }
  /// The greatest id + 1.
  std::size_t size() const { return texts_.size(); }
  /// The number of different texts, which is what the reference calls the size of the model's vocabulary.
  std::size_t count() const { return used_; }
  /// Bytes of the longest piece.
  std::size_t longest() const { return longest_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    TokenId id = none;
  };

  std::string_view own(std::string text) {
    if (!copies_) copies_ = std::make_shared<std::deque<std::string>>();
    return copies_->emplace_back(std::move(text));
  }

  static std::uint64_t mixed(std::uint64_t value) {
    value ^= value >> 32;
    value *= 0x9E3779B97F4A7C15u;
    return value ^ value >> 29;
  }
  static std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xA0761D6478BD642Fu ^ text.size();
    const char* data = text.data();
    std::size_t left = text.size();
    for (; left > 8; left -= 8, data += 8) hash = mixed((hash ^ load<std::uint64_t>(data)) * 0xE7037ED1A0B428DBu);
    if (left > 0) hash = mixed((hash ^ load_short(data, left)) * 0xE7037ED1A0B428DBu);
    return mixed(hash);
  }

  bool is_text_of(TokenId id, std::string_view text) const {
    const std::string_view known = text_of(id);
    return known.size() == text.size() && equal_bytes(known.data(), text.data(), text.size());
  }

  /// The slot that holds this text or is free for it.
  std::size_t place(std::uint64_t hash, std::string_view text) const {
    const std::size_t mask = slots_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.id == none || (slot.tag == tag && is_text_of(slot.id, text))) return i;
    }
  }
  /// Three quarters: a quarter million pieces take 4 MiB, which the cache holds sooner than 8.
  static std::size_t most_used(std::size_t capacity) { return capacity / 4 * 3; }
  void rehash(std::size_t expected) {
    std::size_t capacity = 16;
    while (most_used(capacity) < expected + 1) capacity *= 2;
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(capacity));
    const std::size_t filter_bits = std::max<std::size_t>(capacity * 4, 64);
    filter_.assign(filter_bits / 64, 0);
    filter_shift_ = 64;
    for (std::size_t bits = 1; bits < filter_bits; bits *= 2) --filter_shift_;
    for (const Slot& slot : old) {
      if (slot.id == none) continue;
      const std::uint64_t hash = hash_of(text_of(slot.id));
      mark(hash);
      slots_[place(hash, text_of(slot.id))] = slot;
    }
  }

  bool marked(std::uint64_t hash) const {
    const std::uint64_t bit = hash >> filter_shift_;
    return (filter_[bit / 64] >> bit % 64 & 1) != 0;
  }
  void mark(std::uint64_t hash) {
    const std::uint64_t bit = hash >> filter_shift_;
    filter_[bit / 64] |= std::uint64_t{1} << bit % 64;
  }

  std::vector<std::string_view> texts_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> filter_;  // the first bits of the pieces' hashes
  int filter_shift_ = 0;
  std::size_t used_ = 0;
  std::size_t longest_ = 0;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<std::deque<std::string>> copies_;
};

}  // namespace detail
}  // namespace headformer
