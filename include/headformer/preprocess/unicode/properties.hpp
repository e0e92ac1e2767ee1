#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "headformer/preprocess/unicode/class_tables.hpp"
#include "headformer/preprocess/unicode/tables.hpp"

namespace headformer::unicode {

inline constexpr char32_t last_code_point = 0x10FFFF;

/// A set of code points as sorted, disjoint, non-adjacent ranges; what a character class of a regular expression means.
class CodePointSet {
 public:
  using Range = detail::CodePointRange;

  CodePointSet() = default;
  static CodePointSet of(std::vector<Range> ranges) {
    CodePointSet set;
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    for (const Range& range : ranges) {
      if (!set.ranges_.empty() && range.first <= set.ranges_.back().last + 1) {
        set.ranges_.back().last = std::max(set.ranges_.back().last, range.last);
      } else {
        set.ranges_.push_back(range);
      }
    }
    return set;
  }

  const std::vector<Range>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool contains(char32_t point) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), static_cast<std::uint32_t>(point),
                                        [](std::uint32_t p, const Range& range) { return p < range.first; });
    return after != ranges_.begin() && point <= std::prev(after)->last;
  }

  CodePointSet complement() const {
    CodePointSet set;
    std::uint32_t next = 0;
    for (const Range& range : ranges_) {
      if (range.first > next) set.ranges_.push_back({next, range.first - 1});
      next = range.last + 1;
    }
    if (next <= last_code_point) set.ranges_.push_back({next, last_code_point});
    return set;
  }
  CodePointSet united(const CodePointSet& other) const {
    std::vector<Range> all = ranges_;
    all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
    return of(std::move(all));
  }
  CodePointSet intersected(const CodePointSet& other) const {
    return complement().united(other.complement()).complement();
  }

 private:
  std::vector<Range> ranges_;
};

/// White_Space (https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt), which is also what `\s` matches.
inline bool is_space(char32_t point) {
  return (point >= 0x9 && point <= 0xD) || point == 0x20 || point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
         point == 0x205F || point == 0x3000;
}

inline CodePointSet space_set() {
  return CodePointSet::of({{0x9, 0xD},
                           {0x20, 0x20},
                           {0x85, 0x85},
                           {0xA0, 0xA0},
                           {0x1680, 0x1680},
                           {0x2000, 0x200A},
                           {0x2028, 0x2029},
                           {0x202F, 0x202F},
                           {0x205F, 0x205F},
                           {0x3000, 0x3000}});
}

/// The general category ("Lu") of a code point, as the pinned reference has it.
inline std::string_view category(char32_t point) {
  const auto* const begin = std::begin(detail::category_runs);
  const auto* const after =
      std::upper_bound(begin, std::end(detail::category_runs), static_cast<std::uint32_t>(point) << 5 | 31u);
  return detail::category_names[*(after - 1) & 31u];
}

/// The code points whose general category is `name` ("Lu") or begins with it ("L"); nothing when no category does.
inline std::optional<CodePointSet> category_set(std::string_view name) {
  bool known = false;
  std::vector<CodePointSet::Range> ranges;
  const std::size_t count = std::size(detail::category_runs);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t run = detail::category_runs[i];
    if (!std::string_view(detail::category_names[run & 31u]).starts_with(name)) continue;
    known = true;
    ranges.push_back({run >> 5, i + 1 < count ? (detail::category_runs[i + 1] >> 5) - 1 : 0x10FFFF});
  }
  if (!known || name.empty()) return std::nullopt;
  return CodePointSet::of(std::move(ranges));
}

/// What `\w` matches: letters, marks, decimal and letter numbers, connectors, and other alphabetic symbols.
inline bool is_word(char32_t point) {
  const std::string_view name = category(point);
  if (name[0] == 'L' || name[0] == 'M' || name == "Nd" || name == "Nl" || name == "Pc") return true;
  return std::any_of(std::begin(detail::word_extras), std::end(detail::word_extras),
                     [&](const auto& range) { return point >= range.first && point <= range.last; });
}

inline CodePointSet word_set() {
  CodePointSet set = CodePointSet::of({std::begin(detail::word_extras), std::end(detail::word_extras)});
  for (const char* name : {"L", "M", "Nd", "Nl", "Pc"}) set = set.united(*category_set(name));
  return set;
}

/// A script or a POSIX class by its name, in any case and with or without '_' ("Han", "alpha"); nothing when it is
/// none.
inline std::optional<CodePointSet> named_set(std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < std::size(detail::set_names); ++i) {
    const std::string_view known = detail::set_names[i];
    if (!std::equal(known.begin(), known.end(), name.begin(), name.end(),
                    [&](char a, char b) { return lower(a) == lower(b); }))
      continue;
    return CodePointSet::of({std::begin(detail::set_ranges) + detail::set_begins[i],
                             std::begin(detail::set_ranges) + detail::set_begins[i + 1]});
  }
  const auto is = [&](std::string_view known) {
    return std::equal(known.begin(), known.end(), name.begin(), name.end(),
                      [&](char a, char b) { return a == lower(b); });
  };
  if (is("alnum")) return named_set("Alpha")->united(*category_set("Nd"));
  if (is("digit")) return category_set("Nd");
  if (is("space")) return space_set();
  if (is("word")) return word_set();
  return std::nullopt;
}

/// A numeric character (Nd, Nl, No), as the Digits pre-tokenizer sees it.
inline bool is_numeric(char32_t point) {
  if (point < 0x80) return point >= '0' && point <= '9';
  return category(point)[0] == 'N' ||
         std::any_of(std::begin(detail::numeric_extras), std::end(detail::numeric_extras),
                     [&](const auto& range) { return point >= range.first && point <= range.last; });
}

/// Whether one of a generated table's ranges holds the code point.
template <std::size_t count>
bool in_ranges(const detail::CodePointRange (&ranges)[count], char32_t point) {
  const auto* const after = std::upper_bound(std::begin(ranges), std::end(ranges), static_cast<std::uint32_t>(point),
                                             [](std::uint32_t p, const auto& range) { return p < range.first; });
  return after != std::begin(ranges) && point <= std::prev(after)->last;
}

/// Punctuation as the Punctuation and Bert pre-tokenizers have it: all of ASCII that is no letter, digit, space or
/// control, and the categories P of an old Unicode version.
inline bool is_punctuation(char32_t point) {
  if (point < 0x80)
    return point > 0x20 && point < 0x7F && !(point >= '0' && point <= '9') &&
           !((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
  return in_ranges(detail::punctuation, point);
}

/// A word character of Rust's regex crate, which Whitespace and added tokens of single words go by.
inline bool is_rust_word(char32_t point) {
  if (point < 0x80)
    return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z') || point == '_';
  return in_ranges(detail::rust_words, point);
}

/// The class that UnicodeScripts has for a code point; 0 goes with any.
inline std::uint32_t script_class(char32_t point) {
  const auto* const begin = std::begin(detail::script_runs);
  const auto* const after =
      std::upper_bound(begin, std::end(detail::script_runs), static_cast<std::uint32_t>(point) << 8 | 0xFFu);
  return *(after - 1) & 0xFFu;
}

}  // namespace headformer::unicode
