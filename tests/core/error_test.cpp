#include "headformer/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace headformer {
namespace {

TEST(Error, OneBaseCatchesAll) {
  EXPECT_THROW(throw IoError("x"), Error);
  EXPECT_THROW(throw FormatError("x"), Error);
  EXPECT_THROW(throw ConfigError("x"), Error);
  EXPECT_THROW(throw WeightError("x"), Error);
  EXPECT_THROW(throw ArgumentError("x"), Error);
  EXPECT_THROW(throw CancelledError("x"), Error);
  EXPECT_THROW(throw Error("x"), std::runtime_error);
}

TEST(Error, QuotedTextStaysOnOneLine) {
  EXPECT_EQ(detail::quoted("model.norm"), "'model.norm'");
  EXPECT_EQ(detail::quoted(std::string("a\nb\tc\0d\x7f", 8)), "'a?b?c?d?'");
  EXPECT_EQ(detail::quoted("\xc3\xa9"), "'\xc3\xa9'") << "UTF-8 is left alone";
  EXPECT_EQ(detail::quoted(""), "''");
}

TEST(Error, QuotedTextIsCut) {
  EXPECT_EQ(detail::quoted(std::string(200, 'x')), "'" + std::string(200, 'x') + "'");
  EXPECT_EQ(detail::quoted(std::string(201, 'x')), "'" + std::string(200, 'x') + "...'");
  EXPECT_EQ(detail::quoted("abcdef", 3), "'abc...'");
}

}  // namespace
}  // namespace headformer
