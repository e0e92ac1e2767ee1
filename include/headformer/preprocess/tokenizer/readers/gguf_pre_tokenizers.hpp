#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/tokenizer/readers/published_patterns.hpp"
#include "headformer/preprocess/tokenizer/steps/normalizers.hpp"
#include "headformer/preprocess/tokenizer/steps/pre_tokenizers.hpp"

namespace headformer::detail {

// Patterns of published tokenizer.json files that GGUF files name (tokenizer.ggml.pre) instead of holding them.

/// GPT-4o and Llama 4.
inline constexpr const char* gpt4o_pattern =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|"
    "'d)?"
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'"
    "ll|'d)?"
    "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/// Mistral's Tekken.
inline constexpr const char* tekken_pattern =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
    "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/// DeepSeek V3, the last of its three.
inline constexpr const char* deep_seek3_pattern =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
inline constexpr const char* deep_seek3_han = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
/// DeepSeek LLM's letters of alphabets with case, its punctuation and its ideographs.
inline constexpr const char* deep_seek_letters =
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
    "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
    "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-"
    "\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-"
    "\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-"
    "\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-"
    "\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-"
    "\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
    "\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2"
    "\U000118a0-\U000118df\U0001e900-\U0001e943]+";
inline constexpr const char* deep_seek_punctuation =
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+";
inline constexpr const char* deep_seek_han = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";

/// Han separate from the other letters, and digits in threes (Kimi K2).
inline constexpr const char* kimi_k2_pattern =
    "[\\p{Han}]+"
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]"
    "]+"
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]"
    "]*"
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
inline constexpr const char* minicpm5_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}+| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* jais2_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|"
    "\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}";
inline constexpr const char* bailing_pattern =
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* seed_coder_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|"
    "\\s+(?!\\S)|\\s+";
inline constexpr const char* ufakzeka_pattern =
    "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
inline constexpr const char* exaone_moe_pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
inline constexpr const char* youtu_scripts =
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-"
    "\ufe4f]+|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
inline constexpr const char* youtu_pattern =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|"
    "'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|"
    "'m|'ll|'d)?|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
inline constexpr const char* afmoe_scripts =
    "[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e00-\u0e7f\u0e80-"
    "\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+";
inline constexpr const char* spark_pattern =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+|[\r\n]|\\s+(?!\\S)|\\s+";
inline constexpr const char* bloom_pattern = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
inline constexpr const char* threes_from_the_right = "\\d{1,3}(?=(?:\\d{3})*\\b)";

/// What a name of tokenizer.ggml.pre stands for.
struct GgufPreTokenizer {
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> steps;
  bool ignore_merges = false;
  bool add_bos = false;    // where the file does not say
  bool add_sep = false;    // Roberta's: special tokens around every text
  bool byte_level = true;  // false: the pieces are characters, spaces spelled U+2581 where `marks` says so
  bool marks = false;
};

