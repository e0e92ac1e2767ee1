#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

class Interpreter;
using FilterFunction = Value (*)(Interpreter&, const Value& value, Arguments& arguments);
using TestFunction = bool (*)(Interpreter&, const Value& value, Arguments& arguments);

/// The tables of filters and tests, nullptr for unknown names (filters.hpp, tests.hpp).
FilterFunction find_filter(std::string_view name);
TestFunction find_test(std::string_view name);

struct Expression {
  enum class Kind {
    constant,
    name,
    list,
    tuple,
    dict,
    negate,
    plus,
    logical_not,
    logical_and,
    logical_or,
    binary,
    compare,
    concat,
    conditional,
    attribute,
    subscript,
    slice,
    call,
    filter,
    test,
    namespace_reference,
  };
  Expression(Kind kind_, Position position_) : kind(kind_), position(position_) {}
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  virtual ~Expression() = default;
  const Kind kind;
  const Position position;
  unsigned height = 1;  // of the tree below: bounded, as recursion goes down it
};
using ExpressionPtr = std::unique_ptr<Expression>;
using Expressions = std::vector<ExpressionPtr>;

struct Constant : Expression {
  Constant(Value value_, Position at) : Expression(Kind::constant, at), value(std::move(value_)) {}
  Value value;
};

struct Name : Expression {
  Name(std::string name_, Position at) : Expression(Kind::name, at), name(std::move(name_)) {}
  std::string name;
};

/// A list, a tuple, a dict (keys and values in turn) or a concatenation by `~`, by its kind.
struct Items : Expression {
  Items(Kind kind_, Expressions items_, Position at) : Expression(kind_, at), items(std::move(items_)) {}
  Expressions items;
};

/// -x, +x, not x, by its kind.
struct Unary : Expression {
  Unary(Kind kind_, ExpressionPtr operand_, Position at) : Expression(kind_, at), operand(std::move(operand_)) {}
  ExpressionPtr operand;
};

/// and, or, and arithmetic, by its kind.
struct Binary : Expression {
  Binary(Kind kind_, std::string symbol_, ExpressionPtr left_, ExpressionPtr right_, Position at)
      : Expression(kind_, at), symbol(std::move(symbol_)), left(std::move(left_)), right(std::move(right_)) {}
  std::string symbol;
  ExpressionPtr left;
  ExpressionPtr right;
};

/// a < b <= c: a chain, each operand evaluated once. Symbols are Python's, also "in" and "not in".
struct Compare : Expression {
  Compare(ExpressionPtr first_, Position at) : Expression(Kind::compare, at), first(std::move(first_)) {}
  ExpressionPtr first;
  std::vector<std::pair<std::string, ExpressionPtr>> rest;
};

/// a if test else b; b may be missing.
struct Conditional : Expression {
  explicit Conditional(Position at) : Expression(Kind::conditional, at) {}
  ExpressionPtr test;
  ExpressionPtr then;
  ExpressionPtr otherwise;
};

struct Attribute : Expression {
  Attribute(ExpressionPtr object_, std::string name_, Position at)
      : Expression(Kind::attribute, at), object(std::move(object_)), name(std::move(name_)) {}
  ExpressionPtr object;
  std::string name;
};

struct Subscript : Expression {
  Subscript(ExpressionPtr object_, ExpressionPtr index_, Position at)
      : Expression(Kind::subscript, at), object(std::move(object_)), index(std::move(index_)) {}
  ExpressionPtr object;
  ExpressionPtr index;
};

/// object[start:stop:step]; each may be missing. While it is parsed it has no object yet.
struct Slice : Expression {
  explicit Slice(Position at) : Expression(Kind::slice, at) {}
  ExpressionPtr object;
  ExpressionPtr start;
  ExpressionPtr stop;
  ExpressionPtr step;
};

/// The arguments as written.
struct ArgumentList {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr spread;        // *x
  ExpressionPtr named_spread;  // **x
};

struct Call : Expression {
  Call(ExpressionPtr callee_, ArgumentList arguments_, Position at)
      : Expression(Kind::call, at), callee(std::move(callee_)), arguments(std::move(arguments_)) {}
  ExpressionPtr callee;
  ArgumentList arguments;
};

