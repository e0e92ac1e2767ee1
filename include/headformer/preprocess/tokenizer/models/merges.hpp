#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// One symbol of a word while its neighbours merge.
struct BpeSymbol {
  TokenId id;
  std::uint32_t begin;  // bytes of the word
  std::uint32_t size;   // 0: merged into its left neighbour
  std::int32_t previous, next;
  bool fixed;  // stands for a byte or for what is unknown: merges with nothing
};

/// What two neighbours become, and how early: the least priority first, then the leftmost.
struct BpeMerge {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t priority = never;
  TokenId id = Vocabulary::none;
};

/// The merges as the file lists them: pair of ids to rank and result, in one flat table with open addressing.
class MergeTable {
 public:
  explicit MergeTable(std::size_t expected = 0) { rehash(expected); }

  std::size_t size() const { return used_; }

  /// A pair listed twice keeps the later rank, as in the reference.
  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId result) {
    if ((used_ + 1) * 2 > slots_.size()) rehash(used_ * 2 + 16);
    Slot& slot = slots_[place(key_of(left, right))];
    if (slot.key == empty) ++used_;
    slot = {key_of(left, right), rank, result};
  }

  /// The same by text; the joint one leaves out `prefix` bytes of the right piece. False, and nothing is added, when
  /// the vocabulary lacks one of the three.
  bool add(const Vocabulary& vocabulary, std::string_view left, std::string_view right, std::size_t prefix,
           std::uint32_t rank) {
    joint_.assign(left).append(right.substr(std::min(prefix, right.size())));
    const TokenId a = vocabulary.find(left);
    const TokenId b = vocabulary.find(right);
    const TokenId result = vocabulary.find(joint_);
    if (a == Vocabulary::none || b == Vocabulary::none || result == Vocabulary::none) return false;
    add(a, b, rank, result);
    return true;
  }

  BpeMerge find(const BpeSymbol& left, const BpeSymbol& right, std::string_view /*word*/) const {
    const Slot& slot = slots_[place(key_of(left.id, right.id))];
    return slot.key == empty ? BpeMerge{} : BpeMerge{slot.rank, slot.result};
  }

 private:
  static constexpr std::uint64_t empty = std::numeric_limits<std::uint64_t>::max();
  struct Slot {
    std::uint64_t key = empty;
    std::uint32_t rank = 0;
    TokenId result = Vocabulary::none;
  };

  static std::uint64_t key_of(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
  }
  std::size_t place(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::uint64_t hash = key * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask)
      if (slots_[i].key == key || slots_[i].key == empty) return i;
  }
  void rehash(std::size_t expected) {
    std::size_t capacity = 16;
    while (capacity < expected * 2 + 2) capacity *= 2;
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(capacity));
    for (const Slot& slot : old)
      if (slot.key != empty) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::string joint_;  // of the merge that is added by text
  std::size_t used_ = 0;
};

/// Which of two merges to the same piece comes first: that with the longer or shorter left part, or the leftmost.
enum class MergeTies { longer_left, shorter_left, leftmost };

/// Merges that the vocabulary implies (SentencePiece's BPE, Kudo and Richardson 2018): two neighbours merge when the
/// vocabulary has their joint text. Nothing is derived at opening; a merge is looked up by its text when it is asked
/// for. The order is that of the merges which transformers derives from such a vocabulary (generate_merges): by the
/// rank of the result, then the longer left part, or the shorter where it has no scores to go by; SentencePiece itself
/// takes the leftmost.
class ImpliedMerges {
 public:
  /// `ranks[id]`: how early a merge to this piece comes; equal ranks are allowed. The vocabulary is the model's own.
  explicit ImpliedMerges(std::vector<std::uint32_t> ranks, MergeTies ties = MergeTies::longer_left)
      : ranks_(std::move(ranks)), ties_(ties) {}

  /// False for most pairs that do not merge, and cheap. The two are neighbours.
  bool may_merge(const Vocabulary& vocabulary, const BpeSymbol& left, const BpeSymbol& right,
                 std::string_view word) const {
    return !left.fixed && !right.fixed && left.begin + left.size == right.begin &&
           vocabulary.may_have(joint(left, right, word));
  }
  /// For two that may merge.
  BpeMerge find(const Vocabulary& vocabulary, const BpeSymbol& left, const BpeSymbol& right,
                std::string_view word) const {
    const TokenId id = vocabulary.find(joint(left, right, word));
    if (id == Vocabulary::none) return {};
    const std::uint64_t rank = ranks_[static_cast<std::size_t>(id)];
    if (ties_ == MergeTies::leftmost) return {rank << 32, id};
    const auto order = [&](const BpeSymbol& part) {
      const auto length =
          std::min<std::uint64_t>(longest_part, unicode::utf8_length(word.substr(part.begin, part.size)));
      return ties_ == MergeTies::shorter_left ? length : longest_part - length;
    };
    return {(rank << 32) | (order(left) << 16) | order(right), id};
  }

 private:
  static std::string_view joint(const BpeSymbol& left, const BpeSymbol& right, std::string_view word) {
    return word.substr(left.begin, left.size + right.size);
  }

