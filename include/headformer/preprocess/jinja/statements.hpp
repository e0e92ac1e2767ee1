#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/evaluate.hpp"
#include "headformer/preprocess/jinja/loop.hpp"

namespace headformer::jinja {

inline void Interpreter::write(std::string& out, const Value& value) {
  if (value.is_text()) {
    budget_.write(value.bytes().size());
    out += value.bytes();
  } else {
    const std::string shown = to_text(value, budget_);
    budget_.write(shown.size());
    out += shown;
  }
}

inline void Interpreter::write_text(std::string& out, const Value& value) {
  if (!value.is_text()) throw Failure("expected text from a block, found " + type_name(value));
  write(out, value);
}

inline Interpreter::Flow Interpreter::execute(const Block& block, const ScopePtr& scope, std::string& out) {
  for (const StatementPtr& statement : block)
    if (const Flow flow = execute(*statement, scope, out); flow != Flow::onwards) return flow;
  return Flow::onwards;
}

inline Interpreter::Flow Interpreter::execute(const Statement& statement, const ScopePtr& scope, std::string& out) {
  using Kind = Statement::Kind;
  const Budget::Level level(budget_);
  budget_.step();
  position_ = statement.position;
  switch (statement.kind) {
    case Kind::text: {
      const std::string& text = static_cast<const TextStatement&>(statement).text;
      budget_.write(text.size());
      out += text;
      break;
    }
    case Kind::print:
      write(out, evaluate(*static_cast<const Print&>(statement).value, *scope));
      break;
    case Kind::if_else:
      return run_if(static_cast<const If&>(statement), scope, out);
    case Kind::for_loop: {
      const auto& node = static_cast<const For&>(statement);
      const Value iterable = evaluate(*node.iterable, *scope);
      return run_loop(node, iterable, scope, 0, out);
    }
    case Kind::set: {
      const auto& node = static_cast<const Set&>(statement);
      const Value value = evaluate(*node.value, *scope);
      position_ = statement.position;
      assign(*node.target, value, *scope);
      break;
    }
    case Kind::set_block:
      run_set_block(static_cast<const SetBlock&>(statement), scope);
      break;
    case Kind::macro: {
      const auto& node = static_cast<const MacroStatement&>(statement);
      scope->set(node.macro.name, make_macro(node.macro, scope));
      break;
    }
    case Kind::call_block:
      run_call_block(static_cast<const CallBlock&>(statement), scope, out);
      break;
    case Kind::filter_block:
      run_filter_block(static_cast<const FilterBlock&>(statement), scope, out);
      break;
    case Kind::generation: {
      Arguments nothing;
      write(out, run_macro(static_cast<const Generation&>(statement).body, scope, nothing));
      break;
    }
    case Kind::with:
      run_with(static_cast<const With&>(statement), scope, out);
      break;
    case Kind::scope:
      execute(static_cast<const ScopeBlock&>(statement).body, std::make_shared<Scope>(scope), out);
      break;
    case Kind::break_loop:
      return Flow::broken;
    case Kind::continue_loop:
      return Flow::continued;
    case Kind::no_loader:
      throw Failure("a chat template stands alone: there are no other templates to include or import");
  }
  return Flow::onwards;
}

inline Interpreter::Flow Interpreter::run_if(const If& node, const ScopePtr& scope, std::string& out) {
  for (const auto& [test, body] : node.branches)
    if (truth(evaluate(*test, *scope))) return execute(body, scope, out);
  return execute(node.otherwise, scope, out);
}

inline Interpreter::Flow Interpreter::run_loop(const For& node, const Value& iterable, const ScopePtr& scope,
                                               std::size_t depth, std::string& out) {
  static const std::string loop_name = "loop";
  SequencePtr elements = elements_of(iterable, budget_);
  if (node.test) {
    std::vector<Value> kept;
    for (const Value& element : elements->items) {
      const auto inner = std::make_shared<Scope>(scope);
      assign(*node.target, element, *inner);
      if (truth(evaluate(*node.test, *inner))) kept.push_back(element);
    }
    elements = make_sequence(std::move(kept), false, budget_);
  }
  if (node.recursive) keep(scope);
  const auto loop =
      std::make_shared<LoopValue>(elements, depth, node.recursive ? &node : nullptr, node.recursive ? scope : nullptr);
  bool completed = false;  // one body to its end; else runs otherwise, also after a break or a continue
  for (std::size_t i = 0; i < elements->items.size(); ++i) {
    budget_.step(4);  // makes a scope and two variables
    loop->advance(i);
    const auto inner = std::make_shared<Scope>(scope);
    assign(*node.target, elements->items[i], *inner);
    inner->set(loop_name, Value(ObjectPtr(loop)));
    const Flow flow = execute(node.body, inner, out);
    if (flow == Flow::broken) break;
    completed |= flow == Flow::onwards;
  }
  if (completed || node.otherwise.empty()) return Flow::onwards;
  return execute(node.otherwise, std::make_shared<Scope>(scope), out);
}

inline void Interpreter::assign(const Expression& target, const Value& value, Scope& scope) {
  if (target.kind == Expression::Kind::name) {
    scope.set(static_cast<const Name&>(target).name, value);
  } else if (target.kind == Expression::Kind::namespace_reference) {
    const auto& reference = static_cast<const NamespaceReference&>(target);
    const Value* held = scope.find(reference.name);
    if (held == nullptr) held = variables_.find(reference.name, budget_);
    auto* space = held == nullptr ? nullptr : held->object_as<Namespace>();
    if (space == nullptr)
      throw Failure("cannot assign an attribute of " + headformer::detail::quoted(reference.name, 60) +
                    ", which is no namespace");
    space->set(Value::text(reference.attribute), value, budget_);
  } else {
    const auto& names = static_cast<const Items&>(target).items;
    const SequencePtr elements = elements_of(value, budget_);
    if (elements->items.size() != names.size())
      throw Failure("expected " + std::to_string(names.size()) + " values to unpack, found " +
                    std::to_string(elements->items.size()));
    for (std::size_t i = 0; i < names.size(); ++i) assign(*names[i], elements->items[i], scope);
  }
}

inline void Interpreter::run_set_block(const SetBlock& node, const ScopePtr& scope) {
  std::string out;
  execute(node.body, std::make_shared<Scope>(scope), out);
  Value value = text(std::move(out));
  if (node.filter) value = evaluate_filter(static_cast<const Filter&>(*node.filter), *scope, &value);
  position_ = node.position;
  assign(*node.target, value, *scope);
}

inline void Interpreter::run_filter_block(const FilterBlock& node, const ScopePtr& scope, std::string& out) {
  std::string body;
  execute(node.body, std::make_shared<Scope>(scope), body);
  const Value value = text(std::move(body));
  write_text(out, evaluate_filter(static_cast<const Filter&>(*node.filter), *scope, &value));
}

inline void Interpreter::run_call_block(const CallBlock& node, const ScopePtr& scope, std::string& out) {
  const Value caller = make_macro(node.caller, scope);
  write_text(out, evaluate_call(static_cast<const Call&>(*node.call), *scope, &caller));
}

inline void Interpreter::run_with(const With& node, const ScopePtr& scope, std::string& out) {
  const auto inner = std::make_shared<Scope>(scope);
  for (const auto& [target, expression] : node.assignments) assign(*target, evaluate(*expression, *scope), *inner);
  execute(node.body, inner, out);
}

inline Value Interpreter::make_macro(const MacroBody& macro, const ScopePtr& scope) {
  keep(scope);
  budget_.allocate(sizeof(MacroValue));
  return Value(ObjectPtr(std::make_shared<MacroValue>(macro, scope)));
}

inline Value Interpreter::run_macro(const MacroBody& macro, const ScopePtr& closure, Arguments& arguments) {
  static const std::string caller_name = "caller";
  static const std::string kwargs_name = "kwargs";
  static const std::string varargs_name = "varargs";
  const auto scope = std::make_shared<Scope>(closure);
  const auto take = [&](std::string_view name) -> std::optional<Value> {
    for (auto at = arguments.named.begin(); at != arguments.named.end(); ++at) {
      if (at->first != name) continue;
      Value value = std::move(at->second);
      arguments.named.erase(at);
      return value;
    }
    return std::nullopt;
  };
  const std::string shown = "macro " + headformer::detail::quoted(macro.name, 60);
  const std::size_t count = macro.parameters.size();
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = macro.parameters[i];
    if (i < arguments.positional.size()) {
      scope->set(name, arguments.positional[i]);
    } else if (auto given = take(name)) {
      scope->set(name, std::move(*given));
    } else {
      missing.push_back(i);
      scope->set(name, Value::undefined("parameter " + headformer::detail::quoted(name, 60) + " was not provided"));
    }
  }
  if (macro.uses_caller) scope->set(caller_name, take("caller").value_or(Value::undefined("No caller defined")));
  if (macro.uses_kwargs) {
    Dict rest;
    for (auto& [name, value] : arguments.named) rest.set(text(name), std::move(value), budget_);
    scope->set(kwargs_name, make_dict(std::move(rest), budget_));
  } else if (!arguments.named.empty()) {
    throw Failure(shown + " takes no keyword argument " +
                  headformer::detail::quoted(arguments.named.front().first, 60));
  }
  if (macro.uses_varargs) {
    std::vector<Value> rest;
    for (std::size_t i = count; i < arguments.positional.size(); ++i) rest.push_back(arguments.positional[i]);
    scope->set(varargs_name, make_tuple(std::move(rest), budget_));
  } else if (arguments.positional.size() > count) {
    throw Failure(shown + " takes not more than " + std::to_string(count) + " argument(s)");
  }
  for (const std::size_t i : missing)
    if (i + macro.defaults.size() >= count)
      scope->set(macro.parameters[i], evaluate(*macro.defaults[i + macro.defaults.size() - count], *scope));
  std::string out;
  execute(macro.body, scope, out);
  return text(std::move(out));
}

}  // namespace headformer::jinja
