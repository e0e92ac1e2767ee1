#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "headformer/core/content_hash.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/formats/safetensors_writer.hpp"
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/weights/packed_cache.hpp"

namespace headformer::detail {

/// A file's first metadata key, as JSON sorts them, and how a header with it begins behind the eight bytes of length.
inline constexpr std::string_view packed_cache_mark = "!headformer packed weights";
inline constexpr std::string_view packed_cache_head = R"({"__metadata__":{"!headformer packed weights":)";

HEADFORMER_INLINE PackedCache::PackedCache(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return;
  Bytes bytes = Bytes::map(path_);
  if (bytes.size() == 0) return;
  if (!bytes.text().substr(std::min<std::size_t>(8, bytes.size())).starts_with(packed_cache_head))
    throw FormatError(path_.string() + ": expected a packed cache that headformer wrote, or no file, found another");
  try {
    file_ = Safetensors::parse(std::move(bytes));
  } catch (const FormatError& error) {
    damage_ = error.what();
  }
}

/// Of what a matrix was made from and of its bytes, in hexadecimal.
HEADFORMER_INLINE std::string PackedCache::seal(Executor& executor, const Key& key, std::span<const std::byte> bytes) {
  const std::uint64_t hashes[] = {key.hash, ContentHash::of(executor, bytes)};
  char digits[16];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, ContentHash::of(std::as_bytes(std::span(hashes))), 16);
  return std::string(digits, end);
}

HEADFORMER_INLINE std::optional<kernels::PackedMatrix> PackedCache::find(Executor& executor, const Key& key) const {
  if (!file_) return std::nullopt;
  const TensorEntry* entry = file_->find(key.name);
  const auto written = file_->metadata().find(key.name);
  if (entry == nullptr || written == file_->metadata().end()) return std::nullopt;
  const Bytes& bytes = entry->bytes;
  const std::size_t expected = kernels::PackedMatrix::packed_bytes(key.dtype, key.outputs, key.inputs);
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  if (bytes.size() != expected || address % kernels::detail::panel_alignment != 0) return std::nullopt;
  if (written->second != seal(executor, key, bytes.span())) {
    bytes.release_pages(0, bytes.size());
    return std::nullopt;
  }
  return kernels::PackedMatrix::over(key.dtype, key.outputs, key.inputs, bytes.span(), bytes.owner());
}

HEADFORMER_INLINE void PackedCache::add(Key key, kernels::PackedMatrix matrix, bool found) {
  all_found_ = all_found_ && found;
  members_.push_back({std::move(key), std::move(matrix)});
}

HEADFORMER_INLINE void PackedCache::write(Executor& executor) const {
  if (all_found_) return;
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata{{std::string(packed_cache_mark), "1"}};
  for (const Member& member : members_) {
    const std::span<const std::byte> bytes = member.matrix.packed();
    tensors.push_back({member.key.name, DType::u8, Shape{static_cast<Index>(bytes.size())}, bytes.data()});
    metadata[member.key.name] = seal(executor, member.key, bytes);
  }
  // Those whose size keeps whole cache lines together come first: all of them then begin at one.
  detail::stable_sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    constexpr Index line = 64;
    return (a.shape[0] % line == 0) > (b.shape[0] % line == 0);
  });
  write_safetensors(path_, tensors, metadata);
}

}  // namespace headformer::detail
