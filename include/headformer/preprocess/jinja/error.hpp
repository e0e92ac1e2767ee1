#pragma once

#include <string>

#include "headformer/core/error.hpp"

namespace headformer {

/// Rendering a chat template failed: an undefined value was used, an operation met the wrong types, a limit was
/// reached. what() begins with the template's name, line and column. (A template that cannot be parsed is a
/// FormatError.)
class TemplateError : public Error {
 public:
  using Error::Error;
};

/// The template itself refused its input by calling raise_exception(message), as the published ones do for roles that
/// do not alternate.
class TemplateRaised : public TemplateError {
 public:
  TemplateRaised(const std::string& where, std::string message)
      : TemplateError(where + ": the template raised " + detail::quoted(message)), message_(std::move(message)) {}
  /// The template's own words, unshortened.
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

namespace jinja {

/// Line and column in a template's source, both from 1; a column counts code points.
struct Position {
  unsigned line = 1;
  unsigned column = 1;
};

/// What goes wrong inside an evaluation, before the place is known; the renderer turns it into a TemplateError.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// raise_exception(message) on its way out; the renderer turns it into a TemplateRaised.
class Raised : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace jinja
}  // namespace headformer
