#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/ast.hpp"
#include "headformer/preprocess/jinja/token_cursor.hpp"

namespace headformer::jinja {

/// Expressions by recursive descent, with Jinja's precedences: inline if, or, and, not, comparisons and in, + -, ~,
/// * / // %, **, signs, then attributes, subscripts, calls, filters and tests.
class ExpressionParser : public TokenCursor {
 public:
  using TokenCursor::TokenCursor;

 protected:
  using Kind = Expression::Kind;

  /// Counts the recursion of the parser itself.
  class Level {
   public:
    explicit Level(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.level_ > nesting_limit) parser_.fail(parser_.current().position, "the template nests too deeply");
    }
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };

  /// Sets the node's height over its children's; a chain of operators makes a tall tree without recursion here.
  template <class Node, class... Children>
  std::unique_ptr<Node> grown(std::unique_ptr<Node>&& node, const Children&... children) const {
    unsigned height = 0;
    const auto take = [&](const ExpressionPtr& child) {
      if (child) height = std::max(height, child->height);
    };
    (take(children), ...);
    raise(*node, height);
    return std::move(node);
  }
  void raise(Expression& node, unsigned below) const {
    node.height = std::max(node.height, below + 1);
    if (node.height > nesting_limit) fail(node.position, "the template nests too deeply");
  }
  void raise(Expression& node, const ArgumentList& list) const {
    for (const auto& item : list.positional) raise(node, item->height);
    for (const auto& item : list.named) raise(node, item.second->height);
    if (list.spread) raise(node, list.spread->height);
    if (list.named_spread) raise(node, list.named_spread->height);
  }
  std::unique_ptr<Items> items(Kind kind, Expressions list, Position at) const {
    auto node = std::make_unique<Items>(kind, std::move(list), at);
    for (const auto& item : node->items) raise(*node, item->height);
    return node;
  }
  ExpressionPtr binary(Kind kind, std::string symbol, ExpressionPtr left, ExpressionPtr right, Position at) const {
    auto node = std::make_unique<Binary>(kind, std::move(symbol), std::move(left), std::move(right), at);
    return grown(std::move(node), node->left, node->right);
  }

  ExpressionPtr parse_expression(bool with_conditional = true) {
    const Level level(*this);
    return with_conditional ? parse_conditional() : parse_or();
  }

  ExpressionPtr parse_conditional() {
    const Position at = current().position;
    // Which branch is taken is known only when it runs, so unknown filters and tests within are found then.
    const std::size_t first_unknown = unknown_.size();
    ++soft_;
    ExpressionPtr value = parse_or();
    --soft_;
    if (!current().is_name("if")) check_known(first_unknown);
    while (skip_name("if")) {
      auto node = std::make_unique<Conditional>(at);
      ++soft_;
      node->then = std::move(value);
      node->test = parse_or();
      if (skip_name("else")) {
        const Level level(*this);
        node->otherwise = parse_conditional();
      }
      --soft_;
      unknown_.resize(first_unknown);
      value = grown(std::move(node), node->test, node->then, node->otherwise);
    }
    return value;
  }
  /// Unknown filters and tests since `first` are errors after all, unless something around is conditional.
  void check_known(std::size_t first) {
    if (soft_ != 0 || first >= unknown_.size()) return;
    fail(unknown_[first].first, unknown_[first].second);
  }
  /// Runs `parse` as no part of the branch around: what it does not know is an error at once.
  template <class Parse>
  auto unconditional(Parse parse) {
    const unsigned soft = std::exchange(soft_, 0);
    auto result = parse();
    soft_ = soft;
    return result;
  }
  void unknown(Position at, const std::string& message) {
    if (soft_ == 0) fail(at, message);
    unknown_.emplace_back(at, message);
  }

  ExpressionPtr parse_or() {
    const Position at = current().position;
    ExpressionPtr left = parse_and();
    while (skip_name("or")) left = binary(Kind::logical_or, "or", std::move(left), parse_and(), at);
    return left;
  }
  ExpressionPtr parse_and() {
    const Position at = current().position;
    ExpressionPtr left = parse_not();
    while (skip_name("and")) left = binary(Kind::logical_and, "and", std::move(left), parse_not(), at);
    return left;
  }
  ExpressionPtr parse_not() {
    const Position at = current().position;
    if (!skip_name("not")) return parse_compare();
    const Level level(*this);
    auto node = std::make_unique<Unary>(Kind::logical_not, parse_not(), at);
    return grown(std::move(node), node->operand);
  }

