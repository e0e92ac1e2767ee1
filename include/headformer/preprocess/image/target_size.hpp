#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "headformer/core/grid.hpp"

namespace headformer {

/// How large a picture becomes, by the reference's rules.
struct TargetSize {
  enum class Rule : std::uint8_t {
    exact,          ///< `size`
    shortest_edge,  ///< the shorter side becomes `shortest`, the other follows
    edges,          ///< the same, less where the longer side would be over `longest`; down to multiples (DETR, YOLOS)
    inside,         ///< as large as fits into `size`
    scaled,         ///< the nearest multiples to `size`, by the scale of the side that changes less (DPT)
  };
  Rule rule = Rule::exact;
  Grid size{224, 224};
  Index shortest = 0;
  Index longest = 0;
  Index multiple = 1;  ///< both sides are multiples of
  bool keeps_aspect = true;

  /// Pixels of what a picture becomes; a side may be 0.
  Grid operator()(Grid picture) const {
    switch (rule) {
      case Rule::exact:
        break;
      case Rule::shortest_edge:
        return along(picture, shortest, static_cast<double>(shortest));
      case Rule::edges: {
        const auto [least, most] = std::minmax(picture.height, picture.width);
        double edge = static_cast<double>(shortest);
        if (static_cast<double>(most) / static_cast<double>(least) * edge > static_cast<double>(longest))
          edge = static_cast<double>(longest * least) / static_cast<double>(most);
        const Grid found = along(picture, static_cast<Index>(std::nearbyint(edge)), edge);
        return {found.height - found.height % multiple, found.width - found.width % multiple};
      }
      case Rule::inside: {
        const double scale = std::min(ratio(size.height, picture.height), ratio(size.width, picture.width));
        return {static_cast<Index>(static_cast<double>(picture.height) * scale),
                static_cast<Index>(static_cast<double>(picture.width) * scale)};
      }
      case Rule::scaled: {
        double height = ratio(size.height, picture.height);
        double width = ratio(size.width, picture.width);
        if (keeps_aspect) height = width = std::abs(1 - width) < std::abs(1 - height) ? width : height;
        return {nearest(height * static_cast<double>(picture.height)),
                nearest(width * static_cast<double>(picture.width))};
      }
    }
    return size;
  }

 private:
  static double ratio(Index a, Index b) { return static_cast<double>(a) / static_cast<double>(b); }

  /// The shorter side `edge`, the other by the same scale of `exact`, which it was rounded from.
  static Grid along(Grid picture, Index edge, double exact) {
    const auto other = [&](Index longer, Index shorter) {
      return static_cast<Index>(exact * static_cast<double>(longer) / static_cast<double>(shorter));
    };
    if (picture.width < picture.height) return {other(picture.height, picture.width), edge};
    if (picture.height == edge) return picture;
    return {edge, other(picture.width, picture.height)};
  }

  Index nearest(double side) const {
    return static_cast<Index>(std::nearbyint(side / static_cast<double>(multiple))) * multiple;
  }
};

}  // namespace headformer
