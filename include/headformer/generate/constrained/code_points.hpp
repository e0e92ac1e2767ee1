#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/byte_set.hpp"

namespace headformer {

/// A set of Unicode code points (without surrogates, which no UTF-8 text has): ranges in ascending order, apart.
class CodePoints {
 public:
  using Range = std::pair<char32_t, char32_t>;  // first, last
  static constexpr char32_t greatest = 0x10ffff;

  CodePoints() = default;
  CodePoints(char32_t first, char32_t last) { add(first, last); }
  explicit CodePoints(char32_t one) : CodePoints(one, one) {}
  static CodePoints all() { return {0, greatest}; }

  CodePoints& add(char32_t first, char32_t last) {
    if (first > last) return *this;
    std::vector<Range> merged;
    for (const Range& range : ranges_) {
      if (range.second + 1 < first || last + 1 < range.first)
        merged.push_back(range);
      else
        std::tie(first, last) = Range{std::min(first, range.first), std::max(last, range.second)};
    }
    merged.emplace_back(first, last);
    std::sort(merged.begin(), merged.end());
    ranges_ = std::move(merged);
    return *this;
  }
  CodePoints& add(const CodePoints& other) {
    for (const auto& [first, last] : other.ranges_) add(first, last);
    return *this;
  }

  CodePoints without(const CodePoints& other) const {
    CodePoints result;
    for (auto [first, last] : ranges_) {
      for (const auto& [begin, end] : other.ranges_) {
        if (end < first || begin > last) continue;
        if (begin > first) result.ranges_.emplace_back(first, begin - 1);
        first = end + 1;
        if (first > last) break;
      }
      if (first <= last) result.ranges_.emplace_back(first, last);
    }
    return result;
  }
  CodePoints complement() const { return all().without(*this); }
  CodePoints both(const CodePoints& other) const { return without(other.complement()); }

  bool contains(char32_t c) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.first <= c && c <= r.second; });
  }
  bool empty() const { return ranges_.empty(); }
  std::span<const Range> ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

inline void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  if (c < 0x10000) return put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
}

namespace detail {

/// The UTF-8 of [first, last], both of the same length in bytes, as sequences of byte ranges.
inline void add_utf8_ranges(const std::string& first, const std::string& last, std::vector<ByteSet> before,
                            std::vector<std::vector<ByteSet>>& result) {
  const auto byte = [](const std::string& text, std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t at = before.size();
  const auto rest_is = [&](const std::string& text, unsigned char value) {
    for (std::size_t i = at + 1; i < text.size(); ++i)
      if (byte(text, i) != value) return false;
    return true;
  };
  const int low = byte(first, at);
  const int high = byte(last, at);
  const auto emit = [&](int from, int to) {  // whatever follows
    if (from > to) return;
    std::vector<ByteSet> sequence = before;
    sequence.push_back(ByteSet::range(from, to));
    while (sequence.size() < first.size()) sequence.push_back(ByteSet::range(0x80, 0xbf));
    result.push_back(std::move(sequence));
  };
  const auto descend = [&](const std::string& from, const std::string& to) {
    std::vector<ByteSet> longer = before;
    longer.push_back(ByteSet::of(byte(from, at)));
    add_utf8_ranges(from, to, std::move(longer), result);
  };
  const bool from_start = rest_is(first, 0x80);
  const bool to_end = rest_is(last, 0xbf);
  if (low == high && !(from_start && to_end)) return descend(first, last);
  if (!from_start) descend(first, first.substr(0, at + 1) + std::string(first.size() - at - 1, '\xbf'));
  emit(from_start ? low : low + 1, to_end ? high : high - 1);
  if (!to_end) descend(last.substr(0, at + 1) + std::string(last.size() - at - 1, '\x80'), last);
}

}  // namespace detail

/// Their UTF-8, as alternatives of sequences of bytes.
inline std::vector<std::vector<ByteSet>> utf8_of(const CodePoints& points) {
  std::vector<std::vector<ByteSet>> result;
  constexpr CodePoints::Range lengths[] = {
      {0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff}, {0x10000, CodePoints::greatest}};
  for (const auto& [first, last] : points.ranges()) {
    for (const auto& [begin, end] : lengths) {
      const char32_t from = std::max(first, begin);
      const char32_t to = std::min(last, end);
      if (from > to) continue;
      std::string low;
      std::string high;
      append_utf8(low, from);
      append_utf8(high, to);
      detail::add_utf8_ranges(low, high, {}, result);
    }
  }
  // Single bytes are one set.
  ByteSet single;
  std::vector<std::vector<ByteSet>> merged;
  for (auto& sequence : result) {
    if (sequence.size() > 1) {
      merged.push_back(std::move(sequence));
      continue;
    }
    for (int byte = 0; byte < 0x80; ++byte)
      if (sequence[0].contains(static_cast<std::uint8_t>(byte))) single.insert(static_cast<std::uint8_t>(byte));
  }
  if (!single.empty()) merged.insert(merged.begin(), {single});
  return merged;
}

}  // namespace headformer