  ExpressionPtr parse_compare() {
    const Position at = current().position;
    ExpressionPtr first = parse_sum();
    std::unique_ptr<Compare> chain;
    while (true) {
      std::string symbol;
      if (current().kind == TokenKind::symbol &&
          (current().text == "==" || current().text == "!=" || current().text == "<" || current().text == "<=" ||
           current().text == ">" || current().text == ">=")) {
        symbol = next().text;
      } else if (skip_name("in")) {
        symbol = "in";
      } else if (current().is_name("not") && look().is_name("in")) {
        next();
        next();
        symbol = "not in";
      } else {
        break;
      }
      if (!chain) {
        chain = std::make_unique<Compare>(std::move(first), at);
        raise(*chain, chain->first->height);
      }
      chain->rest.emplace_back(symbol, parse_sum());
      raise(*chain, chain->rest.back().second->height);
    }
    if (chain) return chain;
    return first;
  }

  ExpressionPtr parse_sum() {
    const Position at = current().position;
    ExpressionPtr left = parse_concat();
    while (current().is_symbol("+") || current().is_symbol("-")) {
      const std::string symbol = next().text;
      left = binary(Kind::binary, symbol, std::move(left), parse_concat(), at);
    }
    return left;
  }
  ExpressionPtr parse_concat() {
    const Position at = current().position;
    Expressions parts;
    parts.push_back(parse_product());
    while (skip_symbol("~")) parts.push_back(parse_product());
    if (parts.size() == 1) return std::move(parts.front());
    return items(Kind::concat, std::move(parts), at);
  }
  ExpressionPtr parse_product() {
    const Position at = current().position;
    ExpressionPtr left = parse_power();
    while (current().is_symbol("*") || current().is_symbol("/") || current().is_symbol("//") ||
           current().is_symbol("%")) {
      const std::string symbol = next().text;
      left = binary(Kind::binary, symbol, std::move(left), parse_power(), at);
    }
    return left;
  }
  ExpressionPtr parse_power() {  // to the left, as Jinja has it
    const Position at = current().position;
    ExpressionPtr left = parse_unary();
    while (skip_symbol("**")) left = binary(Kind::binary, "**", std::move(left), parse_unary(), at);
    return left;
  }
  ExpressionPtr parse_unary(bool with_filters = true) {
    const Position at = current().position;
    ExpressionPtr node;
    if (current().is_symbol("-") || current().is_symbol("+")) {
      const Level level(*this);
      const Kind kind = next().text == "-" ? Kind::negate : Kind::plus;
      auto sign = std::make_unique<Unary>(kind, parse_unary(false), at);
      node = grown(std::move(sign), sign->operand);
    } else {
      node = parse_primary();
    }
    node = parse_postfix(std::move(node));
    return with_filters ? parse_filters(std::move(node)) : std::move(node);
  }

  /// `with_namespace`: "ns.attribute" is the target of an assignment.
  ExpressionPtr parse_primary(bool with_namespace = false) {
    const Token& token = current();
    const Position at = token.position;
    switch (token.kind) {
      case TokenKind::name: {
        next();
        if (token.text == "true" || token.text == "True") return std::make_unique<Constant>(Value(true), at);
        if (token.text == "false" || token.text == "False") return std::make_unique<Constant>(Value(false), at);
        if (token.text == "none" || token.text == "None") return std::make_unique<Constant>(Value(None{}), at);
        if (with_namespace && skip_symbol("."))
          return std::make_unique<NamespaceReference>(token.text, expect_any_name(), at);
        for (MacroBody* macro : macros_) {
          macro->uses_caller |= token.text == "caller";
          macro->uses_kwargs |= token.text == "kwargs";
          macro->uses_varargs |= token.text == "varargs";
        }
        return std::make_unique<Name>(token.text, at);
      }
      case TokenKind::string: {
        std::string text;
        while (current().kind == TokenKind::string) text += next().text;
        return std::make_unique<Constant>(Value::text(std::move(text)), at);
      }
      case TokenKind::integer:
      case TokenKind::floating:
        return std::make_unique<Constant>(next().value, at);
      default:
        break;
    }
    const Level level(*this);
    if (skip_symbol("(")) {
      ExpressionPtr node = parse_tuple({.in_parentheses = true});
      expect_symbol(")");
      return node;
    }
    if (skip_symbol("[")) {
      Expressions list;
      while (!current().is_symbol("]")) {
        if (!list.empty()) expect_symbol(",");
        if (current().is_symbol("]")) break;
        list.push_back(parse_expression());
      }
      next();
      return items(Kind::list, std::move(list), at);
    }
    if (skip_symbol("{")) {
      Expressions list;
      while (!current().is_symbol("}")) {
        if (!list.empty()) expect_symbol(",");
        if (current().is_symbol("}")) break;
        list.push_back(parse_expression());
        expect_symbol(":");
        list.push_back(parse_expression());
      }
      next();
      return items(Kind::dict, std::move(list), at);
    }
    expected("an expression");
  }

