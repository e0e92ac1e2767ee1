#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/compare.hpp"
#include "headformer/preprocess/jinja/objects.hpp"
#include "headformer/preprocess/jinja/percent_format.hpp"
#include "headformer/preprocess/jinja/print.hpp"
#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// An integer result that fits (see Integer).
inline Value checked(Integer value) {
  if (value > integer_limit || value < -integer_limit) throw Failure("an integer becomes too large");
  return Value(value);
}

inline Value multiplied(Integer a, Integer b) {
  const auto magnitude = [](Integer x) { return x < 0 ? -x : x; };
  if (a != 0 && magnitude(b) > integer_limit / magnitude(a)) throw Failure("an integer becomes too large");
  return checked(a * b);
}

/// Division towards minus infinity, and its remainder, which has the divisor's sign.
inline Integer floor_divided(Integer a, Integer b) {
  const Integer quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}
inline Integer floor_remainder(Integer a, Integer b) { return a - floor_divided(a, b) * b; }
inline double floor_remainder(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest < 0 || rest > 0) {
    if ((rest < 0) != (b < 0)) rest += b;
    return rest;
  }
  return std::copysign(0.0, b);
}
inline double floor_divided(double a, double b) {
  const double quotient = (a - floor_remainder(a, b)) / b;
  double floor = std::floor(quotient);
  if (quotient - floor > 0.5) floor += 1;
  return floor;
}

/// A count given by the template, for repetitions and sizes; negative ones are 0.
inline std::size_t clamped_count(Integer count) {
  if (count <= 0) return 0;
  constexpr Integer most = static_cast<Integer>(1) << 62;
  return static_cast<std::size_t>(std::min(count, most));
}

namespace detail {

[[noreturn]] inline void unsupported(const std::string& symbol, const Value& a, const Value& b) {
  a.require_defined();
  b.require_defined();
  throw Failure("unsupported operand types for " + symbol + ": '" + type_name(a) + "' and '" + type_name(b) + "'");
}

inline Value power(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer() && b.integer() >= 0) {
    const Integer base = a.integer();
    Integer exponent = b.integer();
    if (base == 0 || base == 1) return Value(exponent == 0 ? Integer{1} : base);
    if (base == -1) return Value(exponent % 2 == 0 ? Integer{1} : Integer{-1});
    Value result(1);
    for (; exponent > 0; --exponent) result = multiplied(result.integer(), base);  // at most 100 times
    return result;
  }
  const double x = a.number();
  const double y = b.number();
  if (x == 0 && y < 0) throw Failure("0 cannot be raised to a negative power");
  if (x < 0 && std::isfinite(x) && std::isfinite(y) && std::floor(y) < y)
    throw Failure("a negative number has no fractional power");
  const double result = std::pow(x, y);
  if (std::isinf(result) && std::isfinite(x) && std::isfinite(y)) throw Failure("a number becomes too large");
  return Value(result);
}

inline Value repeated(const Value& value, Integer times, Budget& budget) {
  const std::size_t count = clamped_count(times);
  if (value.is_text()) {
    budget.allocate(count, value.bytes().size());
    std::string result;
    if (!value.bytes().empty())
      for (std::size_t i = 0; i < count; ++i) result += value.bytes();
    return make_text(std::move(result), budget, value.text().safe);
  }
  const Sequence& sequence = *value.sequence();
  budget.allocate(count, sequence.items.size() * sizeof(Value));
  std::vector<Value> items;
  if (!sequence.items.empty())
    for (std::size_t i = 0; i < count; ++i) items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  return make_sequence(std::move(items), sequence.tuple, budget);
}

}  // namespace detail

