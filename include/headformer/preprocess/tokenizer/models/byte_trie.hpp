#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"

namespace headformer::detail {

/// Texts by their bytes: a trie in breadth-first order, so that a node's children lie side by side and a step touches
/// one or two cache lines. Immutable.
class ByteTrie {
 public:
  static constexpr std::uint32_t root = 0;
  static constexpr std::uint32_t nowhere = 0xFFFFFFFFu;

  ByteTrie() : nodes_(2) {}
  /// All texts of a vocabulary with their ids; an empty text is left aside.
  explicit ByteTrie(const Vocabulary& vocabulary) {
    std::vector<std::pair<std::string_view, TokenId>> sorted;
    sorted.reserve(vocabulary.size());
    for (TokenId id = 0; static_cast<std::size_t>(id) < vocabulary.size(); ++id)
      if (vocabulary.has(id) && vocabulary.find(vocabulary.text_of(id)) == id && !vocabulary.text_of(id).empty())
        sorted.emplace_back(vocabulary.text_of(id), id);
    std::sort(sorted.begin(), sorted.end());
    build(sorted);
  }

  /// The node one byte further; nowhere when no text goes on so.
  std::uint32_t next(std::uint32_t node, char c) const {
    const auto byte = static_cast<unsigned char>(c);
    if (node == root) return first_[byte];
    std::uint32_t low = nodes_[node].children;
    std::uint32_t high = nodes_[node + 1].children;
    while (high - low > 8) {
      const std::uint32_t middle = low + (high - low) / 2;
      (nodes_[middle].label <= byte ? low : high) = middle;
    }
    for (; low < high; ++low)
      if (nodes_[low].label == byte) return low;
    return nowhere;
  }
  /// The value of the text that ends at a node; none when no text does.
  TokenId value(std::uint32_t node) const { return nodes_[node].value; }

  std::uint32_t walk(std::string_view text) const {
    std::uint32_t node = root;
    for (std::size_t i = 0; i < text.size() && node != nowhere; ++i) node = next(node, text[i]);
    return node;
  }

 private:
  struct Node {
    std::uint32_t children = 0;  // the first; they end where the next node's begin
    TokenId value = Vocabulary::none;
    unsigned char label = 0;
  };
  struct Range {
    std::uint32_t begin, end, depth;
  };

  void build(const std::vector<std::pair<std::string_view, TokenId>>& sorted) {
    first_.fill(nowhere);
    nodes_.emplace_back();
    std::vector<Range> level{{0, static_cast<std::uint32_t>(sorted.size()), 0}};
    std::vector<Range> below;
    for (std::uint32_t node = 0; !level.empty(); level.swap(below)) {
      below.clear();
      for (const Range& range : level) {
        nodes_[node++].children = static_cast<std::uint32_t>(nodes_.size());
        std::uint32_t i = range.begin;
        if (i < range.end && sorted[i].first.size() == range.depth) ++i;  // the node's own text
        while (i < range.end) {
          const char label = sorted[i].first[range.depth];
          std::uint32_t end = i + 1;
          while (end < range.end && sorted[end].first[range.depth] == label) ++end;
          const bool whole = sorted[i].first.size() == range.depth + 1;
          nodes_.push_back({0, whole ? sorted[i].second : Vocabulary::none, static_cast<unsigned char>(label)});
          below.push_back({i, end, range.depth + 1});
          i = end;
        }
      }
    }
    nodes_.push_back({static_cast<std::uint32_t>(nodes_.size()), Vocabulary::none, 0});
    for (std::uint32_t child = nodes_[root].children; child < nodes_[1].children; ++child)
      if (nodes_.size() > 2) first_[nodes_[child].label] = child;
  }

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> first_ = no_children();

  static std::array<std::uint32_t, 256> no_children() {
    std::array<std::uint32_t, 256> none{};
    none.fill(nowhere);
    return none;
  }
};

}  // namespace headformer::detail
