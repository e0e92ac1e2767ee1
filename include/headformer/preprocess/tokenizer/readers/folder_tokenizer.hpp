#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
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
#include "headformer/preprocess/tokenizer/readers/dictionary_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/readers/gguf_pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/readers/json_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"
#include "headformer/preprocess/tokenizer/readers/published_template.hpp"
#include "headformer/preprocess/tokenizer/readers/sentencepiece_tokenizer.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"
#include "headformer/preprocess/tokenizer/readers/vocabulary_files.hpp"

namespace headformer::detail {

/// Reads a checkpoint's tokenizer from whatever it brings; see Tokenizer::from_files.
class FolderTokenizer {
 public:
  /// `folder`, which may be empty, stands before the name of a file that is missing.
  FolderTokenizer(const FileReader& files, std::filesystem::path folder)
      : files_(&files), folder_(std::move(folder)), tokens_(files) {}

  /// nullptr where there is no file of a tokenizer.
  HEADFORMER_COLD std::shared_ptr<const Pipeline> find() {
    std::string named = TokenFiles::text_of(tokens_.config, "tokenizer_class");
    if (named.empty()) named = TokenFiles::text_of(tokens_.model_config, "tokenizer_class");
    kind_ = published_class(named, TokenFiles::text_of(tokens_.model_config, "model_type"), {});
    if (runs_in_python(kind_)) {
      const std::vector<std::string> own = dictionary_files(kind_, tokens_.config.object());
      const auto there = [&](const std::string& name) { return !(*files_)(name).name().empty(); };
      if (std::all_of(own.begin(), own.end(), there)) return read_own_dictionary();
      if (!there("tokenizer.json")) return nullptr;
    }
    if (!(*files_)("tokenizer.json").name().empty()) return read_json_tokenizer(*files_);
    const Bytes vocabulary = (*files_)("vocab.json");
    const Bytes merges = (*files_)("merges.txt");
    const Bytes lines = (*files_)("vocab.txt");
    if (!vocabulary.name().empty() && !merges.name().empty() && fits("BPE"))
      return read_merges_files(vocabulary, merges);
    if (!lines.name().empty() && fits("WordPiece")) return read_lines(lines);
    for (const char* name :
         {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "sentencepiece.model", "spm.model"})
      if (const Bytes file = (*files_)(name); !file.name().empty()) return read_model(file);
    for (const TiktokenName& known : tiktoken_names)
      if (const Bytes file = (*files_)(std::string(known.name)); !file.name().empty())
        return read_tiktoken(file, known.pre_tokenizer);
    return nullptr;
  }

  /// Throws FormatError where there is no file of a tokenizer.
  HEADFORMER_COLD std::shared_ptr<const Pipeline> read() {
    if (std::shared_ptr<const Pipeline> found = find()) return found;
    if (runs_in_python(kind_)) {
      std::string names;
      for (const std::string& name : dictionary_files(kind_, tokens_.config.object()))
        names += (names.empty() ? "" : ", ") + name;
      throw FormatError((folder_ / "tokenizer_config.json").string() + ": expected the files of its class beside it, " +
                        names + ", found not all");
    }
    throw FormatError((folder_ / "tokenizer.json").string() +
                      ": expected this file in the checkpoint, or vocab.json with merges.txt, vocab.txt, a "
                      "SentencePiece .model or a .tiktoken, found none");
  }

 private:
  struct TiktokenName {
    std::string_view name, pre_tokenizer;  // as GGUF files name it
  };
  static constexpr TiktokenName tiktoken_names[] = {
      {"tiktoken.model", "llama3"},       {"tokenizer.tiktoken", "llama3"},  {"qwen.tiktoken", "qwen2"},
      {"cl100k_base.tiktoken", "llama3"}, {"o200k_base.tiktoken", "gpt-4o"}, {"gpt2.tiktoken", "gpt-2"},
      {"r50k_base.tiktoken", "gpt-2"},    {"p50k_base.tiktoken", "gpt-2"},   {"vocab.tiktoken", "llama3"},
      {"multilingual.tiktoken", "gpt-2"},
  };

