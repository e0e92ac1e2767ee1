#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/pytorch.hpp"
#include "headformer/formats/pytorch/pickle.hpp"
#include "headformer/formats/pytorch/zip.hpp"

namespace headformer {
namespace detail {

/// The files of the archive by their names below its one folder.
class PyTorchArchive {
 public:
  HEADFORMER_COLD explicit PyTorchArchive(const Bytes& file) {
    const bool zip = file.size() >= 4 && load_unaligned<std::uint32_t>(file.data()) == ZipArchive::local_signature;
    if (!zip)
      throw FormatError(file.name() +
                        ": expected a zip archive, as torch.save writes since PyTorch 1.6, found other bytes");
    entries_ = ZipArchive::parse(file);
    for (ZipEntry& entry : entries_) {
      const std::size_t slash = entry.name.find('/');
      entry.name.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
    }
    std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  /// nullptr when there is none.
  const Bytes* find(std::string_view name) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), name,
                                     [](const ZipEntry& entry, std::string_view n) { return entry.name < n; });
    return at == entries_.end() || at->name != name ? nullptr : &at->bytes;
  }

 private:
  std::vector<ZipEntry> entries_;
};

HEADFORMER_COLD inline Shape shape_of(const PickleTensor& tensor, const std::string& place) {
  std::array<Index, Shape::max_rank> sizes{};
  if (tensor.shape.size() > Shape::max_rank || tensor.strides.size() != tensor.shape.size())
    throw FormatError(place + "expected at most 5 dimensions and as many strides, found " +
                      std::to_string(tensor.shape.size()) + " and " + std::to_string(tensor.strides.size()));
  std::int64_t count = 1;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    sizes[i] = tensor.shape[i];
    if (__builtin_mul_overflow(count, sizes[i], &count))
      throw FormatError(place + "expected fewer than 2^63 elements, found more");
  }
  return Shape(std::span<const Index>(sizes.data(), tensor.shape.size()));
}

/// Whether each element of a tensor follows the one before it.
inline bool is_row_major(const PickleTensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i > 0; --i) {
    if (tensor.shape[i - 1] != 1 && tensor.strides[i - 1] != expected) return false;
    expected *= tensor.shape[i - 1];
  }
  return true;
}

/// The elements of a view that is not row-major, in that order, in memory of their own.
HEADFORMER_COLD inline Bytes gather(const PickleTensor& tensor, const Bytes& storage, std::size_t count) {
  const std::size_t size = block_bytes(tensor.dtype);
  const auto memory = std::make_shared<std::vector<std::byte>>(count * size);
  std::array<std::int64_t, Shape::max_rank> place{};
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t at = tensor.offset;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) at += place[d] * tensor.strides[d];
    std::memcpy(memory->data() + i * size, storage.data() + static_cast<std::size_t>(at) * size, size);
    for (std::size_t d = tensor.shape.size(); d > 0 && ++place[d - 1] == tensor.shape[d - 1]; --d) place[d - 1] = 0;
  }
  return {std::span<const std::byte>(*memory), memory, storage.name()};
}

/// `copies_left` bounds the bytes of views that are copied: many views may share a storage.
HEADFORMER_COLD inline TensorEntry tensor_entry(std::string_view name, const PickleTensor& tensor,
                                                const PyTorchArchive& archive, const Bytes& file,
                                                std::size_t& copies_left) {
  const std::string place = file.name() + ": tensor " + quoted(name) + ": ";
  const Bytes* storage = archive.find("data/" + std::string(tensor.storage));
  if (storage == nullptr)
    throw FormatError(place + "expected its storage data/" + quoted(tensor.storage, 40) + ", found no such file");
  const std::size_t size = block_bytes(tensor.dtype);
  const std::size_t elements = storage->size() / size;
  const Shape shape = shape_of(tensor, place);
  const auto count = static_cast<std::size_t>(shape.count());
  if (count == 0) return {std::string(name), tensor.dtype, shape, storage->subspan(0, 0)};
  // The last element; a view that repeats elements may not have more of them than its storage.
  std::int64_t last = tensor.offset;
  bool inside = count <= elements;
  for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
    std::int64_t reach = 0;
    inside = inside && !__builtin_mul_overflow(tensor.shape[d] - 1, tensor.strides[d], &reach) &&
             !__builtin_add_overflow(last, reach, &last);
  }
  if (!inside || static_cast<std::uint64_t>(last) >= elements)
    throw FormatError(place + "expected " + to_string(shape) + " from element " + std::to_string(tensor.offset) +
                      " on inside a storage of " + std::to_string(elements) + " elements, found it to reach past it");
  if (is_row_major(tensor)) {
    const std::size_t begin = static_cast<std::size_t>(tensor.offset) * size;
    return {std::string(name), tensor.dtype, shape, storage->subspan(begin, count * size)};
  }
  if (count * size > copies_left)
    throw FormatError(place + "expected views that are not row-major to be no larger than the file, found them to be");
  copies_left -= count * size;
  return {std::string(name), tensor.dtype, shape, gather(tensor, *storage, count)};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE PyTorchFile PyTorchFile::parse(Bytes file) {
  PyTorchFile result;
  result.file_ = std::move(file);
  const std::string& name = result.file_.name();
  const detail::PyTorchArchive archive(result.file_);
  if (const Bytes* order = archive.find("byteorder"); order != nullptr && order->text() != "little")
    throw FormatError(name + ": byteorder: expected little, found " + detail::quoted(order->text(), 20));
  const Bytes* pickle = archive.find("data.pkl");
  if (pickle == nullptr) throw FormatError(name + ": expected a file data.pkl in the archive, found none");
  const detail::PickleGraph graph = detail::Unpickler::read(*pickle, name);
  const detail::PickleNode* dict = detail::node_of(graph.root, detail::PickleNode::Kind::dict);
  if (dict == nullptr) throw FormatError(name + ": expected a dict of tensors, found another value");
  std::vector<TensorEntry> entries;
  std::size_t copies_left = result.file_.size();
  for (const auto& [key, value] : dict->entries) {
    const auto* text = std::get_if<std::string_view>(&key);
    const detail::PickleNode* tensor = detail::node_of(value, detail::PickleNode::Kind::tensor);
    if (text == nullptr || tensor == nullptr) continue;
    entries.push_back(detail::tensor_entry(*text, tensor->tensor, archive, result.file_, copies_left));
  }
  result.tensors_ = detail::TensorTable(std::move(entries), name);
  return result;
}

}  // namespace headformer
