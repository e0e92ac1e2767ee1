// Any bytes as a picture's file: an orientation is found or none, and nothing past the end is read.
#include <cstddef>
#include <cstdint>

#include "headformer/preprocess/image/orientation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  const Orientation found = read_orientation({reinterpret_cast<const std::byte*>(data), size});
  if (found < Orientation::upright || found > Orientation::turned_left) __builtin_trap();
  return 0;
}