/// value|name(arguments). Without a value it applies to the text of a block.
struct Filter : Expression {
  Filter(ExpressionPtr value_, std::string name_, ArgumentList arguments_, Position at)
      : Expression(Kind::filter, at),
        value(std::move(value_)),
        name(std::move(name_)),
        arguments(std::move(arguments_)) {}
  ExpressionPtr value;
  std::string name;
  ArgumentList arguments;
  FilterFunction function = nullptr;  // nullptr: unknown, but in a branch that may never be taken
};

struct Test : Expression {
  Test(ExpressionPtr value_, std::string name_, ArgumentList arguments_, Position at)
      : Expression(Kind::test, at),
        value(std::move(value_)),
        name(std::move(name_)),
        arguments(std::move(arguments_)) {}
  ExpressionPtr value;
  std::string name;
  ArgumentList arguments;
  TestFunction function = nullptr;
};

/// namespace.attribute as the target of {% set %}.
struct NamespaceReference : Expression {
  NamespaceReference(std::string name_, std::string attribute_, Position at)
      : Expression(Kind::namespace_reference, at), name(std::move(name_)), attribute(std::move(attribute_)) {}
  std::string name;
  std::string attribute;
};

struct Statement {
  enum class Kind {
    text,
    print,
    for_loop,
    if_else,
    set,
    set_block,
    macro,
    call_block,
    filter_block,
    generation,
    with,
    scope,
    break_loop,
    continue_loop,
    no_loader,
  };
  Statement(Kind kind_, Position position_) : kind(kind_), position(position_) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  virtual ~Statement() = default;
  const Kind kind;
  const Position position;
};
using StatementPtr = std::unique_ptr<Statement>;
using Block = std::vector<StatementPtr>;

/// break, continue; include, import, extends (which fail when they run: there is no loader).
struct Simple : Statement {
  using Statement::Statement;
};

struct TextStatement : Statement {
  TextStatement(std::string text_, Position at) : Statement(Kind::text, at), text(std::move(text_)) {}
  std::string text;
};

struct Print : Statement {
  Print(ExpressionPtr value_, Position at) : Statement(Kind::print, at), value(std::move(value_)) {}
  ExpressionPtr value;
};

struct For : Statement {
  explicit For(Position at) : Statement(Kind::for_loop, at) {}
  ExpressionPtr target;
  ExpressionPtr iterable;
  ExpressionPtr test;  // may be missing
  bool recursive = false;
  Block body;
  Block otherwise;
};

struct If : Statement {
  explicit If(Position at) : Statement(Kind::if_else, at) {}
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  Block otherwise;
};

struct Set : Statement {
  Set(ExpressionPtr target_, ExpressionPtr value_, Position at)
      : Statement(Kind::set, at), target(std::move(target_)), value(std::move(value_)) {}
  ExpressionPtr target;
  ExpressionPtr value;
};

struct SetBlock : Statement {
  SetBlock(ExpressionPtr target_, Position at) : Statement(Kind::set_block, at), target(std::move(target_)) {}
  ExpressionPtr target;
  ExpressionPtr filter;  // may be missing
  Block body;
};

/// A macro, or the body of a call block (which is a macro called `caller`).
struct MacroBody {
  std::string name;
  std::vector<std::string> parameters;
  Expressions defaults;  // of the last parameters
  Block body;
  bool uses_caller = false;  // which of the special names the body mentions
  bool uses_kwargs = false;
  bool uses_varargs = false;
};

struct MacroStatement : Statement {
  explicit MacroStatement(Position at) : Statement(Kind::macro, at) {}
  MacroBody macro;
};

struct CallBlock : Statement {
  explicit CallBlock(Position at) : Statement(Kind::call_block, at) {}
  ExpressionPtr call;  // a Call
  MacroBody caller;
};

struct FilterBlock : Statement {
  explicit FilterBlock(Position at) : Statement(Kind::filter_block, at) {}
  ExpressionPtr filter;
  Block body;
};

struct With : Statement {
  explicit With(Position at) : Statement(Kind::with, at) {}
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> assignments;
  Block body;
};

/// {% block %} and {% autoescape %}: their own scope, printed where they stand.
struct ScopeBlock : Statement {
  explicit ScopeBlock(Position at) : Statement(Kind::scope, at) {}
  Block body;
};

/// {% generation %}: a macro that is called where it stands, with nothing.
struct Generation : Statement {
  explicit Generation(Position at) : Statement(Kind::generation, at) {}
  MacroBody body;
};

}  // namespace headformer::jinja
