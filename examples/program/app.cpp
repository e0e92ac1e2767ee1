#include "program/app.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>

namespace program {

Check a_number() {
  return std::make_shared<const CLI::Validator>(
      [](const std::string& text) { return text.empty() ? "expected a number, found ''" : ""; }, "");
}
Check range(long lowest, long highest) { return std::make_shared<const CLI::Range>(lowest, highest); }
Check is_member(std::vector<std::string> texts) { return std::make_shared<const CLI::IsMember>(std::move(texts)); }

Option* Option::required() {
  option_->required();
  return this;
}
Option* Option::check(const Check& check) {
  option_->check(*check);
  return this;
}
Option* Option::capture_default_str() {
  option_->capture_default_str();
  return this;
}
Option* Option::default_str(const std::string& text) {
  option_->default_str(text);
  return this;
}
Option* Option::excludes(const Option* other) {
  option_->excludes(other->option_);
  return this;
}
Option* Option::needs(const Option* other) {
  option_->needs(other->option_);
  return this;
}
Option* Option::expected(int count) {
  option_->expected(count);
  return this;
}
Option* Option::delimiter(char between) {
  option_->delimiter(between);
  return this;
}
Option* Option::allow_extra_args(bool allowed) {
  option_->allow_extra_args(allowed);
  return this;
}
Option* Option::take_all() {
  option_->take_all();
  return this;
}
Option* Option::hidden() {
  option_->group("");
  return this;
}
std::size_t Option::count() const { return option_->count(); }

App::App(const std::string& description) : app_(std::make_unique<CLI::App>(description)) {}
App::~App() = default;

Option* App::keep(CLI::Option& option) { return options_.emplace_back(std::make_unique<Option>(option)).get(); }

template <class T>
Option* App::add_option(const std::string& name, T& value, const std::string& description) {
  return keep(*app_->add_option(name, value, description));
}
template Option* App::add_option(const std::string&, std::string&, const std::string&);
template Option* App::add_option(const std::string&, int&, const std::string&);
template Option* App::add_option(const std::string&, long&, const std::string&);
template Option* App::add_option(const std::string&, double&, const std::string&);
template Option* App::add_option(const std::string&, float&, const std::string&);
template Option* App::add_option(const std::string&, std::optional<std::string>&, const std::string&);
template Option* App::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template Option* App::add_option(const std::string&, std::vector<double>&, const std::string&);
template Option* App::add_option(const std::string&, std::vector<int>&, const std::string&);

Option* App::add_flag(const std::string& name, bool& value, const std::string& description) {
  return keep(*app_->add_flag(name, value, description));
}
void App::remove_option(const std::string& name) { app_->remove_option(app_->get_option(name)); }

int App::run(int argc, char** argv, const std::function<void()>& body) {
  const auto fail = [](std::string message) {
    for (char& c : message) c = c == '\n' ? ' ' : c;
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return 1;
  };
  try {
    app_->parse(argc, argv);
    body();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail("stdout: cannot write");
    return 0;
  } catch (const CLI::Success& help) {
    return app_->exit(help);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace program
