// Any bytes as a safetensors file, and as a shard index: must be refused with an error of the library's, or give
// tensors whose bytes can all be read.
#include <cstddef>
#include <cstdint>

#include "check_tensors.hpp"
#include "headformer/formats/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "fuzz.safetensors");
  try {
    check_tensors(Safetensors::parse(file));
  } catch (const Error&) {
  }
  try {
    shard_files(parse_shard_index(file));
  } catch (const Error&) {
  }
  return 0;
}
