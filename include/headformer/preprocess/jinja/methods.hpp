#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/loop.hpp"
#include "headformer/preprocess/jinja/string_methods.hpp"

namespace headformer::jinja {

namespace detail {

template <std::size_t N>
bool is_listed(const std::array<std::string_view, N>& names, std::string_view name) {
  for (const std::string_view listed : names)
    if (listed == name) return true;
  return false;
}

inline constexpr std::array<std::string_view, 43> string_methods = {
    "strip",    "lstrip",    "rstrip",     "split",      "rsplit",     "replace",      "startswith",
    "endswith", "join",      "format",     "format_map", "splitlines", "find",         "rfind",
    "index",    "rindex",    "count",      "partition",  "rpartition", "removeprefix", "removesuffix",
    "center",   "ljust",     "rjust",      "zfill",      "expandtabs", "upper",        "lower",
    "casefold", "title",     "capitalize", "swapcase",   "isspace",    "isalpha",      "isdecimal",
    "isdigit",  "isnumeric", "isalnum",    "islower",    "isupper",    "isascii",      "isprintable",
    ""};
inline constexpr std::array<std::string_view, 5> dict_methods = {"get", "items", "keys", "values", "copy"};
/// What the environment forbids, as it would change the object.
inline constexpr std::array<std::string_view, 5> dict_mutators = {"clear", "pop", "popitem", "setdefault", "update"};
inline constexpr std::array<std::string_view, 8> list_mutators = {"append", "clear", "pop",    "reverse",
                                                                  "insert", "sort",  "extend", "remove"};

HEADFORMER_COLD inline Value call_dict_method(Interpreter& interpreter, std::string_view name, const Value& self,
                                              const Arguments& arguments) {
  if (name == "get") {
    const Parameters p(arguments, "get", {"key", "default"}, 1);
    if (!is_hashable(*p[0])) throw Failure("unhashable type: '" + type_name(*p[0]) + "'");
    const Value* found = self.dict().find(*p[0], interpreter.budget());
    return found == nullptr ? p.value(1) : *found;
  }
  const Parameters none(arguments, "a dict's method", {});
  if (name == "copy") return self;  // nothing can change it
  const auto part = name == "keys"     ? DictView::Part::keys
                    : name == "values" ? DictView::Part::values
                                       : DictView::Part::items;
  return Value(ObjectPtr(std::make_shared<DictView>(self.dict_pointer(), part)));
}

HEADFORMER_COLD inline Value call_list_method(Interpreter& interpreter, std::string_view name, const Value& self,
                                              const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  const auto& items = self.sequence()->items;
  if (name == "copy") {
    const Parameters none(arguments, "copy", {});
    return self;
  }
  const Parameters p(arguments, "index", {"value", "start", "stop"}, 1);
  if (name == "count") {
    std::size_t count = 0;
    for (const Value& item : items) count += equal(item, *p[0], budget) ? 1 : 0;
    return Value(count);
  }
  const std::size_t begin = clamped_position(p.integer(1, 0), items.size());
  const std::size_t end = clamped_position(p.integer(2, static_cast<Integer>(items.size())), items.size());
  for (std::size_t i = begin; i < end; ++i)
    if (equal(items[i], *p[0], budget)) return Value(i);
  throw Failure("the value is not in the list");
}

/// A bound method that is called through `call`.
template <class CallMethod>
Value bound(const Value& self, std::string_view name, CallMethod call) {
  return make_function(
      std::string(name),
      [self, name = std::string(name), call](Interpreter& interpreter, Arguments& arguments) {
        return call(interpreter, name, self, arguments);
      },
      deeper(depth_of(self)));
}

}  // namespace detail

HEADFORMER_COLD inline std::optional<Value> find_method(const Value& object, std::string_view name) {
  const auto unsafe = [&] {
    return Value::undefined("access to attribute '" + std::string(name) + "' of '" + type_name(object) +
                            "' object is unsafe");
  };
  if (object.is_text()) {
    if (name.empty() || !detail::is_listed(detail::string_methods, name)) return std::nullopt;
    return detail::bound(
        object, name, [](Interpreter& interpreter, const std::string& method, const Value& self, Arguments& arguments) {
          return call_string_method(interpreter, method, self, arguments).value_or(Value());
        });
  }
  if (object.is_dict()) {
    if (detail::is_listed(detail::dict_mutators, name)) return unsafe();
    if (!detail::is_listed(detail::dict_methods, name)) return std::nullopt;
    return detail::bound(object, name, detail::call_dict_method);
  }
  if (object.is<SequencePtr>()) {
    if (object.is_list() && detail::is_listed(detail::list_mutators, name)) return unsafe();
    if (name != "index" && name != "count" && (name != "copy" || object.is_tuple())) return std::nullopt;
    return detail::bound(object, name, detail::call_list_method);
  }
  if (!object.is_number()) return std::nullopt;
  if (name == "real" || (name == "numerator" && object.is_integer()))
    return object.is_integer() ? Value(object.integer()) : object;
  if (name == "imag") return object.is_integer() ? Value(0) : Value(0.0);
  if (name == "denominator" && object.is_integer()) return Value(1);
  if (name == "is_integer" && object.is<double>()) {
    const double number = object.number();
    return make_function("is_integer", [number](Interpreter&, Arguments&) {
      return Value(std::isfinite(number) && !(std::floor(number) < number));
    });
  }
  if (name == "bit_length" && object.is_integer()) {
    const Integer number = object.integer();
    return make_function("bit_length", [number](Interpreter&, Arguments&) {
      int bits = 0;
      for (Integer rest = number < 0 ? -number : number; rest != 0; rest /= 2) ++bits;
      return Value(bits);
    });
  }
  return std::nullopt;
}

}  // namespace headformer::jinja
