#pragma once

#include <span>
#include <string>
#include <vector>

#include "headformer/core/error.hpp"

namespace headformer::detail {

/// A text with each label in the place of {}. `name` is what the text is called in the message. Throws ArgumentError
/// where there is no {}.
inline std::vector<std::string> fill_template(const std::string& name, const std::string& text,
                                              std::span<const std::string> labels) {
  const std::size_t place = text.find("{}");
  if (place == std::string::npos)
    throw ArgumentError(name + ": expected {} where a label goes, found " + detail::quoted(text));
  std::vector<std::string> filled;
  for (const std::string& label : labels) filled.push_back(std::string(text).replace(place, 2, label));
  return filled;
}

}  // namespace headformer::detail