inline Value add(const Value& a, const Value& b, Budget& budget) {
  if (a.is_number() && b.is_number()) {
    if (a.is_integer() && b.is_integer()) return checked(a.integer() + b.integer());
    return Value(a.number() + b.number());
  }
  if (a.is_text() && b.is_text()) {
    const bool safe = a.text().safe || b.text().safe;
    budget.allocate(a.bytes().size() + b.bytes().size());
    if (safe) return make_text(escaped_text(a, budget) + escaped_text(b, budget), budget, true);
    return Value(std::make_shared<const Text>(Text{a.bytes() + b.bytes(), a.text().length + b.text().length, false}));
  }
  if (a.is<SequencePtr>() && b.is<SequencePtr>() && a.sequence()->tuple == b.sequence()->tuple) {
    std::vector<Value> items;
    items.reserve(a.sequence()->items.size() + b.sequence()->items.size());
    items = a.sequence()->items;
    items.insert(items.end(), b.sequence()->items.begin(), b.sequence()->items.end());
    return make_sequence(std::move(items), a.sequence()->tuple, budget);
  }
  detail::unsupported("+", a, b);
}

/// a `symbol` b for + - * / // % **.
inline Value arithmetic(const std::string& symbol, const Value& a, const Value& b, Budget& budget) {
  if (symbol == "+") return add(a, b, budget);
  if (symbol == "%" && a.is_text()) {
    return make_text(percent_formatted(a, b, budget), budget, a.text().safe);
  }
  if (symbol == "*") {
    if ((a.is_text() || a.is<SequencePtr>()) && b.is_integer()) return detail::repeated(a, b.integer(), budget);
    if ((b.is_text() || b.is<SequencePtr>()) && a.is_integer()) return detail::repeated(b, a.integer(), budget);
  }
  if (!a.is_number() || !b.is_number()) detail::unsupported(symbol, a, b);
  const bool integers = a.is_integer() && b.is_integer();
  if (symbol == "-") return integers ? checked(a.integer() - b.integer()) : Value(a.number() - b.number());
  if (symbol == "*") return integers ? multiplied(a.integer(), b.integer()) : Value(a.number() * b.number());
  if (symbol == "**") return detail::power(a, b);
  if (b.is_integer() ? b.integer() == 0 : b.number() == 0) throw Failure("division by zero");
  if (symbol == "/") return Value(a.number() / b.number());
  if (symbol == "//")
    return integers ? Value(floor_divided(a.integer(), b.integer())) : Value(floor_divided(a.number(), b.number()));
  return integers ? Value(floor_remainder(a.integer(), b.integer())) : Value(floor_remainder(a.number(), b.number()));
}

/// item in container.
inline bool contains(const Value& container, const Value& item, Budget& budget) {
  if (container.is_text()) {
    if (!item.is_text()) {
      item.require_defined();
      throw Failure("'in <string>' requires string as left operand, not " + type_name(item));
    }
    budget.touch(container.bytes().size() + item.bytes().size());
    return container.bytes().find(item.bytes()) != std::string::npos;
  }
  if (container.is_dict()) return container.dict().find(item, budget) != nullptr;
  if (!is_iterable(container)) throw Failure("argument of type '" + type_name(container) + "' is not iterable");
  const SequencePtr elements = elements_of(container, budget);
  for (const Value& element : elements->items)
    if (equal(element, item, budget)) return true;
  return false;
}

/// Byte offset of a code point, and text made of code points [begin, end).
inline std::size_t byte_offset(const Text& text, std::size_t index) {
  if (text.ascii()) return std::min(index, text.bytes.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < index && at < text.bytes.size(); ++i) decode(text.bytes, at);
  return at;
}
inline Value part_of(const Text& text, std::size_t begin, std::size_t end, Budget& budget) {
  if (end <= begin) return make_text("", budget, text.safe);
  if (!text.ascii()) budget.touch(8 * text.bytes.size());
  const std::size_t from = byte_offset(text, begin);
  const std::size_t to = byte_offset(text, end);
  return make_text(text.bytes.substr(from, to - from), budget, text.safe);
}

/// A position counted from the end when negative, clamped to [0, count] as slices and str.find do.
inline std::size_t clamped_position(Integer index, std::size_t count) {
  const auto all = static_cast<Integer>(count);
  if (index < 0) index = std::max<Integer>(index + all, 0);
  return static_cast<std::size_t>(std::min(index, all));
}

