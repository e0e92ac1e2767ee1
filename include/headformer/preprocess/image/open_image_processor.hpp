#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/preprocess/image/image_processor.hpp"

namespace headformer {

/// The processor that a checkpoint's files describe: image_processor in processor_config.json, else
/// preprocessor_config.json. `name` stands for the checkpoint where there is neither. Throws IoError, FormatError,
/// ConfigError.
HEADFORMER_COLD inline ImageProcessor open_image_processor(const FileReader& files, const std::string& name) {
  const JsonFile whole(files, "processor_config.json");
  if (whole.object().has("image_processor")) return ImageProcessor(whole.object().object("image_processor"));
  const JsonFile own(files, "preprocessor_config.json");
  if (!own.found) throw IoError(name + ": expected a preprocessor_config.json, found none");
  return ImageProcessor(own.object());
}

/// The same of a Hugging Face folder.
HEADFORMER_COLD inline ImageProcessor open_image_processor(const std::filesystem::path& folder) {
  return open_image_processor(folder_reader(folder), folder.string());
}

}  // namespace headformer
