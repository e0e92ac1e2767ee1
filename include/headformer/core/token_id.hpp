#pragma once

#include <cstdint>

namespace headformer {

/// A token's number in its vocabulary.
using TokenId = std::int32_t;

}  // namespace headformer
