#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/tokenizer/steps/bert_normalizer.hpp"
#include "headformer/preprocess/tokenizer/steps/blenderbot_normalizer.hpp"
#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/tokenizer/steps/charsmap.hpp"
#include "headformer/preprocess/tokenizer/steps/regex.hpp"
#include "headformer/preprocess/tokenizer/steps/sentencepiece_normalizer.hpp"
#include "headformer/preprocess/unicode/normalization.hpp"
#include "headformer/preprocess/unicode/properties.hpp"

namespace headformer::detail {

// The normalisers of tokenizer.json. Each rewrites a text and, where it is tracked, its origins.

/// NFC, NFD, NFKC, NFKD.
struct UnicodeNormalizer {
  unicode::NormalizationForm form;

  void apply(AlignedText& text) const {
    if (!text.tracked) {
      text.text = unicode::normalized(text.text, form);
      return;
    }
    std::vector<unicode::CharacterChange> changes;
    unicode::normalization_changes(text.text, form, changes);
    TextRewriter(text).transform(changes);
  }
};

struct LowercaseNormalizer {
  void apply(AlignedText& text) const { lowercase_text(text); }
};

/// White space away from the ends.
struct StripNormalizer {
  bool left, right;

  void apply(AlignedText& text) const {
    std::size_t begin = 0;
    std::size_t end = 0;  // after the last character that is no space
    bool inside = false;
    for (std::size_t i = 0; i < text.text.size();) {
      const std::size_t at = i;
      if (unicode::is_space(unicode::utf8_next(text.text, i))) continue;
      if (!inside) begin = at;
      inside = true;
      end = i;
    }
    if (!inside) begin = text.text.size();
    if (!left) begin = 0;
    if (!right) end = text.text.size();
    if (begin == 0 && end == text.text.size()) return;
    AlignedText rest;
    rest.assign(text, begin, std::max(begin, end));
    text = std::move(rest);
  }
};

/// Marks away, in a text that is decomposed already.
struct StripAccentsNormalizer {
  void apply(AlignedText& text) const {
    remove_characters(text, [](char32_t point) { return unicode::in_ranges(unicode::detail::combining_marks, point); });
  }
};

/// A text before every text that is not empty.
struct PrependNormalizer {
  std::string prefix;

  void apply(AlignedText& text) const {
    if (text.text.empty()) return;
    TextRewriter rewriter(text);
    rewriter.insert_before(prefix);
    rewriter.finish();
  }
};

/// SentencePiece's rule `nmt`: controls away, spaces of other kinds to spaces.
struct NmtNormalizer {
  void apply(AlignedText& text) const {
    rewrite_characters(text, [](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
      if ((point >= 1 && point <= 8) || point == 0xB || (point >= 0xE && point <= 0x1F) || point == 0x7F ||
          point == 0x8F || point == 0x9F)
        return rewriter.skip(bytes);
      const bool space = point == 9 || point == 0xA || point == 0xC || point == 0xD || point == 0x1680 ||
                         (point >= 0x200B && point <= 0x200F) || point == 0x2028 || point == 0x2029 ||
                         point == 0x2581 || point == 0xFEFF || point == 0xFFFD;
      if (space) return rewriter.replace(" ", bytes);
      rewriter.copy(bytes);
    });
  }
};

/// Every byte as a character of the byte alphabet.
struct ByteLevelNormalizer {
  void apply(AlignedText& text) const {
    TextRewriter rewriter(text);
    for (std::size_t i = 0; i < text.text.size(); ++i)
      rewriter.replace(ByteAlphabet::get().character(static_cast<unsigned char>(text.text[i])), 1);
    rewriter.finish();
  }
};

/// SentencePiece's own map of characters. As in the reference a grapheme of less than six bytes is looked up whole,
/// then character by character.
struct PrecompiledNormalizer {
  std::shared_ptr<const Charsmap> map;

