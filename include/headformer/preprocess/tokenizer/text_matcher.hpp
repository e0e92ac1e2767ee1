#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"

namespace headformer::detail {

/// Finds the leftmost of many texts, the longest where several begin; a trie over the bytes.
class TextMatcher {
 public:
  TextMatcher() { roots_.fill(-1); }
  /// `texts` maps each text (not empty) to its value.
  explicit TextMatcher(const std::map<std::string_view, TokenId>& texts) : TextMatcher() {
    const std::vector<std::pair<std::string_view, TokenId>> sorted(texts.begin(), texts.end());
    for (std::size_t i = 0; i < sorted.size();) {
      std::size_t end = i;
      while (end < sorted.size() && sorted[end].first[0] == sorted[i].first[0]) ++end;
      roots_[static_cast<unsigned char>(sorted[i].first[0])] = build(sorted, i, end);
      i = end;
    }
  }

  bool empty() const { return nodes_.empty(); }

  struct Match {
    std::size_t begin, end;
    TokenId id;
  };
  /// The first match at or after `from`; time is linear in the text times the longest text that almost matches.
  std::optional<Match> find(std::string_view text, std::size_t from) const {
    if (nodes_.empty()) return std::nullopt;
    for (std::size_t begin = from; begin < text.size(); ++begin) {
      std::int32_t node = roots_[static_cast<unsigned char>(text[begin])];
      std::optional<Match> best;
      for (std::size_t i = begin + 1; node >= 0;) {
        const Node& here = nodes_[static_cast<std::size_t>(node)];
        // A node is a chain of bytes without branches, so that a lone long token costs one node.
        if (text.substr(i, here.chain.size()) != here.chain) break;
        i += here.chain.size();
        if (here.id != Vocabulary::none) best = Match{begin, i, here.id};
        if (i >= text.size()) break;
        node = child(here, text[i]);
        ++i;
      }
      if (best) return best;
    }
    return std::nullopt;
  }

 private:
  using Sorted = std::vector<std::pair<std::string_view, TokenId>>;
  struct Node {
    std::string chain;
    TokenId id = Vocabulary::none;
    std::vector<std::pair<char, std::int32_t>> children;  // sorted by byte
  };
  struct Task {
    std::size_t begin, end, depth;
    std::int32_t node;
  };

  /// The trie of sorted[begin, end), which share their first byte. A loop over a list of what is left to do: a hostile
  /// file can make the trie deep.
  std::int32_t build(const Sorted& sorted, std::size_t first, std::size_t last) {
    const auto root = static_cast<std::int32_t>(nodes_.size());
    nodes_.emplace_back();
    std::vector<Task> tasks{{first, last, 1, root}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      const std::string_view low = sorted[task.begin].first;
      const std::string_view high = sorted[task.end - 1].first;
      std::size_t common = task.depth;  // of all, since they are sorted
      while (common < low.size() && common < high.size() && low[common] == high[common]) ++common;
      Node node;
      node.chain = low.substr(task.depth, common - task.depth);
      std::size_t i = task.begin;
      if (low.size() == common) node.id = sorted[i++].second;
      while (i < task.end) {
        std::size_t end = i;
        while (end < task.end && sorted[end].first[common] == sorted[i].first[common]) ++end;
        const auto next = static_cast<std::int32_t>(nodes_.size());
        nodes_.emplace_back();
        node.children.emplace_back(sorted[i].first[common], next);
        tasks.push_back({i, end, common + 1, next});
        i = end;
      }
      std::sort(node.children.begin(), node.children.end());
      nodes_[static_cast<std::size_t>(task.node)] = std::move(node);
    }
    return root;
  }

  static std::int32_t child(const Node& node, char byte) {
    const auto at = std::lower_bound(node.children.begin(), node.children.end(), byte,
                                     [](const auto& entry, char b) { return entry.first < b; });
    return at != node.children.end() && at->first == byte ? at->second : -1;
  }

  std::array<std::int32_t, 256> roots_{};
  std::vector<Node> nodes_;
};

}  // namespace headformer::detail
