#pragma once

#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer::detail {

/// Puts a name at the end of a list for a message.
HEADFORMER_COLD inline void add_name(std::string& names, std::string_view name) {
  if (!name.empty()) names += (names.empty() ? "" : ", ") + std::string(name);
}

/// Throws ConfigError: the checkpoint names an architecture that is none of the known ones.
HEADFORMER_COLD [[noreturn]] inline void fail_architecture(const Checkpoint& checkpoint, const std::string& known) {
  throw ConfigError((checkpoint.is_gguf() ? checkpoint.name() + ": general.architecture"
                                          : checkpoint.config().file() + ": architectures") +
                    ": expected one of " + known + ", found " + detail::quoted(checkpoint.architecture()));
}

/// Throws ConfigError: the folder's class is not made for what is wanted.
HEADFORMER_COLD [[noreturn]] inline void fail_class(const Checkpoint& checkpoint, const std::string& wanted) {
  throw ConfigError(checkpoint.name() + ": architectures: expected a class for " + wanted + ", found " +
                    detail::quoted(checkpoint.architecture()));
}

}  // namespace headformer::detail
