#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/pipelines/embedding/multi_vector_format.hpp"
#include "headformer/pipelines/embedding/prompts.hpp"

namespace headformer::detail {

/// A module of modules.json.
struct SentenceModule {
  std::string type;  ///< the class without its package: "Pooling"
  std::filesystem::path folder;
};

/// What a sentence-transformers folder says.
struct SentenceConfig {
  /// The modules by what a text is ("query", "document"), where that decides; otherwise of "" alone.
  std::map<std::string, std::vector<SentenceModule>> routes;
  std::string default_route;  ///< of a text that is neither; none: there must be one
  Prompts prompts;
  Index dimensions = 0;  ///< of the vectors, the first so many; 0: all
  std::string similarity = "cosine";
};

/// The class of a type without its package.
inline std::string class_of(const std::string& type) { return type.substr(type.rfind('.') + 1); }

/// Puts the routes of a Router's folder, each with the modules that come after it, into the config.
HEADFORMER_COLD inline void read_router(const std::filesystem::path& folder, const std::vector<SentenceModule>& after,
                                        SentenceConfig& config) {
  const FileReader files = folder_reader(folder);
  JsonFile file(files, "router_config.json");
  if (!file.found) file = JsonFile(files, "config.json");
  const JsonObject types = file.object().object("types");
  const JsonObject structure = file.object().object("structure");
  for (const std::string& route : structure.keys()) {
    std::vector<SentenceModule>& modules = config.routes[route];
    for (const std::string& id : structure.strings(route)) modules.push_back({class_of(types.string(id)), folder / id});
    modules.insert(modules.end(), after.begin(), after.end());
  }
  if (file.object().has("parameters"))
    config.default_route = file.object().object("parameters").string_or("default_route", "");
}

/// Reads modules.json; none where there is no such file.
HEADFORMER_COLD inline std::vector<SentenceModule> read_modules(const std::filesystem::path& folder,
                                                                const FileReader& files) {
  const JsonFile file(files, "modules.json");
  if (!file.found) return {};
  const Json json{{"modules", file.json}};  // an array, but JsonObject reads objects
  std::vector<SentenceModule> modules;
  for (const JsonObject& module : JsonObject(json, file.name).objects("modules"))
    modules.push_back({class_of(module.string("type")), folder / module.string_or("path", "")});
  if (modules.empty()) throw ConfigError(file.name + ": expected at least one module, found none");
  return modules;
}

/// Reads modules.json, what a Router names, and config_sentence_transformers.json.
HEADFORMER_COLD inline SentenceConfig read_sentence_config(const std::filesystem::path& folder) {
  SentenceConfig config;
  if (!std::filesystem::is_directory(folder)) {  // a GGUF file, or what cannot be opened
    config.routes[""] = {{"Transformer", folder}, {"Pooling", {}}};
    return config;
  }
  if (multi_vector_format(folder) != MultiVectorFormat::none)
    throw ConfigError(folder.string() + ": expected an embedder with one vector for a text, found one with a vector " +
                      "for each token (MultiVectorEmbedder)");
  const FileReader files = folder_reader(folder);
  std::vector<SentenceModule> modules = read_modules(folder, files);
  if (modules.empty()) modules = {{"Transformer", folder}, {"Pooling", {}}};  // an encoder and the mean of its tokens
  if (modules.front().type == "Router" || modules.front().type == "Asym") {
    read_router(modules.front().folder, {modules.begin() + 1, modules.end()}, config);
  } else {
    config.routes[""] = std::move(modules);
  }
  const JsonFile file(files, "config_sentence_transformers.json");
  const JsonObject object = file.object();
  config.prompts = read_prompts(object);
  config.dimensions = object.integer_or("truncate_dim", 0, 1);
  config.similarity = object.string_or("similarity_fn_name", "cosine");
  for (const char* known : {"cosine", "dot", "euclidean", "manhattan"})
    if (config.similarity == known) return config;
  object.fail("similarity_fn_name", "cosine, dot, euclidean or manhattan");
}

}  // namespace headformer::detail
