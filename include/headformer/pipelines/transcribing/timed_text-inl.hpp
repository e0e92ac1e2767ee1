#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/pipelines/transcribing/timed_text.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer {

namespace detail {

inline double hundredths(double seconds) { return std::round(seconds * 100) / 100; }

/// The seconds of times that start again with every window: what they are behind is guessed, as the reference does.
class WindowOffset {
 public:
  /// `time`: seconds in its window. `paired`: the two tokens before are times.
  double of(double time, bool paired, double time_seconds) {
    constexpr double window_times = 1500;  // of Whisper's 30 seconds, whatever the model's are
    if (time < greatest_) {
      if (!paired) {
        before_ += time_seconds * window_times;
      } else {
        greatest_ = last_;
        before_ += last_;
      }
    }
    last_ = greatest_;
    greatest_ = time;
    return before_ + time;
  }

 private:
  double greatest_ = 0;
  double before_ = 0;
  double last_ = 0;
};

inline std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  for (std::size_t i = 0; i < text.size();) points.push_back(unicode::utf8_next(text, i));
  return points;
}

/// Without spaces around it.
inline std::string stripped(std::string_view text) {
  const std::vector<char32_t> points = code_points(text);
  const auto is_text = [](char32_t point) { return !unicode::is_space(point); };
  const auto first = std::find_if(points.begin(), points.end(), is_text);
  const auto last = std::find_if(points.rbegin(), points.rend(), is_text).base();
  std::string result;
  for (auto point = first; point < last; ++point) unicode::utf8_append(result, *point);
  return result;
}

/// Where the tokens' bytes are whole characters.
HEADFORMER_COLD inline std::vector<TokenWord> words_by_characters(const Tokenizer& tokenizer,
                                                                  std::span<const TokenId> ids) {
  constexpr char32_t replacement = 0xFFFD;
  const std::vector<char32_t> all = code_points(tokenizer.decode(ids));
  std::vector<TokenWord> words;
  std::size_t offset = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string text = tokenizer.decode(ids.subspan(first, i + 1 - first));
    const std::vector<char32_t> points = code_points(text);
    const auto broken = std::find(points.begin(), points.end(), replacement);
    const std::size_t at = offset + static_cast<std::size_t>(broken - points.begin());
    if (broken != points.end() && at < all.size() && all[at] != replacement) continue;
    TokenWord& word = words.emplace_back();
    word.text = text;
    for (; first <= i; ++first) word.tokens.push_back(first);
    offset += points.size();
  }
  return words;
}

HEADFORMER_COLD inline std::vector<TokenWord> words_by_spaces(const Tokenizer& tokenizer,
                                                              std::span<const TokenId> ids) {
  constexpr std::string_view punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  std::vector<TokenWord> words;
  for (TokenWord& part : words_by_characters(tokenizer, ids)) {
    const bool special = tokenizer.eos() && ids[part.tokens.front()] >= *tokenizer.eos();
    const bool alone = punctuation.find(stripped(part.text)) != std::string_view::npos;
    if (special || alone || words.empty() || part.text.starts_with(' ')) {
      words.push_back(std::move(part));
    } else {
      words.back().text += part.text;
      words.back().tokens.insert(words.back().tokens.end(), part.tokens.begin(), part.tokens.end());
    }
  }
  return words;
}

HEADFORMER_COLD inline void merge_punctuation(std::vector<TokenWord>& words) {
  constexpr std::string_view opening = "\"'“¡¿([{-";
  constexpr std::string_view closing = "\"'.。,，!！?？:：”)]}、";
  const auto join = [](TokenWord& to, TokenWord& from, bool before) {
    to.text.insert(before ? 0 : to.text.size(), from.text);
    to.tokens.insert(before ? to.tokens.begin() : to.tokens.end(), from.tokens.begin(), from.tokens.end());
    from = {};
  };
  for (std::size_t j = words.size() - 1, i = j; i-- > 0;) {
    if (words[i].text.starts_with(' ') && opening.find(stripped(words[i].text)) != std::string_view::npos) {
      join(words[j], words[i], true);
    } else {
      j = i;
    }
  }
  for (std::size_t i = 0, j = 1; j < words.size(); ++j) {
    if (!words[i].text.ends_with(' ') && closing.find(words[j].text) != std::string_view::npos) {
      join(words[i], words[j], false);
    } else {
      i = j;
    }
  }
  std::erase_if(words, [](const TokenWord& word) { return word.text.empty(); });
}

}  // namespace detail

HEADFORMER_INLINE std::vector<TimedChunk> timed_chunks(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                                       std::span<const double> times, TokenId first_time,
                                                       double time_seconds) {
  std::vector<TimedChunk> chunks;
  TimedChunk chunk;
  detail::WindowOffset offset;
  const auto is_time = [&](std::size_t i) { return ids[i] >= first_time; };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (tokenizer.is_special(ids[i])) continue;
    if (!is_time(i)) {
      chunk.ids.push_back(ids[i]);
      if (!times.empty())
        chunk.spans.emplace_back(i == 0 ? 0 : detail::hundredths(times[i - 1]), detail::hundredths(times[i]));
      continue;
    }
    const bool paired = i < 2 || (is_time(i - 1) && is_time(i - 2));
    const double time =
        detail::hundredths(offset.of(static_cast<double>(ids[i] - first_time) * time_seconds, paired, time_seconds));
    if (!chunk.begin) {
      chunk.begin = time;
    } else if (time != *chunk.begin) {
      chunk.end = time;
      chunks.push_back(std::move(chunk));
      chunk = {};
    }
  }
  if (!chunk.ids.empty()) chunks.push_back(std::move(chunk));
  return chunks;
}

HEADFORMER_INLINE std::vector<TokenWord> token_words(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                                     const std::string& language) {
  constexpr std::string_view without_spaces[] = {"zh", "ja", "th", "lo", "my", "yue"};
  const bool characters =
      std::find(std::begin(without_spaces), std::end(without_spaces), language) != std::end(without_spaces);
  std::vector<TokenWord> words =
      characters ? detail::words_by_characters(tokenizer, ids) : detail::words_by_spaces(tokenizer, ids);
  if (!words.empty()) detail::merge_punctuation(words);
  return words;
}

HEADFORMER_COLD HEADFORMER_INLINE std::vector<TokenId> prompt_ids(const Tokenizer& tokenizer, const std::string& text) {
  const std::optional<TokenId> previous = tokenizer.id_of("<|startofprev|>");
  if (!previous) throw ArgumentError("initial prompt: expected the token <|startofprev|> in the tokenizer, found none");
  std::vector<TokenId> ids = tokenizer.encode(" " + detail::stripped(text), false);
  for (const TokenId id : ids) {
    if (tokenizer.is_special(id))
      throw ArgumentError("initial prompt: expected no special tokens, found " +
                          detail::quoted(tokenizer.token_text(id)));
  }
  ids.insert(ids.begin(), *previous);
  return ids;
}

}  // namespace headformer
