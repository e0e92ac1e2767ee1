// Any bytes as a checkpoint of torch.save, and as the pickle inside one: must be refused with an error of the
// library's, or give tensors whose bytes can all be read.
#include <cstddef>
#include <cstdint>

#include "check_tensors.hpp"
#include "headformer/formats/pytorch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "fuzz.bin");
  try {
    check_tensors(PyTorchFile::parse(file));
  } catch (const Error&) {
  }
  try {
    detail::Unpickler::read(file, "fuzz.pkl");
  } catch (const Error&) {
  }
  return 0;
}
