#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/stable_sort.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::unicode {

/// The four normalization forms (https://www.unicode.org/reports/tr15/).
enum class NormalizationForm { nfc, nfd, nfkc, nfkd };

namespace detail {

/// Normalises one stretch: decomposed one by one, sorted by combining class, composed.
inline void append_normalized(std::string& result, std::string_view text, NormalizationForm form,
                              std::vector<utf8proc_int32_t>& points) {
  const bool compatible = form == NormalizationForm::nfkc || form == NormalizationForm::nfkd;
  const bool composed = form == NormalizationForm::nfc || form == NormalizationForm::nfkc;
  const auto decompose =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0));
  points.clear();
  for (std::size_t i = 0; i < text.size();) {
    const auto point = static_cast<utf8proc_int32_t>(utf8_next(text, i));
    utf8proc_int32_t parts[32];
    int boundary = 0;
    const auto count = utf8proc_decompose_char(point, parts, 32, decompose, &boundary);
    if (count < 0 || count > 32) {
      points.push_back(point);
    } else {
      points.insert(points.end(), parts, parts + count);
    }
  }
  // The library orders marks by exchanging neighbours, which a long run of them makes quadratic.
  const auto combining = [](utf8proc_int32_t point) { return utf8proc_get_property(point)->combining_class; };
  for (auto at = points.begin(); at != points.end();) {
    const auto begin = std::find_if(at, points.end(), [&](auto point) { return combining(point) != 0; });
    at = std::find_if(begin, points.end(), [&](auto point) { return combining(point) == 0; });
    headformer::detail::stable_sort(begin, at, [&](auto a, auto b) { return combining(a) < combining(b); });
  }
  auto size = static_cast<utf8proc_ssize_t>(points.size());
  if (composed)
    size = utf8proc_normalize_utf32(points.data(), size,
                                    static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  for (utf8proc_ssize_t i = 0; i < size; ++i)
    utf8_append(result, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
}

}  // namespace detail

/// The normalised form of valid UTF-8. Takes time linear in the text but for sorting runs of combining marks.
inline std::string normalized(std::string_view text, NormalizationForm form) {
  const auto ascii = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) < 0x80; };
  std::string result;
  result.reserve(text.size());
  std::vector<utf8proc_int32_t> points;
  // An ASCII character changes only by what follows it, so a stretch begins before one that is followed by another
  // script and ends after the first that is followed by ASCII again.
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t begin = i;
    while (begin < text.size() && ascii(begin) && (begin + 1 == text.size() || ascii(begin + 1))) ++begin;
    result.append(text.substr(i, begin - i));
    std::size_t end = begin;
    while (end < text.size() && !(ascii(end) && end > begin)) ++end;
    if (end > begin) detail::append_normalized(result, text.substr(begin, end - begin), form, points);
    i = end;
  }
  return result;
}

/// The full lower case of each character by itself (no final sigma), as Rust's char::to_lowercase has it.
inline std::string lowercase(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const char32_t point = utf8_next(text, i);
    if (point < 0x80) {
      result += static_cast<char>(point >= 'A' && point <= 'Z' ? point + 32 : point);
    } else if (point == 0x130) {
      result += "i\xCC\x87";  // the one character whose full lower case is two: i and a combining dot above
    } else {
      utf8_append(result, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point))));
    }
  }
  return result;
}

}  // namespace headformer::unicode
