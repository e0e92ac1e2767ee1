#pragma once

#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/readers/published_patterns.hpp"
#include "headformer/preprocess/tokenizer/steps/pre_tokenizers.hpp"

namespace headformer::detail {

HEADFORMER_COLD inline SplitBehavior read_behavior(const JsonObject& at) {
  const std::string name = at.string("behavior");
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  at.fail("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

/// The character that stands for a space in Metaspace.
HEADFORMER_COLD inline std::string read_replacement_character(const JsonObject& at) {
  const std::string text = at.string("replacement");
  if (unicode::utf8_length(text) != 1) at.fail("replacement", "one character");
  return text;
}

/// Metaspace's prepend_scheme, or the older add_prefix_space.
HEADFORMER_COLD inline MetaspacePreTokenizer::Prepend read_prepend_scheme(const JsonObject& at) {
  using Prepend = MetaspacePreTokenizer::Prepend;
  const std::string name = at.string_or("prepend_scheme", "always");
  if (name != "first" && name != "never" && name != "always") at.fail("prepend_scheme", "first, never or always");
  if (!at.boolean_or("add_prefix_space", true) && at.has("prepend_scheme") && name != "never")
    at.fail("prepend_scheme", "never, as add_prefix_space is false");
  if (!at.boolean_or("add_prefix_space", true) || name == "never") return Prepend::never;
  return name == "first" ? Prepend::first : Prepend::always;
}

HEADFORMER_COLD inline void read_pre_tokenizer(const JsonObject& at, std::vector<PreTokenizer>& steps) {
  const std::string type = at.string("type");
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("pretokenizers")) read_pre_tokenizer(step, steps);
  } else if (type == "ByteLevel") {
    steps.push_back(byte_level_pre_tokenizer(at.boolean("add_prefix_space"), at.boolean_or("use_regex", true)));
  } else if (type == "Split") {
    steps.push_back(SplitPreTokenizer{read_replacement(at, "").pattern, read_behavior(at), at.boolean("invert")});
  } else if (type == "Digits") {
    steps.push_back(DigitsPreTokenizer{at.boolean_or("individual_digits", false)});
  } else if (type == "Metaspace") {
    steps.push_back(
        MetaspacePreTokenizer{read_replacement_character(at), read_prepend_scheme(at), at.boolean_or("split", true)});
  } else if (type == "BertPreTokenizer") {
    steps.push_back(BertPreTokenizer{});
  } else if (type == "Whitespace") {
    steps.push_back(WhitespacePreTokenizer{});
  } else if (type == "WhitespaceSplit") {
    steps.push_back(WhitespaceSplitPreTokenizer{});
  } else if (type == "Punctuation") {
    steps.push_back(PunctuationPreTokenizer{at.has("behavior") ? read_behavior(at) : SplitBehavior::isolated});
  } else if (type == "CharDelimiterSplit") {
    const std::string delimiter = at.string("delimiter");
    if (unicode::utf8_length(delimiter) != 1) at.fail("delimiter", "one character");
    std::size_t i = 0;
    steps.push_back(DelimiterPreTokenizer{unicode::utf8_next(delimiter, i)});
  } else if (type == "UnicodeScripts") {
    steps.push_back(UnicodeScriptsPreTokenizer{});
  } else if (type == "FixedLength") {
    const Index length = at.integer_or("length", 5, 1);
    steps.push_back(FixedLengthPreTokenizer{static_cast<std::size_t>(length)});
  } else {
    fail_component(at,
                   "ByteLevel, Split, Digits, Metaspace, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, "
                   "CharDelimiterSplit, UnicodeScripts, FixedLength or Sequence");
  }
}

}  // namespace headformer::detail
