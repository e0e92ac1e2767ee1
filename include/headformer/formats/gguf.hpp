#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/byte_reader.hpp"
#include "headformer/formats/gguf_array.hpp"
#include "headformer/formats/gguf_types.hpp"
#include "headformer/formats/gguf_value.hpp"
#include "headformer/formats/tensor_entry.hpp"

namespace headformer {

/// A GGUF file seen in place (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): versions 2 and 3, little
/// endian. Metadata and tensors are looked up in the mapped bytes; nothing is copied. Every promise of the format is
/// checked before anything can be used.
///
/// The metadata readers throw ConfigError, naming file and key, where the key is missing (and no default is given), has
/// another type or is out of range.
class Gguf {
 public:
  static constexpr Index least = std::numeric_limits<Index>::min();
  static constexpr Index most = std::numeric_limits<Index>::max();
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// Throws FormatError, naming the file and the key or tensor, unless: magic and version are known; counts, lengths
  /// and array sizes fit the file; types are known and arrays nested at most 4 deep; no key and no tensor is there
  /// twice; the alignment is a power of two; every tensor has 1 to 4 sizes > 0 without overflow, rows of whole blocks,
  /// a type that is supported, and aligned bytes inside the file, one tensor's after the other's.
  HEADFORMER_COLD static Gguf parse(Bytes file) {
    Gguf result;
    result.file_ = std::move(file);
    detail::ByteReader reader(result.file_);
    result.read_version(reader);
    constexpr std::size_t least_key = 8 + 4 + 1;             // name length, type, a byte
    constexpr std::size_t least_tensor = 8 + 4 + 8 + 4 + 8;  // name length, rank, a size, type, offset
    const auto tensor_count = reader.read<std::uint64_t>("the number of tensors");
    const auto key_count = reader.read<std::uint64_t>("the number of keys");
    result.check_count(tensor_count, reader.remaining() / least_tensor, "tensors");
    result.check_count(key_count, reader.remaining() / least_key, "keys");
    result.read_metadata(reader, static_cast<std::size_t>(key_count));
    result.read_tensors(reader, static_cast<std::size_t>(tensor_count));
    return result;
  }

  const Bytes& file() const { return file_; }
  /// 2 or 3.
  int version() const { return version_; }
  /// In the order of the file's tensor table.
  std::span<const TensorEntry> tensors() const { return tensors_.entries(); }
  /// nullptr when there is none of this name.
  const TensorEntry* find(std::string_view name) const { return tensors_.find(name); }

  bool has(std::string_view key) const { return value(key) != nullptr; }
  /// Nothing when there is no such key.
  HEADFORMER_COLD std::optional<GgufType> type(std::string_view key) const {
    const detail::GgufValue* found = value(key);
    return found == nullptr ? std::nullopt : std::optional(found->type);
  }
  /// All keys, sorted.
  HEADFORMER_COLD std::vector<std::string_view> keys() const {
    std::vector<std::string_view> result;
    for (const Entry& entry : metadata_) result.push_back(entry.key);
    return result;
  }

  /// A value of any integer type, in [lo, hi].
  HEADFORMER_COLD Index integer(std::string_view key, Index lo = least, Index hi = most) const {
    return detail::gguf_integer(value(key), place(key), lo, hi);
  }
  Index integer_or(std::string_view key, Index fallback, Index lo = least, Index hi = most) const {
    return has(key) ? integer(key, lo, hi) : fallback;
  }
  /// f32, f64 or any integer type, in [lo, hi]; NaN is in no range but the default one.
  HEADFORMER_COLD double number(std::string_view key, double lo = -infinity, double hi = infinity) const {
    return detail::gguf_number(value(key), place(key), lo, hi);
  }
  double number_or(std::string_view key, double fallback, double lo = -infinity, double hi = infinity) const {
    return has(key) ? number(key, lo, hi) : fallback;
  }
  /// A finite number > 0.
  double positive_or(std::string_view key, double fallback) const {
    const double found = number_or(key, fallback);
    if (!(found > 0) || found == infinity) fail(key, "a number > 0");
    return found;
  }
  bool boolean(std::string_view key) const { return detail::gguf_boolean(value(key), place(key)); }
  bool boolean_or(std::string_view key, bool fallback) const { return has(key) ? boolean(key) : fallback; }
  /// Points into the file, which must stay mapped. Nothing promises that it is UTF-8.
  std::string_view string(std::string_view key) const { return detail::gguf_string(value(key), place(key)); }
  std::string_view string_or(std::string_view key, std::string_view fallback) const {
    return has(key) ? string(key) : fallback;
  }
  HEADFORMER_COLD GgufArray array(std::string_view key) const {
    const detail::GgufValue* found = value(key);
    if (found == nullptr || found->type != GgufType::array) detail::fail_gguf(place(key), "an array", found);
    return GgufArray(file_.subspan(static_cast<std::size_t>(found->data - file_.data()), found->size), place(key));
  }
  /// An array of integers, each in [lo, hi], or a single one as an array of one: keys that may differ by layer are
  /// written in either form.
  HEADFORMER_COLD std::vector<Index> integers(std::string_view key, Index lo = least, Index hi = most) const {
    if (type(key) != GgufType::array) return {integer(key, lo, hi)};
    const GgufArray elements = array(key);
    std::vector<Index> result;
    result.reserve(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) result.push_back(elements.integer(i, lo, hi));
    return result;
  }
  /// Throws ConfigError "<file>: key '<key>': expected <expected>, found <the value as it is>".
  HEADFORMER_COLD [[noreturn]] void fail(std::string_view key, const std::string& expected) const {
    detail::fail_gguf(place(key), expected, value(key));
  }

