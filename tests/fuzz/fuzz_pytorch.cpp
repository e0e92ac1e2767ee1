// Any bytes as a checkpoint of torch.save, and as the pickle inside one: must be refused with an error of the
// library's, or give tensors whose bytes can all be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "headformer/formats/pytorch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "fuzz.bin");
  try {
    const PyTorchFile checkpoint = PyTorchFile::parse(file);
    unsigned sum = 0;
    for (const TensorEntry& tensor : checkpoint.tensors()) {
      if (checkpoint.find(tensor.name) != &tensor) std::abort();
      if (static_cast<std::size_t>(tensor.shape.count()) * block_bytes(tensor.dtype) != tensor.bytes.size())
        std::abort();
      for (const std::byte byte : tensor.bytes.span()) sum += std::to_integer<unsigned>(byte);
    }
    static_cast<void>(sum);
  } catch (const Error&) {
  }
  try {
    detail::Unpickler::read(file, "fuzz.pkl");
  } catch (const Error&) {
  }
  return 0;
}
