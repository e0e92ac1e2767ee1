#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/byte_alphabet.hpp"
#include "headformer/preprocess/tokenizer/regex.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A text cut into words. The pieces are in order and not empty.
struct Words {
  std::string text;
  std::vector<TextSpan> pieces;
  bool starts_input = false;  // the first piece begins where the whole input begins
};

/// What becomes of what a pattern matches (tokenizer.json's `behavior`).
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// Collects the stretches of one piece, matched and not, and turns them into pieces by the behaviour.
class SplitCollector {
 public:
  void begin(std::size_t at) {
    stretches_.clear();
    at_ = at;
  }
  /// [begin, end) matched; what lies before it did not.
  void match(std::size_t begin, std::size_t end) {
    if (begin != at_) stretches_.push_back({{at_, begin}, false});
    stretches_.push_back({{begin, end}, true});
    at_ = end;
  }
  void finish(std::size_t end, SplitBehavior behavior, bool invert, std::vector<TextSpan>& pieces) {
    if (at_ != end) stretches_.push_back({{at_, end}, false});
    if (invert)
      for (Stretch& stretch : stretches_) stretch.matched = !stretch.matched;
    merge(behavior);
    for (const Stretch& stretch : stretches_) {
      const bool left_out = behavior == SplitBehavior::removed && stretch.matched;
      if (!left_out && stretch.span.end > stretch.span.begin) pieces.push_back(stretch.span);
    }
  }

 private:
  struct Stretch {
    TextSpan span;
    bool matched;
  };

  void merge(SplitBehavior behavior) {
    if (behavior == SplitBehavior::removed || behavior == SplitBehavior::isolated || stretches_.empty()) return;
    std::vector<Stretch> merged;
    if (behavior == SplitBehavior::merged_with_next) {
      bool after = false;  // whether the stretch to the right matched
      for (auto at = stretches_.rbegin(); at != stretches_.rend(); ++at) {
        if (at->matched && !after && !merged.empty()) {
          merged.back().span.begin = at->span.begin;
        } else {
          merged.push_back(*at);
        }
        after = at->matched;
      }
      std::reverse(merged.begin(), merged.end());
    } else {
      bool before = false;
      for (const Stretch& stretch : stretches_) {
        const bool joins =
            behavior == SplitBehavior::contiguous ? stretch.matched == before : stretch.matched && !before;
        if (joins && !merged.empty()) {
          merged.back().span.end = stretch.span.end;
        } else {
          merged.push_back(stretch);
        }
        before = stretch.matched;
      }
    }
    stretches_ = std::move(merged);
  }

  std::vector<Stretch> stretches_;
  std::size_t at_ = 0;
};

/// Cuts where a pattern matches.
struct SplitPreTokenizer {
  Regex pattern;
  SplitBehavior behavior;
  bool invert;

  void apply(Words& words, RegexScratch& scratch) const {
    std::vector<TextSpan> pieces;
    pieces.reserve(words.text.size() / 4 + words.pieces.size());
    SplitCollector collector;
    for (const TextSpan piece : words.pieces) {
      const std::string_view text = std::string_view(words.text).substr(piece.begin, piece.end - piece.begin);
      if (behavior == SplitBehavior::isolated) {  // the common one, without the list in between
        std::size_t done = 0;
        const auto put = [&](std::size_t begin, std::size_t end) {
          if (end > begin) pieces.push_back({piece.begin + begin, piece.begin + end});
        };
        pattern.each_match(text, scratch, [&](TextSpan match) {
          put(done, match.begin);
          put(match.begin, match.end);
          done = match.end;
        });
        put(done, text.size());
        continue;
      }
      collector.begin(piece.begin);
      pattern.each_match(text, scratch,
                         [&](TextSpan match) { collector.match(piece.begin + match.begin, piece.begin + match.end); });
      collector.finish(piece.end, behavior, invert, pieces);
    }
    if (pieces.empty() || pieces.front().begin != 0) words.starts_input = false;
    words.pieces = std::move(pieces);
  }
};

/// Cuts numbers out, digit by digit or whole.
struct DigitsPreTokenizer {
  bool individual;

  void apply(Words& words, RegexScratch&) const {
    std::vector<TextSpan> pieces;
    for (const TextSpan piece : words.pieces) {
      std::size_t begin = piece.begin;
      bool number = false;
      for (std::size_t i = piece.begin; i < piece.end;) {
        const std::size_t at = i;
        const bool digit = unicode::is_numeric(unicode::utf8_next(words.text, i));
        if (at > begin && (digit != number || (digit && individual))) {
          pieces.push_back({begin, at});
          begin = at;
        }
        number = digit;
      }
      pieces.push_back({begin, piece.end});
    }
    words.pieces = std::move(pieces);
  }
};

/// Spaces become a visible character, and a word begins with it.
struct MetaspacePreTokenizer {
  enum class Prepend { first, never, always };
  std::string replacement;  // one character
  Prepend prepend;
  bool split;

  void apply(Words& words, RegexScratch&) const {
    std::string text;
    text.reserve(words.text.size() + words.text.size() / 4 + 8);
    std::vector<TextSpan> pieces;
    for (std::size_t p = 0; p < words.pieces.size(); ++p) {
      const TextSpan piece = words.pieces[p];
      const std::size_t begin = text.size();
      const std::string_view source = std::string_view(words.text).substr(piece.begin, piece.end - piece.begin);
      const bool has_prefix = source.starts_with(' ') || source.starts_with(replacement);
      const bool first = p == 0 && words.starts_input;
      if (!has_prefix && (prepend == Prepend::always || (prepend == Prepend::first && first))) text += replacement;
      for (const char c : source) {
        if (c == ' ') {
          text += replacement;
        } else {
          text += c;
        }
      }
      if (!split) {
        pieces.push_back({begin, text.size()});
        continue;
      }
      // Each replacement begins a piece; neighbours are pieces of their own.
      std::size_t word = begin;
      for (std::size_t at = text.find(replacement, begin); at != std::string::npos;
           at = text.find(replacement, at + replacement.size())) {
        if (at > word) pieces.push_back({word, at});
        word = at;
      }
      pieces.push_back({word, text.size()});
    }
    words.text = std::move(text);
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
      std::string text;
      text.reserve(words.text.size() + words.pieces.size());
      for (TextSpan& piece : words.pieces) {
        const std::size_t begin = text.size();
        if (words.text[piece.begin] != ' ') text += ' ';
        text.append(words.text, piece.begin, piece.end - piece.begin);
        piece = {begin, text.size()};
      }
      words.text = std::move(text);
    }
    for (const SplitPreTokenizer& step : split) step.apply(words, scratch);
    if (!spell) return;
    std::string text;
    for (TextSpan& piece : words.pieces) {
      const std::size_t begin = text.size();
      ByteAlphabet::get().append_spelled(text,
                                         std::string_view(words.text).substr(piece.begin, piece.end - piece.begin));
      piece = {begin, text.size()};
    }
    words.text = std::move(text);
  }
};

using PreTokenizer = std::variant<SplitPreTokenizer, DigitsPreTokenizer, MetaspacePreTokenizer, ByteLevelPreTokenizer>;

inline void pre_tokenize(const std::vector<PreTokenizer>& steps, Words& words, RegexScratch& scratch) {
  for (const PreTokenizer& step : steps) std::visit([&](const auto& s) { s.apply(words, scratch); }, step);
}

}  // namespace headformer::detail
