#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/tokenizer/steps/regex.hpp"
#include "headformer/preprocess/tokenizer/steps/split_behavior.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

// The pre-tokenizers of tokenizer.json. Each cuts the pieces of a text further; some rewrite them.

/// Cuts where a pattern matches.
struct SplitPreTokenizer {
  Regex pattern;
  SplitBehavior behavior;
  bool invert;

  void apply(Words& words, RegexScratch& scratch) const {
    split_words(words, behavior, invert,
                [&](std::string_view text, const auto& match) { pattern.each_match(text, scratch, match); });
  }
};

/// Cuts numbers out, digit by digit or whole.
struct DigitsPreTokenizer {
  bool individual;

  void apply(Words& words, RegexScratch&) const {
    split_at_characters(words, individual ? SplitBehavior::isolated : SplitBehavior::contiguous,
                        [](char32_t point) { return unicode::is_numeric(point); });
  }
};

struct PunctuationPreTokenizer {
  SplitBehavior behavior;

  void apply(Words& words, RegexScratch&) const {
    split_at_characters(words, behavior, [](char32_t point) { return unicode::is_punctuation(point); });
  }
};

/// Cuts at white space, which goes.
struct WhitespaceSplitPreTokenizer {
  void apply(Words& words, RegexScratch&) const {
    split_at_characters(words, SplitBehavior::removed, [](char32_t point) { return unicode::is_space(point); });
  }
};

/// Cuts at one character, which goes.
struct DelimiterPreTokenizer {
  char32_t delimiter;

  void apply(Words& words, RegexScratch&) const {
    split_at_characters(words, SplitBehavior::removed, [&](char32_t point) { return point == delimiter; });
  }
};

/// Cuts pieces out as cut(text, begin, piece) says, which answers where the stretch that begins at `begin` ends and
/// whether it is a piece.
template <class Cut>
void cut_words(Words& words, const Cut& cut) {
  std::vector<TextSpan> pieces;
  pieces.reserve(words.text.text.size() / 4 + words.pieces.size());
  for (const TextSpan piece : words.pieces) {
    const std::string_view text = words.view(piece);
    for (std::size_t begin = 0; begin < text.size();) {
      bool kept = true;
      const std::size_t end = cut(text, begin, kept);
      if (kept) pieces.push_back({piece.begin + begin, piece.begin + end});
      begin = end;
    }
  }
  words.cut(std::move(pieces));
}

/// Words and runs of what is neither word nor white space: \w+|[^\w\s]+ of Rust's regex crate.
struct WhitespacePreTokenizer {
  void apply(Words& words, RegexScratch&) const {
    cut_words(words, [](std::string_view text, std::size_t begin, bool& kept) {
      std::size_t i = begin;
      const int kind = kind_of(unicode::utf8_next(text, i));
      kept = kind != space;
      while (i < text.size()) {
        std::size_t next = i;
        if (kind_of(unicode::utf8_next(text, next)) != kind) break;
        i = next;
      }
      return i;
    });
  }

 private:
  enum Kind { space, word, other };
  static Kind kind_of(char32_t point) {
    return unicode::is_rust_word(point) ? word : unicode::is_space(point) ? space : other;
  }
};

/// BERT's: white space goes, each punctuation is a piece.
struct BertPreTokenizer {
  void apply(Words& words, RegexScratch&) const {
    cut_words(words, [](std::string_view text, std::size_t begin, bool& kept) {
      std::size_t i = begin;
      const char32_t first = unicode::utf8_next(text, i);
      kept = !unicode::is_space(first);
      if (!kept || unicode::is_punctuation(first)) return i;
      while (i < text.size()) {
        std::size_t next = i;
        const char32_t point = unicode::utf8_next(text, next);
        if (unicode::is_space(point) || unicode::is_punctuation(point)) break;
        i = next;
      }
      return i;
    });
  }
};

/// Pieces of so many characters.
struct FixedLengthPreTokenizer {
  std::size_t length;  // > 0

  void apply(Words& words, RegexScratch&) const {
    cut_words(words, [&](std::string_view text, std::size_t begin, bool&) {
      std::size_t i = begin;
      for (std::size_t n = 0; n < length && i < text.size(); ++n) i += unicode::utf8_size(text[i]);
      return i;
    });
  }
};

