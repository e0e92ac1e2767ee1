#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/grid.hpp"

namespace headformer {

/// A decoded picture: 8 bits a channel, rows from the top, channels of a pixel side by side. 1 channel is gray, 2 gray
/// and alpha, 3 RGB, 4 RGB and alpha.
class Picture {
 public:
  Picture() = default;
  /// Black. Throws ArgumentError for a size below 1, or other channels than 1 to 4.
  Picture(Grid size, Index channels) : Picture(size, channels, std::vector<std::uint8_t>(bytes_of(size, channels))) {}
  /// Throws ArgumentError as above, and for another number of bytes.
  Picture(Grid size, Index channels, std::vector<std::uint8_t> bytes)
      : size_(size), channels_(channels), bytes_(std::move(bytes)) {
    if (bytes_.size() != bytes_of(size, channels))
      throw ArgumentError("picture: expected " + std::to_string(bytes_of(size, channels)) + " bytes of " +
                          to_string(size) + " pixels, found " + std::to_string(bytes_.size()));
  }

  Grid size() const { return size_; }
  Index channels() const { return channels_; }
  std::uint8_t* row(Index y) { return bytes_.data() + y * size_.width * channels_; }
  const std::uint8_t* row(Index y) const { return bytes_.data() + y * size_.width * channels_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  static std::size_t bytes_of(Grid size, Index channels) {
    if (size.height < 1 || size.width < 1 || channels < 1 || channels > 4)
      throw ArgumentError("picture: expected at least one pixel of 1 to 4 channels, found " + to_string(size) + " of " +
                          std::to_string(channels));
    return static_cast<std::size_t>(Shape{size.height, size.width, channels}.count());
  }

  Grid size_;
  Index channels_ = 0;
  std::vector<std::uint8_t> bytes_;
};

/// Three channels: gray three times, alpha left out, as Pillow's convert("RGB") does.
inline Picture to_rgb(const Picture& picture) {
  if (picture.channels() == 3) return picture;
  Picture result(picture.size(), 3);
  const Index channels = picture.channels();
  for (Index y = 0; y < picture.size().height; ++y) {
    const std::uint8_t* from = picture.row(y);
    std::uint8_t* to = result.row(y);
    for (Index x = 0; x < picture.size().width; ++x, from += channels, to += 3) {
      for (Index c = 0; c < 3; ++c) to[c] = from[channels < 3 ? 0 : c];
    }
  }
  return result;
}

}  // namespace headformer
