#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace headformer::testing {

/// The same JSON, numbers that are no integers within `tolerance` of the greatest.
inline void expect_same(const nlohmann::json& found, const nlohmann::json& expected, double scale,
                        const std::string& where, double tolerance = 2e-4) {
  if (expected.is_number_float()) {
    ASSERT_TRUE(found.is_number()) << where << ": " << found;
    EXPECT_NEAR(found.get<double>(), expected.get<double>(), tolerance * scale) << where;
    return;
  }
  ASSERT_EQ(found.type_name(), std::string(expected.type_name())) << where << ": " << found << " for " << expected;
  if (!expected.is_structured()) {
    EXPECT_EQ(found, expected) << where;
    return;
  }
  ASSERT_EQ(found.size(), expected.size()) << where << ": " << found << " for " << expected;
  for (const auto& [key, value] : expected.items()) {
    const std::string at = where + "." + key;
    if (expected.is_object()) {
      ASSERT_TRUE(found.contains(key)) << at;
      expect_same(found.at(key), value, scale, at, tolerance);
    } else {
      expect_same(found.at(std::stoul(key)), value, scale, at, tolerance);
    }
  }
}

/// The greatest magnitude among numbers that are no integers.
inline double greatest(const nlohmann::json& json) {
  if (json.is_number_float()) return std::abs(json.get<double>());
  double result = 0;
  if (json.is_structured())
    for (const nlohmann::json& value : json) result = std::max(result, greatest(value));
  return result;
}

}  // namespace headformer::testing
