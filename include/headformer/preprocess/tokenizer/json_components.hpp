#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/bpe.hpp"
#include "headformer/preprocess/tokenizer/decoders.hpp"
#include "headformer/preprocess/tokenizer/normalizers.hpp"
#include "headformer/preprocess/tokenizer/post_processor.hpp"
#include "headformer/preprocess/tokenizer/pre_tokenizers.hpp"

namespace headformer::detail {

// The components of a tokenizer.json (https://github.com/huggingface/tokenizers, version "1.0" of the format) as data.
// Each reader throws FormatError or ConfigError with the file and the path of the component; a type that is not
// supported is never left out. A Sequence is flattened.

[[noreturn]] inline void fail_component(const JsonObject& at, const char* expected) {
  throw FormatError(at.file() + ": " + at.path_of("type") + ": expected " + expected + ", found " +
                    json_text(at.find("type")));
}

/// A pattern: {"String": ..} or {"Regex": ..}.
HEADFORMER_COLD inline Replacement read_replacement(const JsonObject& at, const std::string& content) {
  const JsonObject pattern = at.object("pattern");
  try {
    if (pattern.has("String")) return Replacement::of_text(pattern.string("String"), content);
    if (pattern.has("Regex")) return Replacement::of_regex(pattern.string("Regex"), content);
  } catch (const FormatError& error) {
    throw FormatError(at.file() + ": " + at.path_of("pattern") + ": " + error.what());
  }
  at.fail("pattern", "an object with String or Regex");
}

HEADFORMER_COLD inline void read_normalizer(const JsonObject& at, std::vector<Normalizer>& steps) {
  const std::string type = at.string("type");
  using Form = unicode::NormalizationForm;
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("normalizers")) read_normalizer(step, steps);
  } else if (type == "NFC") {
    steps.push_back(UnicodeNormalizer{Form::nfc});
  } else if (type == "NFD") {
    steps.push_back(UnicodeNormalizer{Form::nfd});
  } else if (type == "NFKC") {
    steps.push_back(UnicodeNormalizer{Form::nfkc});
  } else if (type == "NFKD") {
    steps.push_back(UnicodeNormalizer{Form::nfkd});
  } else if (type == "Lowercase") {
    steps.push_back(LowercaseNormalizer{});
  } else if (type == "Strip") {
    steps.push_back(StripNormalizer{at.boolean("strip_left"), at.boolean("strip_right")});
  } else if (type == "Prepend") {
    steps.push_back(PrependNormalizer{at.string("prepend")});
  } else if (type == "Replace") {
    steps.push_back(read_replacement(at, at.string("content")));
  } else {
    fail_component(at, "NFC, NFD, NFKC, NFKD, Lowercase, Strip, Prepend, Replace or Sequence");
  }
}

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

inline ByteLevelPreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_regex) {
  ByteLevelPreTokenizer step{add_prefix_space, {}, true};
  if (use_regex) step.split.push_back({Regex(ByteLevelPreTokenizer::gpt2_pattern), SplitBehavior::isolated, false});
  return step;
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
  } else {
    fail_component(at, "ByteLevel, Split, Digits, Metaspace or Sequence");
  }
}

HEADFORMER_COLD inline TokenId read_id(const JsonObject& at, std::string_view key) {
  return static_cast<TokenId>(at.integer(key, 0, static_cast<Index>(Vocabulary::limit) - 1));
}

/// [text, id], as Bert's and Roberta's processors have their tokens.
HEADFORMER_COLD inline TokenId read_text_and_id(const JsonObject& at, std::string_view key) {
  const Json* pair = at.find(key);
  const bool two = pair != nullptr && pair->is_array() && pair->size() == 2;
  const Index id = two ? json_integer((*pair)[1]).value_or(-1) : -1;
  if (id < 0 || id >= static_cast<Index>(Vocabulary::limit)) at.fail(key, "a token's text and id");
  return static_cast<TokenId>(id);
}

HEADFORMER_COLD inline void read_post_processor(const JsonObject& at, std::vector<SingleTemplate>& steps) {
  const std::string type = at.string("type");
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("processors")) read_post_processor(step, steps);
  } else if (type == "ByteLevel") {
    return;
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    steps.push_back({read_text_and_id(at, "cls"), std::nullopt, read_text_and_id(at, "sep")});
  } else if (type == "TemplateProcessing") {
    SingleTemplate items;
    for (const JsonObject& item : at.objects("single")) {
      if (item.has("Sequence")) {
        if (item.object("Sequence").string("id") != "A") item.object("Sequence").fail("id", "'A' for one text");
        if (std::find(items.begin(), items.end(), std::nullopt) != items.end()) at.fail("single", "the text once");
        items.emplace_back(std::nullopt);
      } else {
        const std::string name = item.object("SpecialToken").string("id");
        for (const Index id :
             at.object("special_tokens").object(name).integers("ids", 0, static_cast<Index>(Vocabulary::limit) - 1))
          items.emplace_back(static_cast<TokenId>(id));
      }
    }
    steps.push_back(std::move(items));
  } else {
    fail_component(at, "TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing or Sequence");
  }
}

