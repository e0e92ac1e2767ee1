#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/tokenizer/steps/regex.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A text cut into words. The pieces are in order and not empty.
struct Words {
  AlignedText text;
  std::vector<TextSpan> pieces;
  bool starts_input = false;  // the first piece begins where the whole input begins; only for texts without origins

  std::string_view view(TextSpan piece) const {
    return std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
  }
  /// Whether a piece begins with what begins the whole input.
  bool at_input_start(std::size_t piece) const {
    if (text.tracked) return text.origins[pieces[piece].begin].begin == 0;
    return piece == 0 && starts_input;
  }
  /// Puts other pieces in the place of these.
  void cut(std::vector<TextSpan> others) {
    if (others.empty() || pieces.empty() || others.front().begin != pieces.front().begin) starts_input = false;
    pieces = std::move(others);
  }
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

/// Cuts every piece where each_match(text, match) finds a match, by the behaviour.
template <class EachMatch>
void split_words(Words& words, SplitBehavior behavior, bool invert, const EachMatch& each_match) {
  std::vector<TextSpan> pieces;
  pieces.reserve(words.text.text.size() / 4 + words.pieces.size());
  SplitCollector collector;
  for (const TextSpan piece : words.pieces) {
    if (behavior == SplitBehavior::isolated) {  // the common one, without the list in between
      std::size_t done = piece.begin;
      const auto put = [&](std::size_t begin, std::size_t end) {
        if (end > begin) pieces.push_back({begin, end});
      };
      each_match(words.view(piece), [&](TextSpan match) {
        put(done, piece.begin + match.begin);
        put(piece.begin + match.begin, piece.begin + match.end);
        done = piece.begin + match.end;
      });
      put(done, piece.end);
      continue;
    }
    collector.begin(piece.begin);
    each_match(words.view(piece),
               [&](TextSpan match) { collector.match(piece.begin + match.begin, piece.begin + match.end); });
    collector.finish(piece.end, behavior, invert, pieces);
  }
  words.cut(std::move(pieces));
}

/// The same where a match is one character for which `matches(point)` holds.
template <class Matches>
void split_at_characters(Words& words, SplitBehavior behavior, const Matches& matches) {
  split_words(words, behavior, false, [&](std::string_view text, const auto& match) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t begin = i;
      if (matches(unicode::utf8_next(text, i))) match(TextSpan{begin, i});
    }
  });
}

}  // namespace headformer::detail
