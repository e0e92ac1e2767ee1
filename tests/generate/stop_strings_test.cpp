#include "headformer/generate/stop_strings.hpp"

#include <gtest/gtest.h>

namespace headformer::testing {
namespace {

struct Result {
  std::string shown;
  bool stopped;
};
Result run(const std::vector<std::string>& strings, const std::vector<std::string>& pieces) {
  StopStrings stop(strings);
  std::string shown;
  for (const std::string& piece : pieces) shown += stop.push(piece);
  shown += stop.finish();
  return {shown, stop.stopped()};
}
/// What a whole text shows: up to the string that is complete first, of those that end together the longest.
std::string cut(const std::vector<std::string>& strings, const std::string& text) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::size_t longest = 0;
    for (const std::string& s : strings)
      if (std::string_view(text).substr(0, end).ends_with(s)) longest = std::max(longest, s.size());
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

struct Case {
  std::vector<std::string> strings;
  std::string text;
};
const std::vector<Case> cases = {
    {{"STOP"}, "one two STOP three"},
    {{"STOP"}, "STOP at once"},
    {{"STOP"}, "it ends with STOP"},
    {{"STOP"}, "STO STOQ SSTOP."},
    {{"STOP"}, "never; but nearly: STO"},
    {{"aab"}, "aaaaab"},
    {{"abab"}, "abaabababab"},
    {{"\n\n", "END"}, "first\nsecond\n\nthird END"},
    {{"xyz", "y"}, "axyz"},
    {{"yz", "xyz"}, "axyz"},
    {{"é</s>"}, "caf\xc3\xa9 \xc3\xa9</s> more"},
    {{"a", "b"}, "ccc"},
    {{}, "no strings at all"},
    {{""}, "an empty string stops nothing"},
};

TEST(StopStrings, CutWhereverTheTextIsSplit) {
  for (const Case& item : cases) {
    const std::string expected = cut(item.strings, item.text);
    const bool stops = expected.size() < item.text.size();
    for (std::size_t first = 0; first <= item.text.size(); ++first) {
      for (std::size_t second = first; second <= item.text.size(); ++second) {
        const Result result = run(item.strings, {item.text.substr(0, first), item.text.substr(first, second - first),
                                                 item.text.substr(second)});
        ASSERT_EQ(result.shown, expected) << item.text << " split at " << first << " and " << second;
        ASSERT_EQ(result.stopped, stops) << item.text;
      }
    }
    std::vector<std::string> bytes;
    for (const char c : item.text) bytes.emplace_back(1, c);
    EXPECT_EQ(run(item.strings, bytes).shown, expected) << item.text << " byte by byte";
  }
}

TEST(StopStrings, NothingIsHeldBackThatCannotBecomeOne) {
  StopStrings stop({"STOP", "TOTAL"});
  EXPECT_EQ(stop.push("hello "), "hello ");
  EXPECT_EQ(stop.push("ST"), "");
  EXPECT_EQ(stop.push("AR"), "STAR");
  EXPECT_EQ(stop.push("STO"), "") << "may become STOP, and its TO may become TOTAL";
  EXPECT_EQ(stop.push("T"), "S") << "only TOTAL is left";
  EXPECT_EQ(stop.push("s"), "TOTs");
  EXPECT_EQ(stop.push("a T"), "a ");
  EXPECT_EQ(stop.finish(), "T") << "the end releases a partial match";
  EXPECT_EQ(stop.finish(), "");
  EXPECT_FALSE(stop.stopped());
}

TEST(StopStrings, AfterTheStopNothingIsShown) {
  StopStrings stop({"!"});
  EXPECT_EQ(stop.push("a!b"), "a");
  EXPECT_TRUE(stop.stopped());
  EXPECT_EQ(stop.push("more"), "");
  EXPECT_EQ(stop.finish(), "");
}

TEST(StopMatcher, SeesAStringThatEndsInTheLastToken) {
  const auto stopped_at = [](const std::vector<std::string>& strings, const std::vector<std::string>& tokens) {
    StopMatcher matcher(strings);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (matcher.push(tokens[i])) return static_cast<int>(i);
    }
    return -1;
  };
  EXPECT_EQ(stopped_at({"end"}, {"an ", "e", "n", "d", "."}), 3);
  EXPECT_EQ(stopped_at({"end"}, {"the end.", "x"}), 0) << "in the middle of a token";
  EXPECT_EQ(stopped_at({"end"}, {"the e", "", "nding"}), 2);
  EXPECT_EQ(stopped_at({"ab", "b"}, {"a", "b"}), 1);
  EXPECT_EQ(stopped_at({"aab"}, {"a", "a", "a", "a", "b"}), 4);
  EXPECT_EQ(stopped_at({"\xc3\xa9"}, {"\xc3", "\xa9"}), 1) << "bytes of one character";
  EXPECT_EQ(stopped_at({"<eos>", ""}, {"x", "<eos>"}), 1) << "a special token's name";
  EXPECT_EQ(stopped_at({"absent", ""}, {"ab", "sen", "", "T"}), -1);
  EXPECT_EQ(stopped_at({}, {"a"}), -1);
}

TEST(StopMatcher, AStringIsSeenOnceAndMayBeginInThePrompt) {
  StopMatcher matcher({"\n\n", "yes"});
  EXPECT_EQ(matcher.longest(), 3U);
  matcher.push("the prompt's end\n");
  EXPECT_TRUE(matcher.push("\nmore"));
  EXPECT_FALSE(matcher.push("y")) << "what was there before does not end here";
  EXPECT_FALSE(matcher.push("e"));
  EXPECT_TRUE(matcher.push("s"));
}

}  // namespace
}  // namespace headformer::testing
