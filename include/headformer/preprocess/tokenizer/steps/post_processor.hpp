#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/preprocess/encoding.hpp"
#include "headformer/preprocess/tokenizer/encoding_steps.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"

namespace headformer::detail {

// The post-processors of tokenizer.json: what goes around one text or two. A step gets parts (first the texts, one or
// two) and makes parts, which are joined in the end; as in the reference a template leaves its items apart.

/// A place of a template: a text, or the ids of a special token.
struct TemplateItem {
  int sequence = -1;  // 0, 1: that text; -1: the ids
  std::vector<TokenId> ids;
  std::int32_t type_id = 0;
};
struct TemplateStep {
  std::vector<TemplateItem> single, pair;
};

/// How many characters of white space a token begins and ends with, which trimming takes from its offsets.
struct TokenSpaces {
  std::uint32_t leading = 0, trailing = 0;
};

/// Roberta's and ByteLevel's: offsets lose white space.
struct TrimStep {
  bool add_prefix_space;
};

/// ByteLevel's other effect: each part counts as a text.
struct NumberStep {};

/// Bert's and Roberta's: cls before the first text, sep after each and, with Roberta, before the second.
struct AroundStep {
  TokenId cls, sep;
  bool roberta;
};

using PostStep = std::variant<TrimStep, NumberStep, AroundStep, TemplateStep>;

/// The white space of tokens whose text is not their vocabulary's: what was cut out of the input as it stands there.
/// Until the end such a token's special_tokens_mask names its entry: cut + place. (More than fit share the last.)
class CutTokens {
 public:
  static constexpr std::uint8_t cut = 2;

  std::uint8_t mark_of(TokenSpaces spaces) {
    constexpr std::size_t most = 0xFF - cut;
    std::size_t i = 0;
    while (i < spaces_.size() && (spaces_[i].leading != spaces.leading || spaces_[i].trailing != spaces.trailing)) ++i;
    if (i == spaces_.size() && i <= most) spaces_.push_back(spaces);
    return static_cast<std::uint8_t>(cut + std::min(i, most));
  }
  TokenSpaces spaces(std::uint8_t mark) const { return spaces_[static_cast<std::size_t>(mark - cut)]; }

 private:
  std::vector<TokenSpaces> spaces_;
};

/// Answers the white space of a token by its id and its mark (see CutTokens).
using SpacesOf = FunctionRef<TokenSpaces(TokenId id, std::uint8_t mark)>;

/// The ids around one text, where that is all somebody asks for; nothing for the text itself.
using SingleTemplate = std::vector<std::optional<TokenId>>;

/// Puts special tokens around texts, step after step.
class PostProcessor {
 public:
  std::vector<PostStep> steps;

  /// How many special tokens are added to one text or two.
  std::size_t added(bool pair) const {
    std::size_t count = 0;
    for (const PostStep& step : steps) {
      if (const auto* around = std::get_if<AroundStep>(&step)) count += !pair ? 2 : around->roberta ? 4 : 3;
      if (const auto* items = std::get_if<TemplateStep>(&step))
        for (const TemplateItem& item : pair ? items->pair : items->single) count += item.ids.size();
    }
    return count;
  }
  /// What the steps come to for one text; nothing where that depends on more.
  std::optional<SingleTemplate> single() const {
    SingleTemplate result{std::nullopt};
    bool one_part = true;
    for (const PostStep& step : steps) {
      SingleTemplate next;
      if (const auto* around = std::get_if<AroundStep>(&step)) {
        next.push_back(around->cls);
        next.insert(next.end(), result.begin(), result.end());
        next.push_back(around->sep);
      } else if (const auto* items = std::get_if<TemplateStep>(&step)) {
        for (const TemplateItem& item : items->single) {
          if (item.sequence == 1) return std::nullopt;
          if (item.sequence == 0) next.insert(next.end(), result.begin(), result.end());
          next.insert(next.end(), item.ids.begin(), item.ids.end());
        }
      } else {
        continue;
      }
      if (!one_part) return std::nullopt;
      one_part = std::holds_alternative<AroundStep>(step) || std::get<TemplateStep>(step).single.size() <= 1;
      result = std::move(next);
    }
    return result;
  }

  /// The final encoding of one text or two.
  Encoding run(std::vector<Encoding> parts, bool add_special_tokens, SpacesOf spaces_of) const {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      set_sequence(parts[i], static_cast<std::int32_t>(i));
      set_type(parts[i], static_cast<std::int32_t>(i));
    }
    for (const PostStep& step : steps) {
      if (const auto* trim_step = std::get_if<TrimStep>(&step)) {
        for (Encoding& part : parts) trim(part, trim_step->add_prefix_space, spaces_of);
      } else if (std::holds_alternative<NumberStep>(step)) {
        for (std::size_t i = 0; i < parts.size(); ++i)
          std::fill(parts[i].sequence_ids.begin(), parts[i].sequence_ids.end(), static_cast<std::int32_t>(i));
      } else if (const auto* around = std::get_if<AroundStep>(&step)) {
        apply(*around, parts, add_special_tokens);
      } else {
        apply(std::get<TemplateStep>(step), parts, add_special_tokens);
      }
    }
    Encoding result;
    for (const Encoding& part : parts) append(result, part);
    unmark(result);
    return result;
  }