  struct TupleOptions {
    bool target = false;  // names only, for assignments
    bool with_conditional = true;
    bool in_parentheses = false;
    bool with_namespace = false;
  };
  /// One expression, or a tuple of them if there is a comma.
  ExpressionPtr parse_tuple(TupleOptions options) {
    const Position at = current().position;
    Expressions list;
    bool tuple = false;
    while (true) {
      if (!list.empty()) expect_symbol(",");
      if (current().kind == TokenKind::variable_end || current().kind == TokenKind::block_end ||
          current().is_symbol(")"))
        break;
      list.push_back(options.target ? parse_primary(options.with_namespace)
                                    : parse_expression(options.with_conditional));
      if (!current().is_symbol(",")) break;
      tuple = true;
    }
    if (!tuple && !list.empty()) return std::move(list.front());
    if (!tuple && !options.in_parentheses) expected("an expression");
    return items(Kind::tuple, std::move(list), at);
  }

  ExpressionPtr parse_postfix(ExpressionPtr node) {
    while (true) {
      if (current().is_symbol(".") || current().is_symbol("[")) {
        node = parse_subscript(std::move(node));
      } else if (current().is_symbol("(")) {
        node = parse_call(std::move(node));
      } else {
        return node;
      }
    }
  }
  ExpressionPtr parse_filters(ExpressionPtr node) {
    while (true) {
      if (current().is_symbol("|")) {
        next();
        node = parse_filter(std::move(node));
      } else if (current().is_name("is")) {
        node = parse_test(std::move(node));
      } else if (current().is_symbol("(")) {
        node = parse_call(std::move(node));
      } else {
        return node;
      }
    }
  }

  ExpressionPtr parse_subscript(ExpressionPtr object) {
    const Position at = current().position;
    if (skip_symbol(".")) {
      if (current().kind == TokenKind::name) {
        auto node = std::make_unique<Attribute>(std::move(object), next().text, at);
        return grown(std::move(node), node->object);
      }
      if (current().kind != TokenKind::integer) expected("a name or a number");
      auto index = std::make_unique<Constant>(next().value, at);
      auto node = std::make_unique<Subscript>(std::move(object), std::move(index), at);
      return grown(std::move(node), node->object);
    }
    expect_symbol("[");
    const Level level(*this);
    Expressions list;
    while (!current().is_symbol("]")) {
      if (!list.empty()) expect_symbol(",");
      list.push_back(parse_subscript_item());
    }
    next();
    if (list.size() == 1 && is_bare_slice(*list.front())) {
      std::unique_ptr<Slice> slice(static_cast<Slice*>(list.front().release()));
      slice->object = std::move(object);
      return grown(std::move(slice), slice->object);
    }
    for (const auto& item : list)
      if (is_bare_slice(*item)) fail(item->position, "a slice cannot stand beside other indices");
    ExpressionPtr index = list.size() == 1 ? std::move(list.front()) : items(Kind::tuple, std::move(list), at);
    auto node = std::make_unique<Subscript>(std::move(object), std::move(index), at);
    return grown(std::move(node), node->object, node->index);
  }
  /// From i to j, of nothing yet; x[i:j] is a slice too, and may be an index itself.
  static bool is_bare_slice(const Expression& item) {
    return item.kind == Kind::slice && static_cast<const Slice&>(item).object == nullptr;
  }
  ExpressionPtr parse_subscript_item() {
    const Position at = current().position;
    ExpressionPtr start;
    if (!current().is_symbol(":")) {
      start = parse_expression();
      if (!current().is_symbol(":")) return start;
    }
    next();
    auto slice = std::make_unique<Slice>(at);
    const auto ends = [&] { return current().is_symbol("]") || current().is_symbol(","); };
    slice->start = std::move(start);
    if (!current().is_symbol(":") && !ends()) slice->stop = parse_expression();
    if (skip_symbol(":") && !ends()) slice->step = parse_expression();
    return grown(std::move(slice), slice->start, slice->stop, slice->step);
  }

