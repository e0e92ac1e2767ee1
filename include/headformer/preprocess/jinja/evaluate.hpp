#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/interpreter.hpp"

namespace headformer::jinja {

namespace detail {

/// How messages call what lacks an attribute.
inline std::string described(const Value& object) {
  return object.is_none() ? "None" : "'" + type_name(object) + " object'";
}

}  // namespace detail

inline Value Interpreter::attribute(const Value& object, std::string_view name) {
  budget_.step();
  object.require_defined();
  if (object.is<ObjectPtr>()) {
    if (auto found = object.object()->attribute(*this, name)) return std::move(*found);
  } else if (auto found = find_method(object, name)) {
    return std::move(*found);
  }
  const std::string shown = headformer::detail::quoted(name, 80);
  if (name.starts_with("__") && name.ends_with("__"))
    return Value::undefined("access to attribute " + shown + " of " + detail::described(object) + " is unsafe");
  if (object.is_dict())
    if (const Value* found = object.dict().find(name, budget_)) return *found;
  return Value::undefined(detail::described(object) + " has no attribute " + shown);
}

inline Value Interpreter::item(const Value& object, const Value& key) {
  budget_.step();
  object.require_defined();
  if (object.is_dict()) {
    if (is_hashable(key))
      if (const Value* found = object.dict().find(key, budget_)) return *found;
  } else if (auto found = element_at(object, key, budget_)) {
    return std::move(*found);
  }
  if (!key.is_text())
    return Value::undefined(detail::described(object) + " has no element " +
                            headformer::detail::quoted(repr(key, budget_), 80));
  const std::string& name = key.bytes();
  if (object.is<ObjectPtr>()) {
    if (auto found = object.object()->attribute(*this, name)) return std::move(*found);
  } else if (auto found = find_method(object, name)) {
    return std::move(*found);
  }
  return Value::undefined(detail::described(object) + " has no attribute " + headformer::detail::quoted(name, 80));
}

inline Value Interpreter::evaluate(const Expression& node, Scope& scope) {
  using Kind = Expression::Kind;
  const Budget::Level level(budget_);
  budget_.step();
  position_ = node.position;
  switch (node.kind) {
    case Kind::constant:
      return static_cast<const Constant&>(node).value;
    case Kind::name:
      return evaluate_name(static_cast<const Name&>(node), scope);
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
      return evaluate_items(static_cast<const Items&>(node), scope);
    case Kind::concat:
      return evaluate_concat(static_cast<const Items&>(node), scope);
    case Kind::negate:
    case Kind::plus:
    case Kind::logical_not:
      return evaluate_unary(static_cast<const Unary&>(node), scope);
    case Kind::logical_and:
    case Kind::logical_or:
    case Kind::binary:
      return evaluate_binary(static_cast<const Binary&>(node), scope);
    case Kind::compare:
      return evaluate_compare(static_cast<const Compare&>(node), scope);
    case Kind::conditional:
      return evaluate_conditional(static_cast<const Conditional&>(node), scope);
    case Kind::attribute: {
      const auto& access = static_cast<const Attribute&>(node);
      const Value object = evaluate(*access.object, scope);
      position_ = node.position;
      return attribute(object, access.name);
    }
    case Kind::subscript:
      return evaluate_subscript(static_cast<const Subscript&>(node), scope);
    case Kind::slice:
      return evaluate_slice(static_cast<const Slice&>(node), scope);
    case Kind::call:
      return evaluate_call(static_cast<const Call&>(node), scope);
    case Kind::filter:
      return evaluate_filter(static_cast<const Filter&>(node), scope);
    case Kind::test:
      return evaluate_test(static_cast<const Test&>(node), scope);
    case Kind::namespace_reference:
      break;
  }
  throw Failure("a namespace's attribute can only be assigned to here");
}

inline Value Interpreter::evaluate_name(const Name& node, const Scope& scope) {
  if (const Value* found = scope.find(node.name)) return *found;
  if (const Value* found = variables_.find(node.name, budget_)) return *found;
  if (auto found = find_global(node.name)) return std::move(*found);
  return Value::undefined(headformer::detail::quoted(node.name, 80) + " is undefined");
}

inline Value Interpreter::evaluate_items(const Items& node, Scope& scope) {
  if (node.kind != Expression::Kind::dict) {
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const auto& item : node.items) items.push_back(evaluate(*item, scope));
    return make_sequence(std::move(items), node.kind == Expression::Kind::tuple, budget_);
  }
  Dict dict;
  for (std::size_t i = 0; i < node.items.size(); i += 2) {
    const Value key = evaluate(*node.items[i], scope);
    Value value = evaluate(*node.items[i + 1], scope);
    dict.set(key, std::move(value), budget_);
  }
  return make_dict(std::move(dict), budget_);
}

inline Value Interpreter::evaluate_unary(const Unary& node, Scope& scope) {
  const Value value = evaluate(*node.operand, scope);
  if (node.kind == Expression::Kind::logical_not) return Value(!truth(value));
  position_ = node.position;
  const bool negate = node.kind == Expression::Kind::negate;
  if (value.is_integer()) return Value(negate ? -value.integer() : value.integer());
  if (value.is<double>()) return Value(negate ? -value.number() : value.number());
  value.require_defined();
  throw Failure(std::string("bad operand type for unary ") + (negate ? "-" : "+") + ": '" + type_name(value) + "'");
}

