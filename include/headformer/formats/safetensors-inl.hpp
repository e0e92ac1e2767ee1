#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/byte_reader.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/formats/safetensors_types.hpp"

namespace headformer {

namespace detail::safetensors {

HEADFORMER_COLD inline std::string tensor_place(const std::string& file, std::string_view name) {
  return file + ": tensor " + detail::quoted(name) + ": ";
}

HEADFORMER_COLD inline const Json& member(const Json& tensor, const char* key, const std::string& place,
                                          const char* expected) {
  const auto at = tensor.find(key);
  const bool found = at != tensor.end() && (at->is_array() || at->is_string());
  if (!found)
    throw FormatError(place + key + ": expected " + expected + ", found " +
                      json_text(at == tensor.end() ? nullptr : &*at));
  return *at;
}

HEADFORMER_COLD inline std::uint64_t whole_number(const Json& value, const std::string& place) {
  if (!value.is_number_unsigned()) throw FormatError(place + ": expected integers >= 0, found " + json_text(&value));
  return value.get<std::uint64_t>();
}

HEADFORMER_COLD inline DType read_dtype(const Json& value, const std::string& place) {
  if (value.is_string())
    for (const auto& [name, dtype] : safetensors_types)
      if (value.get_ref<const std::string&>() == name) return dtype;
  throw FormatError(place +
                    "dtype: expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, F8_E4M3, "
                    "F8_E5M2, found " +
                    json_text(&value));
}

HEADFORMER_COLD inline Shape read_shape(const Json& value, const std::string& place) {
  if (!value.is_array() || value.size() > Shape::max_rank)
    throw FormatError(place + "shape: expected an array of at most 5 sizes, found " + json_text(&value));
  std::array<Index, Shape::max_rank> sizes{};
  std::size_t rank = 0;
  std::uint64_t product = 1;
  for (const Json& size : value) {
    const std::uint64_t number = whole_number(size, place + "shape");
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    if (number > most || __builtin_mul_overflow(product, number, &product) || product > most)
      throw FormatError(place + "shape: expected fewer than 2^63 elements, found " + json_list(value));
    sizes[rank++] = static_cast<Index>(number);
  }
  return Shape(std::span<const Index>(sizes.data(), rank));
}

HEADFORMER_COLD inline TensorEntry read_tensor(const std::string& name, const Json& value, const Bytes& data) {
  const std::string place = tensor_place(data.name(), name);
  if (!value.is_object()) throw FormatError(place + "expected an object, found " + json_text(&value));
  const DType dtype = read_dtype(member(value, "dtype", place, "a string"), place);
  const Shape shape = read_shape(member(value, "shape", place, "an array"), place);
  const Json& offsets = member(value, "data_offsets", place, "two offsets");
  if (!offsets.is_array() || offsets.size() != 2)
    throw FormatError(place + "data_offsets: expected two offsets, found " + json_text(&offsets));
  const std::uint64_t begin = whole_number(offsets[0], place + "data_offsets");
  const std::uint64_t end = whole_number(offsets[1], place + "data_offsets");
  if (begin > end || end > data.size())
    throw FormatError(place + "data_offsets: expected begin <= end <= " + std::to_string(data.size()) +
                      " (the file's data), found " + json_list(offsets));
  std::uint64_t bytes = 0;
  const bool overflow =
      __builtin_mul_overflow(static_cast<std::uint64_t>(shape.count()), std::uint64_t{block_bytes(dtype)}, &bytes);
  if (overflow || bytes != end - begin)
    throw FormatError(place + "data_offsets: expected " + (overflow ? "more than 2^64" : std::to_string(bytes)) +
                      " bytes for " + std::string(name_of(dtype)) + " " + to_string(shape) + ", found " +
                      std::to_string(end - begin));
  return {name, dtype, shape, data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))};
}

