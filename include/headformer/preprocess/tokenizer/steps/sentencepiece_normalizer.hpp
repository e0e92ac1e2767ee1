#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/tokenizer/steps/charsmap.hpp"
#include "headformer/preprocess/tokenizer/text_matcher.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// SentencePiece's own normaliser (normalizer.cc; `tokenizers` imitates it by PrecompiledNormalizer and more): the
/// longest rule of the map at each place, spaces to U+2581, one in front, runs of spaces to one.
struct SentencePieceNormalizer {
  static constexpr std::string_view mark = "\u2581";

  std::shared_ptr<const Charsmap> map;       // nullptr: characters stay
  std::shared_ptr<const TextMatcher> whole;  // texts that stay as they are
  bool add_dummy_prefix;
  bool remove_extra_whitespaces;

  void apply(AlignedText& text) const {
    Prefixes prefixes{this, text.text, {}};
    TextRewriter rewriter(text);
    const std::size_t size = text.text.size();
    if (remove_extra_whitespaces)
      while (rewriter.at() < size && prefixes.at(rewriter.at()).text == " ")
        rewriter.skip(prefixes.at(rewriter.at()).size);
    if (rewriter.at() < size && add_dummy_prefix) rewriter.insert_before(mark);
    bool after_space = remove_extra_whitespaces;
    std::string escaped;
    while (rewriter.at() < size) {
      Charsmap::Match match = prefixes.at(rewriter.at());
      while (after_space && match.text.starts_with(' ')) match.text.remove_prefix(1);
      if (!match.text.empty()) after_space = remove_extra_whitespaces && match.text.ends_with(' ');
      escaped.clear();
      for (const char c : match.text) c == ' ' ? escaped += mark : escaped += c;
      rewriter.replace(escaped, match.size);
    }
    rewriter.finish();
    if (!remove_extra_whitespaces) return;
    while (text.text.ends_with(mark)) text.text.resize(text.text.size() - mark.size());
    if (text.tracked) text.origins.resize(text.text.size());
  }

 private:
  /// What the text's places become; asked from left to right.
  struct Prefixes {
    const SentencePieceNormalizer* normalizer;
    std::string_view text;
    std::optional<TextMatcher::Match> next;  // the next text that stays, as far as it has been looked for

    Charsmap::Match at(std::size_t place) {
      if (normalizer->whole != nullptr) {
        if (!next || next->begin < place) {
          next = normalizer->whole->find(text, place);
          if (!next) next = TextMatcher::Match{text.size(), text.size(), 0};
        }
        if (next->begin == place) return {next->end - place, text.substr(place, next->end - place)};
      }
      const std::string_view rest = text.substr(place);
      if (normalizer->map != nullptr)
        if (const auto match = normalizer->map->find_longest(rest)) return *match;
      return {unicode::utf8_size(rest.front()), rest.substr(0, unicode::utf8_size(rest.front()))};
    }
  };
};

}  // namespace headformer::detail
