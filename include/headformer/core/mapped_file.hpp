#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "headformer/core/error.hpp"

namespace headformer {

/// Read-only bytes and whoever keeps them alive: a mapped file, memory of the caller's, or what a reader delivered.
/// Copies share the owner.
class Bytes {
 public:
  Bytes() = default;
  /// Bytes in memory; `owner` (may be empty when the caller keeps them alive) is held as long as any copy lives.
  /// `name` stands for the path in error messages.
  Bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string name)
      : bytes_(bytes), owner_(std::move(owner)), name_(std::make_shared<const std::string>(std::move(name))) {}

  /// Maps a regular file read-only. Throws IoError when it cannot be opened, is no regular file, or cannot be mapped.
  /// (A file that another process truncates while it is mapped ends this one, as with any mapping: replace files by
  /// renaming, do not overwrite them.)
  static Bytes map(const std::filesystem::path& path);

  std::span<const std::byte> span() const { return bytes_; }
  const std::byte* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  const std::string& name() const {
    static const std::string none;
    return name_ ? *name_ : none;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// A part; shares the owner and the name. The caller has checked the range.
  Bytes subspan(std::size_t offset, std::size_t count) const {
    Bytes part = *this;
    part.bytes_ = bytes_.subspan(offset, count);
    return part;
  }

  /// Tells the kernel that a range will not be read again soon, so that mapped pages stop counting as resident. Does
  /// nothing for bytes that are not a mapping.
  void release_pages(std::size_t offset, std::size_t count) const {
    if (!mapped_ || count == 0) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(bytes_.data()) + offset + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(bytes_.data()) + offset + count) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::string> name_;
  bool mapped_ = false;
};

namespace detail {

/// Closes a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace detail

inline Bytes Bytes::map(const std::filesystem::path& path) {
  const std::string name = path.string();
  // O_NONBLOCK: a FIFO in place of the file must not hang the open; it is refused below.
  const detail::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw IoError(name + ": cannot open: " + std::strerror(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw IoError(name + ": cannot read its size: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    throw IoError(name + ": expected a regular file, found " +
                  (S_ISDIR(status.st_mode) ? "a folder" : "something else"));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return Bytes({}, nullptr, name);  // nothing to map
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw IoError(name + ": cannot map: " + std::strerror(errno));
  std::shared_ptr<const void> owner(address, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  Bytes bytes({static_cast<const std::byte*>(address), size}, std::move(owner), name);
  bytes.mapped_ = true;
  return bytes;
}

/// Answers the files of a checkpoint that is not on disk: given a name relative to the checkpoint ("config.json",
/// "model.safetensors"), its bytes, or empty Bytes with an empty name when there is no such file.
using FileReader = std::function<Bytes(const std::string& name)>;

/// Answers for the files of a folder on disk. A link that leads nowhere is a file that cannot be read, not none.
inline FileReader folder_reader(const std::filesystem::path& folder) {
  return [folder](const std::string& name) {
    const std::filesystem::path path = folder / name;
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error)) ? Bytes::map(path) : Bytes();
  };
}

}  // namespace headformer
