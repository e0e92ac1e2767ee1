#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"

namespace headformer {

/// Base of everything headformer throws. what() is one line: where (file, key or tensor), what was expected, what was
/// found. Nothing is printed and nothing aborts; an operation that throws has written nothing.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A path cannot be opened, read or mapped.
class IoError : public Error {
 public:
  using Error::Error;
};

/// The bytes of a file are not what its format promises (safetensors, GGUF, JSON, tokenizer).
class FormatError : public Error {
 public:
  using Error::Error;
};

/// A config asks for something impossible or unknown: a missing key, a value out of range, an unknown architecture.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A checkpoint's tensors do not fit its config: one is missing, left over, or has another shape or dtype.
class WeightError : public Error {
 public:
  using Error::Error;
};

/// The caller's argument is out of range: an id past the vocabulary, a prompt past the context, an unknown option.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

/// The caller cancelled a load or a generation (see Cancellation).
class CancelledError : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// Makes text from outside safe to quote in a one-line message: control bytes become '?', long text is cut.
HEADFORMER_COLD inline std::string quoted(std::string_view text, std::size_t limit = 200) {
  std::string result = "'";
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  if (text.size() > limit) result += "...";
  result += '\'';
  return result;
}

}  // namespace detail
}  // namespace headformer
