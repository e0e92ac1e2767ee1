#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/models/bpe.hpp"
#include "headformer/preprocess/tokenizer/models/word_models.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"
#include "headformer/preprocess/tokenizer/readers/published_patterns.hpp"
#include "headformer/preprocess/tokenizer/steps/charsmap.hpp"
#include "headformer/preprocess/tokenizer/steps/decoders.hpp"
#include "headformer/preprocess/tokenizer/steps/normalizers.hpp"
#include "headformer/preprocess/tokenizer/steps/pre_tokenizers.hpp"

namespace headformer::detail {

/// The components of a tokenizer beside its vocabulary, merges, added tokens and post-processor.
struct PublishedComponents {
  const char* model = "BPE";  // the type of model that the class has
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  BpeOptions bpe;
  WordPieceModel::Options word_piece;
  /// Unigram's unknown piece: the place of unk_token with the score 0 if `unk_by_text`, else or where there is none
  /// this id.
  TokenId unk_id = 0;
  bool unk_by_text = false;
  std::vector<Decoder> decoders{JoinDecoder{}};
};

/// What a class is told: its configuration and what was found in the checkpoint.
struct ClassArguments {
  const JsonObject& config;  // tokenizer_config.json
  std::string unk_token;     // empty for none
  std::shared_ptr<const Charsmap> charsmap;

  bool flag(const char* key, bool fallback) const { return config.boolean_or(key, fallback); }
};

HEADFORMER_COLD inline MetaspacePreTokenizer metaspace(bool prefix, bool split = true) {
  using Prepend = MetaspacePreTokenizer::Prepend;
  return {"\u2581", prefix ? Prepend::always : Prepend::never, split};
}

/// BERT's classes.
HEADFORMER_COLD inline PublishedComponents word_piece_components(PublishedClass kind, const ClassArguments& arguments) {
  PublishedComponents parts;
  parts.model = "WordPiece";
  BertNormalizer normalizer{};
  normalizer.clean_text = kind == PublishedClass::funnel ? arguments.flag("clean_text", true) : true;
  normalizer.handle_chinese_chars = arguments.flag("tokenize_chinese_chars", true);
  normalizer.lowercase = arguments.flag("do_lower_case", true);
  normalizer.strip_accents = arguments.flag("strip_accents", normalizer.lowercase);
  parts.normalizers.push_back(normalizer);
  parts.pre_tokenizers.push_back(BertPreTokenizer{});
  parts.word_piece.unk_token = arguments.unk_token;
  const bool named = kind == PublishedClass::funnel;
  parts.decoders = {WordPieceDecoder{named ? arguments.config.string_or("wordpieces_prefix", "##") : "##", true}};
  return parts;
}

/// The classes with GPT-2's byte alphabet.
HEADFORMER_COLD inline PublishedComponents byte_level_components(PublishedClass kind, const ClassArguments& arguments) {
  using Class = PublishedClass;
  PublishedComponents parts;
  const bool prefix = arguments.flag("add_prefix_space", kind == Class::blenderbot);
  const bool qwen = kind == Class::qwen2 || kind == Class::qwen3_5;
  if (qwen || kind == Class::gpt_neox || kind == Class::cohere)
    parts.normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfc});
  if (qwen) parts.pre_tokenizers.push_back(isolating_split(kind == Class::qwen2 ? qwen2_pattern : qwen35_pattern));
  if (kind == Class::cohere) parts.pre_tokenizers.push_back(DigitsPreTokenizer{true});
  if (kind == Class::clip) {
    parts.normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfc});
    parts.normalizers.push_back(Replacement::of_regex("\\s+", " "));
    parts.normalizers.push_back(LowercaseNormalizer{});
    parts.pre_tokenizers.push_back(SplitPreTokenizer{Regex(clip_pattern), SplitBehavior::removed, true});
    parts.bpe.end_of_word_suffix = "</w>";
    parts.bpe.unk_token = arguments.unk_token;
  }
  parts.pre_tokenizers.push_back(byte_level_pre_tokenizer(prefix && kind != Class::clip, !qwen));
  parts.decoders = {ByteLevelDecoder{}};
  if (kind == Class::whisper) {
    parts.decoders.push_back(FuseDecoder{});
    parts.decoders.push_back(TimestampDecoder{});
  }
  if (kind == Class::clip) {
    parts.decoders.push_back(FuseDecoder{});
    parts.decoders.push_back(Replacement::of_text("</w>", " "));
    parts.decoders.push_back(TrimDecoder{});
  }
  return parts;
}