  /// Whether the class, if there is one, has this type of model.
  bool fits(std::string_view type) const {
    return kind_ == PublishedClass::as_written ||
           published_components(kind_, {tokens_.config.object(), "", nullptr}).model == type;
  }

  /// The components of the class, or of another where the checkpoint names none.
  PublishedComponents components(PublishedClass usual, const std::shared_ptr<const Charsmap>& charsmap) {
    if (kind_ == PublishedClass::as_written) kind_ = usual;
    specials_.emplace(tokens_.config, tokens_.map, kind_);
    const AddedToken* unk = specials_->find("unk_token");
    unk_token_ = unk == nullptr ? "None" : unk->content;
    return published_components(kind_, {tokens_.config.object(), unk_token_, charsmap});
  }

  std::shared_ptr<const Pipeline> read_merges_files(const Bytes& vocabulary_file, const Bytes& merges_file) {
    PublishedComponents parts = components(PublishedClass::gpt2, nullptr);
    Vocabulary vocabulary = read_vocabulary_json(vocabulary_file);
    MergeTable merges = read_merge_lines(merges_file, vocabulary);
    Model model(BpeModel(std::move(vocabulary), std::move(merges), parts.bpe));
    return assemble(std::move(model), std::move(parts));
  }

  std::shared_ptr<const Pipeline> read_lines(const Bytes& file) {
    PublishedComponents parts = components(PublishedClass::bert, nullptr);
    Model model(WordPieceModel(read_vocabulary_lines(file), parts.word_piece));
    return assemble(std::move(model), std::move(parts));
  }

  std::shared_ptr<const Pipeline> read_model(const Bytes& file) {
    // Some checkpoints call tiktoken's file tokenizer.model; base64 is no protocol buffer.
    if (file.text().substr(0, 4096).find_first_not_of(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= "
            "\r\n") == std::string_view::npos)
      return read_tiktoken(file, "llama3");
    const SentencePieceModel model = SentencePieceModel::parse(file);
    std::shared_ptr<const Charsmap> charsmap;
    if (!model.charsmap.empty())
      charsmap = precompiled_normalizer(model.charsmap, file.name() + ": normalizer_spec.precompiled_charsmap").map;
    const std::vector<AddedToken> added = sentencepiece_added_tokens(model);
    if (kind_ != PublishedClass::as_written) {
      PublishedComponents parts = components(kind_, charsmap);
      const std::vector<ScoredPiece> pieces = class_pieces(model, kind_, *specials_, tokens_.config.object());
      Model built = sentencepiece_model(model, pieces, parts, unk_token_, -1, false, file.name());
      return assemble(std::move(built), std::move(parts), added);
    }
    specials_.emplace(tokens_.config, tokens_.map, kind_);
    const auto name_token = [&](const char* role, std::int32_t id, const std::string& piece) {
      if (id >= 0) specials_->set_default(role, piece);
    };
    name_token("bos_token", model.bos_id, model.bos_piece);
    name_token("eos_token", model.eos_id, model.eos_piece);
    name_token("unk_token", model.unk_id, model.unk_piece);
    PublishedComponents parts = plain_sentencepiece_components(model, charsmap);
    const std::vector<ScoredPiece> pieces = class_pieces(model, kind_, *specials_, tokens_.config.object());
    if (model.unk_id < 0) throw FormatError(file.name() + ": trainer_spec.unk_id: expected one of a piece, found -1");
    Model built = sentencepiece_model(model, pieces, parts, unk_token_, model.unk_id, model.byte_fallback, file.name());
    return assemble(std::move(built), std::move(parts), added);
  }

  std::shared_ptr<const Pipeline> read_own_dictionary() {
    specials_.emplace(tokens_.config, tokens_.map, kind_);
    DictionaryParts parts = read_dictionary(*files_, kind_, *specials_, tokens_.config.object());
    const std::shared_ptr<Pipeline> pipeline = assembled(std::move(parts.model), std::move(parts.components));
    pipeline->target = std::move(parts.target);
    pipeline->leading_code = std::move(parts.leading_code);
    pipeline->finish();
    return pipeline;
  }

