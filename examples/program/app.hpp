#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class Validator;
}  // namespace CLI

// What the programs use of CLI11, declared only: its headers take longer to compile than any of the programs.
namespace program {

/// Says whether a text is what an option takes.
using Check = std::shared_ptr<const CLI::Validator>;

/// CLI11 takes an empty text for the number 0.
Check a_number();
/// Whole numbers in [lowest, highest].
Check range(long lowest, long highest);
/// One of these texts.
Check is_member(std::vector<std::string> texts);

/// An option of an App, which owns it; every call but count() returns it again.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option* required();
  Option* check(const Check& check);
  Option* capture_default_str();
  Option* default_str(const std::string& text);
  Option* excludes(const Option* other);
  Option* needs(const Option* other);
  Option* expected(int count);
  Option* delimiter(char between);
  Option* allow_extra_args(bool allowed);
  Option* take_all();
  /// Not told of by --help.
  Option* hidden();
  /// How often the command line has it.
  std::size_t count() const;

 private:
  CLI::Option* option_;
};

/// A program's command line.
class App {
 public:
  explicit App(const std::string& description);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// "--name" or, by its place, "NAME"; what it is given goes to `value`: texts and numbers, one or a vector of them.
  template <class T>
  Option* add_option(const std::string& name, T& value, const std::string& description = "");
  Option* add_flag(const std::string& name, bool& value, const std::string& description = "");
  void remove_option(const std::string& name);

  /// Parses and runs; any failure is one line on stderr and a status of 1 to 9.
  int run(int argc, char** argv, const std::function<void()>& body);

 private:
  Option* keep(CLI::Option& option);

  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<Option>> options_;
};

inline int run(App& app, int argc, char** argv, const std::function<void()>& body) { return app.run(argc, argv, body); }

}  // namespace program
