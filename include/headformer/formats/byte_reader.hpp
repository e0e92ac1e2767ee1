#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"

namespace headformer::detail {

static_assert(std::endian::native == std::endian::little, "headformer reads little-endian containers in place");

/// Reads a T from bytes that need not be aligned. The caller has checked that they are there.
template <class T>
T load_unaligned(const std::byte* bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// Walks over a file and never past its end: what is not there is a FormatError that names it.
class ByteReader {
 public:
  explicit ByteReader(const Bytes& file, std::size_t offset = 0) : file_(&file), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return file_->size() - offset_; }

  /// `what` is said in the message: "the type of key 'general.name'".
  template <class T>
  T read(std::string_view what) {
    return load_unaligned<T>(skip(sizeof(T), what));
  }
  /// Passes over `count` bytes and returns where they begin.
  const std::byte* skip(std::uint64_t count, std::string_view what) {
    if (count > remaining())
      throw FormatError(file_->name() + ": expected " + std::to_string(count) + " bytes of " + std::string(what) +
                        " at offset " + std::to_string(offset_) + ", found " + std::to_string(remaining()) +
                        " before the file's end");
    const std::byte* begin = file_->data() + offset_;
    offset_ += static_cast<std::size_t>(count);
    return begin;
  }

 private:
  const Bytes* file_;
  std::size_t offset_;
};

}  // namespace headformer::detail
