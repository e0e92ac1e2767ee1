#pragma once

#include <utf8proc.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "headformer/preprocess/jinja/unicode_tables.hpp"

namespace headformer::jinja {

/// The code point at `at`, which moves behind it. A byte that begins no valid UTF-8 sequence stands for itself as
/// U+DC80..U+DCFF (Python's "surrogateescape"), so that any bytes survive a round trip.
inline char32_t decode(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return text[at++] & 0x7f;
  const unsigned length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  char32_t code = first & (0x7fU >> length);
  bool valid = first >= 0xc2 && first <= 0xf4 && text.size() - at >= length;
  for (unsigned i = 1; valid && i < length; ++i) {
    valid = (byte(at + i) & 0xc0) == 0x80;
    code = code << 6 | (byte(at + i) & 0x3fU);
  }
  if (!valid || (length == 3 && code < 0x800) || (length == 4 && (code < 0x10000 || code > 0x10ffff))) {
    ++at;
    return 0xdc00 + first;
  }
  at += length;
  return code;
}

/// Where the code point that ends at `end` > 0 begins.
inline std::size_t code_point_before(std::string_view text, std::size_t end) {
  for (std::size_t back = 1; back <= 4 && back <= end; ++back) {
    if ((static_cast<unsigned char>(text[end - back]) & 0xc0) == 0x80) continue;
    std::size_t next = end - back;
    decode(text, next);
    if (next == end) return end - back;
    break;
  }
  return end - 1;
}

/// The reverse of decode().
inline void append_utf8(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code >= 0xdc80 && code <= 0xdcff) {
    put(code - 0xdc00);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

inline std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) decode(text, at);
  return count;
}

inline std::u32string to_code_points(std::string_view text) {
  std::u32string codes;
  codes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) codes += decode(text, at);
  return codes;
}

inline std::string to_utf8(std::u32string_view codes) {
  std::string text;
  text.reserve(codes.size());
  for (const char32_t code : codes) append_utf8(text, code);
  return text;
}

/// str.isspace of one code point.
inline bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/// A line boundary of str.splitlines.
inline bool is_line_break(char32_t c) {
  return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

inline utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

inline bool is_alphabetic(char32_t c) {
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

/// str.isprintable of one code point: what repr() leaves as it is.
inline bool is_printable(char32_t c) {
  if (c < 0x7f) return c >= 0x20;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

enum class Case { lower, upper, title };

/// One code point in another case by Unicode's full mapping, which may be up to three code points long.
inline void append_case(std::u32string& out, char32_t c, Case to) {
  if (c < 0x80) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    out += to == Case::lower ? (upper ? c + 32 : c) : (lower ? c - 32 : c);
    return;
  }
  if (const SpecialCase* special = find_special_case(c)) {
    const char32_t* mapped = to == Case::lower ? special->lower : to == Case::upper ? special->upper : special->title;
    for (int i = 0; i < 3 && mapped[i] != 0; ++i) out += mapped[i];
    return;
  }
  const auto code = static_cast<utf8proc_int32_t>(c);
  const utf8proc_int32_t mapped = to == Case::lower   ? utf8proc_tolower(code)
                                  : to == Case::upper ? utf8proc_toupper(code)
                                                      : utf8proc_totitle(code);
  out += static_cast<char32_t>(mapped);
}

/// Has upper, lower or title case.
inline bool is_lower(char32_t c) {
  return c < 0x80 ? c >= 'a' && c <= 'z' : utf8proc_islower(static_cast<int>(c)) != 0;
}
inline bool is_upper(char32_t c) {
  return c < 0x80 ? c >= 'A' && c <= 'Z' : utf8proc_isupper(static_cast<int>(c)) != 0;
}
inline bool is_cased(char32_t c) { return is_lower(c) || is_upper(c) || category(c) == UTF8PROC_CATEGORY_LT; }

namespace detail {

/// A capital sigma becomes the final form at the end of a word (Unicode's Final_Sigma condition).
inline bool is_final_sigma(std::u32string_view text, std::size_t at) {
  const auto ignorable = [](char32_t c) {
    const auto kind = category(c);
    return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
           kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK || c == '\'' || c == '.' || c == ':' ||
           c == 0xb7 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027;
  };
  std::size_t i = at;
  while (i > 0 && ignorable(text[i - 1])) --i;
  if (i == 0 || !is_cased(text[i - 1])) return false;
  i = at + 1;
  while (i < text.size() && ignorable(text[i])) ++i;
  return i == text.size() || !is_cased(text[i]);
}

}  // namespace detail

inline void append_lower(std::u32string& out, std::u32string_view text, std::size_t at) {
  if (text[at] == 0x3a3) {
    out += detail::is_final_sigma(text, at) ? U'\u03c2' : U'\u03c3';
  } else {
    append_case(out, text[at], Case::lower);
  }
}

/// str.lower, str.upper.
inline std::string lowered(std::string_view text) {
  const std::u32string codes = to_code_points(text);
  std::u32string result;
  for (std::size_t i = 0; i < codes.size(); ++i) append_lower(result, codes, i);
  return to_utf8(result);
}

inline std::string uppered(std::string_view text) {
  std::u32string result;
  for (const char32_t code : to_code_points(text)) append_case(result, code, Case::upper);
  return to_utf8(result);
}

/// str.casefold.
inline std::string casefolded(std::string_view text) {
  std::u32string result;
  for (const char32_t code : to_code_points(text)) {
    utf8proc_int32_t folded[8];
    int boundary = 0;
    const auto count =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), folded, 8, UTF8PROC_CASEFOLD, &boundary);
    if (count <= 0) result += code;
    for (utf8proc_ssize_t i = 0; i < count; ++i) result += static_cast<char32_t>(folded[i]);
  }
  return to_utf8(result);
}

/// str.isdigit and str.isnumeric of one code point.
inline bool is_digit(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND || in_ranges(other_digits, c); }
inline bool is_numeric(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_NO ||
         in_ranges(numeric_letters, c);
}

/// str.capitalize: the first code point in title case, the others in lower case.
inline std::string capitalised(std::string_view text) {
  const std::u32string codes = to_code_points(text);
  std::u32string result;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (i == 0) {
      append_case(result, codes[0], Case::title);
    } else {
      append_lower(result, codes, i);
    }
  }
  return to_utf8(result);
}

/// str.title: title case after anything uncased, lower case after cased letters.
inline std::string titled(std::string_view text) {
  const std::u32string codes = to_code_points(text);
  std::u32string result;
  bool inside = false;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (inside) {
      append_lower(result, codes, i);
    } else {
      append_case(result, codes[i], Case::title);
    }
    inside = is_cased(codes[i]);
  }
  return to_utf8(result);
}

}  // namespace headformer::jinja
