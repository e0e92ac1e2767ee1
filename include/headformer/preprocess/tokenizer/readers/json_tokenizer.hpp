#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/base64.hpp"
#include "headformer/preprocess/tokenizer/readers/json_decoders.hpp"
#include "headformer/preprocess/tokenizer/readers/json_models.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/readers/json_post_processors.hpp"
#include "headformer/preprocess/tokenizer/readers/json_pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"
#include "headformer/preprocess/tokenizer/readers/published_template.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"

namespace headformer::detail {

/// The file's model inside the flags of a class.
HEADFORMER_COLD inline Model read_published_model(const JsonObject& model, const PublishedComponents& parts,
                                                  const std::string& unk_token) {
  if (model_type(model) != parts.model) fail_component(model, parts.model);
  const std::string_view type = parts.model;
  if (type == "BPE") {
    Vocabulary vocabulary = read_vocabulary(model);
    MergeTable merges = read_merges(model, vocabulary, parts.bpe.continuing_subword_prefix);
    return Model(BpeModel(std::move(vocabulary), std::move(merges), parts.bpe));
  }
  if (type == "WordPiece") return Model(WordPieceModel(read_vocabulary(model), parts.word_piece));
  UnigramPieces pieces = read_unigram_pieces(model);
  TokenId unk = parts.unk_id;
  if (parts.unk_by_text) {
    const TokenId found = pieces.vocabulary.find(unk_token);
    if (found != Vocabulary::none && pieces.scores[static_cast<std::size_t>(found)] == 0) unk = found;
  }
  if (static_cast<std::size_t>(unk) >= pieces.scores.size())
    model.fail("vocab", "a piece " + std::to_string(unk) + " for what is unknown");
  return Model(UnigramModel(std::move(pieces.vocabulary), std::move(pieces.scores), unk, false));
}

/// The first precompiled character map among a file's normalisers, which some classes take over.
HEADFORMER_COLD inline std::shared_ptr<const Charsmap> find_charsmap(const JsonObject& file) {
  if (!file.has("normalizer")) return nullptr;
  const JsonObject normalizer = file.object("normalizer");
  std::vector<JsonObject> steps{normalizer};
  if (normalizer.string_or("type", "") == "Sequence") steps = normalizer.objects("normalizers");
  for (const JsonObject& step : steps) {
    if (step.string_or("type", "") != "Precompiled" || !step.has("precompiled_charsmap")) continue;
    const std::optional<std::string> blob = decode_base64(step.string("precompiled_charsmap"));
    if (!blob) step.fail("precompiled_charsmap", "base64");
    return precompiled_normalizer(*blob, step.file() + ": " + step.path_of("precompiled_charsmap")).map;
  }
  return nullptr;
}

/// Throws FormatError where a post-processor names an id that no token has.
HEADFORMER_COLD inline void check_post_processor(const Pipeline& pipeline, const JsonObject& file) {
  const auto check = [&](TokenId id) {
    if (static_cast<std::size_t>(id) >= pipeline.size())
      file.object("post_processor").fail("type", "token ids of the vocabulary in it");
  };
  for (const PostStep& step : pipeline.post_processor.steps) {
    if (const auto* around = std::get_if<AroundStep>(&step)) {
      check(around->cls);
      check(around->sep);
    }
    if (const auto* items = std::get_if<TemplateStep>(&step))
      for (const auto* list : {&items->single, &items->pair})
        for (const TemplateItem& item : *list)
          for (const TokenId id : item.ids) check(id);
  }
}

/// The named special tokens' ids.
HEADFORMER_COLD inline void find_roles(Pipeline& pipeline, const SpecialTokens& specials) {
  const auto id_of = [&](const char* name) -> std::optional<TokenId> {
    const AddedToken* token = specials.find(name);
    if (token == nullptr) return std::nullopt;
    const TokenId id = pipeline.added.find(token->content);
    return id == Vocabulary::none ? std::nullopt : std::optional(id);
  };
  pipeline.bos = id_of("bos_token");
  pipeline.eos = id_of("eos_token");
  pipeline.unk = id_of("unk_token");
  pipeline.pad = id_of("pad_token");
  pipeline.cls = id_of("cls_token");
  pipeline.mask = id_of("mask_token");
}

/// transformers' clean-up of decoded text where the configuration asks for it; it leaves BPE alone.
HEADFORMER_COLD inline void add_clean_up(Pipeline& pipeline, const JsonObject& config) {
  if (!config.boolean_or("clean_up_tokenization_spaces", false)) return;
  if (pipeline.model.bpe() != nullptr &&
      !config.boolean_or("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", false))
    return;
  const std::size_t own = pipeline.decoders.size();
  pipeline.decoders.push_back(FuseDecoder{});
  for (const auto& [from, to] : cleanup_steps)
    if (from != " do not") pipeline.decoders.push_back(Replacement::of_text(std::string(from), std::string(to)));
  pipeline.clean_up_steps = pipeline.decoders.size() - own;
}

HEADFORMER_COLD inline std::shared_ptr<const Pipeline> read_json_tokenizer(const FileReader& files) {
  const Bytes bytes = files("tokenizer.json");
  const Json json = parse_json(bytes);
  const JsonObject file(json, bytes.name());
  TokenFiles token_files(files);
  token_files.file = &file;
  const JsonObject config = token_files.config.object();

  std::string named = TokenFiles::text_of(token_files.config, "tokenizer_class");
  if (named.empty()) named = TokenFiles::text_of(token_files.model_config, "tokenizer_class");
  PublishedClass kind =
      published_class(named, TokenFiles::text_of(token_files.model_config, "model_type"), bytes.text());
  if (runs_in_python(kind)) kind = PublishedClass::as_written;  // its own files are not there
  const SpecialTokens specials(token_files.config, token_files.map, kind);
  const JsonObject model = file.object("model");

  std::shared_ptr<Pipeline> pipeline;
  if (kind == PublishedClass::as_written) {
    pipeline = std::make_shared<Pipeline>(read_model(model));
    if (file.has("normalizer")) read_normalizer(file.object("normalizer"), pipeline->normalizers);
    if (file.has("pre_tokenizer")) read_pre_tokenizer(file.object("pre_tokenizer"), pipeline->pre_tokenizers);
    if (file.has("decoder")) {
      pipeline->decoders.clear();
      read_decoder(file.object("decoder"), pipeline->decoders);
    }
  } else {
    const AddedToken* unk = specials.find("unk_token");
    const ClassArguments arguments{config, unk == nullptr ? "None" : unk->content, find_charsmap(file)};
    PublishedComponents parts = published_components(kind, arguments);
    pipeline = std::make_shared<Pipeline>(read_published_model(model, parts, arguments.unk_token));
    pipeline->normalizers = std::move(parts.normalizers);
    pipeline->pre_tokenizers = std::move(parts.pre_tokenizers);
    pipeline->decoders = std::move(parts.decoders);
  }
  if (file.has("post_processor")) read_post_processor(file.object("post_processor"), pipeline->post_processor.steps);
  add_tokens(*pipeline, token_files, specials, kind);
  put_published_template(*pipeline, kind, config, specials, !file.has("post_processor"), {});
  check_post_processor(*pipeline, file);
  find_roles(*pipeline, specials);
  add_clean_up(*pipeline, config);
  pipeline->finish();
  return pipeline;
}

}  // namespace headformer::detail
