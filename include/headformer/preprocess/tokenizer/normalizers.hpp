#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/tokenizer/regex.hpp"
#include "headformer/preprocess/unicode/normalization.hpp"
#include "headformer/preprocess/unicode/properties.hpp"

namespace headformer::detail {

/// NFC, NFD, NFKC, NFKD.
struct UnicodeNormalizer {
  unicode::NormalizationForm form;
  void apply(std::string& text) const { text = unicode::normalized(text, form); }
};

struct LowercaseNormalizer {
  void apply(std::string& text) const { text = unicode::lowercase(text); }
};

/// White space away from the ends.
struct StripNormalizer {
  bool left, right;
  void apply(std::string& text) const {
    std::size_t begin = 0;
    std::size_t end = 0;  // after the last character that is no space
    bool inside = false;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t at = i;
      if (unicode::is_space(unicode::utf8_next(text, i))) continue;
      if (!inside) begin = at;
      inside = true;
      end = i;
    }
    if (!inside) begin = text.size();
    if (!left) begin = 0;
    if (!right) end = text.size();
    text = end > begin ? text.substr(begin, end - begin) : std::string();
  }
};

/// A text before every text that is not empty.
struct PrependNormalizer {
  std::string prefix;
  void apply(std::string& text) const {
    if (!text.empty()) text.insert(0, prefix);
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

  void apply(std::string& text) const {
    std::string result;
    std::size_t done = 0;
    if (!literal.empty()) {
      std::size_t at = text.find(literal);
      if (at == std::string::npos) return;
      result.reserve(text.size() + text.size() / 4);
      for (; at != std::string::npos; at = text.find(literal, done)) {
        result.append(text, done, at - done).append(content);
        done = at + literal.size();
      }
    } else {
      RegexScratch scratch;
      pattern.each_match(text, scratch, [&](TextSpan match) {
        result.append(text, done, match.begin - done).append(content);
        done = match.end;
      });
    }
    result.append(text, done, std::string::npos);
    text = std::move(result);
  }
};

using Normalizer =
    std::variant<UnicodeNormalizer, LowercaseNormalizer, StripNormalizer, PrependNormalizer, Replacement>;

/// One after the other.
inline void normalize(const std::vector<Normalizer>& steps, std::string& text) {
  for (const Normalizer& step : steps) std::visit([&](const auto& s) { s.apply(text); }, step);
}

}  // namespace headformer::detail
