#pragma once

#include <nlohmann/json_fwd.hpp>

namespace headformer {

/// A JSON value. Code that looks into one includes <nlohmann/json.hpp>; most reads through JsonObject.
using Json = nlohmann::json;

/// What parse_json does with a key that an object holds twice.
enum class DuplicateKeys { last_wins, refused };

}  // namespace headformer
