#include <gtest/gtest.h>

#include <headformer/preprocess/image/orientation.hpp>
#include <string>
#include <vector>

// What files say of how they are to be turned: broken ones say nothing, and nothing past their end is read (the same
// reader is fuzzed in tests/fuzz/fuzz_orientation.cpp; whole files: tests/image_pipelines_door_test.cpp).
namespace headformer::testing {
namespace {

using namespace std::string_literals;

Orientation orientation_of(const std::string& file) {
  return read_orientation({reinterpret_cast<const std::byte*>(file.data()), file.size()});
}

const std::string little =
    "II*\0\x08\0\0\0\x02\0\x0F\x01\x02\0\x01\0\0\0\0\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"s;
const std::string big = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0"s;

std::string jpeg(const std::string& tiff) {
  const std::size_t length = 2 + 6 + tiff.size();
  return "\xFF\xD8\xFF\xE0\0\x04"
         "ab"s +
         "\xFF\xE1"s + static_cast<char>(length >> 8) + static_cast<char>(length) + "Exif\0\0"s + tiff +
         "\xFF\xDA\0\x02"s;
}
std::string png(const std::string& tiff) {
  return "\x89PNG\r\n\x1A\n\0\0\0\0IDATcrc4\0\0\0"s + static_cast<char>(tiff.size()) + "eXIf"s + tiff + "crc4"s;
}
std::string webp(const std::string& tiff) {
  return "RIFF\0\0\0\0WEBPVP8 \x03\0\0\0abc\0EXIF"s + static_cast<char>(tiff.size()) + "\0\0\0"s + tiff;
}

TEST(ReadOrientation, EachContainerAndByteOrder) {
  for (const auto& container : {jpeg, png, webp}) {
    EXPECT_EQ(orientation_of(container(little)), Orientation::turned_right);
    EXPECT_EQ(orientation_of(container(big)), Orientation::turned_left);
    EXPECT_EQ(orientation_of(container("no tiff")), Orientation::upright);
  }
  EXPECT_EQ(orientation_of(webp("Exif\0\0"s + big)), Orientation::turned_left);
  EXPECT_EQ(orientation_of(""), Orientation::upright);
  EXPECT_EQ(orientation_of("GIF89a"), Orientation::upright);
}

TEST(ReadOrientation, EveryBeginningAndEveryWrongByteIsSurvived) {
  for (const auto& container : {jpeg, png, webp}) {
    const std::string whole = container(little);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // Of its own length, so that a sanitizer sees a step past the end.
      const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      orientation_of(std::string(part.begin(), part.end()));
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const char wrong : {'\x00', '\x7F', '\xFF'}) {
        std::string broken = whole;
        broken[i] = wrong;
        orientation_of(broken);
      }
    }
  }
}

TEST(Oriented, EachNumberTurnsAsItsNameSays) {
  const Picture picture({2, 3}, 1, {1, 2, 3, 4, 5, 6});
  const struct {
    Orientation orientation;
    Grid size;
    std::vector<std::uint8_t> bytes;
  } table[] = {
      {Orientation::upright, {2, 3}, {1, 2, 3, 4, 5, 6}},     {Orientation::mirrored, {2, 3}, {3, 2, 1, 6, 5, 4}},
      {Orientation::upside_down, {2, 3}, {6, 5, 4, 3, 2, 1}}, {Orientation::flipped, {2, 3}, {4, 5, 6, 1, 2, 3}},
      {Orientation::transposed, {3, 2}, {1, 4, 2, 5, 3, 6}},  {Orientation::turned_right, {3, 2}, {4, 1, 5, 2, 6, 3}},
      {Orientation::transversed, {3, 2}, {6, 3, 5, 2, 4, 1}}, {Orientation::turned_left, {3, 2}, {3, 6, 2, 5, 1, 4}},
  };
  for (const auto& item : table) {
    const Picture found = oriented(picture, item.orientation);
    EXPECT_EQ(found.size(), item.size);
    EXPECT_EQ(found.bytes(), item.bytes) << static_cast<int>(item.orientation);
  }
}

}  // namespace
}  // namespace headformer::testing
