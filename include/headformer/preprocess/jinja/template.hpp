#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "headformer/preprocess/jinja/filters.hpp"
#include "headformer/preprocess/jinja/globals.hpp"
#include "headformer/preprocess/jinja/methods.hpp"
#include "headformer/preprocess/jinja/parser.hpp"
#include "headformer/preprocess/jinja/statements.hpp"
#include "headformer/preprocess/jinja/tests.hpp"

namespace headformer::jinja {

/// A parsed Jinja template in the environment that transformers gives chat templates: a sandbox in which lists and
/// dicts do not change, trim_blocks and lstrip_blocks, break and continue, {% generation %}, tojson without HTML
/// escapes, raise_exception and strftime_now. There are no other templates (include, import, extends), and no
/// autoescaping. Immutable and shareable between threads.
///
/// Source: the Jinja 3.1 template designer documentation, https://jinja.palletsprojects.com/en/stable/templates/
class Template {
 public:
  /// `name` stands for the template in messages. Throws FormatError with line and column.
  explicit Template(std::string_view source, std::string name = "template") : name_(std::move(name)) {
    Lexer lexer(source, name_);
    block_ = Parser(lexer.run(), name_).run();
  }

  /// The text. Variables that are no valid names cannot be reached. Throws TemplateError, TemplateRaised when the
  /// template calls raise_exception, both with name, line and column.
  std::string render(const nlohmann::ordered_json& variables, const Limits& limits = {},
                     std::function<std::tm()> now = local_time) const {
    // Long conversations may cost more; what a template can make of little input stays bounded.
    const std::uint64_t size = size_of(variables);
    Limits all = limits;
    all.steps += size;
    all.bytes += 32 * size;
    all.output += 8 * size;
    Budget conversion({.steps = ~std::uint64_t{0}, .bytes = ~std::uint64_t{0}});
    try {
      const Value input = from_json(variables, conversion);
      const Dict none;
      const Dict& dict = input.is_dict() ? input.dict() : none;
      return run(dict, all, std::move(now));
    } catch (const Failure& failure) {
      throw TemplateError(name_ + ": " + one_line(failure.what()));
    }
  }

  const std::string& name() const { return name_; }

  static std::tm local_time() {
    const std::time_t seconds = std::time(nullptr);
    std::tm time{};
    ::localtime_r(&seconds, &time);
    return time;
  }

 private:
  std::string run(const Dict& variables, const Limits& limits, std::function<std::tm()> now) const {
    Interpreter interpreter(variables, limits, std::move(now));
    try {
      return interpreter.run(block_);
    } catch (const Failure& failure) {
      throw TemplateError(place(name_, interpreter.position()) + ": " + one_line(failure.what()));
    } catch (const Raised& raised) {
      throw TemplateRaised(place(name_, interpreter.position()), raised.what());
    }
  }
  /// Bytes of text in the variables, and some for every value.
  static std::uint64_t size_of(const nlohmann::ordered_json& json) {
    std::uint64_t size = 8;
    if (json.is_string()) size += json.get_ref<const std::string&>().size();
    if (json.is_array())
      for (const auto& item : json) size += size_of(item);
    if (json.is_object())
      for (const auto& [key, item] : json.items()) size += key.size() + size_of(item);
    return size;
  }
  static std::string one_line(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return text;
  }

  std::string name_;
  Block block_;
};

}  // namespace headformer::jinja
