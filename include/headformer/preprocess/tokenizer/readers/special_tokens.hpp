#pragma once

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"

namespace headformer::detail {

/// The files of a checkpoint that name tokens beside its vocabulary.
struct TokenFiles {
  JsonFile config;                   // tokenizer_config.json
  JsonFile map;                      // special_tokens_map.json
  JsonFile added;                    // added_tokens.json
  JsonFile model_config;             // config.json
  const JsonObject* file = nullptr;  // tokenizer.json; nullptr where there is none

  explicit TokenFiles(const FileReader& files)
      : config(files, "tokenizer_config.json"),
        map(files, "special_tokens_map.json"),
        added(files, "added_tokens.json"),
        model_config(files, "config.json") {}

  /// A text of tokenizer_config.json; empty where there is none.
  HEADFORMER_COLD static std::string text_of(const JsonFile& from, const char* key) {
    const Json* value = from.object().find(key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  }
};

/// An added token as it is written in tokenizer.json, in added_tokens_decoder and in special_tokens_map.json.
HEADFORMER_COLD inline AddedToken read_added_token(const JsonObject& at, bool special) {
  AddedToken token;
  token.content = at.string("content");
  token.special = at.boolean_or("special", special);
  token.single_word = at.boolean_or("single_word", false);
  token.lstrip = at.boolean_or("lstrip", false);
  token.rstrip = at.boolean_or("rstrip", false);
  token.normalized = at.boolean_or("normalized", !token.special);
  return token;
}

/// What a special token is when only its text is known.
HEADFORMER_COLD inline AddedToken plain_special_token(std::string content) {
  AddedToken token;
  token.content = std::move(content);
  token.special = true;
  token.normalized = false;
  return token;
}

/// Special tokens that a class has beside the named ones.
HEADFORMER_COLD inline std::vector<std::string> default_extra_tokens(PublishedClass kind, const JsonObject& config) {
  using Class = PublishedClass;
  std::vector<std::string> tokens;
  if (kind == Class::t5)
    for (Index i = 0; i < config.integer_or("extra_ids", 100, 0, 1 << 16); ++i)
      tokens.push_back("<extra_id_" + std::to_string(i) + ">");
  if (kind == Class::xglm)
    for (int i = 0; i < 7; ++i) tokens.push_back("<madeupword" + std::to_string(i) + ">");
  if (kind == Class::pegasus) {
    const Json* sentence_mask = config.find("mask_token_sent");
    if (sentence_mask == nullptr || !sentence_mask->is_null())
      tokens.push_back(config.string_or("mask_token_sent", "<mask_1>"));
    for (Index i = 2; i < config.integer_or("offset", 103, 0, 1 << 16); ++i)
      tokens.push_back("<unk_" + std::to_string(i) + ">");
  }
  if (kind == Class::camembert) tokens = {"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"};
  const auto languages = [&](std::string_view codes) {
    for (; !codes.empty(); codes.remove_prefix(6)) tokens.emplace_back(codes.substr(0, 5));
  };
  if (kind == Class::mbart || kind == Class::mbart50) languages(mbart_languages);
  if (kind == Class::mbart50) languages(mbart50_languages);
  return tokens;
}

/// The special tokens that the files of a checkpoint name, as transformers 5.23 collects them: from
/// tokenizer_config.json and, where that lists no added tokens, from special_tokens_map.json over it.
class SpecialTokens {
 public:
  SpecialTokens(const JsonFile& config, const JsonFile& map, PublishedClass kind) {
    for (auto& [name, text] : default_special_tokens(kind)) {
      named_[name] = plain_special_token(text);
      plain_.insert(name);
    }
    read(config.object());
    if (!config.object().has("added_tokens_decoder")) read(map.object());
    if (extra_.empty())
      for (const std::string& text : default_extra_tokens(kind, config.object()))
        extra_.push_back(plain_special_token(text));
    for (auto& [name, token] : named_)
      if (token && plain_.contains(name)) token = class_token(kind, name, std::move(*token));
  }

  /// nullptr when there is none of this name ("bos_token").
  const AddedToken* find(const std::string& name) const {
    const auto at = named_.find(name);
    return at == named_.end() || !at->second ? nullptr : &*at->second;
  }
  /// Names one where the checkpoint does not.
  void set_default(const char* name, const std::string& content) {
    named_.try_emplace(name, plain_special_token(content));
  }
  bool names(const std::string& content) const {
    return std::any_of(named_.begin(), named_.end(),
                       [&](const auto& entry) { return entry.second && entry.second->content == content; });
  }
  /// Named ones in the reference's order, then the extra ones.
  HEADFORMER_COLD std::vector<AddedToken> all() const {
    static constexpr const char* order[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                            "pad_token", "cls_token", "mask_token"};
    std::vector<AddedToken> result;
    for (const char* name : order)
      if (const AddedToken* token = find(name)) result.push_back(*token);
    for (const auto& [name, token] : named_)
      if (token && std::find(std::begin(order), std::end(order), name) == std::end(order)) result.push_back(*token);
    result.insert(result.end(), extra_.begin(), extra_.end());
    return result;
  }