  std::shared_ptr<const Pipeline> read_tiktoken(const Bytes& file, std::string_view pre_tokenizer) {
    kind_ = PublishedClass::as_written;
    specials_.emplace(tokens_.config, tokens_.map, kind_);
    Vocabulary vocabulary = read_tiktoken_vocabulary(file);
    MergeTable merges = tiktoken_merges(vocabulary);
    PublishedComponents parts;
    parts.bpe.ignore_merges = true;
    std::optional<GgufPreTokenizer> pre = gguf_pre_tokenizer(pre_tokenizer);
    parts.normalizers = std::move(pre->normalizers);
    parts.pre_tokenizers = std::move(pre->steps);
    parts.decoders = {ByteLevelDecoder{}};
    // Added tokens past the ranks; transformers fills the gaps between them.
    std::vector<AddedToken> added;
    std::vector<std::pair<Index, std::string>> listed;
    for (const auto& [id, token] : listed_added_tokens(tokens_, *specials_)) listed.emplace_back(id, token.content);
    const auto size = static_cast<Index>(vocabulary.count());
    if (!listed.empty() && listed.back().first >= static_cast<Index>(Vocabulary::limit))
      tokens_.config.object().fail("added_tokens_decoder", "ids below " + std::to_string(Vocabulary::limit));
    auto at = listed.begin();
    for (Index id = size; !listed.empty() && id <= listed.back().first; ++id) {
      while (at->first < id) ++at;
      added.push_back(
          plain_special_token(at->first == id ? at->second : "<|reserved_token_" + std::to_string(id) + "|>"));
    }
    Model model(BpeModel(std::move(vocabulary), std::move(merges), parts.bpe));
    return assemble(std::move(model), std::move(parts), added, true);
  }

  /// `added_first`: before the tokens that the configuration lists.
  std::shared_ptr<const Pipeline> assemble(Model model, PublishedComponents parts, std::vector<AddedToken> added = {},
                                           bool added_first = false) {
    const std::shared_ptr<Pipeline> pipeline =
        assembled(std::move(model), std::move(parts), std::move(added), added_first);
    pipeline->finish();
    return pipeline;
  }
  /// Not yet finished.
  std::shared_ptr<Pipeline> assembled(Model model, PublishedComponents parts, std::vector<AddedToken> added = {},
                                      bool added_first = false) {
    auto pipeline = std::make_shared<Pipeline>(std::move(model));
    pipeline->normalizers = std::move(parts.normalizers);
    pipeline->pre_tokenizers = std::move(parts.pre_tokenizers);
    pipeline->decoders = std::move(parts.decoders);
    const JsonObject config = tokens_.config.object();
    const std::map<Index, AddedToken> listed = listed_added_tokens(tokens_, *specials_);
    const auto add_more = [&] {
      for (AddedToken& token : added) {
        const auto same = [&](const auto& entry) { return entry.second.content == token.content; };
        if (std::any_of(listed.begin(), listed.end(), same)) continue;
        token.special = token.special || specials_->names(token.content);
        pipeline->added.add(std::move(token), pipeline->model.vocabulary(), pipeline->normalizer());
      }
    };
    if (added_first) add_more();
    add_tokens(*pipeline, tokens_, *specials_, kind_);
    if (!added_first) add_more();
    find_roles(*pipeline, *specials_);
    const bool code_llama = kind_ == PublishedClass::code_llama;
    const AroundText around{config.boolean_or("add_bos_token", code_llama), config.boolean_or("add_eos_token", false)};
    put_published_template(*pipeline, kind_, config, *specials_, !added_first || around.bos || around.eos, around);
    add_clean_up(*pipeline, config);
    return pipeline;
  }

  const FileReader* files_;
  std::filesystem::path folder_;
  TokenFiles tokens_;
  PublishedClass kind_ = PublishedClass::as_written;
  std::optional<SpecialTokens> specials_;
  std::string unk_token_;
};

}  // namespace headformer::detail
