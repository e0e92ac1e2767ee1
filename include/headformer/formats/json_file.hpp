#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/json.hpp"

namespace headformer {

/// A checkpoint's JSON file: an empty object when the checkpoint has no such file.
struct JsonFile {
  Json json = Json::object();
  std::string name;
  bool found = false;

  /// Throws FormatError when it is no JSON.
  JsonFile(const FileReader& files, const std::string& file) : name(file) {
    const Bytes bytes = files(file);
    if (bytes.name().empty()) return;
    found = true;
    name = bytes.name();
    json = parse_json(bytes);
  }
  JsonObject object() const { return JsonObject(json, name); }
};

}  // namespace headformer
