#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/image/picture.hpp"

namespace headformer {

/// How a stored picture is to be turned, by EXIF's numbers (CIPA DC-008, tag 0x0112).
enum class Orientation : std::uint8_t {
  upright = 1,
  mirrored = 2,
  upside_down = 3,
  flipped = 4,
  transposed = 5,
  turned_right = 6,  ///< shown after a turn of 90 degrees clockwise
  transversed = 7,
  turned_left = 8,
};

namespace detail {

/// Looks into bytes, and sees nothing past their end.
class ImageBytes {
 public:
  explicit ImageBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  /// An unsigned number of 1, 2 or 4 bytes.
  std::optional<std::size_t> number(std::size_t offset, std::size_t bytes, bool big_endian) const {
    if (offset > size() || size() - offset < bytes) return std::nullopt;
    std::size_t result = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t place = big_endian ? i : bytes - 1 - i;
      result = result << 8 | std::to_integer<std::size_t>(bytes_[offset + place]);
    }
    return result;
  }
  bool begins(std::size_t offset, std::string_view text) const { return part(offset, text.size()).text() == text; }
  /// As much as there is of it.
  ImageBytes part(std::size_t offset, std::size_t count) const {
    if (offset >= size()) return ImageBytes({});
    return ImageBytes(bytes_.subspan(offset, std::min(count, size() - offset)));
  }

 private:
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

  std::span<const std::byte> bytes_;
};

/// The orientation in a TIFF structure, which EXIF is.
inline Orientation tiff_orientation(const ImageBytes& tiff) {
  const bool big_endian = tiff.begins(0, std::string_view("MM\0*", 4));
  if (!big_endian && !tiff.begins(0, std::string_view("II*\0", 4))) return Orientation::upright;
  const std::size_t directory = tiff.number(4, 4, big_endian).value_or(0);
  const std::size_t entries = tiff.number(directory, 2, big_endian).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    const auto tag = tiff.number(entry, 2, big_endian);
    if (!tag) break;
    if (*tag != 0x0112) continue;
    const std::size_t type = tiff.number(entry + 2, 2, big_endian).value_or(0);
    const std::size_t bytes = type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : 0;  // BYTE, SHORT, LONG
    if (bytes == 0) break;
    const std::size_t found = tiff.number(entry + 8, bytes, big_endian).value_or(1);
    return found >= 1 && found <= 8 ? static_cast<Orientation>(found) : Orientation::upright;
  }
  return Orientation::upright;
}

/// What JPEG and WebP put before the TIFF structure, left out.
inline Orientation exif_orientation(const ImageBytes& exif) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  return tiff_orientation(exif.begins(0, prefix) ? exif.part(prefix.size(), exif.size()) : exif);
}

inline Orientation jpeg_orientation(const ImageBytes& file) {
  for (std::size_t at = 2;;) {
    const auto marker = file.number(at, 2, true);
    const auto length = file.number(at + 2, 2, true);
    // The picture itself begins at SOS: what describes it comes before.
    if (!marker || !length || *marker < 0xFF01 || *marker == 0xFFDA || *length < 2) return Orientation::upright;
    const ImageBytes segment = file.part(at + 4, *length - 2);
    if (*marker == 0xFFE1 && segment.begins(0, "Exif")) return exif_orientation(segment);
    at += 2 + *length;
  }
}

/// The first chunk of a name in PNG (length, name, data, checksum) or RIFF (name, length, data padded to even).
inline Orientation chunk_orientation(const ImageBytes& file, std::size_t begin, std::string_view name, bool png) {
  for (std::size_t at = begin; at < file.size();) {
    const auto length = file.number(png ? at : at + 4, 4, png);
    if (!length) break;
    if (file.begins(png ? at + 4 : at, name)) return exif_orientation(file.part(at + 8, *length));
    at += png ? 12 + *length : 8 + *length + *length % 2;
  }
  return Orientation::upright;
}

}  // namespace detail

/// The orientation that a JPEG, PNG or WebP file's EXIF data gives; upright where there is none, where it is broken,
/// and for other files. Reads nothing past the bytes.
HEADFORMER_COLD inline Orientation read_orientation(std::span<const std::byte> bytes) {
  const detail::ImageBytes file(bytes);
  if (file.begins(0, "\xFF\xD8")) return detail::jpeg_orientation(file);
  if (file.begins(0, "\x89PNG\r\n\x1A\n")) return detail::chunk_orientation(file, 8, "eXIf", true);
  if (file.begins(0, "RIFF") && file.begins(8, "WEBP")) return detail::chunk_orientation(file, 12, "EXIF", false);
  return Orientation::upright;
}

/// The picture as it is to be seen, as Pillow's exif_transpose makes it.
HEADFORMER_COLD inline Picture oriented(const Picture& picture, Orientation orientation) {
  if (orientation == Orientation::upright) return picture;
  const Grid from = picture.size();
  const bool swapped = orientation >= Orientation::transposed;
  const bool from_below = orientation == Orientation::upside_down || orientation == Orientation::flipped ||
                          orientation == Orientation::turned_right || orientation == Orientation::transversed;
  const bool from_right = orientation == Orientation::mirrored || orientation == Orientation::upside_down ||
                          orientation == Orientation::transversed || orientation == Orientation::turned_left;
  Picture result(swapped ? Grid{from.width, from.height} : from, picture.channels());
  const Index channels = picture.channels();
  for (Index y = 0; y < result.size().height; ++y) {
    std::uint8_t* to = result.row(y);
    for (Index x = 0; x < result.size().width; ++x, to += channels) {
      const Index row = swapped ? x : y;
      const Index column = swapped ? y : x;
      const std::uint8_t* const pixel = picture.row(from_below ? from.height - 1 - row : row) +
                                        (from_right ? from.width - 1 - column : column) * channels;
      for (Index c = 0; c < channels; ++c) to[c] = pixel[c];
    }
  }
  return result;
}

}  // namespace headformer
