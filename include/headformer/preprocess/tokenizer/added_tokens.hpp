#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/text_matcher.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// A token that is looked for in the text before the model sees it; the fields of tokenizer.json's `added_tokens`.
struct AddedToken {
  std::string content;
  bool special = false;      // decoding may skip it
  bool single_word = false;  // only where no letter stands beside it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // and after it
  bool normalized = true;    // looked for in the normalised text, and normalised itself

  bool operator==(const AddedToken&) const = default;
};

/// The added tokens of a tokenizer: what `tokenizers` calls its added vocabulary, with its rules. Built by add() calls,
/// then finish(); immutable after it.
class AddedTokens {
 public:
  /// A normaliser as a function; empty when there is none.
  using Normalize = std::function<std::string(std::string_view)>;

  /// Adds a token; one that the vocabulary has keeps its id, others get the next ids. Adding again replaces the flags.
  void add(AddedToken token, const Vocabulary& model, const Normalize& normalize) {
    if (token.content.empty()) return;
    TokenId id = find(token.content);
    if (id == Vocabulary::none) id = model.find(token.content);
    if (id == Vocabulary::none) {
      const auto count = static_cast<TokenId>(model.count());
      id = by_id_.empty() ? count : std::max(count, by_id_.rbegin()->first + 1);
      if (static_cast<std::size_t>(id) >= Vocabulary::limit)
        throw FormatError("added_tokens: expected at most " + std::to_string(Vocabulary::limit) +
                          " tokens, found more");
    }
    Entry entry;
    if (token.normalized && normalize) entry.text = normalize(token.content);
    if (entry.text.empty()) entry.text = token.content;
    if (token.special) specials_.insert(token.content);
    by_text_[token.content] = id;
    entry.token = std::move(token);
    by_id_[id] = std::move(entry);
  }

  /// Makes the matchers; call once, after the last add().
  void finish() {
    std::map<std::string_view, TokenId> raw, normalized;
    for (const auto& [id, entry] : by_id_) (entry.token.normalized ? normalized : raw).emplace(entry.text, id);
    raw_ = TextMatcher(raw);
    normalized_ = TextMatcher(normalized);
  }

  TokenId find(std::string_view text) const {
    const auto at = by_text_.find(std::string(text));
    return at == by_text_.end() ? Vocabulary::none : at->second;
  }
  /// nullptr when the id is no added token's.
  const AddedToken* token(TokenId id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? nullptr : &at->second.token;
  }
  /// What decoding sees: the normalised content. nullptr when the id is no added token's.
  const std::string* text(TokenId id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? nullptr : &at->second.text;
  }
  /// Whether decoding without special tokens leaves out a token of this text.
  bool is_special(std::string_view text) const { return specials_.contains(text); }
  bool empty() const { return by_id_.empty(); }
  /// The greatest id + 1.
  std::size_t size() const { return by_id_.empty() ? 0 : static_cast<std::size_t>(by_id_.rbegin()->first) + 1; }
  /// Whether special tokens are split like other text (transformers' split_special_tokens).
  void split_special_tokens(bool value) { split_special_tokens_ = value; }

  /// Cuts a text: body(begin, end, id) for each stretch from left to right, id none for what the model shall see.
  template <class Body>
  void split(std::string_view text, bool normalized, Body body) const {
    const TextMatcher& matcher = normalized ? normalized_ : raw_;
    std::size_t done = 0;
    std::size_t from = 0;
    while (true) {
      const std::optional<TextMatcher::Match> match = matcher.find(text, from);
      if (!match) break;
      from = match->end;
      const AddedToken& token = by_id_.at(match->id).token;
      if (split_special_tokens_ && specials_.contains(token.content)) continue;
      std::size_t begin = match->begin;
      std::size_t end = match->end;
      if (token.single_word && (word_before(text, begin) || word_after(text, end))) continue;
      if (token.lstrip) begin = std::max(space_before(text, begin), done);
      if (token.rstrip) end = space_after(text, end);
      if (done < begin) body(done, begin, Vocabulary::none);
      body(begin, end, match->id);
      done = end;
    }
    if (done < text.size()) body(done, text.size(), Vocabulary::none);
  }

 private:
  struct Entry {
    AddedToken token;
    std::string text;  // normalised where the token asks for it
  };

  /// Where the character before `end` begins; the caller has checked end > 0.
  static std::size_t previous(std::string_view text, std::size_t end) {
    do {
      --end;
    } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
    return end;
  }
  static char32_t character(std::string_view text, std::size_t at) { return unicode::utf8_next(text, at); }
  static bool is_word(char32_t point) { return unicode::is_rust_word(point); }
  static bool word_before(std::string_view text, std::size_t at) {
    return at > 0 && is_word(character(text, previous(text, at)));
  }
  static bool word_after(std::string_view text, std::size_t at) {
    return at < text.size() && is_word(character(text, at));
  }
  static std::size_t space_before(std::string_view text, std::size_t at) {
    while (at > 0 && unicode::is_space(character(text, previous(text, at)))) at = previous(text, at);
    return at;
  }
  static std::size_t space_after(std::string_view text, std::size_t at) {
    while (at < text.size()) {
      std::size_t next = at;
      if (!unicode::is_space(unicode::utf8_next(text, next))) break;
      at = next;
    }
    return at;
  }

  std::map<TokenId, Entry> by_id_;
  std::unordered_map<std::string, TokenId> by_text_;
  std::set<std::string, std::less<>> specials_;
  TextMatcher raw_, normalized_;
  bool split_special_tokens_ = false;
};

}  // namespace headformer::detail
