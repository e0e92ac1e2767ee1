#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/unicode/normalization.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// The bytes of the original text that a byte of a rewritten text stands for.
struct Origin {
  std::uint32_t begin = 0, end = 0;
};

/// A text on its way through the normalisers and, where somebody asks for offsets, where each of its bytes came from.
/// Untracked texts, all that ids need, cost nothing beside the text.
struct AlignedText {
  std::string text;
  std::vector<Origin> origins;  // one for each byte of `text` when tracked; empty otherwise
  bool tracked = false;

  /// text.substr(begin, end - begin) of the original input, each byte standing for its own character.
  void assign(std::string_view original, std::size_t begin, std::size_t end, bool track) {
    text.assign(original, begin, end - begin);
    tracked = track;
    origins.clear();
    if (!track) return;
    origins.resize(text.size());
    for (std::size_t i = begin; i < end;) {
      const std::size_t next = i + unicode::utf8_size(original[i]);
      const Origin origin{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(next)};
      for (; i < next; ++i) origins[i - begin] = origin;
    }
  }
  /// The bytes [begin, end) of another.
  void assign(const AlignedText& other, std::size_t begin, std::size_t end) {
    text.assign(other.text, begin, end - begin);
    tracked = other.tracked;
    origins.clear();
    if (tracked)
      origins.assign(other.origins.begin() + static_cast<std::ptrdiff_t>(begin),
                     other.origins.begin() + static_cast<std::ptrdiff_t>(end));
  }
};

/// Writes a text anew from left to right: each call takes bytes of the old text and appends to the new one, with the
/// origins that `tokenizers`' NormalizedString gives to them. finish() puts the new text in the place of the old.
class TextRewriter {
 public:
  explicit TextRewriter(AlignedText& text) : text_(&text) {
    out_.reserve(text.text.size() + text.text.size() / 4 + 8);
    if (text.tracked) origins_.reserve(out_.capacity());
  }

  std::size_t at() const { return at_; }
  std::size_t written() const { return out_.size(); }

  void copy(std::size_t bytes) {
    out_.append(text_->text, at_, bytes);
    if (text_->tracked)
      origins_.insert(origins_.end(), text_->origins.begin() + static_cast<std::ptrdiff_t>(at_),
                      text_->origins.begin() + static_cast<std::ptrdiff_t>(at_ + bytes));
    at_ += bytes;
  }
  void skip(std::size_t bytes) { at_ += bytes; }
  /// `taken` bytes become `characters`, which stand for what the first of these bytes stands for.
  void replace(std::string_view characters, std::size_t taken) {
    put(characters, at_);
    at_ += taken;
  }
  /// Characters that stand for what the byte before stands for.
  void insert(std::string_view characters) { put(characters, at_ - 1); }
  /// Characters that stand for what the next byte stands for.
  void insert_before(std::string_view characters) { put(characters, at_); }

  void finish() {
    copy(text_->text.size() - at_);
    replace_text();
  }

  /// The whole text anew by changes; what they leave of it is dropped.
  void transform(std::span<const unicode::CharacterChange> changes) {
    std::string character;
    for (const unicode::CharacterChange& change : changes) {
      character.clear();
      unicode::utf8_append(character, change.point);
      if (change.change > 0) {
        insert(character);
        continue;
      }
      const std::size_t from = at_;
      for (std::int32_t i = change.change; i <= 0 && at_ < text_->text.size(); ++i)
        at_ += unicode::utf8_size(text_->text[at_]);
      put(character, from);
    }
    replace_text();
  }

 private:
  void put(std::string_view characters, std::size_t source) {
    out_ += characters;
    if (!text_->tracked) return;
    const Origin origin = source < text_->origins.size() ? text_->origins[source] : Origin{};
    origins_.insert(origins_.end(), characters.size(), origin);
  }
  void replace_text() {
    text_->text.swap(out_);
    text_->origins.swap(origins_);
  }

  AlignedText* text_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Origin> origins_;
};

/// Rewrites by body(rewriter, point, bytes) for each character, which takes these bytes.
template <class Body>
void rewrite_characters(AlignedText& text, const Body& body) {
  TextRewriter rewriter(text);
  for (std::size_t i = 0; i < text.text.size();) {
    const std::size_t begin = i;
    const char32_t point = unicode::utf8_next(text.text, i);
    body(rewriter, point, i - begin);
  }
  rewriter.finish();
}

}  // namespace headformer::detail