/// The pre-tokenizer of that name, as the publisher's tokenizer.json has it (llama.cpp's llama-vocab.cpp lists the
/// names and quotes the patterns); nothing when it is not known. A file without a name has GPT-2's, as transformers
/// takes it.
HEADFORMER_COLD inline std::optional<GgufPreTokenizer> gguf_pre_tokenizer(std::string_view name) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  GgufPreTokenizer result;
  const auto nfc = [&] { result.normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfc}); };
  const auto split = [&](const std::string& pattern) { result.steps.push_back(isolating_split(pattern)); };
  const auto byte_level = [&](bool use_regex) { result.steps.push_back(byte_level_pre_tokenizer(false, use_regex)); };
  const auto splits = [&](std::initializer_list<const char*> patterns) {
    for (const char* pattern : patterns) split(pattern);
    byte_level(false);
  };
  const auto plain = [&](bool marks) {
    result.byte_level = false;
    result.marks = marks;
  };
  if (is_one_of({"", "default", "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "gigachat",
                 "a.x-4.0", "mellum", "exaone4", "jais", "trillion", "granite-docling"})) {
    byte_level(true);
  } else if (is_one_of({"jina-v1-en", "jina-v2-code", "roberta-bpe"})) {
    byte_level(true);
    result.add_sep = true;
  } else if (is_one_of({"mpt", "olmo", "modern-bert"})) {
    nfc();  // GPT-NeoX's
    byte_level(true);
  } else if (is_one_of({"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                        "jina-v5-nano"})) {
    splits({llama3_pattern});
    result.ignore_merges = result.add_bos = true;
  } else if (is_one_of({"dbrx", "smaug-bpe", "chatglm-bpe"})) {
    splits({llama3_pattern});
  } else if (is_one_of({"glm4", "glm5"})) {
    splits({llama3_pattern});
    result.ignore_merges = true;
  } else if (is_one_of({"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan"})) {
    nfc();
    splits({qwen2_pattern});
  } else if (is_one_of({"grok-2", "solar-open"})) {
    splits({qwen2_pattern});
  } else if (name == "laguna") {
    splits({"[^\\n]+|[\\n]+", qwen2_pattern});
  } else if (name == "qwen35") {
    nfc();
    splits({qwen35_pattern});
  } else if (name == "tekken") {
    splits({tekken_pattern});
    result.ignore_merges = result.add_bos = true;
  } else if (is_one_of({"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"})) {
    splits({gpt4o_pattern});
  } else if (name == "granite-embed-multi-97m") {
    splits({gpt4o_pattern});
    result.ignore_merges = true;
  } else if (is_one_of({"tiny_aya", "cohere2moe"})) {
    splits({threes_from_the_right, gpt4o_pattern});
  } else if (name == "kimi-k2") {
    splits({kimi_k2_pattern});
  } else if (name == "minicpm5") {
    splits({"\\p{N}{1,3}", minicpm5_pattern});
    result.ignore_merges = true;
  } else if (name == "jais-2") {
    splits({jais2_pattern});
  } else if (is_one_of({"bailingmoe", "bailingmoe2", "llada-moe"})) {
    splits({bailing_pattern});
  } else if (name == "seed-coder") {
    splits({seed_coder_pattern});
  } else if (name == "ufakzeka") {
    splits({ufakzeka_pattern});
  } else if (name == "exaone-moe") {
    splits({exaone_moe_pattern});
  } else if (name == "youtu") {
    splits({youtu_scripts, youtu_pattern});
    result.ignore_merges = true;
  } else if (name == "superbpe") {
    splits({"\\p{N}+", "(?=(\\d{3})+(?!\\d))"});
  } else if (is_one_of(
                 {"smollm", "starcoder", "refact", "codeshell", "command-r", "exaone", "minerva-7b", "mellum2"})) {
    if (name == "command-r") nfc();
    result.steps.push_back(DigitsPreTokenizer{true});
    byte_level(true);
  } else if (is_one_of({"bloom", "poro-chat", "gpt3-finnish"})) {
    splits({bloom_pattern});
  } else if (name == "viking") {
    splits({bloom_pattern, "\\p{N}"});
  } else if (name == "chameleon") {
    for (const char* pattern : {"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )",
                                "\\p{N}", "[\\p{P}!-/:-@\\[-`{-~]"})
      split(pattern);
    byte_level(true);
    result.add_bos = true;
  } else if (name == "falcon") {
    split("[\\p{P}!-/:-@\\[-`{-~]+");
    byte_level(true);
    result.steps.push_back(DigitsPreTokenizer{false});
    split("[0-9][0-9][0-9]");
  } else if (name == "deepseek-llm") {
    for (const char* pattern : {"[\r\n]", deep_seek_letters, deep_seek_punctuation, "\\s+$", deep_seek_han})
      split(pattern);
    result.steps.push_back(DigitsPreTokenizer{true});
    byte_level(false);
  } else if (name == "deepseek-coder") {
    for (const char* pattern : {"[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", deep_seek_han}) split(pattern);
    result.steps.push_back(DigitsPreTokenizer{true});
    byte_level(false);
  } else if (is_one_of({"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"})) {
    splits({"\\p{N}{1,3}", deep_seek3_han, deep_seek3_pattern});
  } else if (name == "spark2_5") {
    splits({"\\p{N}{1,3}", deep_seek3_han, spark_pattern, "\\p{N}"});
  } else if (name == "afmoe") {
    splits({threes_from_the_right, afmoe_scripts, deep_seek3_pattern});
  } else if (is_one_of({"gemma4", "granite-embed-multi-311m", "sarvam-moe"})) {
    plain(true);
  } else if (name == "whitespace") {
    plain(false);
    result.steps.push_back(WhitespaceSplitPreTokenizer{});
  } else {
    return std::nullopt;
  }
  return result;
}

}  // namespace headformer::detail
