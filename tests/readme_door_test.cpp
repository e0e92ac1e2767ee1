#include <gtest/gtest.h>

#include <sstream>

#include "support/program.hpp"

// What the README tells a newcomer to type.
namespace headformer::testing {
namespace {

std::filesystem::path root() { return std::filesystem::path(HEADFORMER_TESTS_DIR).parent_path(); }

/// The lines of the README's block of commands that begins with this one.
std::vector<std::string> commands(const std::string& first) {
  const std::string readme = read_file(root() / "README.md");
  const std::size_t begin = readme.find("```sh\n" + first + "\n");
  if (begin == std::string::npos) throw std::runtime_error("README.md: expected a block that begins with " + first);
  std::istringstream block(readme.substr(begin, readme.find("\n```\n", begin) - begin));
  std::vector<std::string> lines;
  for (std::string line; std::getline(block, line);) lines.push_back(line);
  lines.erase(lines.begin());
  return lines;
}

TEST(Readme, EachPipelinesLineAnswers) {
  const std::vector<std::string> lines = commands("pipelines=tests/goldens/pipelines");
  ASSERT_GT(lines.size(), 10U);
  const std::string built = "build/examples/";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    SCOPED_TRACE(lines[i]);
    std::string line = lines[i];
    const std::size_t program = line.find(built);
    ASSERT_NE(program, std::string::npos);
    line.replace(program, built.size(), std::string(HEADFORMER_PROGRAMS_DIR) + "/");
    const ProgramResult result =
        run_program("/bin/sh", {"-c", "cd '" + root().string() + "'; " + lines[0] + "; " + line});
    expect_success(result);
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1) << result.out;
    EXPECT_EQ(result.out.find("\"error\""), std::string::npos) << result.out;
  }
}

}  // namespace
}  // namespace headformer::testing