  ArgumentList parse_arguments() {
    const Position at = current().position;
    const Level level(*this);
    ArgumentList list;
    const auto require = [&](bool valid) {
      if (!valid) fail(at, "invalid order of the call's arguments");
    };
    expect_symbol("(");
    for (bool first = true; !current().is_symbol(")"); first = false) {
      if (!first) expect_symbol(",");
      if (!first && current().is_symbol(")")) break;
      if (skip_symbol("*")) {
        require(!list.spread && !list.named_spread);
        list.spread = parse_expression();
      } else if (skip_symbol("**")) {
        require(!list.named_spread);
        list.named_spread = parse_expression();
      } else if (current().kind == TokenKind::name && look().is_symbol("=")) {
        require(!list.named_spread);
        std::string name = next().text;
        next();
        for (const auto& other : list.named)
          if (other.first == name) fail(at, "the argument " + headformer::detail::quoted(name, 60) + " is given twice");
        list.named.emplace_back(std::move(name), parse_expression());
      } else {
        require(!list.spread && !list.named_spread && list.named.empty());
        list.positional.push_back(parse_expression());
      }
    }
    next();
    return list;
  }
  ExpressionPtr parse_call(ExpressionPtr callee) {
    const Position at = current().position;
    auto node = std::make_unique<Call>(std::move(callee), parse_arguments(), at);
    raise(*node, node->callee->height);
    raise(*node, node->arguments);
    return node;
  }

  std::string dotted_name() {
    std::string name = expect_any_name();
    while (skip_symbol(".")) name += "." + expect_any_name();
    return name;
  }
  /// From the filter's name on; `value` is nullptr for a block's filter.
  ExpressionPtr parse_filter(ExpressionPtr value) {
    const Position at = current().position;
    std::string name = dotted_name();
    ArgumentList arguments;
    if (current().is_symbol("(")) arguments = parse_arguments();
    auto node = std::make_unique<Filter>(std::move(value), std::move(name), std::move(arguments), at);
    if (node->value) raise(*node, node->value->height);
    raise(*node, node->arguments);
    node->function = find_filter(node->name);
    if (node->function == nullptr) unknown(at, "unknown filter " + headformer::detail::quoted(node->name, 60));
    return node;
  }
  /// Filters one after another, as {% filter %} and {% set %} blocks have them; they are known even in a branch.
  ExpressionPtr parse_filter_chain() {
    return unconditional([&] {
      ExpressionPtr node = parse_filter(nullptr);
      while (skip_symbol("|")) node = parse_filter(std::move(node));
      return node;
    });
  }
  ExpressionPtr parse_test(ExpressionPtr value) {
    const Position at = next().position;
    const bool negated = skip_name("not");
    const Position name_at = current().position;
    std::string name = dotted_name();
    ArgumentList arguments;
    const Token& token = current();
    if (token.is_symbol("(")) {
      arguments = parse_arguments();
    } else if ((token.kind == TokenKind::name && !token.is_name("else") && !token.is_name("or") &&
                !token.is_name("and")) ||
               token.kind == TokenKind::string || token.kind == TokenKind::integer ||
               token.kind == TokenKind::floating || token.is_symbol("[") || token.is_symbol("{")) {
      if (token.is_name("is")) fail(token.position, "tests cannot be chained");
      arguments.positional.push_back(parse_postfix(parse_primary()));
    }
    auto node = std::make_unique<Test>(std::move(value), std::move(name), std::move(arguments), at);
    raise(*node, node->value->height);
    raise(*node, node->arguments);
    node->function = find_test(node->name);
    if (node->function == nullptr) unknown(name_at, "unknown test " + headformer::detail::quoted(node->name, 60));
    if (!negated) return node;
    const unsigned height = node->height;
    auto inverse = std::make_unique<Unary>(Kind::logical_not, std::move(node), at);
    raise(*inverse, height);
    return inverse;
  }

  unsigned level_ = 0;
  unsigned soft_ = 0;                                      // > 0: inside a branch that may never run
  std::vector<std::pair<Position, std::string>> unknown_;  // what such branches use and nobody knows
  std::vector<MacroBody*> macros_;                         // the macros around
};

}  // namespace headformer::jinja
