#pragma once

#include <string>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// Rows and columns of a picture, of its patches, of a feature map.
struct Grid {
  Index height = 0;
  Index width = 0;

  Index count() const { return height * width; }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// "14x14"
inline std::string to_string(const Grid& grid) {
  return std::to_string(grid.height) + "x" + std::to_string(grid.width);
}

}  // namespace headformer
