#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/readers/base64.hpp"
#include "headformer/preprocess/tokenizer/steps/normalizers.hpp"

namespace headformer::detail {

// The components of a tokenizer.json (https://github.com/huggingface/tokenizers, version "1.0" of the format) as data,
// in the json_*.hpp files. Each reader throws FormatError or ConfigError with the file and the path of the component; a
// type that is not known is never left out. A Sequence is flattened.

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

/// A precompiled character map; `blob`: its bytes, or nothing where they could not be decoded.
HEADFORMER_COLD inline PrecompiledNormalizer precompiled_normalizer(std::string_view blob, const std::string& place) {
  try {
    return {std::make_shared<const Charsmap>(blob)};
  } catch (const FormatError& error) {
    throw FormatError(place + ": " + error.what());
  }
}

HEADFORMER_COLD inline BertNormalizer read_bert_normalizer(const JsonObject& at) {
  BertNormalizer step{};
  step.clean_text = at.boolean("clean_text");
  step.handle_chinese_chars = at.boolean("handle_chinese_chars");
  step.lowercase = at.boolean("lowercase");
  step.strip_accents = at.boolean_or("strip_accents", step.lowercase);
  return step;
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
  } else if (type == "StripAccents") {
    steps.push_back(StripAccentsNormalizer{});
  } else if (type == "Prepend") {
    steps.push_back(PrependNormalizer{at.string("prepend")});
  } else if (type == "Replace") {
    steps.push_back(read_replacement(at, at.string("content")));
  } else if (type == "Nmt") {
    steps.push_back(NmtNormalizer{});
  } else if (type == "BertNormalizer") {
    steps.push_back(read_bert_normalizer(at));
  } else if (type == "Precompiled") {
    const std::optional<std::string> blob = decode_base64(at.string("precompiled_charsmap"));
    if (!blob) at.fail("precompiled_charsmap", "base64");
    steps.push_back(precompiled_normalizer(*blob, at.file() + ": " + at.path_of("precompiled_charsmap")));
  } else if (type == "ByteLevel") {
    steps.push_back(ByteLevelNormalizer{});
  } else {
    fail_component(at,
                   "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace, Nmt, BertNormalizer, "
                   "Precompiled, ByteLevel or Sequence");
  }
}

}  // namespace headformer::detail
