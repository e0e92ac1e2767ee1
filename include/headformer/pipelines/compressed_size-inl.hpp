#pragma once

#include <zlib.h>

#include <new>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/compressed_size.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE std::size_t compressed_size(std::span<const unsigned char> bytes) {
  std::vector<unsigned char> buffer(::compressBound(static_cast<uLong>(bytes.size())));
  auto size = static_cast<uLongf>(buffer.size());
  if (::compress(buffer.data(), &size, bytes.data(), static_cast<uLong>(bytes.size())) != Z_OK) throw std::bad_alloc();
  return size;
}

}  // namespace headformer
