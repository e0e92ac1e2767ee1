#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"

namespace headformer::tests {

/// Bytes in memory of exactly this size (so that a sanitizer sees every read past them), under a file's name.
inline Bytes in_memory(std::string_view content, const std::string& name) {
  auto copy = std::make_shared<std::vector<std::byte>>(content.size());
  for (std::size_t i = 0; i < content.size(); ++i) (*copy)[i] = static_cast<std::byte>(content[i]);
  const std::span<const std::byte> bytes(copy->data(), copy->size());
  return Bytes(bytes, std::move(copy), name);
}

/// Expects an Expected with a one-line message that has every part.
template <class Expected, class Action>
void expect_error(Action&& action, const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "expected an error, found none";
  } catch (const Expected& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    for (const std::string& part : parts)
      EXPECT_NE(what.find(part), std::string::npos) << part << " is not in: " << what;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of error: " << error.what();
  }
}

}  // namespace headformer::tests
