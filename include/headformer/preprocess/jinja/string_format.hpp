#pragma once

#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/interpreter.hpp"
#include "headformer/preprocess/jinja/percent_format.hpp"

namespace headformer::jinja {

namespace detail {

/// [[fill]align][sign][#][0][width][grouping][.precision][type]
HEADFORMER_COLD inline FormatSpec parse_format_spec(std::string_view text) {
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  FormatSpec spec;
  std::size_t at = 0;
  if (!text.empty()) {
    std::size_t next = 0;
    decode(text, next);
    if (next < text.size() && is_align(text[next])) {
      spec.fill = text.substr(0, next);
      spec.align = text[next];
      at = next + 1;
    } else if (is_align(text[0])) {
      spec.align = text[0];
      at = 1;
    }
  }
  const auto skip = [&](char c) {
    const bool there = at < text.size() && text[at] == c;
    if (there) ++at;
    return there;
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) spec.sign = text[at++];
  spec.alternate = skip('#');
  if (skip('0') && spec.align == 0) {
    spec.fill = "0";
    spec.align = '=';
  }
  spec.width = field_size(text, at);
  if (at < text.size() && (text[at] == ',' || text[at] == '_')) spec.grouping = text[at++];
  if (skip('.')) {
    spec.precision = field_size(text, at);
    if (!spec.precision) throw Failure("format specifier missing precision");
  }
  if (at < text.size()) spec.type = text[at++];
  if (at != text.size()) throw Failure("invalid format specifier");
  return spec;
}

/// format(value, spec).
HEADFORMER_COLD inline std::string format_value(const Value& value, std::string_view specification, Budget& budget) {
  if (specification.empty()) return to_text(value, budget);
  FormatSpec spec = parse_format_spec(specification);
  if (value.is_number() && (!value.is<bool>() || spec.type != 0)) return format_number(value, spec, budget);
  if (value.is<bool>()) return format_number(Value(value.integer()), spec, budget);
  if (!value.is_text()) throw Failure("unsupported format string passed to " + type_name(value));
  if ((spec.type != 0 && spec.type != 's') || spec.align == '=')
    throw Failure("this format does not apply to a string");
  std::string shown = value.bytes();
  if (spec.precision) shown.resize(byte_offset(value.text(), *spec.precision));
  return padded("", shown, spec, spec.align == 0 ? '<' : spec.align, budget);
}

/// The fields of str.format.
class Formatter {
 public:
  Formatter(Interpreter& interpreter, const Arguments& arguments) : interpreter_(interpreter), arguments_(arguments) {}

  /// `depth`: a field's specification may hold fields itself, once.
  std::string run(std::string_view text, int depth) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      interpreter_.budget().allocate(1);
      if (c != '{' && c != '}') {
        out += c;
      } else if (at + 1 < text.size() && text[at + 1] == c) {
        out += c;
        ++at;
      } else if (c == '}') {
        throw Failure("Single '}' encountered in format string");
      } else {
        const std::size_t end = closing(text, at + 1);
        out += field(text.substr(at + 1, end - at - 1), depth);
        at = end;
      }
    }
    return out;
  }

 private:
  static std::size_t closing(std::string_view text, std::size_t at) {
    int open = 1;
    for (; at < text.size(); ++at) {
      if (text[at] == '{') ++open;
      if (text[at] == '}' && --open == 0) return at;
    }
    throw Failure("expected '}' before end of string");
  }

  std::string field(std::string_view text, int depth) {
    if (depth == 0) throw Failure("Max string recursion exceeded");
    std::size_t end = 0;
    bool bracket = false;
    for (; end < text.size() && (bracket || (text[end] != ':' && text[end] != '!')); ++end) {
      if (text[end] == '[') bracket = true;
      if (text[end] == ']') bracket = false;
    }
    const std::string_view name = text.substr(0, end);
    char conversion = 0;
    if (end < text.size() && text[end] == '!') {
      if (end + 1 >= text.size()) throw Failure("expected a conversion after '!'");
      conversion = text[end + 1];
      end += 2;
      if (end < text.size() && text[end] != ':') throw Failure("expected ':' after conversion specifier");
    }
    const std::string spec = end < text.size() ? run(text.substr(end + 1), depth - 1) : std::string();
    Value value = look_up(name);
    if (conversion == 'r' || conversion == 'a') {
      value = interpreter_.text(repr(value, interpreter_.budget()));
    } else if (conversion == 's') {
      value = interpreter_.text(to_text(value, interpreter_.budget()));
    } else if (conversion != 0) {
      throw Failure("unknown conversion in a format");
    }
    return format_value(value, spec, interpreter_.budget());
  }

  static bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos;
  }
  Value look_up(std::string_view name) {
    std::size_t at = std::min(name.find_first_of(".["), name.size());
    Value value = argument(name.substr(0, at));
    while (at < name.size()) {
      if (name[at] == '.') {
        const std::size_t end = std::min(name.find_first_of(".[", at + 1), name.size());
        value = interpreter_.attribute(value, name.substr(at + 1, end - at - 1));
        at = end;
      } else {
        const std::size_t end = name.find(']', at);
        if (name[at] != '[' || end == name.npos) throw Failure("a format's field name is malformed");
        const std::string_view key = name.substr(at + 1, end - at - 1);
        value = interpreter_.item(value,
                                  is_number(key) ? Value(std::stoi(std::string(key))) : Value::text(std::string(key)));
        at = end + 1;
      }
    }
    return value;
  }
  Value argument(std::string_view name) {
    if (name.empty() || is_number(name)) {
      if (numbered_ && *numbered_ == name.empty())
        throw Failure("a format numbers its fields by hand or automatically, not both");
      numbered_ = !name.empty();
      const std::size_t index = name.empty() ? next_++ : static_cast<std::size_t>(std::stoi(std::string(name)));
      if (index >= arguments_.positional.size())
        throw Failure("Replacement index " + std::to_string(index) + " out of range for positional args tuple");
      return arguments_.positional[index];
    }
    for (const auto& [key, value] : arguments_.named)
      if (key == name) return value;
    throw Failure("the format names the argument " + headformer::detail::quoted(name, 60) + ", which is not given");
  }

  Interpreter& interpreter_;
  const Arguments& arguments_;
  std::size_t next_ = 0;
  std::optional<bool> numbered_;  // by hand
};

}  // namespace detail

/// str.format.
HEADFORMER_COLD inline std::string formatted(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  return detail::Formatter(interpreter, arguments).run(self.bytes(), 2);
}

}  // namespace headformer::jinja
