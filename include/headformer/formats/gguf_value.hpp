#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/byte_reader.hpp"
#include "headformer/formats/gguf_types.hpp"
#include "headformer/formats/messages.hpp"

namespace headformer {

namespace detail {

inline constexpr int gguf_depth_limit = 4;  // arrays in arrays; no published file nests any

/// Reads the type of a metadata value. `place`: "<file>: key '<key>'", as in all of the following.
inline GgufType read_gguf_type(ByteReader& reader, const std::string& place) {
  const auto number = reader.read<std::uint32_t>("a type");
  if (number >= gguf_type_count)
    throw FormatError(place + ": expected a type in [0, 12], found " + std::to_string(number));
  return static_cast<GgufType>(number);
}

struct GgufArrayHeader {
  GgufType type;
  std::size_t count;
};
inline GgufArrayHeader read_gguf_array_header(ByteReader& reader, const std::string& place) {
  const GgufType type = read_gguf_type(reader, place);
  const auto count = reader.read<std::uint64_t>("an array's length");
  const std::uint64_t most = reader.remaining() / least_bytes(type);
  if (count > most)
    throw FormatError(place + ": expected an array of at most " + std::to_string(most) +
                      " elements, as many as the file has room for, found " + std::to_string(count));
  return {type, static_cast<std::size_t>(count)};
}

/// Passes over a value and checks everything in it, so that later reading needs no check.
inline void skip_gguf_value(ByteReader& reader, GgufType type, const std::string& place, int depth = 0) {
  if (type == GgufType::string) {
    const auto length = reader.read<std::uint64_t>("a string's length");
    if (length > reader.remaining())
      throw FormatError(place + ": expected a string of at most " + std::to_string(reader.remaining()) +
                        " bytes, what is left of the file, found " + std::to_string(length));
    reader.skip(length, "a string");
  } else if (type == GgufType::array) {
    if (depth == gguf_depth_limit)
      throw FormatError(place + ": expected arrays nested at most " + std::to_string(gguf_depth_limit) +
                        " deep, found more");
    const GgufArrayHeader array = read_gguf_array_header(reader, place);
    if (array.type == GgufType::string || array.type == GgufType::array || array.type == GgufType::boolean) {
      for (std::size_t i = 0; i < array.count; ++i) skip_gguf_value(reader, array.type, place, depth + 1);
    } else {
      reader.skip(std::uint64_t{array.count} * least_bytes(array.type), "an array");
    }
  } else if (type == GgufType::boolean) {
    const auto byte = reader.read<std::uint8_t>("a bool");
    if (byte > 1) throw FormatError(place + ": expected a bool of 0 or 1, found " + std::to_string(byte));
  } else {
    reader.skip(least_bytes(type), "a value");
  }
}

/// A checked value: its type, and where it lies.
struct GgufValue {
  GgufType type = GgufType::u8;
  const std::byte* data = nullptr;
  std::size_t size = 0;  // bytes

  /// Any integer type; nothing for other types and for what Index cannot hold.
  std::optional<Index> integer() const {
    switch (type) {
      case GgufType::u8:
        return load_unaligned<std::uint8_t>(data);
      case GgufType::i8:
        return load_unaligned<std::int8_t>(data);
      case GgufType::u16:
        return load_unaligned<std::uint16_t>(data);
      case GgufType::i16:
        return load_unaligned<std::int16_t>(data);
      case GgufType::u32:
        return load_unaligned<std::uint32_t>(data);
      case GgufType::i32:
        return load_unaligned<std::int32_t>(data);
      case GgufType::i64:
        return load_unaligned<std::int64_t>(data);
      case GgufType::u64: {
        const auto number = load_unaligned<std::uint64_t>(data);
        if (number > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) return std::nullopt;
        return static_cast<Index>(number);
      }
      default:
        return std::nullopt;
    }
  }
  /// f32, f64 or an integer.
  std::optional<double> number() const {
    if (type == GgufType::f32) return load_unaligned<float>(data);
    if (type == GgufType::f64) return load_unaligned<double>(data);
    if (const auto whole = integer()) return static_cast<double>(*whole);
    if (type == GgufType::u64) return static_cast<double>(load_unaligned<std::uint64_t>(data));
    return std::nullopt;
  }
  std::optional<bool> boolean() const {
    if (type != GgufType::boolean) return std::nullopt;
    return load_unaligned<std::uint8_t>(data) != 0;
  }
  std::optional<std::string_view> string() const {
    if (type != GgufType::string) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(data) + sizeof(std::uint64_t), size - sizeof(std::uint64_t));
  }
  /// As an error message shows what was found.
  std::string text() const {
    if (const auto found = string()) return quoted(*found, 80);
    if (const auto found = boolean()) return *found ? "true" : "false";
    if (type == GgufType::u64) return std::to_string(load_unaligned<std::uint64_t>(data));
    if (const auto found = integer()) return std::to_string(*found);
    if (const auto found = number()) return number_text(*found);
    return "an array of " + std::to_string(load_unaligned<std::uint64_t>(data + sizeof(std::uint32_t)));
  }
};

template <class Value>
[[noreturn]] void fail_gguf(const std::string& place, const std::string& expected, const Value* found) {
  throw ConfigError(place + ": expected " + expected + ", found " + (found == nullptr ? "nothing" : found->text()));
}

inline Index gguf_integer(const GgufValue* value, const std::string& place, Index lo, Index hi) {
  const std::optional<Index> number = value == nullptr ? std::nullopt : value->integer();
  if (!number || *number < lo || *number > hi) fail_gguf(place, expected_integer(lo, hi), value);
  return *number;
}

inline double gguf_number(const GgufValue* value, const std::string& place, double lo, double hi) {
  const std::optional<double> number = value == nullptr ? std::nullopt : value->number();
  const bool any = lo == -std::numeric_limits<double>::infinity() && hi == std::numeric_limits<double>::infinity();
  if (!number || (!any && !(*number >= lo && *number <= hi))) fail_gguf(place, expected_number(lo, hi), value);
  return *number;
}

inline bool gguf_boolean(const GgufValue* value, const std::string& place) {
  const std::optional<bool> found = value == nullptr ? std::nullopt : value->boolean();
  if (!found) fail_gguf(place, "a bool", value);
  return *found;
}

inline std::string_view gguf_string(const GgufValue* value, const std::string& place) {
  const std::optional<std::string_view> found = value == nullptr ? std::nullopt : value->string();
  if (!found) fail_gguf(place, "a string", value);
  return *found;
}

}  // namespace detail
}  // namespace headformer
