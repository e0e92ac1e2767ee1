#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/ast.hpp"
#include "headformer/preprocess/jinja/objects.hpp"
#include "headformer/preprocess/jinja/operators.hpp"

namespace headformer::jinja {

/// The methods and attributes of numbers, text, lists, tuples and dicts (methods.hpp); nothing for unknown names. A
/// method that would change a list or a dict is there, but undefined.
std::optional<Value> find_method(const Value& object, std::string_view name);
/// The global functions (globals.hpp).
std::optional<Value> find_global(std::string_view name);

/// Names and their values. Blocks read through to the scopes around and write their own.
class Scope {
 public:
  explicit Scope(std::shared_ptr<Scope> parent = nullptr) : parent_(std::move(parent)) {}

  void set(const std::string& name, Value value) {
    for (auto& [key, held] : variables_) {
      if (*key == name) {
        held = std::move(value);
        return;
      }
    }
    variables_.emplace_back(&name, std::move(value));
  }
  const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent_.get())
      for (const auto& [key, value] : scope->variables_)
        if (*key == name) return &value;
    return nullptr;
  }
  void clear() { variables_.clear(); }

 private:
  std::shared_ptr<Scope> parent_;
  std::vector<std::pair<const std::string*, Value>> variables_;  // names live in the template
};
using ScopePtr = std::shared_ptr<Scope>;

/// Runs a parsed template once. Everything it does is charged to a budget.
class Interpreter {
 public:
  /// `variables` must outlive the interpreter. `now` gives the local time for strftime_now.
  Interpreter(const Dict& variables, const Limits& limits, std::function<std::tm()> now)
      : variables_(variables), budget_(limits), now_(std::move(now)) {}
  ~Interpreter() {
    for (const ScopePtr& scope : scopes_) scope->clear();
    for (const auto& space : namespaces_) space->clear();
    for (const auto& release : releases_) release();
  }
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// The text. Throws Failure or Raised; position() tells where.
  std::string run(const Block& block) {
    std::string out;
    execute(block, std::make_shared<Scope>(), out);
    return out;
  }
  Position position() const { return position_; }
  Budget& budget() { return budget_; }
  std::tm now() const { return now_(); }

  // What filters, tests, methods and callables use.

  Value text(std::string bytes, bool safe = false) { return make_text(std::move(bytes), budget_, safe); }
  /// object.name: an attribute or method, else an element, else undefined.
  Value attribute(const Value& object, std::string_view name);
  /// object[key]: an element, else an attribute, else undefined.
  Value item(const Value& object, const Value& key);
  Value call(const Value& callee, Arguments& arguments) {
    const Budget::Level level(budget_);
    budget_.step();
    callee.require_defined();
    if (!callee.is<ObjectPtr>()) throw Failure("'" + type_name(callee) + "' object is not callable");
    const ObjectPtr object = callee.object();  // NOLINT(performance-unnecessary-copy-initialization): kept alive
    return object->call(*this, arguments);
  }
  Value apply_filter(const Value& name, const Value& value, Arguments& arguments) {
    const FilterFunction function = name.is_text() ? find_filter(name.bytes()) : nullptr;
    if (function == nullptr) throw Failure("unknown filter " + headformer::detail::quoted(to_text(name, budget_), 60));
    const Budget::Level level(budget_);
    return function(*this, value, arguments);
  }
  bool apply_test(const Value& name, const Value& value, Arguments& arguments) {
    const TestFunction function = name.is_text() ? find_test(name.bytes()) : nullptr;
    if (function == nullptr) throw Failure("unknown test " + headformer::detail::quoted(to_text(name, budget_), 60));
    const Budget::Level level(budget_);
    return function(*this, value, arguments);
  }
  std::shared_ptr<Namespace> make_namespace() {
    budget_.allocate(sizeof(Namespace) + 64);
    namespaces_.push_back(std::make_shared<Namespace>());
    return namespaces_.back();
  }
  /// Something that could be part of a cycle: called when the rendering ends.
  void at_end(std::function<void()> release) {
    budget_.allocate(96);
    releases_.push_back(std::move(release));
  }
  /// The text of a macro's or a call block's body; see MacroValue.
  Value run_macro(const MacroBody& macro, const ScopePtr& closure, Arguments& arguments);
  /// A recursive loop's text, `depth` levels down.
  std::string run_recursive(const For& loop, const Value& iterable, const ScopePtr& scope, std::size_t depth) {
    std::string out;
    run_loop(loop, iterable, scope, depth, out);
    return out;
  }

