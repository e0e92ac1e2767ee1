#pragma once

#include <filesystem>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"

namespace headformer::detail {

/// Who saved an embedder with a vector for each token: sentence-transformers; PyLate up to version 3, which leaves
/// masking and normalising out of modules.json; Stanford's ColBERT, one class with a projection beside the encoder.
enum class MultiVectorFormat { none, modules, pylate, stanford };

HEADFORMER_COLD inline MultiVectorFormat multi_vector_format(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return MultiVectorFormat::none;
  const FileReader files = folder_reader(folder);
  const JsonFile file(files, "config_sentence_transformers.json");
  const JsonObject config = file.object();
  const std::string type = config.string_or("model_type", "");
  if (type == "MultiVectorEncoder") return MultiVectorFormat::modules;
  if (type == "ColBERT") return MultiVectorFormat::pylate;
  const bool modules = JsonFile(files, "modules.json").found;
  const JsonFile encoder(files, "config.json");
  if (type.empty() && encoder.object().has("architectures")) {
    for (const std::string& name : encoder.object().strings("architectures"))
      if (name == "HF_ColBERT") return modules ? MultiVectorFormat::modules : MultiVectorFormat::stanford;
  }
  // PyLate's first files are of no type.
  const bool pylate = config.mentions("query_prefix") || config.mentions("document_prefix");
  return modules && pylate && (type.empty() || type == "SentenceTransformer") ? MultiVectorFormat::pylate
                                                                              : MultiVectorFormat::none;
}

}  // namespace headformer::detail