 private:
  static void set_sequence(Encoding& encoding, std::int32_t sequence) {
    std::fill(encoding.sequence_ids.begin(), encoding.sequence_ids.end(), sequence);
    for (Encoding& part : encoding.overflowing) set_sequence(part, sequence);
  }
  static void unmark(Encoding& encoding) {
    for (std::uint8_t& mark : encoding.special_tokens_mask) mark = mark >= CutTokens::cut ? 0 : mark;
    for (Encoding& part : encoding.overflowing) unmark(part);
  }
  static void forget_special(Encoding& encoding) {
    for (std::uint8_t& mark : encoding.special_tokens_mask) mark = mark == 1 ? 0 : mark;
    for (Encoding& part : encoding.overflowing) forget_special(part);
  }
  static void set_type(Encoding& encoding, std::int32_t type) {
    std::fill(encoding.type_ids.begin(), encoding.type_ids.end(), type);
  }
  static Encoding special(const std::vector<TokenId>& ids, std::int32_t type_id) {
    Encoding encoding;
    encoding.ids = ids;
    encoding.type_ids.assign(ids.size(), type_id);
    encoding.offsets.assign(ids.size(), {});
    encoding.word_ids.assign(ids.size(), -1);
    encoding.sequence_ids.assign(ids.size(), -1);
    encoding.special_tokens_mask.assign(ids.size(), 1);
    encoding.attention_mask.assign(ids.size(), 1);
    return encoding;
  }

  static void trim(Encoding& encoding, bool add_prefix_space, SpacesOf spaces_of) {
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      TextOffsets& offsets = encoding.offsets[i];
      auto [leading, trailing] = spaces_of(encoding.ids[i], encoding.special_tokens_mask[i]);
      if (leading > 0) {
        // The space that add_prefix_space put in has no place in the text.
        if ((i == 0 || offsets.begin == 0) && add_prefix_space && leading == 1) leading = 0;
        offsets.begin = std::min(offsets.begin + leading, offsets.end);
      }
      if (trailing > 0 && offsets.end >= trailing) offsets.end = std::max(offsets.end - trailing, offsets.begin);
    }
    for (Encoding& part : encoding.overflowing) trim(part, add_prefix_space, spaces_of);
  }

  static void apply(const AroundStep& step, std::vector<Encoding>& parts, bool special_too) {
    if (step.roberta)
      for (Encoding& part : parts) set_type(part, 0);
    if (!special_too) return;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Encoding& encoding = parts[i];
      forget_special(encoding);  // as in the reference, where only these are special now
      if (step.roberta)
        for (Encoding& over : encoding.overflowing) set_type(over, 0);
      Encoding whole;
      if (i == 0) whole = special({step.cls}, 0);
      if (i > 0 && step.roberta) whole = special({step.sep}, 0);
      append(whole, encoding);
      append(whole, special({step.sep}, step.roberta || i == 0 ? 0 : 1));
      encoding = std::move(whole);
    }
  }

  static void apply(const TemplateStep& step, std::vector<Encoding>& parts, bool special_too) {
    if (parts.empty() || parts.size() > 2)
      throw ArgumentError("tokenizer: post_processor: expected one text or two in each of its steps, found " +
                          std::to_string(parts.size()) + " parts");
    std::vector<Encoding> result;
    for (const TemplateItem& item : parts.size() == 2 ? step.pair : step.single) {
      if (item.sequence < 0) {
        if (special_too) result.push_back(special(item.ids, item.type_id));
        continue;
      }
      if (static_cast<std::size_t>(item.sequence) >= parts.size())
        throw ArgumentError("tokenizer: post_processor: expected a second text for its template, found one");
      Encoding part = parts[static_cast<std::size_t>(item.sequence)];
      set_type(part, item.type_id);
      std::fill(part.sequence_ids.begin(), part.sequence_ids.end(), item.sequence);
      result.push_back(std::move(part));
    }
    parts = std::move(result);
  }
};

/// Puts the ids of one text in its template.
inline std::vector<TokenId> post_process(const SingleTemplate& items, std::vector<TokenId> ids, bool special_too) {
  if (!special_too || items.size() == 1) {
    const auto texts = static_cast<std::size_t>(std::count(items.begin(), items.end(), std::nullopt));
    if (texts == 1) return ids;
  }
  std::vector<TokenId> result;
  result.reserve(ids.size() + items.size());
  for (const std::optional<TokenId>& item : items) {
    if (!item) {
      result.insert(result.end(), ids.begin(), ids.end());
    } else if (special_too) {
      result.push_back(*item);
    }
  }
  return result;
}

}  // namespace headformer::detail
