#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/gguf_value.hpp"

namespace headformer {

/// An array among a GGUF file's metadata, read where it lies. For strings (and nested arrays) it holds one table of
/// where each begins, so that 262,144 token texts cost one allocation and each is found in constant time; keep the
/// object rather than asking the Gguf for it again. Copies share the table, and keep the file mapped.
///
/// The readers throw ConfigError where the element has another type or is out of range, ArgumentError past the end.
class GgufArray {
 public:
  /// `data` begins with the array's type and length; it was checked by Gguf::parse. `place`: "<file>: key '<key>'".
  GgufArray(Bytes data, std::string place) : data_(std::move(data)), place_(std::move(place)) {
    detail::ByteReader reader(data_);
    const detail::GgufArrayHeader header = detail::read_gguf_array_header(reader, place_);
    type_ = header.type;
    size_ = header.count;
    first_ = reader.offset();
    if (type_ != GgufType::string && type_ != GgufType::array) return;
    auto begins = std::make_shared<std::vector<std::size_t>>();
    begins->reserve(size_ + 1);
    for (std::size_t i = 0; i < size_; ++i) {
      begins->push_back(reader.offset());
      detail::skip_gguf_value(reader, type_, place_, 1);
    }
    begins->push_back(reader.offset());
    begins_ = std::move(begins);
  }

  /// The elements' type.
  GgufType type() const { return type_; }
  std::size_t size() const { return size_; }

  Index integer(std::size_t i, Index lo = std::numeric_limits<Index>::min(),
                Index hi = std::numeric_limits<Index>::max()) const {
    const detail::GgufValue value = at(i);
    const std::optional<Index> number = value.integer();
    if (!number || *number < lo || *number > hi) detail::fail_gguf(place(i), detail::expected_integer(lo, hi), &value);
    return *number;
  }
  /// f32, f64 or an integer.
  double number(std::size_t i) const {
    const detail::GgufValue value = at(i);
    const std::optional<double> number = value.number();
    if (!number) detail::fail_gguf(place(i), "a number", &value);
    return *number;
  }
  bool boolean(std::size_t i) const {
    const detail::GgufValue value = at(i);
    const std::optional<bool> found = value.boolean();
    if (!found) detail::fail_gguf(place(i), "a bool", &value);
    return *found;
  }
  /// Points into the file, which must stay mapped. Nothing promises that it is UTF-8.
  std::string_view string(std::size_t i) const {
    const detail::GgufValue value = at(i);
    const std::optional<std::string_view> found = value.string();
    if (!found) detail::fail_gguf(place(i), "a string", &value);
    return *found;
  }
  GgufArray array(std::size_t i) const {
    const detail::GgufValue value = at(i);
    if (type_ != GgufType::array) detail::fail_gguf(place(i), "an array", &value);
    return GgufArray(data_.subspan((*begins_)[i], value.size), place(i));
  }

 private:
  std::string place(std::size_t i) const { return place_ + "[" + std::to_string(i) + "]"; }

  detail::GgufValue at(std::size_t i) const {
    if (i >= size_)
      throw ArgumentError(place_ + ": expected an index below " + std::to_string(size_) + ", found " +
                          std::to_string(i));
    if (begins_ != nullptr) {
      const std::size_t begin = (*begins_)[i];
      return {type_, data_.data() + begin, (*begins_)[i + 1] - begin};
    }
    const std::size_t bytes = detail::least_bytes(type_);
    return {type_, data_.data() + first_ + i * bytes, bytes};
  }

  Bytes data_;
  std::string place_;
  GgufType type_ = GgufType::u8;
  std::size_t size_ = 0;
  std::size_t first_ = 0;
  std::shared_ptr<const std::vector<std::size_t>> begins_;
};

}  // namespace headformer
