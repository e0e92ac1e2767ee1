#pragma once

#include <bit>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// Three-way comparison of an integer and a float without rounding the integer; `other` is no NaN.
inline int compare_exactly(Integer value, double other) {
  constexpr double bound = 0x1p100;
  if (other >= bound) return -1;
  if (other <= -bound) return 1;
  const double whole = std::floor(other);
  const auto floor = static_cast<Integer>(whole);
  if (value != floor) return value < floor ? -1 : 1;
  return other > whole ? -1 : 0;
}

inline bool equal(const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (a.is_number() && b.is_number()) {
    if (a.is_integer() && b.is_integer()) return a.integer() == b.integer();
    if (a.is<double>() && b.is<double>()) return std::equal_to<double>{}(a.number(), b.number());
    const double floating = a.is<double>() ? a.number() : b.number();
    const Integer integer = a.is<double>() ? b.integer() : a.integer();
    return !std::isnan(floating) && compare_exactly(integer, floating) == 0;
  }
  if (a.data().index() != b.data().index()) return false;
  if (a.is_text()) {
    if (a.bytes().size() != b.bytes().size()) return false;
    budget.touch(a.bytes().size());
    return a.bytes() == b.bytes();
  }
  if (a.is<SequencePtr>()) {
    const auto& x = *a.sequence();
    const auto& y = *b.sequence();
    if (x.tuple != y.tuple || x.items.size() != y.items.size()) return false;
    for (std::size_t i = 0; i < x.items.size(); ++i)
      if (!equal(x.items[i], y.items[i], budget)) return false;
    return true;
  }
  if (a.is_dict()) {
    if (a.dict().size() != b.dict().size()) return false;
    for (const auto& [key, value] : a.dict().entries()) {
      const Value* other = b.dict().find(key, budget);
      if (other == nullptr || !equal(value, *other, budget)) return false;
    }
    return true;
  }
  if (a.is<ObjectPtr>()) return a.object()->equals(*b.object(), budget);
  return true;  // None with None, undefined with undefined
}

inline std::size_t hash(const Value& value, Budget& budget) {
  budget.step();
  const auto of_integer = [](Integer i) {
    const auto low = static_cast<std::uint64_t>(i);
    const auto high = static_cast<std::uint64_t>(i >> 64);
    return std::hash<std::uint64_t>{}(low * 0x9e3779b97f4a7c15U ^ high);
  };
  if (value.is_integer()) return of_integer(value.integer());
  if (value.is<double>()) {
    const double number = value.number();
    if (std::abs(number) < 0x1p100 && std::equal_to<double>{}(std::floor(number), number))
      return of_integer(static_cast<Integer>(number));
    return std::hash<double>{}(number);
  }
  if (value.is_text()) {
    budget.touch(value.bytes().size());
    return std::hash<std::string_view>{}(value.bytes());
  }
  if (value.is_tuple()) {
    std::size_t result = 1;
    for (const Value& item : value.sequence()->items) result = result * 1000003 ^ hash(item, budget);
    return result;
  }
  if (value.is<SequencePtr>() || value.is_dict()) throw Failure("unhashable type: '" + type_name(value) + "'");
  if (value.is<ObjectPtr>()) {
    if (value.object()->subscriptable()) return 7;  // a range: equal by content
    return std::hash<const void*>{}(value.object().get());
  }
  return value.is_none() ? 3 : 5;
}

/// Can be a key.
inline bool is_hashable(const Value& value) {
  if (value.is_dict() || value.is_list()) return false;
  if (value.is_tuple())
    for (const Value& item : value.sequence()->items)
      if (!is_hashable(item)) return false;
  return true;
}

/// a < b; `symbol` is what the template wrote, for the message. Throws Failure for what Python does not order.
inline bool less(const Value& a, const Value& b, Budget& budget, const char* symbol = "<") {
  budget.step();
  if (a.is_number() && b.is_number()) {
    if (a.is_integer() && b.is_integer()) return a.integer() < b.integer();
    if (a.is<double>() && b.is<double>()) return a.number() < b.number();
    const double floating = a.is<double>() ? a.number() : b.number();
    if (std::isnan(floating)) return false;
    return a.is<double>() ? compare_exactly(b.integer(), floating) > 0 : compare_exactly(a.integer(), floating) < 0;
  }
  if (a.is_text() && b.is_text()) {
    budget.touch(std::min(a.bytes().size(), b.bytes().size()));
    return a.bytes() < b.bytes();  // UTF-8 orders as code points do
  }
  if (a.is<SequencePtr>() && b.is<SequencePtr>() && a.sequence()->tuple == b.sequence()->tuple) {
    const auto& x = a.sequence()->items;
    const auto& y = b.sequence()->items;
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i)
      if (!equal(x[i], y[i], budget)) return less(x[i], y[i], budget, symbol);
    return x.size() < y.size();
  }
  a.require_defined();
  b.require_defined();
  throw Failure(std::string("'") + symbol + "' not supported between instances of '" + type_name(a) + "' and '" +
                type_name(b) + "'");
}

/// a `symbol` b for < <= > >=.
inline bool ordered(std::string_view symbol, const Value& a, const Value& b, Budget& budget) {
  if (symbol == "<") return less(a, b, budget, "<");
  if (symbol == ">") return less(b, a, budget, ">");
  // NaN is neither less nor equal, so "not greater" would not do.
  const bool strictly = symbol == "<=" ? less(a, b, budget, "<=") : less(b, a, budget, ">=");
  return strictly || equal(a, b, budget);
}

/// list.sort with keys: stable; `reverse` keeps the order of equal ones, as Python's does. Sorts positions. (std::sort
/// may misbehave on comparisons that are no order, such as NaN's; merging does not.)
inline std::vector<std::size_t> sorted_positions(const std::vector<Value>& keys, bool reverse, Budget& budget) {
  std::vector<std::size_t> order(keys.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<std::size_t> merged(order.size());
  const auto before = [&](std::size_t a, std::size_t b) {
    return reverse ? less(keys[b], keys[a], budget) : less(keys[a], keys[b], budget);
  };
  for (std::size_t width = 1; width < order.size(); width *= 2) {
    for (std::size_t begin = 0; begin < order.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, order.size());
      const std::size_t end = std::min(begin + 2 * width, order.size());
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t at = begin; at < end; ++at) {
        const bool take_right = left == middle || (right < end && before(order[right], order[left]));
        merged[at] = take_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

}  // namespace headformer::jinja
