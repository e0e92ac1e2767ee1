#pragma once

#include <cstddef>
#include <cstdlib>

#include "headformer/core/dtype.hpp"
#include "headformer/formats/tensor_entry.hpp"

/// Every tensor of a container is found by its name, has the bytes that its shape says, and all of them can be read.
template <class Container>
void check_tensors(const Container& container) {
  unsigned sum = 0;
  for (const headformer::TensorEntry& tensor : container.tensors()) {
    if (container.find(tensor.name) != &tensor) std::abort();
    if (static_cast<std::size_t>(tensor.shape.count()) * headformer::block_bytes(tensor.dtype) != tensor.bytes.size())
      std::abort();
    for (const std::byte byte : tensor.bytes.span()) sum += std::to_integer<unsigned>(byte);
  }
  static_cast<void>(sum);
}
