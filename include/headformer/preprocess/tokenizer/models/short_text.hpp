#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace headformer::detail {

// Reading and comparing texts of some bytes without a call: words are short, and there are many of them.

template <class Integer>
Integer load(const char* data) {
  Integer value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

/// A number that tells texts of the same size, at most 8 bytes, apart.
inline std::uint64_t load_short(const char* data, std::size_t size) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])); };
  if (size >= 4)
    return load<std::uint32_t>(data) | static_cast<std::uint64_t>(load<std::uint32_t>(data + size - 4)) << 32;
  return size == 0 ? 0 : byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

inline bool equal_bytes(const char* a, const char* b, std::size_t size) {
  if (size <= 8) return load_short(a, size) == load_short(b, size);
  for (std::size_t i = 0; i + 8 < size; i += 8)
    if (load<std::uint64_t>(a + i) != load<std::uint64_t>(b + i)) return false;
  return load<std::uint64_t>(a + size - 8) == load<std::uint64_t>(b + size - 8);
}

}  // namespace headformer::detail
