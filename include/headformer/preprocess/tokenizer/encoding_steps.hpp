#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/preprocess/encoding.hpp"

namespace headformer::detail {

// What can be done to an Encoding as a whole: cutting, joining and padding, each as `tokenizers` 0.23 does it.

/// Calls body(vector) for each of an encoding's parallel vectors.
template <class AnyEncoding, class Body>
void each_vector(AnyEncoding& encoding, const Body& body) {
  body(encoding.ids, &Encoding::ids);
  body(encoding.type_ids, &Encoding::type_ids);
  body(encoding.offsets, &Encoding::offsets);
  body(encoding.word_ids, &Encoding::word_ids);
  body(encoding.sequence_ids, &Encoding::sequence_ids);
  body(encoding.special_tokens_mask, &Encoding::special_tokens_mask);
  body(encoding.attention_mask, &Encoding::attention_mask);
}

/// The tokens [begin, end), without what overflowed.
inline Encoding encoding_part(const Encoding& whole, std::size_t begin, std::size_t end) {
  Encoding part;
  each_vector(whole, [&](const auto& vector, auto member) {
    (part.*member)
        .assign(vector.begin() + static_cast<std::ptrdiff_t>(begin), vector.begin() + static_cast<std::ptrdiff_t>(end));
  });
  return part;
}

/// Cuts to `length` tokens; the rest, where it is kept, goes to overflowing, in parts that overlap by the stride, which
/// is less than `length`.
inline void truncate(Encoding& encoding, std::size_t length, const Truncation& how) {
  const std::size_t size = encoding.size();
  const auto stride = static_cast<std::size_t>(how.stride);
  const SequenceSide side = how.side;
  if (length >= size) return;
  if (!how.keep_overflowing) {
    const std::size_t begin = side == SequenceSide::right ? 0 : size - length;
    encoding = encoding_part(encoding, begin, begin + length);
    encoding.truncated = true;
    return;
  }
  if (length == 0) {
    Encoding none;
    none.overflowing.push_back(std::move(encoding));
    encoding = std::move(none);
    encoding.truncated = true;
    return;
  }
  if (stride >= length)
    throw ArgumentError("truncation: expected a stride less than the tokens that are kept, " + std::to_string(length) +
                        ", found " + std::to_string(stride));
  std::vector<Encoding> parts;
  for (std::size_t done = 0;; done += length - stride) {
    const std::size_t end = side == SequenceSide::right ? std::min(done + length, size) : size - done;
    const std::size_t begin = side == SequenceSide::right ? done : end - std::min(end, length);
    parts.push_back(encoding_part(encoding, begin, end));
    if (side == SequenceSide::right ? end == size : begin == 0) break;
  }
  encoding = std::move(parts.front());
  encoding.truncated = true;
  encoding.overflowing.assign(std::make_move_iterator(parts.begin() + 1), std::make_move_iterator(parts.end()));
}

/// Appends another's tokens. What overflowed is combined, each part of one with the whole and each part of the other,
/// as in the reference; throws ArgumentError where that would be more than any use has.
inline void append(Encoding& encoding, const Encoding& other) {
  constexpr std::size_t most = std::size_t{1} << 20;
  if (encoding.overflowing.size() * (other.overflowing.size() + 1) + other.overflowing.size() > most)
    throw ArgumentError("truncation: expected at most " + std::to_string(most) + " overflowing parts, found more");
  const auto append_tokens = [](Encoding& to, const Encoding& from) {
    each_vector(from, [&](const auto& vector, auto member) {
      (to.*member).insert((to.*member).end(), vector.begin(), vector.end());
    });
  };
  std::vector<Encoding> overflowing;
  for (const Encoding& part : encoding.overflowing) {
    append_tokens(overflowing.emplace_back(part), other);
    for (const Encoding& others : other.overflowing) append_tokens(overflowing.emplace_back(part), others);
  }
  if (!other.overflowing.empty()) {
    const Encoding whole = encoding_part(encoding, 0, encoding.size());
    for (const Encoding& others : other.overflowing) append_tokens(overflowing.emplace_back(whole), others);
  }
  append_tokens(encoding, other);
  encoding.truncated = encoding.truncated || other.truncated;
  encoding.overflowing = std::move(overflowing);
}

/// Cuts one text or two to `length` tokens together.
inline void truncate(Encoding& first, Encoding* second, std::size_t length, const Truncation& how) {
  if (length == 0) {
    truncate(first, 0, how);
    if (second != nullptr) truncate(*second, 0, how);
    return;
  }
  const std::size_t total = first.size() + (second == nullptr ? 0 : second->size());
  if (total <= length) return;
  if (how.strategy != TruncationStrategy::longest_first) {
    Encoding* target = how.strategy == TruncationStrategy::only_first ? &first : second;
    if (target == nullptr) throw ArgumentError("truncation: expected a second text for only_second, found one text");
    if (target->size() <= total - length)
      throw ArgumentError("truncation: expected more than " + std::to_string(total - length) +
                          " tokens in the text to cut, found " + std::to_string(target->size()));
    return truncate(*target, target->size() - (total - length), how);
  }
  if (second == nullptr) return truncate(first, length, how);
  std::size_t shorter = std::min(first.size(), second->size());
  std::size_t longer = shorter > length ? shorter : std::max(shorter, length - shorter);
  if (shorter + longer > length) {
    shorter = length / 2;
    longer = shorter + length % 2;
  }
  const bool swapped = first.size() > second->size();
  truncate(first, swapped ? longer : shorter, how);
  truncate(*second, swapped ? shorter : longer, how);
}

/// Fills up to `length` tokens, overflowing parts too.
inline void pad(Encoding& encoding, std::size_t length, TokenId id, const Padding& how) {
  for (Encoding& part : encoding.overflowing) pad(part, length, id, how);
  if (encoding.size() >= length) return;
  const std::size_t count = length - encoding.size();
  const auto fill = [&](auto& vector, auto value) {
    vector.insert(how.side == SequenceSide::left ? vector.begin() : vector.end(), count, value);
  };
  fill(encoding.ids, id);
  fill(encoding.type_ids, how.type_id);
  fill(encoding.offsets, TextOffsets{});
  fill(encoding.word_ids, -1);
  fill(encoding.sequence_ids, -1);
  fill(encoding.special_tokens_mask, std::uint8_t{1});
  fill(encoding.attention_mask, std::uint8_t{0});
}

/// Fills all up to one length.
inline void pad(std::vector<Encoding>& encodings, const Padding& how, TokenId id) {
  std::size_t length = how.length ? static_cast<std::size_t>(*how.length) : 0;
  if (!how.length)
    for (const Encoding& encoding : encodings) length = std::max(length, encoding.size());
  if (how.multiple_of > 0) {
    const auto multiple = static_cast<std::size_t>(how.multiple_of);
    length = (length + multiple - 1) / multiple * multiple;
  }
  for (Encoding& encoding : encodings) pad(encoding, length, id, how);
}

}  // namespace headformer::detail
