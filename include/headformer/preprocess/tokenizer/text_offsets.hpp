#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "headformer/preprocess/encoding.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// Places in a text as bytes and as characters. Text of ASCII needs no table.
class TextPlaces {
 public:
  explicit TextPlaces(std::string_view text) : size_(text.size()) {
    bool ascii = true;
    for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (ascii) return;
    characters_.reserve(text.size() + 1);
    std::uint32_t character = 0;
    for (std::size_t i = 0; i < text.size();) {
      bytes_.push_back(static_cast<std::uint32_t>(i));
      const std::size_t next = i + unicode::utf8_size(text[i]);
      for (; i < next; ++i) characters_.push_back(character);
      ++character;
    }
    characters_.push_back(character);
    bytes_.push_back(static_cast<std::uint32_t>(text.size()));
  }

  /// Bytes to characters. As in the reference, what begins past the text stays as it is, and what ends past it (tokens
  /// of bytes that a prefix was put before) ends two characters after its beginning.
  TextOffsets characters(TextOffsets bytes) const {
    if (bytes.begin >= size_) return bytes;
    const std::uint32_t begin = characters_.empty() ? bytes.begin : characters_[bytes.begin];
    if (bytes.end > size_) return {begin, begin + 2};
    return {begin, characters_.empty() ? bytes.end : characters_[bytes.end]};
  }
  /// The character that begins at a byte of the text, or its end.
  std::uint32_t character(std::uint32_t byte) const {
    const auto at = static_cast<std::uint32_t>(std::min<std::size_t>(byte, size_));
    return characters_.empty() ? at : characters_[at];
  }
  /// Characters to bytes.
  TextOffsets bytes(TextOffsets characters) const {
    if (bytes_.empty() || characters.end >= bytes_.size()) return characters;
    return {bytes_[characters.begin], bytes_[characters.end]};
  }

 private:
  std::size_t size_;
  std::vector<std::uint32_t> characters_;  // of each byte, and of the end
  std::vector<std::uint32_t> bytes_;       // of each character, and of the end
};

}  // namespace headformer::detail