  static constexpr std::uint64_t longest_part = 0xFFFF;
  std::vector<std::uint32_t> ranks_;
  MergeTies ties_;
};

/// What pairs of pieces merge to, as they were asked for: one place a pair by its hash, the later pair stays; it begins
/// small and grows to 3 MiB. For merges that are found by their texts, which costs several cache misses each.
class PairCache {
 public:
  template <class Find>
  BpeMerge find(TokenId left, TokenId right, const Find& find) {
    const std::uint64_t key =
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
    const std::uint64_t hash = key * 0x9E3779B97F4A7C15u;
    if (Entry& entry = entries_[hash >> shift_]; entry.key == key) return entry.merge;
    if (++stored_ > entries_.size() && shift_ > least_shift) grow();
    return (entries_[hash >> shift_] = {key, find()}).merge;
  }

 private:
  static constexpr int least_shift = 64 - 17;
  struct Entry {
    std::uint64_t key = std::numeric_limits<std::uint64_t>::max();
    BpeMerge merge;
  };

  /// Eight times as many places; what was stored is asked for again.
  void grow() {
    shift_ -= 3;
    entries_.assign(std::size_t{1} << (64 - shift_), {});
    stored_ = 0;
  }

  int shift_ = 64 - 8;
  std::vector<Entry> entries_{std::size_t{1} << 8};
  std::size_t stored_ = 0;
};

/// Merges the neighbours of a word, earliest first, until none can; O(n log n). Symbols that merged away have size 0.
class BpeMerger {
 public:
  std::vector<BpeSymbol> symbols;

  void clear() { symbols.clear(); }
  void add(TokenId id, std::size_t begin, std::size_t size, bool fixed) {
    const auto index = static_cast<std::int32_t>(symbols.size());
    if (index > 0) symbols.back().next = index;
    symbols.push_back({id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size), index - 1, -1, fixed});
  }

  /// `merge(left, right)` answers a BpeMerge.
  template <class Merge>
  void run(const Merge& merge) {
    if (symbols.size() < 2) return;
    if (symbols.size() <= short_text) {
      run_short(merge);
    } else {
      run_heap(merge);
    }
  }

 private:
  static constexpr std::size_t short_text = 32;  // below, looking through all pairs is faster than a heap
  struct Candidate {
    std::uint64_t priority;
    std::int32_t position;
    TokenId id;
    std::uint32_t left_size, right_size;  // as they were: a symbol only grows, so equal sizes mean the same pair
  };
  /// For a heap whose front is the least.
  struct Later {
    bool operator()(const Candidate& a, const Candidate& b) const {
      return a.priority != b.priority ? a.priority > b.priority : a.position > b.position;
    }
  };

  template <class Merge>
  void run_short(const Merge& merge) {
    BpeMerge pairs[short_text];
    std::size_t count = symbols.size();
    for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = merge(symbols[i], symbols[i + 1]);
    while (count > 1) {
      std::size_t best = 0;
      for (std::size_t i = 1; i + 1 < count; ++i)
        if (pairs[i].priority < pairs[best].priority) best = i;
      if (pairs[best].priority == BpeMerge::never) break;
      symbols[best].id = pairs[best].id;
      symbols[best].size += symbols[best + 1].size;
      for (std::size_t i = best + 1; i + 1 < count; ++i) {
        symbols[i] = symbols[i + 1];
        pairs[i] = pairs[i + 1];
      }
      --count;
      if (best > 0) pairs[best - 1] = merge(symbols[best - 1], symbols[best]);
      if (best + 1 < count) pairs[best] = merge(symbols[best], symbols[best + 1]);
    }
    symbols.resize(count);
  }

  template <class Merge>
  void push(const Merge& merge, std::int32_t left, std::int32_t right, bool in_order) {
    const BpeSymbol& a = symbols[static_cast<std::size_t>(left)];
    const BpeSymbol& b = symbols[static_cast<std::size_t>(right)];
    const BpeMerge found = merge(a, b);
    if (found.priority == BpeMerge::never) return;
    heap_.push_back({found.priority, left, found.id, a.size, b.size});
    if (in_order) std::push_heap(heap_.begin(), heap_.end(), Later{});
  }

  template <class Merge>
  void run_heap(const Merge& merge) {
    heap_.clear();
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      push(merge, static_cast<std::int32_t>(i), static_cast<std::int32_t>(i + 1), false);
    std::make_heap(heap_.begin(), heap_.end(), Later{});
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), Later{});
      const Candidate best = heap_.back();
      heap_.pop_back();
      BpeSymbol& left = symbols[static_cast<std::size_t>(best.position)];
      if (left.size != best.left_size || left.next < 0) continue;
      BpeSymbol& right = symbols[static_cast<std::size_t>(left.next)];
      if (right.size != best.right_size) continue;
      left.id = best.id;
      left.size += right.size;
      left.next = right.next;
      right.size = 0;
      if (left.next >= 0) symbols[static_cast<std::size_t>(left.next)].previous = best.position;
      if (left.previous >= 0) push(merge, left.previous, best.position, true);
      if (left.next >= 0) push(merge, best.position, left.next, true);
    }
  }

  std::vector<Candidate> heap_;
};

}  // namespace headformer::detail
