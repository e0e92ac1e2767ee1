#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/parameters.hpp"
#include "headformer/preprocess/jinja/string_methods.hpp"

namespace headformer::jinja {

namespace detail {

struct NamedTest {
  std::string_view name;
  TestFunction function;
};

inline void no_arguments(const Arguments& arguments) { const Parameters none(arguments, "this test", {}); }

/// A test of the value alone.
template <bool (*Holds)(const Value&)>
bool plain_test(Interpreter&, const Value& value, Arguments& arguments) {
  no_arguments(arguments);
  return Holds(value);
}

enum class Comparison { equal, unequal, less, less_or_equal, greater, greater_or_equal };

template <Comparison How>
bool comparison_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "this test", {"other"}, 1);
  Budget& budget = interpreter.budget();
  if constexpr (How == Comparison::equal) return equal(value, *p[0], budget);
  if constexpr (How == Comparison::unequal) return !equal(value, *p[0], budget);
  if constexpr (How == Comparison::less) return ordered("<", value, *p[0], budget);
  if constexpr (How == Comparison::less_or_equal) return ordered("<=", value, *p[0], budget);
  if constexpr (How == Comparison::greater) return ordered(">", value, *p[0], budget);
  return ordered(">=", value, *p[0], budget);
}

template <int Rest>
bool parity_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  no_arguments(arguments);
  return equal(arithmetic("%", value, Value(2), interpreter.budget()), Value(Rest), interpreter.budget());
}

template <bool Lower>
bool case_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  no_arguments(arguments);
  return is_all_case(to_text(value, interpreter.budget()), Lower);
}

HEADFORMER_COLD inline bool divisible_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "divisibleby", {"num"}, 1);
  return equal(arithmetic("%", value, *p[0], interpreter.budget()), Value(0), interpreter.budget());
}

HEADFORMER_COLD inline bool in_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "in", {"seq"}, 1);
  return contains(*p[0], value, interpreter.budget());
}

/// Python's `is`: the same object. Small values are objects of their own kind in Python too.
HEADFORMER_COLD inline bool same_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "sameas", {"other"}, 1);
  const Value& other = *p[0];
  if (value.data().index() != other.data().index()) return false;
  if (value.is<SequencePtr>()) return value.sequence() == other.sequence();
  if (value.is_dict()) return value.dict_pointer() == other.dict_pointer();
  if (value.is<ObjectPtr>()) return value.object() == other.object();
  return equal(value, other, interpreter.budget());
}

template <bool Filters>
bool exists_test(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  no_arguments(arguments);
  if (!value.is_text()) {
    static_cast<void>(hash(value, interpreter.budget()));  // which no list or dict has
    return false;
  }
  return Filters ? find_filter(value.bytes()) != nullptr : find_test(value.bytes()) != nullptr;
}

inline bool is_defined(const Value& v) { return !v.is_undefined(); }
inline bool is_undefined(const Value& v) { return v.is_undefined(); }
inline bool is_none(const Value& v) { return v.is_none(); }
inline bool is_boolean(const Value& v) { return v.is<bool>(); }
inline bool is_true(const Value& v) { return v.is<bool>() && v.boolean(); }
inline bool is_false(const Value& v) { return v.is<bool>() && !v.boolean(); }
inline bool is_integer(const Value& v) { return v.is<Integer>(); }
inline bool is_float(const Value& v) { return v.is<double>(); }
inline bool is_number(const Value& v) { return v.is_number(); }
inline bool is_string(const Value& v) { return v.is_text(); }
inline bool is_mapping(const Value& v) { return v.is_dict(); }
inline bool is_callable(const Value& v) { return v.is_undefined() || (v.is<ObjectPtr>() && v.object()->callable()); }
inline bool is_escaped(const Value& v) { return is_safe(v); }
/// Has a length and elements by index or key.
HEADFORMER_COLD inline bool is_sequence(const Value& v) {
  if (v.is_undefined()) return true;
  if (v.is<ObjectPtr>()) return v.object()->subscriptable();
  return v.is_text() || v.is<SequencePtr>() || v.is_dict();
}

}  // namespace detail

HEADFORMER_COLD inline TestFunction find_test(std::string_view name) {
  using detail::Comparison;
  static constexpr std::array<detail::NamedTest, 39> tests = {{
      {"!=", detail::comparison_test<Comparison::unequal>},
      {"<", detail::comparison_test<Comparison::less>},
      {"<=", detail::comparison_test<Comparison::less_or_equal>},
      {"==", detail::comparison_test<Comparison::equal>},
      {">", detail::comparison_test<Comparison::greater>},
      {">=", detail::comparison_test<Comparison::greater_or_equal>},
      {"boolean", detail::plain_test<detail::is_boolean>},
      {"callable", detail::plain_test<detail::is_callable>},
      {"defined", detail::plain_test<detail::is_defined>},
      {"divisibleby", detail::divisible_test},
      {"eq", detail::comparison_test<Comparison::equal>},
      {"equalto", detail::comparison_test<Comparison::equal>},
      {"escaped", detail::plain_test<detail::is_escaped>},
      {"even", detail::parity_test<0>},
      {"false", detail::plain_test<detail::is_false>},
      {"filter", detail::exists_test<true>},
      {"float", detail::plain_test<detail::is_float>},
      {"ge", detail::comparison_test<Comparison::greater_or_equal>},
      {"greaterthan", detail::comparison_test<Comparison::greater>},
      {"gt", detail::comparison_test<Comparison::greater>},
      {"in", detail::in_test},
      {"integer", detail::plain_test<detail::is_integer>},
      {"iterable", detail::plain_test<is_iterable>},
      {"le", detail::comparison_test<Comparison::less_or_equal>},
      {"lessthan", detail::comparison_test<Comparison::less>},
      {"lower", detail::case_test<true>},
      {"lt", detail::comparison_test<Comparison::less>},
      {"mapping", detail::plain_test<detail::is_mapping>},
      {"ne", detail::comparison_test<Comparison::unequal>},
      {"none", detail::plain_test<detail::is_none>},
      {"number", detail::plain_test<detail::is_number>},
      {"odd", detail::parity_test<1>},
      {"sameas", detail::same_test},
      {"sequence", detail::plain_test<detail::is_sequence>},
      {"string", detail::plain_test<detail::is_string>},
      {"test", detail::exists_test<false>},
      {"true", detail::plain_test<detail::is_true>},
      {"undefined", detail::plain_test<detail::is_undefined>},
      {"upper", detail::case_test<false>},
  }};
  const auto* const at =
      std::lower_bound(tests.begin(), tests.end(), name,
                       [](const detail::NamedTest& test, std::string_view n) { return test.name < n; });
  return at != tests.end() && at->name == name ? at->function : nullptr;
}

}  // namespace headformer::jinja
