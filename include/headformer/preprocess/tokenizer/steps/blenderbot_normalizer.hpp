#pragma once

#include <cstddef>
#include <string_view>

#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/unicode/properties.hpp"

namespace headformer::detail {

/// The small Blenderbot's text before its words are cut at spaces (ParlAI's): punctuation begins a word, an apostrophe
/// is one, the end of a line that follows a word is "__newln__".
struct BlenderbotNormalizer {
  void apply(AlignedText& text) const {
    char32_t previous = U' ';
    rewrite_characters(text, [&](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
      if (unicode::is_space(point)) {
        // Behind an apostrophe the line's end is lost with the space that was put there.
        const bool ends_line = point == U'\n' && !unicode::is_space(previous) && previous != U'\'';
        rewriter.replace(ends_line ? " __newln__ " : " ", bytes);
      } else if (point == U'\'') {
        rewriter.replace(" ' ", bytes);
      } else {
        if (std::u32string_view(U".,!?()").find(point) != std::u32string_view::npos) rewriter.insert_before(" ");
        rewriter.copy(bytes);
      }
      previous = point;
    });
  }
};

}  // namespace headformer::detail
