#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

#include "headformer/core/cold.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::detail {

/// The shortest text that reads back as the same number; "inf", "-inf" and "nan" for those.
HEADFORMER_COLD inline std::string number_text(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : std::string("a number");
}

/// "an integer", "an integer >= 1", "an integer in [1, 8]": what a range check expects.
HEADFORMER_COLD inline std::string expected_integer(Index lo, Index hi) {
  constexpr Index least = std::numeric_limits<Index>::min();
  constexpr Index most = std::numeric_limits<Index>::max();
  if (lo == least && hi == most) return "an integer";
  if (hi == most) return "an integer >= " + std::to_string(lo);
  if (lo == least) return "an integer <= " + std::to_string(hi);
  return "an integer in [" + std::to_string(lo) + ", " + std::to_string(hi) + "]";
}

/// The same for numbers; infinite ends are open.
HEADFORMER_COLD inline std::string expected_number(double lo, double hi) {
  if (std::isinf(lo) && std::isinf(hi)) return "a number";
  if (std::isinf(hi)) return "a number >= " + number_text(lo);
  if (std::isinf(lo)) return "a number <= " + number_text(hi);
  return "a number in [" + number_text(lo) + ", " + number_text(hi) + "]";
}

}  // namespace headformer::detail
