#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <headformer/core/error.hpp>
#include <headformer/preprocess/image/picture.hpp>
#include <string>
#include <string_view>

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

#include "program/app.hpp"
#include "program/json_lines.hpp"

// What programs that look at pictures draw into them: boxes, names in letters of 3x5 points, masks; and PNG files.
namespace program {

using Colour = std::array<std::uint8_t, 3>;

/// Of one class: next to each other on the wheel are colours that look far apart.
inline Colour colour_of(std::size_t index) {
  const auto hue = static_cast<unsigned>(index * 137 % 360);  // the golden angle
  const auto ramp = [&](unsigned shift) {
    const unsigned at = (hue + shift) % 360;
    const unsigned far = at < 180 ? at : 360 - at;  // 0 at red, green or blue itself
    return static_cast<std::uint8_t>(far <= 60 ? 235 : far >= 120 ? 40 : 235 - (far - 60) * 195 / 60);
  };
  return {ramp(0), ramp(240), ramp(120)};
}

inline void set_pixel(headformer::Picture& picture, headformer::Index x, headformer::Index y, const Colour& colour) {
  if (x < 0 || y < 0 || x >= picture.size().width || y >= picture.size().height) return;
  std::copy_n(colour.data(), 3, picture.row(y) + 3 * x);
}

/// Filled; of what lies outside the picture nothing.
inline void fill(headformer::Picture& picture, headformer::Index left, headformer::Index top, headformer::Index right,
                 headformer::Index bottom, const Colour& colour) {
  const auto& size = picture.size();
  for (headformer::Index y = std::max<headformer::Index>(top, 0); y < std::min(bottom, size.height); ++y) {
    for (headformer::Index x = std::max<headformer::Index>(left, 0); x < std::min(right, size.width); ++x)
      set_pixel(picture, x, y, colour);
  }
}

/// How thick lines are in a picture of this size.
inline headformer::Index pen_of(const headformer::Picture& picture) {
  return std::max<headformer::Index>(1, std::min(picture.size().height, picture.size().width) / 200);
}

/// Rows of a letter's points, each a digit of 3 bits; of what has no letter a box.
inline std::string_view points_of(char letter) {
  static constexpr std::string_view digits[] = {"75557", "26227", "71747", "71717", "55711",
                                                "74717", "74757", "71222", "75757", "75717"};
  static constexpr std::string_view letters[] = {"25755", "65656", "34443", "65556", "74647", "74644", "34553",
                                                 "55755", "72227", "11152", "55655", "44447", "57755", "65555",
                                                 "25552", "65644", "25563", "65655", "34216", "72222", "55557",
                                                 "55552", "55775", "55255", "55222", "71247"};
  const auto code = static_cast<unsigned char>(letter);
  if (std::isdigit(code) != 0) return digits[code - '0'];
  if (std::isalpha(code) != 0) return letters[std::toupper(code) - 'A'];
  return letter == ' ' ? "00000" : letter == '.' ? "00002" : letter == '-' || letter == '_' ? "00700" : "77777";
}

/// A name in dark letters on a ground of its colour, inside the picture.
inline void write_text(headformer::Picture& picture, headformer::Index x, headformer::Index y, std::string_view text,
                       const Colour& colour) {
  const headformer::Index point = std::max<headformer::Index>(1, pen_of(picture) + 1);
  const headformer::Index width = (4 * static_cast<headformer::Index>(text.size()) + 1) * point;
  x = std::clamp<headformer::Index>(x, 0, std::max<headformer::Index>(picture.size().width - width, 0));
  y = std::clamp<headformer::Index>(y, 0, std::max<headformer::Index>(picture.size().height - 7 * point, 0));
  fill(picture, x, y, x + width, y + 7 * point, colour);
  const int light = 3 * colour[0] + 6 * colour[1] + colour[2];
  const Colour ink = light > 1100 ? Colour{0, 0, 0} : Colour{255, 255, 255};
  for (const char letter : text) {
    const std::string_view rows = points_of(letter);
    for (headformer::Index i = 0; i < 15; ++i) {
      if (((rows[static_cast<std::size_t>(i / 3)] - '0') >> (2 - i % 3) & 1) == 0) continue;
      const headformer::Index left = x + (1 + i % 3) * point;
      const headformer::Index top = y + (1 + i / 3) * point;
      fill(picture, left, top, left + point, top + point, ink);
    }
    x += 4 * point;
  }
}

/// Where annotated pictures go: --output DIR.
struct PictureWriter {
  std::string folder;

  void add_to(App& app, const std::string& what) { app.add_option("--output", folder, "a folder for " + what); }
  explicit operator bool() const { return !folder.empty(); }

  /// DIR/0003_name.png, so that no two files of one name meet. Throws IoError.
  std::string path_of(std::size_t index, const std::string& file) const {
    std::string number = std::to_string(index);
    number.insert(0, 4 - std::min<std::size_t>(number.size(), 4), '0');
    return (std::filesystem::path(folder) / (number + "_" + std::filesystem::path(file).stem().string() + ".png"))
        .string();
  }
  /// Makes the folder. Throws IoError.
  void open() const {
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) throw headformer::IoError(folder + ": expected a folder to write to, found: " + error.message());
  }
  /// Throws IoError.
  void write(const std::string& path, const headformer::Picture& picture) const {
    const auto& size = picture.size();
    const auto channels = static_cast<int>(picture.channels());
    if (stbi_write_png(path.c_str(), static_cast<int>(size.width), static_cast<int>(size.height), channels,
                       picture.row(0), static_cast<int>(size.width) * channels) == 0)
      throw headformer::IoError(path + ": expected to write a picture, found no way to");
  }
};

/// A program's answer for one picture, and the picture that shows it.
struct ShownAnswer {
  OrderedJson json;
  headformer::Picture picture;
};

}  // namespace program
