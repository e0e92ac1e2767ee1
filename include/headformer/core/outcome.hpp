#pragma once

#include <optional>
#include <string>
#include <utility>

#include "headformer/core/error.hpp"

namespace headformer {

/// A value, or why there is none: of one item of a batch, whose other items come out all the same.
template <class T>
class Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): a value is an outcome
  static Outcome failure(std::string error) { return Outcome(std::move(error), Failed{}); }

  explicit operator bool() const { return value_.has_value(); }
  /// Throws ArgumentError with error() when there is none.
  const T& value() const& {
    expect_value();
    return *value_;
  }
  T&& value() && {
    expect_value();
    return std::move(*value_);
  }
  /// Empty when there is a value.
  const std::string& error() const { return error_; }

 private:
  struct Failed {};
  Outcome(std::string error, Failed) : error_(std::move(error)) {}
  void expect_value() const {
    if (!value_) throw ArgumentError(error_);
  }

  std::optional<T> value_;
  std::string error_;
};

}  // namespace headformer
