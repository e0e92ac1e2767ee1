#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// A tensor where it lies in a container. The shape is outermost first (GGUF's dimensions reversed); `bytes` is a part
/// of the file, row-major, as many as shape and dtype say, and keeps the file mapped. Nothing promises that the bytes
/// are aligned for their type: safetensors files exist whose data begins at an odd offset.
struct TensorEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  Bytes bytes;
};

namespace detail {

/// A container's tensors in file order, found by name.
class TensorTable {
 public:
  TensorTable() = default;
  /// Throws FormatError when two tensors share a name.
  TensorTable(std::vector<TensorEntry> entries, const std::string& file) : entries_(std::move(entries)) {
    by_name_.resize(entries_.size());
    std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
    const auto name = [this](std::size_t i) -> const std::string& { return entries_[i].name; };
    std::sort(by_name_.begin(), by_name_.end(), [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
    const auto twice = std::adjacent_find(by_name_.begin(), by_name_.end(),
                                          [&](std::size_t a, std::size_t b) { return name(a) == name(b); });
    if (twice != by_name_.end())
      throw FormatError(file + ": tensor " + detail::quoted(name(*twice)) + ": expected one, found two of this name");
  }

  std::span<const TensorEntry> entries() const { return entries_; }

  const TensorEntry* find(std::string_view name) const {
    const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                     [this](std::size_t i, std::string_view n) { return entries_[i].name < n; });
    return at != by_name_.end() && entries_[*at].name == name ? &entries_[*at] : nullptr;
  }

 private:
  std::vector<TensorEntry> entries_;
  std::vector<std::size_t> by_name_;
};

}  // namespace detail
}  // namespace headformer
