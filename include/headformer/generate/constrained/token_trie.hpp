#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// The tokens' bytes as a tree, its nodes one after another in the order of a walk: what begins alike is looked at
/// once.
class TokenTrie {
 public:
  struct Node {
    std::uint8_t byte = 0;
    std::uint16_t depth = 0;     ///< bytes before it
    std::uint32_t after = 0;     ///< the first node that is not below this one
    std::uint32_t first_id = 0;  ///< of ids(): tokens that end here ...
    std::uint32_t last_id = 0;   ///< ... up to here
  };

  /// texts[id]: a token's bytes; empty for one that is no text. Those of 65536 bytes and more are none either.
  explicit TokenTrie(std::span<const std::string> texts) {
    std::vector<TokenId> order;
    for (std::size_t id = 0; id < texts.size(); ++id)
      if (!texts[id].empty() && texts[id].size() < 65536) order.push_back(static_cast<TokenId>(id));
    std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
      return text(texts, a) != text(texts, b) ? text(texts, a) < text(texts, b) : a < b;
    });
    std::vector<std::uint32_t> path;  // the nodes of the text before
    std::string_view before;
    for (const TokenId id : order) {
      const std::string_view now = text(texts, id);
      const std::size_t common = static_cast<std::size_t>(
          std::mismatch(before.begin(), before.end(), now.begin(), now.end()).first - before.begin());
      close(path, common);
      for (std::size_t i = common; i < now.size(); ++i) {
        path.push_back(static_cast<std::uint32_t>(nodes_.size()));
        Node node;
        node.byte = static_cast<std::uint8_t>(now[i]);
        node.depth = static_cast<std::uint16_t>(i);
        node.first_id = node.last_id = static_cast<std::uint32_t>(ids_.size());
        nodes_.push_back(node);
      }
      ids_.push_back(id);
      nodes_[path.back()].last_id = static_cast<std::uint32_t>(ids_.size());
      before = now;
    }
    close(path, 0);
  }

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const TokenId> ids() const { return ids_; }

  /// Calls enter(node) for the nodes [begin, end), and not for those below one for which it is false.
  template <class Enter>
  void walk(std::uint32_t begin, std::uint32_t end, Enter enter) const {
    for (std::uint32_t i = begin; i < end;) i = enter(i) ? i + 1 : nodes_[i].after;
  }

 private:
  static std::string_view text(std::span<const std::string> texts, TokenId id) {
    return texts[static_cast<std::size_t>(id)];
  }
  void close(std::vector<std::uint32_t>& path, std::size_t length) {
    for (; path.size() > length; path.pop_back()) nodes_[path.back()].after = static_cast<std::uint32_t>(nodes_.size());
  }

  std::vector<Node> nodes_;
  std::vector<TokenId> ids_;
};

}  // namespace headformer