HEADFORMER_COLD inline void read_decoder(const JsonObject& at, std::vector<Decoder>& steps) {
  const std::string type = at.string("type");
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("decoders")) read_decoder(step, steps);
  } else if (type == "ByteLevel") {
    steps.push_back(ByteLevelDecoder{});
  } else if (type == "ByteFallback") {
    steps.push_back(ByteFallbackDecoder{});
  } else if (type == "Fuse") {
    steps.push_back(FuseDecoder{});
  } else if (type == "Metaspace") {
    steps.push_back(MetaspaceDecoder{read_replacement_character(at),
                                     read_prepend_scheme(at) != MetaspacePreTokenizer::Prepend::never});
  } else if (type == "Strip") {
    const std::string content = at.string("content");
    if (unicode::utf8_length(content) != 1) at.fail("content", "one character");
    constexpr Index most = 1 << 20;
    steps.push_back(StripDecoder{content, static_cast<std::size_t>(at.integer("start", 0, most)),
                                 static_cast<std::size_t>(at.integer("stop", 0, most))});
  } else if (type == "Replace") {
    steps.push_back(read_replacement(at, at.string("content")));
  } else {
    fail_component(at, "ByteLevel, ByteFallback, Fuse, Metaspace, Strip, Replace or Sequence");
  }
}

/// The `vocab` of a BPE model.
inline Vocabulary read_vocabulary(const JsonObject& model) {
  const JsonObject pieces = model.object("vocab");
  // What is no vocabulary must not make us allocate: ids may have gaps, but not run far past their number.
  const Index most = std::min<Index>(static_cast<Index>(Vocabulary::limit),
                                     static_cast<Index>(pieces.json().size()) * 16 + (1 << 16)) -
                     1;
  Vocabulary vocabulary(pieces.json().size());
  for (const auto& [text, value] : pieces.json().items()) {
    const std::optional<Index> id = json_integer(value);
    if (!id || *id < 0 || *id > most) pieces.fail(text, expected_integer(0, most));
    vocabulary.add_copy(static_cast<TokenId>(*id), text);
  }
  return vocabulary;
}

/// The `merges` of a BPE model: "left right" or ["left", "right"].
inline MergeTable read_merges(const JsonObject& model, const Vocabulary& vocabulary, const std::string& prefix) {
  const Json* list = model.find("merges");
  if (list == nullptr || !list->is_array()) model.fail("merges", "an array");
  MergeTable merges(list->size());
  std::size_t index = 0;
  std::uint32_t rank = 0;
  std::string joint;
  for (const Json& entry : *list) {
    const auto fail = [&](const std::string& expected) {
      throw FormatError(model.file() + ": " + model.path_of("merges") + "[" + std::to_string(index) + "]: expected " +
                        expected + ", found " + json_text(&entry));
    };
    std::string_view left, right;
    if (entry.is_string()) {
      const std::string_view text = entry.get_ref<const std::string&>();
      if (text.starts_with("#version")) {
        ++index;
        continue;
      }
      const std::size_t space = text.find(' ');
      if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
        fail("two pieces with a space between");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
      left = entry[0].get_ref<const std::string&>();
      right = entry[1].get_ref<const std::string&>();
    } else {
      fail("two pieces");
    }
    const TokenId a = vocabulary.find(left);
    const TokenId b = vocabulary.find(right);
    joint.assign(left);
    joint += right.substr(std::min(prefix.size(), right.size()));
    const TokenId result = vocabulary.find(joint);
    if (a == Vocabulary::none || b == Vocabulary::none || result == Vocabulary::none)
      fail("two pieces that are in the vocabulary with their joint text");
    merges.add(a, b, rank++, result);
    ++index;
  }
  return merges;
}

/// The flags of a BPE model.
HEADFORMER_COLD inline BpeOptions read_bpe_options(const JsonObject& model) {
  BpeOptions options;
  options.unk_token = model.string_or("unk_token", "");
  options.continuing_subword_prefix = model.string_or("continuing_subword_prefix", "");
  options.end_of_word_suffix = model.string_or("end_of_word_suffix", "");
  options.fuse_unk = model.boolean_or("fuse_unk", false);
  options.byte_fallback = model.boolean_or("byte_fallback", false);
  options.ignore_merges = model.boolean_or("ignore_merges", false);
  return options;
}

}  // namespace headformer::detail