/// Cuts where the script changes; a space and what has no script go with what is before them.
struct UnicodeScriptsPreTokenizer {
  void apply(Words& words, RegexScratch&) const {
    std::vector<TextSpan> pieces;
    for (const TextSpan piece : words.pieces) {
      const std::string_view text = words.view(piece);
      // As in the reference, a piece begins where the first character with a script does: what comes before is lost.
      std::size_t begin = text.size();
      std::uint32_t last = 0;
      for (std::size_t i = 0; i < text.size();) {
        const std::size_t at = i;
        const std::uint32_t script = unicode::script_class(unicode::utf8_next(text, i));
        if (script == 0) continue;
        if (script != last) {
          if (begin < at) pieces.push_back({piece.begin + begin, piece.begin + at});
          begin = at;
        }
        last = script;
      }
      if (begin < text.size()) pieces.push_back({piece.begin + begin, piece.end});
    }
    words.cut(std::move(pieces));
  }
};

/// Spaces become a visible character, and a word begins with it.
struct MetaspacePreTokenizer {
  enum class Prepend { first, never, always };
  std::string replacement;  // one character
  Prepend prepend;
  bool split;

  void apply(Words& words, RegexScratch&) const {
    std::vector<TextSpan> pieces;
    TextRewriter rewriter(words.text);
    for (std::size_t p = 0; p < words.pieces.size(); ++p) {
      const TextSpan piece = words.pieces[p];
      rewriter.skip(piece.begin - rewriter.at());
      const std::size_t begin = rewriter.written();
      const std::string_view source = words.view(piece);
      const bool has_prefix = source.starts_with(' ') || source.starts_with(replacement);
      const bool prefixed =
          !has_prefix && (prepend == Prepend::always || (prepend == Prepend::first && words.at_input_start(p)));
      if (prefixed) rewriter.insert_before(replacement);
      // Each replacement begins a piece; neighbours are pieces of their own.
      std::size_t word = begin;
      const auto cut = [&] {
        if (split && rewriter.written() > word) {
          pieces.push_back({word, rewriter.written()});
          word = rewriter.written();
        }
      };
      for (std::size_t i = 0; i < source.size();) {
        if (source[i] == ' ') {
          cut();
          rewriter.replace(replacement, 1);
          ++i;
        } else if (source[i] == replacement[0] && source.substr(i).starts_with(replacement)) {
          if (!(prefixed && i == 0)) cut();
          rewriter.copy(replacement.size());
          i += replacement.size();
        } else {
          std::size_t end = i + 1;
          while (end < source.size() && source[end] != ' ' && source[end] != replacement[0]) ++end;
          rewriter.copy(end - i);
          i = end;
        }
      }
      if (rewriter.written() > word) pieces.push_back({word, rewriter.written()});
    }
    rewriter.skip(words.text.text.size() - rewriter.at());
    rewriter.finish();
    words.pieces = std::move(pieces);
  }
};

/// GPT-2's: an optional space before, its pattern, and every byte as a character of the byte alphabet.
struct ByteLevelPreTokenizer {
  static constexpr const char* gpt2_pattern =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  bool add_prefix_space;
  std::vector<SplitPreTokenizer> split;  // none or one
  bool spell;                            // false for the last step: the model reads the bytes as they are

  void apply(Words& words, RegexScratch& scratch) const {
    if (add_prefix_space) {
      rewrite(words, [](TextRewriter& rewriter, std::string_view text) {
        if (text[0] != ' ') rewriter.insert_before(" ");
        rewriter.copy(text.size());
      });
    }
    for (const SplitPreTokenizer& step : split) step.apply(words, scratch);
    if (spell || words.text.tracked) {
      rewrite(words, [](TextRewriter& rewriter, std::string_view text) {
        for (const char c : text) rewriter.replace(ByteAlphabet::get().character(static_cast<unsigned char>(c)), 1);
      });
    }
  }

 private:
  template <class Body>
  static void rewrite(Words& words, const Body& body) {
    std::vector<TextSpan> pieces;
    pieces.reserve(words.pieces.size());
    TextRewriter rewriter(words.text);
    for (const TextSpan piece : words.pieces) {
      rewriter.skip(piece.begin - rewriter.at());
      const std::size_t begin = rewriter.written();
      body(rewriter, words.view(piece));
      pieces.push_back({begin, rewriter.written()});
    }
    rewriter.skip(words.text.text.size() - rewriter.at());
    rewriter.finish();
    words.pieces = std::move(pieces);
  }
};

using PreTokenizer =
    std::variant<SplitPreTokenizer, DigitsPreTokenizer, PunctuationPreTokenizer, WhitespaceSplitPreTokenizer,
                 DelimiterPreTokenizer, WhitespacePreTokenizer, BertPreTokenizer, FixedLengthPreTokenizer,
                 UnicodeScriptsPreTokenizer, MetaspacePreTokenizer, ByteLevelPreTokenizer>;

inline void pre_tokenize(const std::vector<PreTokenizer>& steps, Words& words, RegexScratch& scratch) {
  for (const PreTokenizer& step : steps) std::visit([&](const auto& s) { s.apply(words, scratch); }, step);
}

}  // namespace headformer::detail
