#pragma once

#include <algorithm>
#include <functional>
#include <headformer/core/mapped_file.hpp>
#include <headformer/core/outcome.hpp>
#include <headformer/preprocess/image/orientation.hpp>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Pictures from files, as Pillow's exif_transpose(image).convert("RGB") has them: PNG, JPEG, BMP and GIF by stb_image,
// WebP by libwebp where the program is built with it.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_PSD
#define STBI_NO_TGA
#define STBI_NO_PIC
#define STBI_NO_PNM
#include <stb/stb_image.h>
#ifdef PROGRAM_HAS_WEBP
#include <webp/decode.h>
#endif

namespace program {

namespace detail {

/// Pillow takes no more for a picture either.
constexpr double most_pixels = 178956970;

inline headformer::Grid checked_size(const std::string& name, int width, int height) {
  if (width < 1 || height < 1 || static_cast<double>(width) * height > most_pixels)
    throw headformer::FormatError(name + ": expected a picture of 1 to 178956970 pixels, found " +
                                  std::to_string(height) + "x" + std::to_string(width));
  return {height, width};
}

/// What a decoder returned, with what frees it.
template <class Element>
using Decoded = std::unique_ptr<Element, void (*)(void*)>;

/// Throws FormatError for what is no picture.
inline headformer::Picture decode_by_stb(const headformer::Bytes& file) {
  const auto* const data = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = static_cast<int>(file.size());
  int width = 0;
  int height = 0;
  int channels = 0;
  const auto fail = [&] {
    throw headformer::FormatError(file.name() +
                                  ": expected a PNG, JPEG, BMP, GIF or WebP picture, found: " + stbi_failure_reason());
  };
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) fail();
  const headformer::Grid grid = checked_size(file.name(), width, height);
  headformer::Picture picture(grid, 3);
  std::uint8_t* const to = picture.row(0);
  if (channels == 1 && stbi_is_16_bit_from_memory(data, size) != 0) {
    // Pillow clips gray of 16 bits, and takes the high bytes of everything else of 16 bits, as stb_image does.
    const Decoded<stbi_us> gray(stbi_load_16_from_memory(data, size, &width, &height, &channels, 1), stbi_image_free);
    if (!gray) fail();
    for (headformer::Index i = 0; i < grid.count(); ++i)
      for (int c = 0; c < 3; ++c) to[3 * i + c] = static_cast<std::uint8_t>(std::min<stbi_us>(gray.get()[i], 255));
    return picture;
  }
  const Decoded<stbi_uc> pixels(stbi_load_from_memory(data, size, &width, &height, &channels, 0), stbi_image_free);
  if (!pixels) fail();
  std::vector<std::uint8_t> bytes(pixels.get(), pixels.get() + grid.count() * channels);
  return headformer::to_rgb(headformer::Picture(grid, channels, std::move(bytes)));
}

inline bool is_webp(const headformer::Bytes& file) {
  return file.size() >= 12 && file.text().starts_with("RIFF") && file.text().substr(8, 4) == "WEBP";
}

inline headformer::Picture decode_webp(const headformer::Bytes& file) {
#ifdef PROGRAM_HAS_WEBP
  const auto* const data = reinterpret_cast<const std::uint8_t*>(file.data());
  int width = 0;
  int height = 0;
  if (WebPGetInfo(data, file.size(), &width, &height) == 0)
    throw headformer::FormatError(file.name() + ": expected a WebP picture, found a broken header");
  headformer::Picture picture(checked_size(file.name(), width, height), 3);
  if (WebPDecodeRGBInto(data, file.size(), picture.row(0), picture.bytes().size(), 3 * width) == nullptr)
    throw headformer::FormatError(file.name() + ": expected a still WebP picture, found one that does not decode");
  return picture;
#else
  throw headformer::FormatError(file.name() +
                                ": expected a PNG, JPEG, BMP or GIF picture (built without libwebp), "
                                "found WebP");
#endif
}

}  // namespace detail

/// A file's picture, upright, in three channels. Throws IoError, FormatError.
inline headformer::Picture read_picture(const std::string& path) {
  const headformer::Bytes file = headformer::Bytes::map(path);
  if (file.size() == 0) throw headformer::FormatError(path + ": expected a picture, found an empty file");
  if (file.size() > (std::size_t{1} << 30))
    throw headformer::FormatError(path + ": expected a picture of at most 1 GiB, found " + std::to_string(file.size()) +
                                  " bytes");
  const headformer::Picture picture = detail::is_webp(file) ? detail::decode_webp(file) : detail::decode_by_stb(file);
  return headformer::oriented(picture, headformer::read_orientation(file.span()));
}

/// Reads files some at a time and hands out an outcome for each in its place: `answer` makes an outcome of each of some
/// pictures. A file that is no picture stops no other.
template <class Answer>
void answer_files(
    const std::vector<std::string>& files,
    const std::function<std::vector<headformer::Outcome<Answer>>(std::span<const headformer::Picture>)>& answer,
    const std::function<void(std::size_t index, const headformer::Outcome<Answer>&)>& put) {
  constexpr std::size_t at_once = 32;
  for (std::size_t begin = 0; begin < files.size(); begin += at_once) {
    const std::size_t end = std::min(begin + at_once, files.size());
    std::vector<headformer::Picture> pictures;
    std::vector<std::string> errors(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      try {
        pictures.push_back(read_picture(files[i]));
      } catch (const headformer::Error& error) {
        errors[i - begin] = error.what();
      }
    }
    const std::vector<headformer::Outcome<Answer>> answers = answer(pictures);
    std::size_t next = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!errors[i - begin].empty()) {
        put(i, headformer::Outcome<Answer>::failure(errors[i - begin]));
        continue;
      }
      const headformer::Outcome<Answer>& found = answers[next++];
      put(i, found ? found : headformer::Outcome<Answer>::failure(files[i] + ": " + found.error()));
    }
    std::cout.flush();
  }
}

}  // namespace program
