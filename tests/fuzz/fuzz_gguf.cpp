// Any bytes as a GGUF file: must be refused with an error of the library's, or give metadata and tensors that can all
// be read, and a model's config or an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "headformer/formats/gguf.hpp"
#include "headformer/kernels/quantization.hpp"
#include "read_config.hpp"

namespace {

using namespace headformer;

void read_array(const GgufArray& array) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    try {
      switch (array.type()) {
        case GgufType::string:
          static_cast<void>(std::vector<char>(array.string(i).begin(), array.string(i).end()));
          break;
        case GgufType::array:
          read_array(array.array(i));
          break;
        case GgufType::boolean:
          static_cast<void>(array.boolean(i));
          break;
        default:
          static_cast<void>(array.number(i));
          static_cast<void>(array.integer(i, 0, 1));
      }
    } catch (const ConfigError&) {
    }
  }
}

/// Each of these either reads or throws ConfigError.
void read_key(const Gguf& gguf, std::string_view key) {
  const auto attempt = [](auto&& read) {
    try {
      static_cast<void>(read());
    } catch (const ConfigError&) {
    }
  };
  attempt([&] { return gguf.integer(key); });
  attempt([&] { return gguf.number(key, 0, 1); });
  attempt([&] { return gguf.boolean(key); });
  attempt([&] { return std::vector<char>(gguf.string(key).begin(), gguf.string(key).end()); });
  attempt([&] { return gguf.integers(key, 0, 100); });
  if (gguf.type(key) == GgufType::array) read_array(gguf.array(key));
}

void read_tensor(const TensorEntry& tensor) {
  const auto columns = static_cast<std::size_t>(tensor.shape[tensor.shape.rank() - 1]);
  if (row_bytes(tensor.dtype, columns) * (static_cast<std::size_t>(tensor.shape.count()) / columns) !=
      tensor.bytes.size())
    std::abort();
  std::vector<float> row(columns);
  for (std::size_t at = 0; at < tensor.bytes.size(); at += row_bytes(tensor.dtype, columns))
    kernels::dequantise_row(tensor.dtype, tensor.bytes.data() + at, static_cast<Index>(columns), row.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "fuzz.gguf");
  try {
    const Gguf gguf = Gguf::parse(file);
    for (const std::string_view key : gguf.keys()) read_key(gguf, key);
    for (const TensorEntry& tensor : gguf.tensors()) {
      if (gguf.find(tensor.name) != &tensor) std::abort();
      read_tensor(tensor);
    }
    const Checkpoint checkpoint = Checkpoint::from_gguf(file);
    read_config(checkpoint);
  } catch (const Error&) {
  }
  return 0;
}
