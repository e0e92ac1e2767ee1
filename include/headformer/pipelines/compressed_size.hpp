#pragma once

#include <cstddef>
#include <span>

namespace headformer {

/// What bytes shrink to by zlib at its own level (DEFLATE, https://www.rfc-editor.org/rfc/rfc1951), in bytes: how much
/// a text repeats itself. Throws std::bad_alloc.
std::size_t compressed_size(std::span<const unsigned char> bytes);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/compressed_size-inl.hpp"
#endif
