#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace headformer::testing {

/// What a program did.
struct ProgramResult {
  int status = -1;  ///< exit status; -1 when a signal ended it
  std::string out;
  std::string error;
};

/// Starts a program whose standard streams are these files.
inline pid_t start_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                           const std::string& in, const std::string& out, const std::string& error) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY | O_NOCTTY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_NOCTTY, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, error.c_str(), O_WRONLY | O_CREAT | O_NOCTTY, 0600);
  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t process = 0;
  const int failed = posix_spawn(&process, program.c_str(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + program.string());
  return process;
}

/// Waits for its end and returns its exit status; -1 when a signal ended it.
inline int wait_for(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) throw std::runtime_error("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Runs an example program (build/examples/NAME) and waits for it.
inline ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                                 const std::string& input = "") {
  const TemporaryFolder folder;
  const std::filesystem::path program = std::filesystem::path(HEADFORMER_PROGRAMS_DIR) / name;
  const std::string in = folder.write("in", input).string();
  const std::string out = (folder / "out").string();
  const std::string error = (folder / "error").string();
  const pid_t process = start_program(program, arguments, in, out, error);
  const int status = wait_for(process);
  return {status, read_file(out), read_file(error)};
}

inline void expect_success(const ProgramResult& result) {
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "") << "stderr is for errors and, on a terminal, progress";
}

/// The rule of every program: a status of 1 to 9, exactly one line on stderr, nothing on stdout.
inline void expect_refused(const ProgramResult& result, const std::vector<std::string>& mentions) {
  EXPECT_GE(result.status, 1);
  EXPECT_LE(result.status, 9);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
  EXPECT_TRUE(result.error.ends_with('\n')) << result.error;
  expect_mentions(result.error, mentions);
}

}  // namespace headformer::testing
