#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/pipelines/embedding/multi_vector_format.hpp"
#include "headformer/pipelines/embedding/query_expansion.hpp"
#include "headformer/pipelines/embedding/scoring_mask.hpp"
#include "headformer/pipelines/embedding/sentence_config.hpp"

namespace headformer::detail {

/// What the folder of an embedder with a vector for each token says.
struct MultiVectorConfig {
  std::filesystem::path encoder;
  bool projects = false;                ///< by `linear.weight` among the encoder's tensors
  std::vector<SentenceModule> modules;  ///< over the vectors
  bool normalises = false;              ///< after all modules
  std::vector<ScoringMaskConfig> masks;
  RetrievalLengths lengths;
  Prompts prompts;
  std::vector<std::string> markers;  ///< prompts that begin with a token of the vocabulary, which shall be one
  bool mean = false;                 ///< scores are divided by the number of the query's vectors
};

/// Reads config_sentence_transformers.json as PyLate writes it: prefixes come before the prompts.
HEADFORMER_COLD inline void read_pylate(const JsonObject& json, MultiVectorConfig& config) {
  for (const auto& [key, role] : {std::pair("query_prefix", "query"), std::pair("document_prefix", "document")}) {
    if (!json.mentions(key)) continue;
    const std::string prefix = json.string_or(key, "");
    std::string& prompt = config.prompts.texts[role];
    prompt = prompt.starts_with(prefix) ? prompt : prefix + prompt;
    config.markers.push_back(prefix);
  }
}

HEADFORMER_COLD inline MultiVectorConfig read_stanford(const std::filesystem::path& folder) {
  const JsonFile file(folder_reader(folder), "artifact.metadata");
  const JsonObject json = file.object();
  MultiVectorConfig config;
  config.encoder = folder;
  config.projects = true;
  config.normalises = true;
  config.lengths.document = json.integer_or("doc_maxlen", 0, 1);
  config.lengths.expansion = {json.integer_or("query_maxlen", 32, 1, Index{1} << 20),
                              true,
                              json.boolean_or("attend_to_mask_tokens", false),
                              {}};
  if (json.boolean_or("mask_punctuation", true)) config.masks.push_back({.skipped = punctuation()});
  config.markers = {json.string_or("query_token_id", "[unused0]") + " ",
                    json.string_or("doc_token_id", "[unused1]") + " "};
  config.prompts.texts = {{"query", config.markers[0]}, {"document", config.markers[1]}};
  return config;
}

/// Throws ConfigError where the folder holds no such embedder.
HEADFORMER_COLD inline MultiVectorConfig read_multi_vector_config(const std::filesystem::path& folder) {
  const MultiVectorFormat format = multi_vector_format(folder);
  if (format == MultiVectorFormat::none)
    throw ConfigError(folder.string() + ": expected an embedder with a vector for each token, found none");
  if (format == MultiVectorFormat::stanford) return read_stanford(folder);

  const FileReader files = folder_reader(folder);
  std::vector<SentenceModule> modules = read_modules(folder, files);
  if (modules.empty() || modules.front().type != "Transformer")
    throw ConfigError(folder.string() + ": modules.json: expected Transformer first, found " +
                      (modules.empty() ? "no module" : detail::quoted(modules.front().type)));
  MultiVectorConfig config;
  config.encoder = modules.front().folder;
  for (auto module = modules.begin() + 1; module != modules.end(); ++module) {
    if (module->type == "Pooling") continue;  // makes one vector more of a text, which nobody asks for
    if (module->type == "MultiVectorMask") {
      config.masks.push_back(read_scoring_mask(JsonFile(folder_reader(module->folder), "config.json").object()));
    } else {
      config.modules.push_back(std::move(*module));
    }
  }
  const JsonFile file(files, "config_sentence_transformers.json");
  const JsonObject json = file.object();
  config.prompts = read_prompts(json);
  read_pylate(json, config);
  config.mean = json.string_or("similarity_fn_name", "") == "meanmaxsim";
  const JsonFile own(folder_reader(config.encoder), "sentence_bert_config.json");
  config.lengths = read_retrieval_lengths(own.object(), read_pylate_lengths(json));
  if (format == MultiVectorFormat::pylate) {
    config.masks.push_back({.skipped = json.has("skiplist_words") ? json.strings("skiplist_words") : punctuation()});
    config.normalises = true;
  }
  return config;
}

}  // namespace headformer::detail
