#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/bpe.hpp"
#include "headformer/preprocess/tokenizer/decoders.hpp"
#include "headformer/preprocess/tokenizer/json_components.hpp"
#include "headformer/preprocess/tokenizer/normalizers.hpp"
#include "headformer/preprocess/tokenizer/pre_tokenizers.hpp"

namespace headformer::detail {

// transformers 5.23 does not always run a tokenizer.json as it is written: some of its tokenizer classes take only the
// vocabulary, the merges, the added tokens and the post-processor from the file and put their own normaliser,
// pre-tokenizer, model flags and decoder around them (LlamaTokenizer for one, whose Metaspace prepends a space to the
// first word only, where the files of Llama 2 prepend one to each stretch between special tokens). What
// AutoTokenizer.from_pretrained(folder) gives is what is followed here.

/// The classes that rebuild a byte-pair tokenizer; every other runs the file as it is written.
enum class PublishedClass { as_written, llama, gemma, gpt2, qwen2, qwen3_5 };

/// `name` without "Fast", as the reference compares class names.
HEADFORMER_COLD inline std::string_view plain_class_name(std::string_view name) {
  return name.ends_with("Fast") ? name.substr(0, name.size() - 4) : name;
}

/// The class that AutoTokenizer has for a `model_type` of config.json; empty when it has none of a byte-pair family.
HEADFORMER_COLD inline std::string_view registered_class(std::string_view model_type) {
  constexpr std::string_view as_written = "TokenizersBackend";
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 34> classes = {{
      {"gemma", "GemmaTokenizer"},
      {"gemma2", "GemmaTokenizer"},
      {"gemma3", "GemmaTokenizer"},
      {"gemma3_text", "GemmaTokenizer"},
      {"gemma3n", "GemmaTokenizer"},
      {"gemma3n_text", "GemmaTokenizer"},
      {"gpt2", "GPT2Tokenizer"},
      {"phi", "GPT2Tokenizer"},
      {"codegen", "GPT2Tokenizer"},
      {"qwen2", "Qwen2Tokenizer"},
      {"qwen2_moe", "Qwen2Tokenizer"},
      {"qwen2_vl", "Qwen2Tokenizer"},
      {"qwen2_5_vl", "Qwen2Tokenizer"},
      {"qwen3", "Qwen2Tokenizer"},
      {"qwen3_moe", "Qwen2Tokenizer"},
      {"qwen3_next", "Qwen2Tokenizer"},
      {"qwen3_vl", "Qwen2Tokenizer"},
      {"qwen3_5", "Qwen3_5Tokenizer"},
      {"qwen3_5_moe", "Qwen3_5Tokenizer"},
      {"qwen3_5_text", "Qwen3_5Tokenizer"},
      {"qwen3_5_moe_text", "Qwen3_5Tokenizer"},
      {"mistral", as_written},
      {"mistral3", as_written},
      {"mixtral", as_written},
      {"ministral", as_written},
      {"ministral3", as_written},
      {"pixtral", as_written},
      {"voxtral", as_written},
      {"phi3", as_written},
      {"phi3_v", as_written},
      {"phimoe", as_written},
      {"internlm2", as_written},
      {"nemotron", as_written},
      {"modernbert", as_written},
  }};
  for (const auto& [type, name] : classes)
    if (type == model_type) return name;
  return {};
}

/// Families whose published tokenizer_class is known to be wrong, so that the registered one counts.
HEADFORMER_COLD inline bool wrong_published_class(std::string_view model_type) {
  for (const std::string_view type : {"qwen2", "qwen3_5", "qwen3_5_moe", "qwen3_5_moe_text", "phi3", "phi3_v", "phimoe",
                                      "internlm2", "nemotron", "modernbert"})
    if (type == model_type) return true;
  return false;
}

/// Which class AutoTokenizer takes. `named`: tokenizer_class of tokenizer_config.json, else of config.json, else empty;
/// `file`: the text of tokenizer.json.
HEADFORMER_COLD inline PublishedClass published_class(std::string_view named, std::string_view model_type,
                                                      std::string_view file) {
  named = plain_class_name(named);
  const std::string_view registered = registered_class(model_type);
  const bool wrong = wrong_published_class(model_type);
  std::string_view chosen = named.empty() ? registered : named;
  if (named == "LlamaTokenizer" && !wrong && file.find("\"ByteLevel\"") != std::string_view::npos) {
    chosen = {};
  } else if (!named.empty() && !registered.empty() && registered != named) {
    chosen = registered == "TokenizersBackend" ? std::string_view{} : wrong ? registered : named;
  }
  if (chosen == "LlamaTokenizer") return PublishedClass::llama;
  if (chosen == "GemmaTokenizer") return PublishedClass::gemma;
  if (chosen == "GPT2Tokenizer") return PublishedClass::gpt2;
  if (chosen == "Qwen2Tokenizer") return PublishedClass::qwen2;
  if (chosen == "Qwen3_5Tokenizer") return PublishedClass::qwen3_5;
  return PublishedClass::as_written;
}

/// The named special tokens that a class has where the configuration does not name others.
HEADFORMER_COLD inline std::vector<std::pair<std::string, std::string>> default_special_tokens(PublishedClass kind) {
  const std::string end = "<|endoftext|>";
  switch (kind) {
    case PublishedClass::llama:
      return {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}};
    case PublishedClass::gemma:
      return {{"bos_token", "<bos>"},
              {"eos_token", "<eos>"},
              {"unk_token", "<unk>"},
              {"pad_token", "<pad>"},
              {"mask_token", "<mask>"}};
    case PublishedClass::gpt2:
      return {{"bos_token", end}, {"eos_token", end}, {"unk_token", end}};
    case PublishedClass::qwen2:
    case PublishedClass::qwen3_5:
      return {{"eos_token", end}, {"unk_token", end}, {"pad_token", end}};
    case PublishedClass::as_written:
      break;
  }
  return {};
}

