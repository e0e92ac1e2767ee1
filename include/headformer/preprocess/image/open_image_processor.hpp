#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "headformer/core/cold.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/image/image_processor.hpp"

namespace headformer {

/// The processor of a Hugging Face folder, by its preprocessor_config.json. Throws IoError, FormatError, ConfigError.
HEADFORMER_COLD inline ImageProcessor open_image_processor(const std::filesystem::path& folder) {
  const Bytes file = Bytes::map(folder / "preprocessor_config.json");
  const Json json = parse_json(file);
  return ImageProcessor(JsonObject(json, file.name()));
}

}  // namespace headformer