  void apply(AlignedText& text) const {
    std::vector<unicode::CharacterChange> changes;
    bool modified = false;
    const std::string_view all = text.text;
    for (std::size_t i = 0; i < all.size();) {
      const bool alone = i + 1 == all.size() || static_cast<unsigned char>(all[i + 1]) < 0x80;
      if (alone && map->is_plain(all[i]) && all[i] != '\r') {
        changes.push_back({static_cast<char32_t>(all[i++]), 0});
        continue;
      }
      const std::size_t end = grapheme_end(all, i);
      if (end - i < 6) {
        if (const auto found = map->find(all.substr(i, end - i))) {
          replace(changes, all.substr(i, end - i), *found);
          modified = true;
          i = end;
          continue;
        }
      }
      while (i < end) {
        const std::size_t size = unicode::utf8_size(all[i]);
        if (const auto found = map->find(all.substr(i, size))) {
          replace(changes, all.substr(i, size), *found);
          modified = true;
          i += size;
        } else {
          changes.push_back({unicode::utf8_next(all, i), 0});
        }
      }
    }
    if (modified) TextRewriter(text).transform(changes);
  }

 private:
  /// The changes that the reference makes of one replacement; one that leaves nothing counts with what came before.
  static void replace(std::vector<unicode::CharacterChange>& changes, std::string_view from, std::string_view to) {
    const auto taken = static_cast<std::int64_t>(unicode::utf8_length(from));
    std::int64_t put = 0;
    for (std::size_t i = 0; i < to.size(); ++put) changes.push_back({unicode::utf8_next(to, i), put < taken ? 0 : 1});
    if (put < taken && !changes.empty()) changes.back().change += static_cast<std::int32_t>(put - taken);
  }
};

/// Every match becomes `content`. Also a decoder's step.
struct Replacement {
  Regex pattern;
  std::string literal;  // what the pattern matches when it is a plain text: replaced without the engine
  std::string content;

  static Replacement of_text(const std::string& text, std::string content) {
    return {Regex::literal(text), text, std::move(content)};
  }
  static Replacement of_regex(const std::string& pattern, std::string content) {
    return {Regex(pattern), {}, std::move(content)};
  }

  /// Calls body(TextSpan) for each match.
  template <class Body>
  void each_match(std::string_view text, const Body& body) const {
    if (!literal.empty()) {
      for (std::size_t at = text.find(literal); at != std::string_view::npos;
           at = text.find(literal, at + literal.size()))
        body(TextSpan{at, at + literal.size()});
    } else {
      RegexScratch scratch;
      pattern.each_match(text, scratch, body);
    }
  }

  void apply(std::string& text) const {
    std::string result;
    std::size_t done = 0;
    each_match(text, [&](TextSpan match) {
      result.append(text, done, match.begin - done).append(content);
      done = match.end;
    });
    if (done == 0 && result.empty()) return;
    result.append(text, done, std::string::npos);
    text = std::move(result);
  }
  void apply(AlignedText& text) const {
    if (!text.tracked) return apply(text.text);
    TextRewriter rewriter(text);
    each_match(text.text, [&](TextSpan match) {
      rewriter.copy(match.begin - rewriter.at());
      rewriter.skip(match.end - match.begin);
      rewriter.insert(content);
    });
    rewriter.finish();
  }
};

using Normalizer = std::variant<UnicodeNormalizer, LowercaseNormalizer, StripNormalizer, StripAccentsNormalizer,
                                PrependNormalizer, NmtNormalizer, ByteLevelNormalizer, PrecompiledNormalizer,
                                SentencePieceNormalizer, BlenderbotNormalizer, BertNormalizer, Replacement>;

/// One after the other.
inline void normalize(const std::vector<Normalizer>& steps, AlignedText& text) {
  for (const Normalizer& step : steps) std::visit([&](const auto& s) { s.apply(text); }, step);
}

}  // namespace headformer::detail