 private:
  HEADFORMER_COLD static std::optional<AddedToken> token_of(const JsonObject& at, const std::string& key) {
    const Json* value = at.find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return plain_special_token(value->get<std::string>());
    return read_added_token(at.object(key), true);
  }
  void name(const std::string& key, std::optional<AddedToken> token, bool plain) {
    named_[key] = std::move(token);
    plain ? static_cast<void>(plain_.insert(key)) : static_cast<void>(plain_.erase(key));
  }
  /// Some classes give tokens of which only the text is known flags of their own.
  static AddedToken class_token(PublishedClass kind, std::string_view name, AddedToken token) {
    using Class = PublishedClass;
    const bool strips = kind == Class::mpnet || kind == Class::big_bird || kind == Class::mbart ||
                        kind == Class::mbart50 || kind == Class::barthez || kind == Class::camembert ||
                        kind == Class::blenderbot || kind == Class::nllb;
    if (name == "mask_token" && strips) {
      token.lstrip = true;
      token.normalized = kind == Class::nllb;
    }
    return token;
  }

  HEADFORMER_COLD void read(const JsonObject& at) {
    for (const auto& [key, value] : at.json().items()) {
      if (key.ends_with("_token") && (value.is_null() || value.is_string() || value.is_object()))
        name(key, token_of(at, key), value.is_string());
    }
    for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
      const Json* value = at.find(key);
      if (value == nullptr) continue;
      if (value->is_object()) {
        for (const auto& [name, token] : value->items())
          if (token.is_string() || token.is_object()) named_[name] = token_of(at.object(key), name);
      } else if (value->is_array() && !value->empty()) {
        extra_.clear();
        std::size_t i = 0;
        for (const Json& token : *value) {
          const std::string path = at.path_of(key) + "[" + std::to_string(i++) + "]";
          if (token.is_string()) {
            extra_.push_back(plain_special_token(token.get<std::string>()));
          } else {
            extra_.push_back(read_added_token(JsonObject(token, at.file(), path), true));
          }
        }
      }
    }
  }

  std::map<std::string, std::optional<AddedToken>> named_;
  std::set<std::string> plain_;  // named by their texts only
  std::vector<AddedToken> extra_;
};

/// The tokens of tokenizer_config.json's added_tokens_decoder, else of added_tokens.json and tokenizer.json, by id.
HEADFORMER_COLD inline std::map<Index, AddedToken> listed_added_tokens(const TokenFiles& files,
                                                                       const SpecialTokens& specials) {
  std::map<Index, AddedToken> result;
  const JsonObject config = files.config.object();
  if (config.has("added_tokens_decoder")) {
    const JsonObject listed = config.object("added_tokens_decoder");
    for (const std::string& key : listed.keys()) {
      const bool number = !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string::npos;
      if (!number) config.fail("added_tokens_decoder", "an object whose keys are token ids");
      result[std::stoll(key)] = read_added_token(listed.object(key), false);
    }
    return result;
  }
  const JsonObject added = files.added.object();
  for (const std::string& text : added.keys()) {
    AddedToken token;
    token.content = text;
    token.special = specials.names(text);
    token.normalized = !token.special;
    result[added.integer(text, 0, static_cast<Index>(Vocabulary::limit) - 1)] = std::move(token);
  }
  if (files.file != nullptr && files.file->has("added_tokens")) {
    for (const JsonObject& token : files.file->objects("added_tokens"))
      result[token.integer("id", 0, JsonObject::most)] = read_added_token(token, false);
  }
  return result;
}

/// Adds tokens in the order and with the flags that transformers ends with.
HEADFORMER_COLD inline void add_tokens(Pipeline& pipeline, const TokenFiles& files, const SpecialTokens& specials,
                                       PublishedClass kind) {
  const AddedTokens::Normalize normalize = pipeline.normalizer();
  const Vocabulary& vocabulary = pipeline.model.vocabulary();
  const auto add = [&](AddedToken token) { pipeline.added.add(std::move(token), vocabulary, normalize); };
  const JsonObject* file = files.file;
  if (kind == PublishedClass::as_written && file != nullptr && file->has("added_tokens"))
    for (const JsonObject& token : file->objects("added_tokens")) add(read_added_token(token, false));
  for (auto& [id, token] : listed_added_tokens(files, specials)) {
    token.special = token.special || specials.names(token.content);
    token.normalized = token.normalized && !runs_in_python(kind);  // Python looks at the text as it came
    add(std::move(token));
  }
  for (AddedToken token : specials.all()) {
    token.normalized = token.normalized && !runs_in_python(kind);
    if (pipeline.added.find(token.content) == Vocabulary::none) {
      add(token);
    } else if (kind == PublishedClass::qwen2 || kind == PublishedClass::cohere || kind == PublishedClass::rembert) {
      add(plain_special_token(token.content));  // these classes add all of their special tokens once more
    }
  }
  pipeline.added.split_special_tokens(files.config.object().boolean_or("split_special_tokens", false));
}

}  // namespace headformer::detail