/// The classes with a unigram model of SentencePiece's.
HEADFORMER_COLD inline PublishedComponents unigram_components(PublishedClass kind, const ClassArguments& arguments) {
  using Class = PublishedClass;
  PublishedComponents parts;
  parts.model = "Unigram";
  std::vector<Normalizer>& normalizers = parts.normalizers;
  const auto replace_text = [&](const char* from, const char* to) {
    normalizers.push_back(Replacement::of_text(from, to));
  };
  const auto replace = [&](const char* from, const char* to) {
    normalizers.push_back(Replacement::of_regex(from, to));
  };
  const auto charsmap = [&] {
    if (arguments.charsmap) normalizers.push_back(PrecompiledNormalizer{arguments.charsmap});
  };
  bool white_space_split = false;
  bool prefix = arguments.flag("add_prefix_space", true);
  switch (kind) {
    case Class::albert:
    case Class::rembert:
      replace_text("``", "\"");
      replace_text("''", "\"");
      if (kind == Class::rembert) replace(" {2,}", " ");
      if (!arguments.flag("keep_accents", kind == Class::rembert)) {
        normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfkd});
        normalizers.push_back(StripAccentsNormalizer{});
      }
      if (arguments.flag("do_lower_case", kind == Class::albert)) normalizers.push_back(LowercaseNormalizer{});
      charsmap();
      white_space_split = kind == Class::albert;
      parts.unk_id = kind == Class::albert ? 1 : 2;
      break;
    case Class::deberta_v2:
    case Class::barthez:
      if (kind == Class::deberta_v2 && arguments.flag("do_lower_case", false))
        normalizers.push_back(LowercaseNormalizer{});
      replace("\\s{2,}|[\\n\\r\\t]", " ");
      normalizers.push_back(UnicodeNormalizer{unicode::NormalizationForm::nfc});
      normalizers.push_back(StripNormalizer{false, true});
      parts.unk_id = kind == Class::barthez
                         ? 3
                         : static_cast<TokenId>(arguments.config.integer_or("unk_id", 1, 0, Vocabulary::limit - 1));
      parts.unk_by_text = kind == Class::deberta_v2;
      if (kind == Class::deberta_v2 && arguments.flag("split_by_punct", false))
        parts.pre_tokenizers.push_back(PunctuationPreTokenizer{SplitBehavior::isolated});
      break;
    case Class::big_bird:
      replace(" {2,}", "\u2581");
      parts.unk_id = 100;
      parts.unk_by_text = true;
      break;
    case Class::pegasus:
      if (!arguments.charsmap) replace("\\n", " ");
      charsmap();
      replace(" {2,}", " ");
      parts.unk_by_text = prefix = true;
      break;
    case Class::xglm:
    case Class::mbart50:
      charsmap();
      replace(" {2,}", " ");
      parts.unk_id = 3;
      prefix = prefix || kind == Class::mbart50;
      break;
    case Class::mbart:
    case Class::t5:
      if (kind == Class::t5) charsmap();
      white_space_split = prefix = true;
      parts.unk_id = kind == Class::t5 ? 2 : 3;
      break;
    default:  // xlm_roberta, camembert
      charsmap();
      white_space_split = true;
      parts.unk_id = kind == Class::camembert ? 0 : 3;
      parts.unk_by_text = kind == Class::camembert;
  }
  if (white_space_split) parts.pre_tokenizers.push_back(WhitespaceSplitPreTokenizer{});
  MetaspacePreTokenizer step = metaspace(prefix);
  if (!prefix && kind == Class::deberta_v2) step.prepend = MetaspacePreTokenizer::Prepend::first;
  parts.decoders = {MetaspaceDecoder{step.replacement, step.prepend != MetaspacePreTokenizer::Prepend::never}};
  parts.pre_tokenizers.push_back(std::move(step));
  return parts;
}

