// Any bytes as a safetensors file, and as a shard index: must be refused with an error of the library's, or give
// tensors whose bytes can all be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "headformer/formats/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "fuzz.safetensors");
  try {
    const Safetensors container = Safetensors::parse(file);
    unsigned sum = 0;
    for (const TensorEntry& tensor : container.tensors()) {
      if (container.find(tensor.name) != &tensor) std::abort();
      if (static_cast<std::size_t>(tensor.shape.count()) * block_bytes(tensor.dtype) != tensor.bytes.size())
        std::abort();
      for (const std::byte byte : tensor.bytes.span()) sum += std::to_integer<unsigned>(byte);
    }
    static_cast<void>(sum);
  } catch (const Error&) {
  }
  try {
    shard_files(parse_shard_index(file));
  } catch (const Error&) {
  }
  return 0;
}
