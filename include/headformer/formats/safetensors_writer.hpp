#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/safetensors_types.hpp"

namespace headformer {

/// A tensor to be written: row-major elements of a plain dtype, which the caller keeps alive.
struct NamedTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  const void* data = nullptr;
};

namespace detail {

/// A new file beside `target` that becomes it on commit() and is gone otherwise.
class ReplacingFile {
 public:
  /// Throws IoError when the folder cannot be written, and when `target` exists and is no regular file (renaming over
  /// a device would remove it).
  explicit ReplacingFile(const std::filesystem::path& target) : target_(target) {
    std::error_code error;
    constexpr int links = 16;  // the link stays and its target is replaced, also one that does not exist yet
    for (int i = 0; i < links && std::filesystem::is_symlink(target_, error); ++i)
      target_ = target_.parent_path() / std::filesystem::read_symlink(target_, error);
    const auto status = std::filesystem::status(target_, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      fail("expected a regular file or none, found " +
           std::string(std::filesystem::is_directory(status) ? "a folder" : "something else"));
    std::random_device random;
    constexpr int attempts = 16;
    int failure = EEXIST;
    for (int i = 0; i < attempts && failure == EEXIST; ++i) {
      temporary_ = target_;
      temporary_ += "." + std::to_string(random()) + ".tmp";
      file_.reset(std::fopen(temporary_.c_str(), "wbx"));
      failure = file_ ? 0 : errno;
    }
    if (!file_) fail(std::string("cannot create: ") + std::strerror(failure));
  }
  ~ReplacingFile() {
    if (committed_) return;
    file_.reset();
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
  }
  ReplacingFile(const ReplacingFile&) = delete;
  ReplacingFile& operator=(const ReplacingFile&) = delete;

  void write(const void* bytes, std::size_t count) {
    errno = 0;
    if (count != 0 && std::fwrite(bytes, 1, count, file_.get()) != count)
      fail(std::string("cannot write: ") + std::strerror(errno));
  }

  void commit() {
    errno = 0;
    if (std::fclose(file_.release()) != 0) fail(std::string("cannot write: ") + std::strerror(errno));
    std::error_code error;
    std::filesystem::rename(temporary_, target_, error);
    if (error) fail("cannot rename the finished file: " + error.message());
    committed_ = true;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
  };
  [[noreturn]] void fail(const std::string& what) const { throw IoError(target_.string() + ": " + what); }

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::unique_ptr<std::FILE, Close> file_;
  bool committed_ = false;
};

/// The header, padded so that the data begins at a cache line, and the tensors' order.
struct SafetensorsLayout {
  std::string header;
  std::vector<const NamedTensor*> order;

  SafetensorsLayout(std::span<const NamedTensor> tensors, const std::map<std::string, std::string>& metadata) {
    for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
    // Wider elements first, so that each tensor begins at a multiple of its element's size.
    detail::stable_sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
      return block_bytes(a->dtype) > block_bytes(b->dtype);
    });
    Json json = Json::object();
    if (!metadata.empty()) json["__metadata__"] = metadata;
    std::uint64_t begin = 0;
    for (const NamedTensor* tensor : order) {
      const std::uint64_t end = begin + byte_count(*tensor);
      if (tensor->name == "__metadata__" || json.contains(tensor->name))
        throw ArgumentError("write_safetensors: tensor " + detail::quoted(tensor->name) +
                            ": expected each name once and never __metadata__");
      json[tensor->name] = {{"dtype", type_name(*tensor)},
                            {"shape", std::vector<Index>(tensor->shape.begin(), tensor->shape.end())},
                            {"data_offsets", {begin, end}}};
      begin = end;
    }
    try {
      header = json.dump();
    } catch (const Json::exception&) {
      throw ArgumentError("write_safetensors: expected names and metadata in UTF-8");
    }
    constexpr std::size_t line = 64;
    header.resize((sizeof(std::uint64_t) + header.size() + line - 1) / line * line - sizeof(std::uint64_t), ' ');
  }

  static std::size_t byte_count(const NamedTensor& tensor) {
    return static_cast<std::size_t>(tensor.shape.count()) * block_bytes(tensor.dtype);
  }

 private:
  static std::string type_name(const NamedTensor& tensor) {
    for (const auto& [name, dtype] : safetensors_types)
      if (dtype == tensor.dtype) return std::string(name);
    throw ArgumentError("write_safetensors: tensor " + detail::quoted(tensor.name) +
                        ": expected a plain dtype, found " + std::string(name_of(tensor.dtype)));
  }
};

}  // namespace detail

/// Writes what a safetensors file holds to a stream. Throws ArgumentError for names that repeat or are not UTF-8 and
/// for quantised dtypes.
inline void write_safetensors(std::ostream& stream, std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  const detail::SafetensorsLayout layout(tensors, metadata);
  const auto write = [&](const void* bytes, std::size_t count) {
    stream.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  };
  const std::uint64_t length = layout.header.size();
  write(&length, sizeof length);
  write(layout.header.data(), layout.header.size());
  for (const NamedTensor* tensor : layout.order) write(tensor->data, detail::SafetensorsLayout::byte_count(*tensor));
}

/// Writes a safetensors file: to a temporary file beside `path`, which then takes its name, so that nothing is left
/// behind on an error and nobody sees half a file. Throws ArgumentError for names that repeat or are not UTF-8 and for
/// quantised dtypes, IoError when it cannot be written.
inline void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  const detail::SafetensorsLayout layout(tensors, metadata);
  detail::ReplacingFile file(path);
  const std::uint64_t length = layout.header.size();
  file.write(&length, sizeof length);
  file.write(layout.header.data(), layout.header.size());
  for (const NamedTensor* tensor : layout.order)
    file.write(tensor->data, detail::SafetensorsLayout::byte_count(*tensor));
  file.commit();
}

}  // namespace headformer
