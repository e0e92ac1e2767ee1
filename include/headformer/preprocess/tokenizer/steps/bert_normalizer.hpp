#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "headformer/preprocess/tokenizer/aligned_text.hpp"
#include "headformer/preprocess/unicode/normalization.hpp"
#include "headformer/preprocess/unicode/properties.hpp"

namespace headformer::detail {

/// Takes the characters away for which `out(point)` holds.
template <class Out>
void remove_characters(AlignedText& text, const Out& out) {
  rewrite_characters(text, [&](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
    if (out(point)) return rewriter.skip(bytes);
    rewriter.copy(bytes);
  });
}

/// The lower case of each character by itself.
inline void lowercase_text(AlignedText& text) {
  if (!text.tracked) {
    text.text = unicode::lowercase(text.text);
    return;
  }
  std::string lower;
  rewrite_characters(text, [&](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
    lower.clear();
    unicode::utf8_append(lower, point == 0x130 ? U'i' : unicode::lowercase(point));
    rewriter.replace(lower, bytes);
    if (point == 0x130) rewriter.insert("\xCC\x87");
  });
}

/// BERT's cleaning (https://github.com/google-research/bert, tokenization.py): controls away, white space to spaces,
/// spaces around ideographs, accents away, lower case.
struct BertNormalizer {
  bool clean_text, handle_chinese_chars, strip_accents, lowercase;

  void apply(AlignedText& text) const {
    if (!text.tracked && is_ascii(text.text)) return apply_ascii(text.text);
    if (clean_text) clean(text);
    if (handle_chinese_chars) {
      rewrite_characters(text, [](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
        if (!is_ideograph(point)) return rewriter.copy(bytes);
        // As the reference counts its changes, the space takes the place of the character, which is put in after it.
        rewriter.insert_before(" ");
        rewriter.copy(bytes);
        rewriter.insert(" ");
      });
    }
    if (strip_accents) {
      if (text.tracked) {
        std::vector<unicode::CharacterChange> changes;
        unicode::normalization_changes(text.text, unicode::NormalizationForm::nfd, changes);
        TextRewriter(text).transform(changes);
      } else {
        text.text = unicode::normalized(text.text, unicode::NormalizationForm::nfd);
      }
      remove_characters(text, [](char32_t point) {
        return point >= 0x300 && unicode::in_ranges(unicode::detail::bert_accents, point);
      });
    }
    if (lowercase) lowercase_text(text);
  }

 private:
  static bool is_ascii(const std::string& text) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) >= 0x80) return false;
    return true;
  }
  void apply_ascii(std::string& text) const {
    std::size_t out = 0;
    for (char c : text) {
      if (clean_text) {
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) continue;
      }
      if (lowercase && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      text[out++] = c;
    }
    text.resize(out);
  }
  static void clean(AlignedText& text) {
    rewrite_characters(text, [](TextRewriter& rewriter, char32_t point, std::size_t bytes) {
      const bool white = point == '\t' || point == '\n' || point == '\r';
      if (!white && (point == 0 || point == 0xFFFD || is_control(point))) return rewriter.skip(bytes);
      if (white || unicode::is_space(point)) return rewriter.replace(" ", bytes);
      rewriter.copy(bytes);
    });
  }
  static bool is_control(char32_t point) {
    if (point < 0x80) return point < 0x20 || point == 0x7F;
    return unicode::in_ranges(unicode::detail::bert_controls, point);
  }
  static bool is_ideograph(char32_t point) {
    return (point >= 0x4E00 && point <= 0x9FFF) || (point >= 0x3400 && point <= 0x4DBF) ||
           (point >= 0x20000 && point <= 0x2A6DF) || (point >= 0x2A700 && point <= 0x2B73F) ||
           (point >= 0x2B740 && point <= 0x2B81F) || (point >= 0x2B920 && point <= 0x2CEAF) ||
           (point >= 0xF900 && point <= 0xFAFF) || (point >= 0x2F800 && point <= 0x2FA1F);
  }
};

}  // namespace headformer::detail