 private:
  struct Entry {
    std::string_view key;
    detail::GgufValue value;
  };
  static constexpr std::uint64_t key_limit = 65535;  // the format's own
  static constexpr std::uint32_t default_alignment = 32;

  std::string place(std::string_view key) const { return file_.name() + ": key " + detail::quoted(key); }
  std::string tensor_place(std::string_view name) const { return file_.name() + ": tensor " + detail::quoted(name); }

  HEADFORMER_COLD const detail::GgufValue* value(std::string_view key) const {
    const auto at = std::lower_bound(metadata_.begin(), metadata_.end(), key,
                                     [](const Entry& entry, std::string_view k) { return entry.key < k; });
    return at != metadata_.end() && at->key == key ? &at->value : nullptr;
  }

  HEADFORMER_COLD void read_version(detail::ByteReader& reader) {
    const std::string_view magic = file_.text().substr(0, 4);
    if (magic != "GGUF")
      throw FormatError(file_.name() + ": expected a file that begins with 'GGUF', found " + detail::quoted(magic));
    reader.skip(magic.size(), "the magic");
    const auto version = reader.read<std::uint32_t>("the version");
    if ((version & 0xffffU) == 0 && version != 0)
      throw FormatError(file_.name() + ": expected a little-endian GGUF file, found a big-endian one");
    if (version != 2 && version != 3)
      throw FormatError(file_.name() + ": expected GGUF version 2 or 3, found version " + std::to_string(version));
    version_ = static_cast<int>(version);
  }

  HEADFORMER_COLD void check_count(std::uint64_t count, std::size_t limit, const char* what) const {
    if (count > limit)
      throw FormatError(file_.name() + ": expected at most " + std::to_string(limit) + " " + what +
                        ", as many as the file has room for, found " + std::to_string(count));
  }