// What a Split in front of the byte alphabet cuts at, for the families that have one.
inline constexpr const char* llama3_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* qwen2_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* qwen35_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

HEADFORMER_COLD inline SplitPreTokenizer isolating_split(std::string_view pattern) {
  return {Regex(pattern), SplitBehavior::isolated, false};
}

/// The steps that SentencePiece-style models decode with: spaces back, bytes, one text, and no space at its beginning.
HEADFORMER_COLD inline std::vector<Decoder> sentencepiece_decoders(bool strip_first_space) {
  std::vector<Decoder> steps{Replacement::of_text("\u2581", " "), ByteFallbackDecoder{}, FuseDecoder{}};
  if (strip_first_space) steps.push_back(StripDecoder{" ", 1, 0});
  return steps;
}

/// The components of a tokenizer beside its vocabulary, merges, added tokens and post-processor.
struct PublishedComponents {
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  BpeOptions options;
  std::optional<std::vector<Decoder>> decoders;
};

/// What a class puts around the vocabulary. `config`: tokenizer_config.json; `unk_token`: empty for none.
HEADFORMER_COLD inline PublishedComponents published_components(PublishedClass kind, const JsonObject& config,
                                                                const std::string& unk_token) {
  using Prepend = MetaspacePreTokenizer::Prepend;
  PublishedComponents parts;
  switch (kind) {
    case PublishedClass::llama: {
      const bool prefix = config.boolean_or("add_prefix_space", true);
      const Prepend prepend = !prefix                              ? Prepend::never
                              : config.boolean_or("legacy", false) ? Prepend::always
                                                                   : Prepend::first;
      parts.pre_tokenizers.push_back(MetaspacePreTokenizer{"\u2581", prepend, false});
      parts.options.fuse_unk = parts.options.byte_fallback = true;
      parts.decoders = sentencepiece_decoders(prefix);
      break;
    }
    case PublishedClass::gemma:
      // Its Split at spaces never cuts: the normaliser has left none.
      parts.normalizers.push_back(Replacement::of_text(" ", "\u2581"));
      parts.options.fuse_unk = parts.options.byte_fallback = true;
      parts.options.unk_token = unk_token;
      parts.decoders = sentencepiece_decoders(false);
      break;
    case PublishedClass::gpt2:
      parts.pre_tokenizers.push_back(byte_level_pre_tokenizer(config.boolean_or("add_prefix_space", false), true));
      parts.decoders.emplace(1, ByteLevelDecoder{});
      break;
    case PublishedClass::qwen2:
    case PublishedClass::qwen3_5:
      parts.normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfc});
      parts.pre_tokenizers.push_back(isolating_split(kind == PublishedClass::qwen2 ? qwen2_pattern : qwen35_pattern));
      parts.pre_tokenizers.push_back(byte_level_pre_tokenizer(config.boolean_or("add_prefix_space", false), false));
      parts.decoders.emplace(1, ByteLevelDecoder{});
      break;
    case PublishedClass::as_written:
      break;
  }
  return parts;
}

}  // namespace headformer::detail