 private:
  enum class Flow { onwards, broken, continued };

  // Statements (statements.hpp).
  Flow execute(const Block& block, const ScopePtr& scope, std::string& out);
  Flow execute(const Statement& statement, const ScopePtr& scope, std::string& out);
  void write(std::string& out, const Value& value);
  /// What a block's filter or macro gives goes to the output as it is, so it must be text.
  void write_text(std::string& out, const Value& value);
  Flow run_if(const If& node, const ScopePtr& scope, std::string& out);
  /// `out` gets the loop's text. Flow of the else branch, which belongs to the loop around.
  Flow run_loop(const For& node, const Value& iterable, const ScopePtr& scope, std::size_t depth, std::string& out);
  void run_set_block(const SetBlock& node, const ScopePtr& scope);
  void run_call_block(const CallBlock& node, const ScopePtr& scope, std::string& out);
  void run_filter_block(const FilterBlock& node, const ScopePtr& scope, std::string& out);
  void run_with(const With& node, const ScopePtr& scope, std::string& out);
  void assign(const Expression& target, const Value& value, Scope& scope);
  Value make_macro(const MacroBody& macro, const ScopePtr& scope);
  void keep(const ScopePtr& scope) {
    if (!scopes_.empty() && scopes_.back() == scope) return;
    budget_.allocate(128);
    scopes_.push_back(scope);
  }

  // Expressions (evaluate.hpp).
  Value evaluate(const Expression& node, Scope& scope);
  Value evaluate_name(const Name& node, const Scope& scope);
  Value evaluate_items(const Items& node, Scope& scope);
  Value evaluate_unary(const Unary& node, Scope& scope);
  Value evaluate_binary(const Binary& node, Scope& scope);
  Value evaluate_compare(const Compare& node, Scope& scope);
  Value evaluate_concat(const Items& node, Scope& scope);
  Value evaluate_conditional(const Conditional& node, Scope& scope);
  Value evaluate_subscript(const Subscript& node, Scope& scope);
  Value evaluate_slice(const Slice& node, Scope& scope);
  Value evaluate_call(const Call& node, Scope& scope, const Value* caller = nullptr);
  /// `input` is what the innermost filter of a block's chain applies to.
  Value evaluate_filter(const Filter& node, Scope& scope, const Value* input = nullptr);
  Value evaluate_test(const Test& node, Scope& scope);
  Arguments evaluate_arguments(const ArgumentList& list, Scope& scope);

  const Dict& variables_;
  Budget budget_;
  std::function<std::tm()> now_;
  Position position_;  // of what runs
  // What may take part in cycles (macros and their scopes, namespaces) is kept to the end and then emptied.
  std::vector<ScopePtr> scopes_;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::vector<std::function<void()>> releases_;
};

/// A macro or a call block's body as a value.
class MacroValue : public Object {
 public:
  MacroValue(const MacroBody& body, ScopePtr closure) : body_(body), closure_(std::move(closure)) {}
  const char* type_name() const override { return "Macro"; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override {
    const ScopePtr closure = closure_;
    return interpreter.run_macro(body_, closure, arguments);
  }
  std::optional<Value> attribute(Interpreter& interpreter, std::string_view name) override {
    if (name == "name") return interpreter.text(body_.name);
    if (name == "caller") return Value(body_.uses_caller);
    if (name == "catch_kwargs") return Value(body_.uses_kwargs);
    if (name == "catch_varargs") return Value(body_.uses_varargs);
    if (name != "arguments") return std::nullopt;
    std::vector<Value> names;
    for (const std::string& parameter : body_.parameters) names.push_back(interpreter.text(parameter));
    return make_tuple(std::move(names), interpreter.budget());
  }
  void print(std::string& out, Budget&) override {
    out += "<Macro ";
    append_quoted(out, body_.name);
    out += '>';
  }

 private:
  const MacroBody& body_;
  ScopePtr closure_;
};

}  // namespace headformer::jinja
