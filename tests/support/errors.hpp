#pragma once

#include <gtest/gtest.h>

#include <headformer/core/error.hpp>
#include <string>
#include <vector>

namespace headformer::testing {

/// What `body` throws must be an Expected, and its message one line; returns the message.
template <class Expected, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Expected& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
    EXPECT_FALSE(message.empty());
    return message;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error than expected: " << error.what();
    return {};
  }
  ADD_FAILURE() << "expected an error, found none";
  return {};
}

inline void expect_mentions(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in: " << message;
  }
}

}  // namespace headformer::testing
