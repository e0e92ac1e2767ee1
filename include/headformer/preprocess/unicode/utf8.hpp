#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace headformer::unicode {

/// What stands for bytes that are no character (U+FFFD), in UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// How a sequence of bytes begins: a whole character, the beginning of one that the bytes end in, or no character.
struct Utf8Prefix {
  enum class Kind { complete, incomplete, invalid };
  Kind kind;
  std::size_t size;         // bytes of the character, or of the maximal part that one replacement stands for
  char32_t code_point = 0;  // when complete
};

/// Looks at the first character of `bytes` (not empty), by table 3-7 of the Unicode standard: no overlong forms, no
/// surrogates, nothing past U+10FFFF.
inline Utf8Prefix utf8_prefix(std::string_view bytes) {
  using Kind = Utf8Prefix::Kind;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return {Kind::complete, 1, lead};
  if (lead < 0xC2 || lead > 0xF4) return {Kind::invalid, 1};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t point = lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (i == bytes.size()) return {Kind::incomplete, i};
    if (at(i) < (i == 1 ? least : 0x80u) || at(i) > (i == 1 ? most : 0xBFu)) return {Kind::invalid, i};
    point = point << 6 | (at(i) & 0x3Fu);
  }
  return {Kind::complete, size, point};
}

/// The offset of the first byte that is no part of valid UTF-8; text.size() when all is valid.
inline std::size_t utf8_valid_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t eight = 0;
    if (i + 8 <= text.size() && (std::memcpy(&eight, text.data() + i, 8), (eight & 0x8080808080808080u) == 0)) {
      i += 8;
      continue;
    }
    const Utf8Prefix next = utf8_prefix(text.substr(i));
    if (next.kind != Utf8Prefix::Kind::complete) return i;
    i += next.size;
  }
  return i;
}

inline bool is_utf8(std::string_view text) { return utf8_valid_prefix(text) == text.size(); }

/// Bytes of the character that begins with `lead`, in text known to be valid.
inline std::size_t utf8_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The character at `i` of text known to be valid; moves `i` past it.
inline char32_t utf8_next(std::string_view text, std::size_t& i) {
  const auto at = [&](std::size_t k) { return static_cast<char32_t>(static_cast<unsigned char>(text[k])); };
  const char32_t lead = at(i);
  if (lead < 0x80) return ++i, lead;
  const std::size_t size = utf8_size(text[i]);
  char32_t point = lead & (0x7Fu >> size);
  for (std::size_t k = 1; k < size; ++k) point = point << 6 | (at(i + k) & 0x3F);
  i += size;
  return point;
}

/// The number of characters of text known to be valid.
inline std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

/// Appends a code point that is no surrogate.
inline void utf8_append(std::string& text, char32_t point) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xE0 | point >> 12);
    } else {
      put(0xF0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3F));
    }
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

/// Moves what can be decided of `bytes` to the end of `text`, each maximal invalid part as one U+FFFD (as Rust's
/// from_utf8_lossy and Python's errors="replace" do). What may still become a character stays in `bytes`, unless
/// `all`, which replaces it too.
inline void utf8_move_lossy(std::string& bytes, std::string& text, bool all) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const Utf8Prefix next = utf8_prefix(std::string_view(bytes).substr(i));
    if (next.kind == Utf8Prefix::Kind::incomplete && !all) break;
    if (next.kind == Utf8Prefix::Kind::complete) {
      text.append(bytes, i, next.size);
    } else {
      text += replacement_character;
    }
    i += next.size;
  }
  bytes.erase(0, i);
}

}  // namespace headformer::unicode
