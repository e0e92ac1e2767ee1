#pragma once

#include <utf8proc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// SentencePiece's precompiled character map (normalizer.cc): a double-array trie (darts-clone) over UTF-8, whose
/// values are places in a blob of texts that end with a zero byte. The bytes are a stranger's: every step is checked.
class Charsmap {
 public:
  /// `blob`: the size of the trie in bytes (little-endian), the trie, the texts. Throws FormatError, without the name
  /// of a file, when it is no such map.
  HEADFORMER_COLD explicit Charsmap(std::string_view blob) {
    std::uint32_t bytes = 0;
    if (blob.size() >= 4) std::memcpy(&bytes, blob.data(), 4);
    if (blob.size() < 4 || bytes > blob.size() - 4 || bytes % 4 != 0 || bytes == 0)
      throw FormatError("expected a trie and its texts, found " + std::to_string(blob.size()) + " bytes");
    units_.resize(bytes / 4);
    std::memcpy(units_.data(), blob.data() + 4, bytes);
    texts_ = blob.substr(4 + bytes);
    if (!unicode::is_utf8(texts_)) throw FormatError("expected texts of UTF-8, found other bytes");
    for (char c = 1; c > 0 && c < 127; ++c) plain_[static_cast<std::size_t>(c)] = !find(std::string_view(&c, 1));
  }

  /// A beginning of a text that the map knows: its bytes, and what becomes of them.
  struct Match {
    std::size_t size;
    std::string_view text;
  };
  /// The longest beginning of `text` that the map knows; nothing when it knows none. (SentencePiece's own way.)
  std::optional<Match> find_longest(std::string_view text) const {
    std::optional<Match> longest;
    each_match(text, [&](const Match& match) {
      longest = match;
      return true;
    });
    return longest;
  }
  /// What the shortest beginning of `text` that the map knows becomes; nothing when it knows none. (The whole of the
  /// text then becomes that, in the reference too.)
  std::optional<std::string_view> find(std::string_view text) const {
    std::optional<std::string_view> shortest;
    each_match(text, [&](const Match& match) {
      shortest = match.text;
      return false;
    });
    return shortest;
  }
  /// Whether an ASCII character stays as it is.
  bool is_plain(char c) const { return c > 0 && plain_[static_cast<std::size_t>(c)]; }

 private:
  /// Calls body(match) for each beginning of the text that the map knows, the shortest first, until it returns false.
  template <class Body>
  void each_match(std::string_view text, const Body& body) const {
    std::size_t place = 0;
    if (!step(place, units_[0])) return;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte == 0) return;
      place ^= byte;
      if (place >= units_.size()) return;
      const std::uint32_t unit = units_[place];
      if ((unit & 0x800000FFu) != byte || !step(place, unit)) return;
      if ((unit >> 8 & 1) != 0 && !body(Match{i + 1, text_at(units_[place] & 0x7FFFFFFFu)})) return;
    }
  }
  std::string_view text_at(std::size_t place) const {
    if (place >= texts_.size() || (static_cast<unsigned char>(texts_[place]) & 0xC0) == 0x80) return {};
    const std::string_view rest = std::string_view(texts_).substr(place);
    return rest.substr(0, rest.find('\0'));
  }

  /// Goes where a unit's offset leads; false when that is outside.
  bool step(std::size_t& place, std::uint32_t unit) const {
    place ^= static_cast<std::size_t>(unit >> 10) << ((unit & 0x200u) >> 6);
    return place < units_.size();
  }

  std::vector<std::uint32_t> units_;
  std::string texts_;
  std::array<bool, 128> plain_{};
};

/// The end of the extended grapheme cluster (https://www.unicode.org/reports/tr29/) that begins at `begin`.
inline std::size_t grapheme_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  auto previous = static_cast<utf8proc_int32_t>(unicode::utf8_next(text, at));
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const auto point = static_cast<utf8proc_int32_t>(unicode::utf8_next(text, next));
    if (utf8proc_grapheme_break_stateful(previous, point, &state)) break;
    previous = point;
    at = next;
  }
  return at;
}

}  // namespace headformer::detail
