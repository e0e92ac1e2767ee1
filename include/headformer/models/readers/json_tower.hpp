#pragma once

#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/models/readers/json_image.hpp"

namespace headformer {

/// A tower's part of a config of both, or the whole where the tower was saved alone. `text_config_dict`, which old
/// files have, is what the reference then goes by.
HEADFORMER_COLD inline JsonObject tower_config(const JsonObject& json, const std::string& tower) {
  for (const std::string& key : {tower + "_config_dict", tower + "_config"}) {
    if (json.has(key)) return json.object(key);
  }
  const bool whole = json.has("text_config") || json.has("vision_config");
  return whole ? JsonObject::none(json.file(), tower + "_config") : json;
}

}  // namespace headformer
