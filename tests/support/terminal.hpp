#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "support/program.hpp"

namespace headformer::testing {

/// Runs an example program as at a terminal: what is typed (ended by control-D) and stderr are the terminal's, stdout
/// goes to a file. `error` is what the screen shows but for the program's output: what is typed included.
inline ProgramResult run_on_terminal(const std::string& name, const std::vector<std::string>& arguments,
                                     const std::string& typed) {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (screen < 0 || ::grantpt(screen) != 0 || ::unlockpt(screen) != 0) throw std::runtime_error("no terminal");
  const std::string terminal = ::ptsname(screen);
  const int open = ::open(terminal.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);  // or what is typed would be lost
  const std::string all = typed + '\4';
  if (::write(screen, all.data(), all.size()) != static_cast<ssize_t>(all.size())) throw std::runtime_error("write");
  const pid_t process =
      start_program(std::filesystem::path(HEADFORMER_PROGRAMS_DIR) / name, arguments, terminal, out, terminal);
  ::close(open);
  std::string shown;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(screen, buffer, sizeof buffer)) > 0;)
    shown.append(buffer, static_cast<std::size_t>(count));
  ::close(screen);
  const int status = wait_for(process);
  return {status, read_file(out), shown};
}

}  // namespace headformer::testing
