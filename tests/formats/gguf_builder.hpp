#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace headformer::tests {

/// Writes GGUF files piece by piece, right or wrong. Whatever is not set by a test is as in a good file.
class GgufBuilder {
 public:
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t extra_tensors = 0;  // claimed beyond those that are there
  std::uint64_t extra_keys = 0;
  std::uint64_t alignment = 32;  // of the data section; writing general.alignment is up to the test

  template <class T>
  static std::string raw(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
  }
  static std::string text(std::string_view value) { return raw<std::uint64_t>(value.size()) + std::string(value); }

  /// A key with its type's number and the value's bytes.
  GgufBuilder& key(std::string_view name, std::uint32_t type, const std::string& value) {
    keys_ += text(name) + raw(type) + value;
    ++key_count_;
    return *this;
  }
  GgufBuilder& string(std::string_view name, std::string_view value) { return key(name, 8, text(value)); }
  template <class T>
  GgufBuilder& array(std::string_view name, std::uint32_t type, const std::vector<T>& values) {
    return key(name, 9, elements(type, values));
  }
  /// An array's bytes, without its key.
  template <class T>
  static std::string elements(std::uint32_t type, const std::vector<T>& values) {
    std::string bytes = raw(type) + raw<std::uint64_t>(values.size());
    for (const T& value : values) {
      if constexpr (std::is_same_v<T, std::string>) {
        bytes += type == 9 ? value : text(value);  // nested arrays come as bytes
      } else {
        bytes += raw(value);
      }
    }
    return bytes;
  }

  /// A tensor's entry; sizes innermost first.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                      std::uint64_t offset) {
    tensors_ += text(name) + raw(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) tensors_ += raw(size);
    tensors_ += raw(type) + raw(offset);
    ++tensor_count_;
    return *this;
  }
  GgufBuilder& data(std::size_t bytes) {
    data_ = std::string(bytes, '\1');
    return *this;
  }

  std::string bytes() const {
    std::string file =
        magic + raw(version) + raw(tensor_count_ + extra_tensors) + raw(key_count_ + extra_keys) + keys_ + tensors_;
    if (!data_.empty()) file.resize((file.size() + alignment - 1) / alignment * alignment, '\0');
    return file + data_;
  }

 private:
  std::string keys_;
  std::string tensors_;
  std::string data_;
  std::uint64_t key_count_ = 0;
  std::uint64_t tensor_count_ = 0;
};

}  // namespace headformer::tests
