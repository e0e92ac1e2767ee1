#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/tokenizer/vocabulary.hpp"

namespace headformer::detail {

/// Texts by their bytes: a trie whose edges lie in one flat hash table, so that building takes one step a byte and a
/// node nothing but its value. Immutable once built.
class ByteTrie {
 public:
  static constexpr std::uint32_t root = 0;
  static constexpr std::uint32_t nowhere = 0xFFFFFFFFu;

  ByteTrie() { rehash(64); }

  /// Gives a text its value (not none); an empty one and one that has a value already are left aside.
  void add(std::string_view text, TokenId value) {
    std::uint32_t node = root;
    for (const char c : text) node = make(node, static_cast<unsigned char>(c));
    if (node != root && values_[node] == Vocabulary::none) values_[node] = value;
  }

  /// The node one byte further; nowhere when no text goes on so.
  std::uint32_t next(std::uint32_t node, char c) const {
    const std::uint64_t key = key_of(node, static_cast<unsigned char>(c));
    for (std::size_t i = place_of(key);; i = (i + 1) & (edges_.size() - 1)) {
      if (edges_[i].key == key) return edges_[i].node;
      if (edges_[i].key == free_edge) return nowhere;
    }
  }
  /// The value of the text that ends at a node; none when no text does.
  TokenId value(std::uint32_t node) const { return values_[node]; }

  std::uint32_t walk(std::string_view text) const {
    std::uint32_t node = root;
    for (std::size_t i = 0; i < text.size() && node != nowhere; ++i) node = next(node, text[i]);
    return node;
  }

 private:
  static constexpr std::uint64_t free_edge = ~std::uint64_t{0};
  struct Edge {
    std::uint64_t key = free_edge;
    std::uint32_t node = nowhere;
  };

  static std::uint64_t key_of(std::uint32_t node, unsigned char byte) {
    return static_cast<std::uint64_t>(node) << 8 | byte;
  }
  std::size_t place_of(std::uint64_t key) const {
    const std::uint64_t hash = key * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(hash >> 20) & (edges_.size() - 1);
  }
  std::uint32_t make(std::uint32_t node, unsigned char byte) {
    const std::uint64_t key = key_of(node, byte);
    std::size_t i = place_of(key);
    for (; edges_[i].key != free_edge; i = (i + 1) & (edges_.size() - 1))
      if (edges_[i].key == key) return edges_[i].node;
    const auto made = static_cast<std::uint32_t>(values_.size());
    edges_[i] = {key, made};
    values_.push_back(Vocabulary::none);
    if (values_.size() * 2 > edges_.size()) rehash(edges_.size() * 2);
    return made;
  }
  void rehash(std::size_t capacity) {
    const std::vector<Edge> old = std::exchange(edges_, std::vector<Edge>(capacity));
    for (const Edge& edge : old) {
      if (edge.key == free_edge) continue;
      std::size_t i = place_of(edge.key);
      while (edges_[i].key != free_edge) i = (i + 1) & (capacity - 1);
      edges_[i] = edge;
    }
  }

  std::vector<Edge> edges_;
  std::vector<TokenId> values_{Vocabulary::none};
};

}  // namespace headformer::detail
