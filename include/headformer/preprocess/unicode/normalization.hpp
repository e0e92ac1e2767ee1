#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/stable_sort.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::unicode {

/// The four normalization forms (https://www.unicode.org/reports/tr15/).
enum class NormalizationForm { nfc, nfd, nfkc, nfkd };

/// One character of a rewritten text: 0 takes the place of one character, a positive change is put in, and -n takes the
/// place of one and of the n that follow it. (What `tokenizers` calls a transformation.)
struct CharacterChange {
  char32_t point;
  std::int32_t change;
};

namespace detail {

inline bool is_composed(NormalizationForm form) {
  return form == NormalizationForm::nfc || form == NormalizationForm::nfkc;
}
inline bool is_compatible(NormalizationForm form) {
  return form == NormalizationForm::nfkc || form == NormalizationForm::nfkd;
}

/// As the reference has it, whose tables are of an older Unicode version than utf8proc's.
inline std::uint8_t combining_class(char32_t point) {
  if (point < 0x300 || in_ranges(unnormalized, point)) return 0;
  return static_cast<std::uint8_t>(utf8proc_get_property(static_cast<utf8proc_int32_t>(point))->combining_class);
}

/// Calls body(point) for each character of the full decomposition.
template <class Body>
void decompose(char32_t point, bool compatible, const Body& body) {
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0));
  utf8proc_int32_t parts[32];
  int boundary = 0;
  if (point < 0xA0 || in_ranges(unnormalized, point)) return body(point);
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(point), parts, 32, options, &boundary);
  if (count < 0 || count > 32) return body(point);
  for (utf8proc_ssize_t i = 0; i < count; ++i) body(static_cast<char32_t>(parts[i]));
}

/// What two characters compose to; 0 for nothing.
inline char32_t compose(char32_t first, char32_t second) {
  if (second < 0x300) return 0;
  const auto index = [](char32_t point) {
    return utf8proc_get_property(static_cast<utf8proc_int32_t>(point))->comb_index;
  };
  const bool hangul = second >= 0x1100 && second < 0x1200;
  if (!hangul && (index(first) >= 0x8000 || index(second) < 0x8000 || index(second) == 0xFFFF)) return 0;
  utf8proc_int32_t pair[2] = {static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(second)};
  const auto size =
      utf8proc_normalize_utf32(pair, 2, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const auto joint = static_cast<char32_t>(pair[0]);
  return size == 1 && !in_ranges(unnormalized, joint) ? joint : 0;
}

/// Composes by the canonical algorithm; a character that took others in says how many.
inline void compose_changes(std::vector<CharacterChange>& changes) {
  std::size_t out = 0;
  std::size_t starter = changes.size();  // where the last starter is in what was written; none
  int last_class = -1;                   // of what was written after it; -1: nothing
  for (const CharacterChange change : changes) {
    const int combining = combining_class(change.point);
    if (starter < out && (last_class < 0 || last_class < combining)) {
      if (const char32_t joint = compose(changes[starter].point, change.point)) {
        changes[starter] = {joint, changes[starter].change + change.change - 1};
        continue;
      }
    }
    if (combining == 0) {
      starter = out;
      last_class = -1;
    } else {
      last_class = combining;
    }
    changes[out++] = change;
  }
  changes.resize(out);
}

}  // namespace detail

/// The normalised form of valid UTF-8 as changes of it, the reference's way: decomposed one by one, marks sorted by
/// their combining class, composed.
inline void normalization_changes(std::string_view text, NormalizationForm form,
                                  std::vector<CharacterChange>& changes) {
  changes.clear();
  changes.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::int32_t change = 0;
    detail::decompose(utf8_next(text, i), detail::is_compatible(form), [&](char32_t point) {
      changes.push_back({point, change});
      change = 1;
    });
  }
  const auto combining = [](const CharacterChange& c) { return detail::combining_class(c.point); };
  for (auto at = changes.begin(); at != changes.end();) {
    const auto begin = std::find_if(at, changes.end(), [&](const auto& c) { return combining(c) != 0; });
    at = std::find_if(begin, changes.end(), [&](const auto& c) { return combining(c) == 0; });
    headformer::detail::stable_sort(begin, at,
                                    [&](const auto& a, const auto& b) { return combining(a) < combining(b); });
  }
  if (detail::is_composed(form)) detail::compose_changes(changes);
}

/// The normalised form of valid UTF-8. Takes time linear in the text but for sorting runs of combining marks.
inline std::string normalized(std::string_view text, NormalizationForm form) {
  const auto ascii = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) < 0x80; };
  std::string result;
  result.reserve(text.size());
  std::vector<CharacterChange> changes;
  // An ASCII character changes only by what follows it, so a stretch begins before one that is followed by another
  // script and ends after the first that is followed by ASCII again.
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t begin = i;
    while (begin < text.size() && ascii(begin) && (begin + 1 == text.size() || ascii(begin + 1))) ++begin;
    result.append(text.substr(i, begin - i));
    std::size_t end = begin;
    while (end < text.size() && !(ascii(end) && end > begin)) ++end;
    if (end > begin) {
      normalization_changes(text.substr(begin, end - begin), form, changes);
      for (const CharacterChange& change : changes) utf8_append(result, change.point);
    }
    i = end;
  }
  return result;
}

/// The full lower case of a character by itself (no final sigma), as Rust's char::to_lowercase has it, but for U+0130,
/// the one whose full lower case is two: i and a combining dot above.
inline char32_t lowercase(char32_t point) {
  if (point < 0x80) return point >= 'A' && point <= 'Z' ? point + 32 : point;
  const auto* const begin = std::begin(detail::lower_cases);
  const auto* const at = std::lower_bound(begin, std::end(detail::lower_cases), static_cast<std::uint32_t>(point),
                                          [](const auto& pair, std::uint32_t p) { return pair.from < p; });
  if (at != std::end(detail::lower_cases) && at->from == point) return at->to;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
}

/// The lower case of a text, each character by itself.
inline std::string lowercase(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const char32_t point = utf8_next(text, i);
    if (point == 0x130) {
      result += "i\xCC\x87";
    } else {
      utf8_append(result, lowercase(point));
    }
  }
  return result;
}

}  // namespace headformer::unicode
