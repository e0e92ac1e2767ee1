#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"

namespace headformer::detail {

/// A module of modules.json.
struct SentenceModule {
  std::string type;  ///< the class without its package: "Pooling"
  std::filesystem::path folder;
};

/// What a sentence-transformers folder says beside its modules.
struct SentenceConfig {
  std::vector<SentenceModule> modules;
  std::map<std::string, std::string> prompts;
  std::string default_prompt;  ///< a name, or none
  Index dimensions = 0;        ///< of the vectors, the first so many; 0: all
  std::string similarity = "cosine";
};

/// Reads modules.json and config_sentence_transformers.json. Where there are no modules: an encoder and its mean.
HEADFORMER_COLD inline SentenceConfig read_sentence_config(const std::filesystem::path& folder,
                                                           const FileReader& files) {
  SentenceConfig config;
  // sentence-transformers has these two always, without a text unless the checkpoint has one.
  config.prompts = {{"query", ""}, {"document", ""}};
  if (const JsonFile file(files, "modules.json"); file.found) {
    const Json json{{"modules", file.json}};  // an array, but JsonObject reads objects
    for (const JsonObject& module : JsonObject(json, file.name).objects("modules")) {
      const std::string type = module.string("type");
      config.modules.push_back({type.substr(type.rfind('.') + 1), folder / module.string_or("path", "")});
    }
    if (config.modules.empty()) throw ConfigError(file.name + ": expected at least one module, found none");
  } else {
    config.modules = {{"Transformer", folder}, {"Pooling", {}}};
  }
  const JsonFile file(files, "config_sentence_transformers.json");
  const JsonObject object = file.object();
  if (object.has("prompts")) {
    const JsonObject prompts = object.object("prompts");
    for (const std::string& name : prompts.keys()) config.prompts[name] = prompts.string_or(name, "");
  }
  config.default_prompt = object.string_or("default_prompt_name", "");
  if (!config.default_prompt.empty() && !config.prompts.contains(config.default_prompt))
    object.fail("default_prompt_name", "the name of one of the prompts");
  config.dimensions = object.integer_or("truncate_dim", 0, 1);
  config.similarity = object.string_or("similarity_fn_name", "cosine");
  for (const char* known : {"cosine", "dot", "euclidean", "manhattan"})
    if (config.similarity == known) return config;
  object.fail("similarity_fn_name", "cosine, dot, euclidean or manhattan");
}

}  // namespace headformer::detail