inline Value Interpreter::evaluate_binary(const Binary& node, Scope& scope) {
  Value left = evaluate(*node.left, scope);
  if (node.kind == Expression::Kind::logical_and) return truth(left) ? evaluate(*node.right, scope) : left;
  if (node.kind == Expression::Kind::logical_or) return truth(left) ? left : evaluate(*node.right, scope);
  const Value right = evaluate(*node.right, scope);
  position_ = node.position;
  return arithmetic(node.symbol, left, right, budget_);
}

inline Value Interpreter::evaluate_compare(const Compare& node, Scope& scope) {
  Value left = evaluate(*node.first, scope);
  for (const auto& [symbol, operand] : node.rest) {
    Value right = evaluate(*operand, scope);
    position_ = node.position;
    bool holds = false;
    if (symbol == "==") {
      holds = equal(left, right, budget_);
    } else if (symbol == "!=") {
      holds = !equal(left, right, budget_);
    } else if (symbol == "in") {
      holds = contains(right, left, budget_);
    } else if (symbol == "not in") {
      holds = !contains(right, left, budget_);
    } else {
      holds = ordered(symbol, left, right, budget_);
    }
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

inline Value Interpreter::evaluate_concat(const Items& node, Scope& scope) {
  std::vector<Value> parts;
  for (const auto& item : node.items) parts.push_back(evaluate(*item, scope));
  position_ = node.position;
  std::string out;  // plain text: without autoescaping `~` does not keep text safe
  for (const Value& part : parts) {
    if (part.is_text()) {
      budget_.allocate(part.bytes().size());
      out += part.bytes();
    } else {
      out += to_text(part, budget_);
    }
  }
  return text(std::move(out));
}

inline Value Interpreter::evaluate_conditional(const Conditional& node, Scope& scope) {
  if (truth(evaluate(*node.test, scope))) return evaluate(*node.then, scope);
  if (node.otherwise) return evaluate(*node.otherwise, scope);
  return Value::undefined("the inline if-expression is false and has no else");
}

inline Value Interpreter::evaluate_subscript(const Subscript& node, Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  const Value index = evaluate(*node.index, scope);
  position_ = node.position;
  return item(object, index);
}

inline Value Interpreter::evaluate_slice(const Slice& node, Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  const auto part = [&](const ExpressionPtr& given) { return given ? evaluate(*given, scope) : Value(None{}); };
  const Value start = part(node.start);
  const Value stop = part(node.stop);
  const Value step = part(node.step);
  position_ = node.position;
  return sliced(object, start, stop, step, budget_);
}

inline Arguments Interpreter::evaluate_arguments(const ArgumentList& list, Scope& scope) {
  Arguments arguments;
  arguments.positional.reserve(list.positional.size());
  for (const auto& argument : list.positional) arguments.positional.push_back(evaluate(*argument, scope));
  if (list.spread) {
    const SequencePtr all = elements_of(evaluate(*list.spread, scope), budget_);
    budget_.allocate(all->items.size(), sizeof(Value));
    arguments.positional.insert(arguments.positional.end(), all->items.begin(), all->items.end());
  }
  for (const auto& [name, argument] : list.named) arguments.named.emplace_back(name, evaluate(*argument, scope));
  if (list.named_spread) {
    const Value all = evaluate(*list.named_spread, scope);
    all.require_defined();
    if (!all.is_dict()) throw Failure("the argument after ** must be a mapping, not " + type_name(all));
    for (const auto& [name, argument] : all.dict().entries()) {
      if (!name.is_text()) throw Failure("keywords must be strings");
      budget_.allocate(name.bytes().size() + sizeof(Value) + arguments.named.size());
      for (const auto& other : arguments.named)
        if (other.first == name.bytes())
          throw Failure("multiple values for the argument " + headformer::detail::quoted(name.bytes(), 60));
      arguments.named.emplace_back(name.bytes(), argument);
    }
  }
  return arguments;
}

inline Value Interpreter::evaluate_call(const Call& node, Scope& scope, const Value* caller) {
  const Value callee = evaluate(*node.callee, scope);
  Arguments arguments = evaluate_arguments(node.arguments, scope);
  if (caller != nullptr) arguments.named.emplace_back("caller", *caller);
  position_ = node.position;
  return call(callee, arguments);
}

inline Value Interpreter::evaluate_filter(const Filter& node, Scope& scope, const Value* input) {
  Value value;
  if (!node.value) {
    value = *input;
  } else if (input != nullptr && node.value->kind == Expression::Kind::filter) {
    value = evaluate_filter(static_cast<const Filter&>(*node.value), scope, input);
  } else {
    value = evaluate(*node.value, scope);
  }
  Arguments arguments = evaluate_arguments(node.arguments, scope);
  position_ = node.position;
  if (node.function == nullptr) throw Failure("unknown filter " + headformer::detail::quoted(node.name, 60));
  return node.function(*this, value, arguments);
}

inline Value Interpreter::evaluate_test(const Test& node, Scope& scope) {
  const Value value = evaluate(*node.value, scope);
  Arguments arguments = evaluate_arguments(node.arguments, scope);
  position_ = node.position;
  if (node.function == nullptr) throw Failure("unknown test " + headformer::detail::quoted(node.name, 60));
  return Value(node.function(*this, value, arguments));
}

}  // namespace headformer::jinja
