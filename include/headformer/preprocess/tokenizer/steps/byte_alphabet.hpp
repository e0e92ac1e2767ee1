#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// GPT-2's alphabet, one printable character for each byte (Radford et al. 2019, encoder.py): the printable bytes of
/// Latin-1 stand for themselves, the others follow from U+0100 on in their order.
class ByteAlphabet {
 public:
  static const ByteAlphabet& get() {
    static const ByteAlphabet alphabet;
    return alphabet;
  }

  /// The character of a byte, in UTF-8.
  std::string_view character(unsigned char byte) const { return texts_[byte]; }
  /// The byte of a character; -1 when the alphabet does not have it.
  int byte(char32_t character) const { return character < bytes_.size() ? bytes_[character] : -1; }

  void append_spelled(std::string& result, std::string_view bytes) const {
    for (const char c : bytes) result += texts_[static_cast<unsigned char>(c)];
  }
  std::string spelled(std::string_view bytes) const {
    std::string result;
    result.reserve(bytes.size() * 2);
    append_spelled(result, bytes);
    return result;
  }
  /// Appends the bytes that valid UTF-8 spells; false, with nothing appended, when a character is not in the alphabet.
  bool append_bytes(std::string& result, std::string_view text) const {
    const std::size_t before = result.size();
    for (std::size_t i = 0; i < text.size();) {
      const int value = byte(unicode::utf8_next(text, i));
      if (value < 0) {
        result.resize(before);
        return false;
      }
      result += static_cast<char>(static_cast<unsigned char>(value));
    }
    return true;
  }

 private:
  ByteAlphabet() {
    bytes_.fill(-1);
    char32_t next = 256;
    for (unsigned b = 0; b < 256; ++b) {
      const bool kept = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      const char32_t point = kept ? b : next++;
      unicode::utf8_append(texts_[b], point);
      bytes_[point] = static_cast<std::int16_t>(b);
    }
  }

  std::array<std::string, 256> texts_;
  std::array<std::int16_t, 324> bytes_;
};

}  // namespace headformer::detail