/// The positions that object[start:stop:step] takes; undefined or none where a part is left out.
inline std::vector<std::size_t> slice_positions(const Value& start, const Value& stop, const Value& step,
                                                std::size_t count, Budget& budget) {
  const auto part = [](const Value& value) -> std::optional<Integer> {
    if (value.is_none()) return std::nullopt;
    if (!value.is_integer()) {
      value.require_defined();
      throw Failure("slice indices must be integers or None, not " + type_name(value));
    }
    return value.integer();
  };
  const Integer stride = part(step).value_or(1);
  const auto all = static_cast<Integer>(count);
  if (stride == 0) throw Failure("slice step cannot be zero");
  const Integer least = stride < 0 ? -1 : 0;
  const Integer most = stride < 0 ? all - 1 : all;
  const auto bound = [&](std::optional<Integer> given, Integer otherwise) {
    if (!given) return otherwise;
    return std::clamp<Integer>(*given < 0 ? *given + all : *given, least, std::max(least, most));
  };
  const Integer from = bound(part(start), stride < 0 ? most : least);
  const Integer to = bound(part(stop), stride < 0 ? least : most);
  std::vector<std::size_t> positions;
  for (Integer i = from; stride < 0 ? i > to : i < to; i += stride) positions.push_back(static_cast<std::size_t>(i));
  budget.allocate(positions.size(), sizeof(std::size_t));
  return positions;
}

inline Value sliced(const Value& object, const Value& start, const Value& stop, const Value& step, Budget& budget) {
  object.require_defined();
  if (object.is_text()) {
    const Text& text = object.text();
    const auto positions = slice_positions(start, stop, step, text.length, budget);
    if (positions.empty()) return make_text("", budget, text.safe);
    const bool whole = positions.size() == 1 || positions[1] == positions[0] + 1;
    if (whole) return part_of(text, positions.front(), positions.back() + 1, budget);
    budget.allocate(text.bytes.size(), 4);
    const std::u32string codes = to_code_points(text.bytes);
    std::u32string result;
    for (const std::size_t at : positions) result += codes[at];
    return make_text(to_utf8(result), budget, text.safe);
  }
  if (object.is<SequencePtr>()) {
    const Sequence& sequence = *object.sequence();
    std::vector<Value> items;
    for (const std::size_t at : slice_positions(start, stop, step, sequence.items.size(), budget))
      items.push_back(sequence.items[at]);
    return make_sequence(std::move(items), sequence.tuple, budget);
  }
  if (const auto* range = object.object_as<Range>()) {
    const auto positions = slice_positions(start, stop, step, *range->length(), budget);
    if (positions.empty()) return Value(ObjectPtr(std::make_shared<Range>(Integer{0}, Integer{1}, std::size_t{0})));
    const Integer first = range->at(positions.front());
    const Integer stride = positions.size() > 1 ? range->at(positions[1]) - first : range->step();
    return Value(ObjectPtr(std::make_shared<Range>(first, stride, positions.size())));
  }
  if (object.is_dict()) throw Failure("unhashable type: 'slice'");
  throw Failure("'" + type_name(object) + "' object is not subscriptable");
}

/// object[index] of a list, tuple, text or range, nothing when out of range.
inline std::optional<Value> element_at(const Value& object, const Value& index, Budget& budget) {
  if (object.is<ObjectPtr>()) return object.object()->subscriptable() ? object.object()->item(index) : std::nullopt;
  if (!index.is_integer() || (!object.is_text() && !object.is<SequencePtr>())) return std::nullopt;
  const auto count = static_cast<Integer>(*length_of(object));
  Integer at = index.integer();
  if (at < 0) at += count;
  if (at < 0 || at >= count) return std::nullopt;
  const auto position = static_cast<std::size_t>(at);
  if (object.is_text()) return part_of(object.text(), position, position + 1, budget);
  return object.sequence()->items[position];
}

}  // namespace headformer::jinja