/// The classes with byte pair encoding over characters.
HEADFORMER_COLD inline PublishedComponents character_components(PublishedClass kind, const ClassArguments& arguments) {
  using Class = PublishedClass;
  using Prepend = MetaspacePreTokenizer::Prepend;
  PublishedComponents parts;
  parts.bpe.fuse_unk = parts.bpe.byte_fallback = true;
  if (kind != Class::llama) parts.bpe.unk_token = arguments.unk_token;
  switch (kind) {
    case Class::llama:
    case Class::code_llama: {
      const bool prefix = arguments.flag("add_prefix_space", true);
      const bool legacy = kind == Class::llama && arguments.flag("legacy", false);
      const Prepend prepend = !prefix ? Prepend::never : legacy ? Prepend::always : Prepend::first;
      parts.pre_tokenizers.push_back(MetaspacePreTokenizer{"\u2581", prepend, false});
      parts.decoders = sentencepiece_decoders(prefix || kind == Class::code_llama);
      break;
    }
    case Class::gemma:
      // Its Split at spaces never cuts: the normaliser has left none.
      parts.normalizers.push_back(Replacement::of_text(" ", "\u2581"));
      parts.decoders = sentencepiece_decoders(false);
      break;
    case Class::nllb:
      parts.bpe.byte_fallback = false;
      if (arguments.charsmap) {
        parts.normalizers.push_back(PrecompiledNormalizer{arguments.charsmap});
        parts.normalizers.push_back(Replacement::of_regex(" {2,}", " "));
      }
      parts.pre_tokenizers.push_back(metaspace(true));
      parts.decoders = {MetaspaceDecoder{"\u2581", true}};
      break;
    default: {  // openai_gpt, herbert
      const bool lower = kind == Class::openai_gpt;
      parts.bpe.fuse_unk = parts.bpe.byte_fallback = false;
      parts.bpe.end_of_word_suffix = "</w>";
      parts.normalizers.push_back(BertNormalizer{true, true, lower, lower});
      parts.pre_tokenizers.push_back(BertPreTokenizer{});
      parts.decoders = {BpeDecoder{"</w>"}};
    }
  }
  return parts;
}

/// What a class puts around the vocabulary.
HEADFORMER_COLD inline PublishedComponents published_components(PublishedClass kind, const ClassArguments& arguments) {
  using Class = PublishedClass;
  switch (kind) {
    case Class::bert:
    case Class::mpnet:
    case Class::funnel:
      return word_piece_components(kind, arguments);
    case Class::llama:
    case Class::code_llama:
    case Class::gemma:
    case Class::nllb:
    case Class::openai_gpt:
    case Class::herbert:
      return character_components(kind, arguments);
    case Class::blenderbot:
    case Class::clip:
    case Class::code_gen:
    case Class::cohere:
    case Class::deberta:
    case Class::gpt2:
    case Class::gpt_neox:
    case Class::qwen2:
    case Class::qwen3_5:
    case Class::roberta:
    case Class::whisper:
      return byte_level_components(kind, arguments);
    default:
      return unigram_components(kind, arguments);
  }
}

/// What a class puts around texts, in words: roles (`cls`, `lang`) and texts ($A) with their types, for one text and
/// for two; `roberta` and `bert` are those processors. Empty where the file's counts; `bos/eos`: what add_bos_token and
/// add_eos_token ask for.
HEADFORMER_COLD inline std::string_view published_template(PublishedClass kind, const JsonObject& config) {
  using Class = PublishedClass;
  switch (kind) {
    case Class::albert:
    case Class::bert:
    case Class::big_bird:
    case Class::deberta_v2:
    case Class::rembert:
      return "cls:0 $A:0 sep:0 | cls:0 $A:0 sep:0 $B:1 sep:1";
    case Class::funnel:
      return "cls:2 $A:0 sep:0 | cls:2 $A:0 sep:0 $B:1 sep:1";
    case Class::deberta:
      return "cls:0 $A:0 sep:0 | cls:0 $A:0 sep:0 sep:0 $B:0 sep:0";
    case Class::xlm_roberta:
    case Class::camembert:
      return "bos:0 $A:0 eos:0 | bos:0 $A:0 eos:0 eos:0 $B:0 eos:0";
    case Class::t5:
      return "$A:0 eos:0 | $A:0 eos:0 $B:0 eos:0";
    case Class::pegasus:
      return "$A:0 eos:0 | $A:0 $B:0 eos:0";
    case Class::xglm:
      return "eos:0 $A:0 | eos:0 $A:0 eos:0 eos:0 $B:0";
    case Class::mbart:
      return "$A:0 eos:0 lang:0 | $A:0 $B:0 eos:0 lang:0";
    case Class::mbart50:
      return "lang:0 $A:0 eos:0 | lang:0 $A:0 $B:0 eos:0";
    case Class::marian:
      return "$A:0 eos:0 | $A:0 $B:0 eos:0";
    case Class::m2m_100:
      return "lang:0 $A:0 eos:0 | lang:0 $A:0 $B:0 eos:0";
    case Class::nllb:
      return config.boolean_or("legacy_behaviour", false) ? "$A:0 eos:0 lang:0 | $A:0 $B:0 eos:0 lang:0"
                                                          : "lang:0 $A:0 eos:0 | lang:0 $A:0 $B:0 eos:0";
    case Class::roberta:
    case Class::clip:
    case Class::mpnet:
      return "roberta";
    case Class::herbert:
      return "bert";
    case Class::gpt_neox:
      return "bos/eos";
    default:
      return {};
  }
}

}  // namespace headformer::detail