/// Sorts by place; every tensor must begin where the one before it ends, the last at the file's end.
HEADFORMER_COLD inline void check_cover(std::vector<TensorEntry>& entries, const Bytes& data) {
  const auto begin_of = [&](const TensorEntry& entry) {
    return static_cast<std::size_t>(entry.bytes.data() - data.data());
  };
  std::sort(entries.begin(), entries.end(), [&](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(begin_of(a), a.bytes.size()) < std::pair(begin_of(b), b.bytes.size());
  });
  std::size_t covered = 0;
  for (const TensorEntry& entry : entries) {
    if (begin_of(entry) != covered)
      throw FormatError(tensor_place(data.name(), entry.name) + "data_offsets: expected to begin at " +
                        std::to_string(covered) + ", where the tensor before it ends, found " +
                        std::to_string(begin_of(entry)));
    covered += entry.bytes.size();
  }
  if (covered != data.size())
    throw FormatError(data.name() + ": expected " + std::to_string(covered) + " bytes of tensors, found " +
                      std::to_string(data.size()));
}

/// The header's "__metadata__", texts by name.
HEADFORMER_COLD inline std::map<std::string, std::string> read_metadata(const Json& value, const std::string& file) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) throw FormatError(file + ": __metadata__: expected an object, found " + json_text(&value));
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      throw FormatError(file + ": __metadata__: " + detail::quoted(key) + ": expected a string, found " +
                        json_text(&text));
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

}  // namespace detail::safetensors

HEADFORMER_INLINE Safetensors Safetensors::parse(Bytes file) {
  Safetensors result;
  result.file_ = std::move(file);
  detail::ByteReader reader(result.file_);
  const auto length = reader.read<std::uint64_t>("the header's length");
  if (length > header_limit || length > reader.remaining())
    throw FormatError(result.file_.name() + ": expected a header of at most " +
                      std::to_string(std::min<std::uint64_t>(header_limit, reader.remaining())) + " bytes, found " +
                      std::to_string(length));
  const auto header_length = static_cast<std::size_t>(length);
  const std::string_view header = result.file_.text().substr(reader.offset(), header_length);
  if (!header.starts_with('{'))
    throw FormatError(result.file_.name() + ": expected a header that begins with '{', found " +
                      detail::quoted(header.substr(0, 1)));
  constexpr std::size_t depth = 3;  // the object, a tensor, its shape
  const Json json = parse_json(header, result.file_.name() + ": header", DuplicateKeys::refused, depth);
  const Bytes data = result.file_.subspan(reader.offset() + header_length, reader.remaining() - header_length);
  std::vector<TensorEntry> entries;
  entries.reserve(json.size());
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      result.metadata_ = detail::safetensors::read_metadata(value, result.file_.name());
    } else {
      entries.push_back(detail::safetensors::read_tensor(name, value, data));
    }
  }
  detail::safetensors::check_cover(entries, data);
  result.tensors_ = detail::TensorTable(std::move(entries), result.file_.name());
  return result;
}

HEADFORMER_INLINE std::map<std::string, std::string> parse_shard_index(const Bytes& index_json) {
  const std::string& file = index_json.name();
  const Json json = parse_json(index_json.text(), file, DuplicateKeys::refused);
  const Json* weight_map = nullptr;
  if (json.is_object() && json.contains("weight_map")) weight_map = &json["weight_map"];
  if (weight_map == nullptr || !weight_map->is_object())
    throw FormatError(file + ": weight_map: expected an object, found " + detail::json_text(weight_map));
  std::map<std::string, std::string> result;
  for (const auto& [tensor, shard] : weight_map->items()) {
    constexpr std::string_view separators("/\\\0", 3);
    const std::string place = file + ": weight_map: " + detail::quoted(tensor) + ": ";
    if (!shard.is_string()) throw FormatError(place + "expected a file name, found " + detail::json_text(&shard));
    const auto& name = shard.get_ref<const std::string&>();
    if (name.empty() || name == "." || name == ".." || name.find_first_of(separators) != std::string::npos)
      throw FormatError(place + "expected the name of a file beside the index, found " + detail::quoted(name));
    result.emplace(tensor, name);
  }
  return result;
}

HEADFORMER_INLINE std::vector<std::string> shard_files(const std::map<std::string, std::string>& weight_map) {
  std::vector<std::string> files;
  for (const auto& [tensor, file] : weight_map) files.push_back(file);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace headformer