  std::string_view read_name(detail::ByteReader& reader, const char* what, std::size_t number) const {
    const auto length = reader.read<std::uint64_t>(std::string("the length of the name of a ") + what);
    if (length > key_limit || length > reader.remaining())
      throw FormatError(file_.name() + ": " + what + " " + std::to_string(number) + ": expected a name of at most " +
                        std::to_string(std::min<std::uint64_t>(key_limit, reader.remaining())) + " bytes, found " +
                        std::to_string(length));
    const std::byte* text = reader.skip(length, "a name");
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)};
  }

  HEADFORMER_COLD void read_metadata(detail::ByteReader& reader, std::size_t count) {
    metadata_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      Entry entry;
      entry.key = read_name(reader, "key", i);
      const std::string where = place(entry.key);
      if (entry.key.empty()) throw FormatError(where + ": expected a name, found an empty one");
      entry.value.type = detail::read_gguf_type(reader, where);
      const std::size_t begin = reader.offset();
      detail::skip_gguf_value(reader, entry.value.type, where);
      entry.value.data = file_.data() + begin;
      entry.value.size = reader.offset() - begin;
      metadata_.push_back(entry);
    }
    std::sort(metadata_.begin(), metadata_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    const auto twice = std::adjacent_find(metadata_.begin(), metadata_.end(),
                                          [](const Entry& a, const Entry& b) { return a.key == b.key; });
    if (twice != metadata_.end()) throw FormatError(place(twice->key) + ": expected one, found two of this name");
  }

  HEADFORMER_COLD std::uint64_t read_alignment() const {
    constexpr std::string_view key = "general.alignment";
    const detail::GgufValue* found = value(key);
    if (found == nullptr) return default_alignment;
    const auto alignment = found->type == GgufType::u32 ? detail::load_unaligned<std::uint32_t>(found->data) : 0U;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
      throw FormatError(place(key) + ": expected a power of two as u32, found " + found->text() + " as " +
                        std::string(name_of(found->type)));
    return alignment;
  }

  /// The tensor's bytes are counted from the file's data section, which begins after the table that is being read.
  struct TensorInfo {
    std::string_view name;
    DType dtype = DType::f32;
    Shape shape;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };

  void read_tensors(detail::ByteReader& reader, std::size_t count) {
    const std::uint64_t alignment = read_alignment();
    std::vector<TensorInfo> infos;
    infos.reserve(count);
    for (std::size_t i = 0; i < count; ++i) infos.push_back(read_tensor(reader, i));
    const std::uint64_t data = (std::uint64_t{reader.offset()} + alignment - 1) / alignment * alignment;
    std::vector<TensorEntry> entries;
    entries.reserve(count);
    for (const TensorInfo& info : infos) {
      const std::string where = tensor_place(info.name);
      if (info.offset % alignment != 0)
        throw FormatError(where + ": expected an offset that is a multiple of " + std::to_string(alignment) +
                          ", found " + std::to_string(info.offset));
      const std::uint64_t room = file_.size() < data ? 0 : file_.size() - data;
      if (info.offset > room || info.bytes > room - info.offset)
        throw FormatError(where + ": expected " + std::to_string(info.bytes) + " bytes at offset " +
                          std::to_string(info.offset) + ", found " + std::to_string(room) +
                          " bytes of tensors in the file");
      entries.push_back(
          {std::string(info.name), info.dtype, info.shape,
           file_.subspan(static_cast<std::size_t>(data + info.offset), static_cast<std::size_t>(info.bytes))});
    }
    if (!entries.empty()) check_cover(entries, file_.data() + data, alignment);
    tensors_ = detail::TensorTable(std::move(entries), file_.name());
  }

  TensorInfo read_tensor(detail::ByteReader& reader, std::size_t number) const {
    TensorInfo info;
    info.name = read_name(reader, "tensor", number);
    const std::string where = tensor_place(info.name);
    const auto rank = reader.read<std::uint32_t>(where + ": the number of sizes");
    constexpr std::uint32_t most_sizes = 4;
    if (rank == 0 || rank > most_sizes)
      throw FormatError(where + ": expected 1 to 4 sizes, found " + std::to_string(rank));
    std::array<Index, most_sizes> sizes{};  // innermost first, as in the file
    Index elements = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
      const auto size = reader.read<std::uint64_t>(where + ": its sizes");
      if (size == 0 || size > static_cast<std::uint64_t>(most) ||
          __builtin_mul_overflow(elements, static_cast<Index>(size), &elements))
        throw FormatError(where + ": expected sizes > 0 and fewer than 2^63 elements, found size " +
                          std::to_string(size));
      sizes[i] = static_cast<Index>(size);
    }
    info.dtype = read_dtype(reader, where);
    if (static_cast<std::size_t>(sizes[0]) % block_length(info.dtype) != 0)
      throw FormatError(where + ": expected rows of a multiple of " + std::to_string(block_length(info.dtype)) +
                        " elements for " + std::string(name_of(info.dtype)) + ", found " + std::to_string(sizes[0]));
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(elements) / block_length(info.dtype),
                               std::uint64_t{block_bytes(info.dtype)}, &info.bytes))
      throw FormatError(where + ": expected fewer than 2^64 bytes, found " + std::to_string(elements) +
                        " elements of " + std::string(name_of(info.dtype)));
    std::reverse(sizes.begin(), sizes.begin() + rank);
    info.shape = Shape(std::span<const Index>(sizes.data(), rank));
    info.offset = reader.read<std::uint64_t>(where + ": its offset");
    return info;
  }

  HEADFORMER_COLD static DType read_dtype(detail::ByteReader& reader, const std::string& where) {
    const auto number = reader.read<std::uint32_t>(where + ": its type");
    const detail::GgufTensorType* type = detail::gguf_tensor_type(number);
    if (type != nullptr && type->dtype) return *type->dtype;
    std::string supported;
    for (const auto& known : detail::gguf_tensor_types)
      if (known.dtype) supported += (supported.empty() ? "" : ", ") + std::string(known.name);
    throw FormatError(where + ": expected one of the types " + supported + ", found " +
                      (type != nullptr ? std::string(type->name) : "type number " + std::to_string(number)));
  }

  /// In the order of their bytes every tensor begins where the one before it ends, but for the padding: otherwise a
  /// size or a type is not what it says. (ggml's own reader asks for the same.)
  HEADFORMER_COLD void check_cover(const std::vector<TensorEntry>& entries, const std::byte* data,
                                   std::uint64_t alignment) const {
    std::vector<const TensorEntry*> order;
    order.reserve(entries.size());
    for (const TensorEntry& entry : entries) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
      return std::pair(a->bytes.data(), a->bytes.size()) < std::pair(b->bytes.data(), b->bytes.size());
    });
    std::uint64_t covered = 0;
    std::string before = "the data begins";
    for (const TensorEntry* entry : order) {
      const auto begin = static_cast<std::uint64_t>(entry->bytes.data() - data);
      if (begin != covered)
        throw FormatError(tensor_place(entry->name) + ": expected an offset of " + std::to_string(covered) +
                          ", where " + before + ", found " + std::to_string(begin));
      before = "tensor " + detail::quoted(entry->name) + " ends";
      covered = (begin + entry->bytes.size() + alignment - 1) / alignment * alignment;
    }
  }

  Bytes file_;
  int version_ = 0;
  std::vector<Entry> metadata_;  // sorted by key
  detail::TensorTable tensors_;
};

}  // namespace headformer
