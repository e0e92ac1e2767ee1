#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/preprocess/jinja/expression_parser.hpp"

namespace headformer::jinja {

/// Statements. Knows Jinja's own and the loop controls and {% generation %} that transformers adds.
class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  /// Throws FormatError: "name:line:column: expected ..., found ...".
  Block run() {
    Block block = parse_block({});
    return block;
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  static bool is_one_of(const Token& token, Names names) {
    for (const std::string_view name : names)
      if (token.is_name(name)) return true;
    return false;
  }

  /// Statements up to a tag of one of `ends`, which becomes the current token; without ends, up to the template's end.
  Block parse_block(Names ends) {
    const Level level(*this);
    Block block;
    while (true) {
      const Token& token = current();
      switch (token.kind) {
        case TokenKind::data:
          block.push_back(std::make_unique<TextStatement>(token.text, token.position));
          next();
          break;
        case TokenKind::variable_begin:
          next();
          block.push_back(std::make_unique<Print>(parse_tuple({}), token.position));
          if (current().kind != TokenKind::variable_end) expected("'}}'");
          next();
          break;
        case TokenKind::block_begin:
          next();
          if (is_one_of(current(), ends)) return block;
          parse_statement(block, token.position, ends);
          if (current().kind != TokenKind::block_end) expected("'%}'");
          next();
          break;
        default:
          if (ends.size() != 0) expected(listed(ends));
          return block;
      }
    }
  }
  static std::string listed(Names names) {
    std::string text;
    for (const std::string_view name : names) text += (text.empty() ? "'" : " or '") + std::string(name) + "'";
    return text;
  }
  /// The rest of a tag, then statements up to a tag of `ends`.
  Block parse_body(Names ends) {
    skip_symbol(":");
    if (current().kind != TokenKind::block_end) expected("'%}'");
    next();
    return parse_block(ends);
  }
  Block parse_body_to(std::string_view end) {
    Block body = parse_body({end});
    next();
    return body;
  }

  void parse_statement(Block& block, Position at, Names ends) {
    if (current().kind != TokenKind::name) expected("the name of a tag");
    const std::string& tag = current().text;
    if (tag == "for") return block.push_back(parse_for(at));
    if (tag == "if") return block.push_back(parse_if(at));
    if (tag == "set") return block.push_back(parse_set(at));
    if (tag == "print") return parse_print(block, at);
    if (tag == "macro") return block.push_back(parse_macro(at));
    if (tag == "call") return block.push_back(parse_call_block(at));
    if (tag == "filter") return block.push_back(parse_filter_block(at));
    if (tag == "with") return block.push_back(parse_with(at));
    if (tag == "generation") return block.push_back(parse_generation(at));
    if (tag == "block") return block.push_back(parse_named_block(at));
    if (tag == "autoescape") return block.push_back(parse_autoescape(at));
    if (tag == "break" || tag == "continue") {
      if (loops_ == 0) fail(current().position, "'" + tag + "' outside of a loop");
      const auto kind = tag == "break" ? Statement::Kind::break_loop : Statement::Kind::continue_loop;
      next();
      return block.push_back(std::make_unique<Simple>(kind, at));
    }
    if (tag == "include" || tag == "import" || tag == "extends" || tag == "from") {
      // A template of a checkpoint stands alone; these fail when they run, as they do without a loader.
      while (current().kind != TokenKind::block_end && current().kind != TokenKind::end) next();
      return block.push_back(std::make_unique<Simple>(Statement::Kind::no_loader, at));
    }
    fail(current().position,
         "unknown tag " + headformer::detail::quoted(tag, 60) + (ends.size() == 0 ? "" : "; expected " + listed(ends)));
  }

  ExpressionPtr parse_target(bool with_namespace = false) {
    ExpressionPtr target = parse_tuple({.target = true, .with_namespace = with_namespace});
    check_target(*target);
    return target;
  }
  void check_target(const Expression& target) const {
    if (target.kind == Kind::namespace_reference) return;
    if (target.kind == Kind::tuple || target.kind == Kind::list) {
      for (const auto& item : static_cast<const Items&>(target).items) check_target(*item);
      return;
    }
    if (target.kind != Kind::name) fail(target.position, "expected a name to assign to");
  }
  void check_loop_target(const Expression& target) const {
    if (target.kind == Kind::tuple || target.kind == Kind::list) {
      for (const auto& item : static_cast<const Items&>(target).items) check_loop_target(*item);
    } else if (target.kind == Kind::name && static_cast<const Name&>(target).name == "loop") {
      fail(target.position, "a for loop cannot assign to 'loop'");
    }
  }

  /// Runs `parse` as the body of something that is no conditional branch and no part of the loop around.
  template <class Parse>
  auto apart(Parse parse) {
    const unsigned loops = std::exchange(loops_, 0);
    auto result = unconditional(parse);
    loops_ = loops;
    return result;
  }

  StatementPtr parse_for(Position at) {
    next();
    auto node = std::make_unique<For>(at);
    node->target = parse_target();
    check_loop_target(*node->target);
    expect_name("in");
    node->iterable = parse_tuple({.with_conditional = false});
    if (skip_name("if")) node->test = parse_expression();
    node->recursive = skip_name("recursive");
    node->body = apart([&] {
      loops_ = 1;
      return parse_body({"endfor", "else"});
    });
    if (next().text == "else") node->otherwise = unconditional([&] { return parse_body_to("endfor"); });
    return node;
  }

  StatementPtr parse_if(Position at) {
    auto node = std::make_unique<If>(at);
    const std::size_t first_unknown = unknown_.size();
    ++soft_;
    while (true) {
      next();
      ExpressionPtr test = parse_tuple({.with_conditional = false});
      node->branches.emplace_back(std::move(test), parse_body({"elif", "else", "endif"}));
      if (current().is_name("elif")) continue;
      if (next().text == "else") node->otherwise = parse_body_to("endif");
      break;
    }
    --soft_;
    unknown_.resize(first_unknown);
    return node;
  }

  StatementPtr parse_set(Position at) {
    next();
    ExpressionPtr target = parse_target(true);
    if (skip_symbol("=")) return std::make_unique<Set>(std::move(target), parse_tuple({}), at);
    auto node = std::make_unique<SetBlock>(std::move(target), at);
    if (skip_symbol("|")) node->filter = parse_filter_chain();
    node->body = parse_body_to("endset");
    return node;
  }

  void parse_print(Block& block, Position at) {
    next();
    for (bool first = true; current().kind != TokenKind::block_end; first = false) {
      if (!first) expect_symbol(",");
      block.push_back(std::make_unique<Print>(parse_expression(), at));
    }
  }

  void parse_signature(MacroBody& macro) {
    expect_symbol("(");
    while (!current().is_symbol(")")) {
      if (!macro.parameters.empty()) expect_symbol(",");
      const Position at = current().position;
      macro.parameters.push_back(expect_any_name("a parameter's name"));
      if (skip_symbol("=")) {
        macro.defaults.push_back(parse_expression());
      } else if (!macro.defaults.empty()) {
        fail(at, "a parameter without a default follows one with a default");
      }
    }
    next();
  }
  void parse_macro_body(MacroBody& macro, std::string_view end) {
    macros_.push_back(&macro);
    macro.body = apart([&] { return parse_body_to(end); });
    macros_.pop_back();
    for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
      const std::string& parameter = macro.parameters[i];
      if (parameter == "kwargs") macro.uses_kwargs = false;
      if (parameter == "varargs") macro.uses_varargs = false;
      if (parameter != "caller") continue;
      if (macro.uses_caller && i + macro.defaults.size() < macro.parameters.size())
        fail(current().position, "the parameter 'caller' needs a default");
      macro.uses_caller = false;
    }
  }
  StatementPtr parse_macro(Position at) {
    next();
    auto node = std::make_unique<MacroStatement>(at);
    node->macro.name = expect_any_name("the macro's name");
    parse_signature(node->macro);
    parse_macro_body(node->macro, "endmacro");
    return node;
  }
  StatementPtr parse_call_block(Position at) {
    next();
    auto node = std::make_unique<CallBlock>(at);
    node->caller.name = "caller";
    if (current().is_symbol("(")) parse_signature(node->caller);
    node->call = parse_expression();
    if (node->call->kind != Kind::call) fail(node->call->position, "expected a call");
    parse_macro_body(node->caller, "endcall");
    return node;
  }
  StatementPtr parse_filter_block(Position at) {
    next();
    auto node = std::make_unique<FilterBlock>(at);
    node->filter = parse_filter_chain();
    node->body = unconditional([&] { return parse_body_to("endfilter"); });
    return node;
  }
  StatementPtr parse_with(Position at) {
    next();
    auto node = std::make_unique<With>(at);
    while (current().kind != TokenKind::block_end) {
      if (!node->assignments.empty()) expect_symbol(",");
      ExpressionPtr target = parse_target();
      expect_symbol("=");
      node->assignments.emplace_back(std::move(target), parse_expression());
    }
    node->body = parse_body_to("endwith");
    return node;
  }
  StatementPtr parse_generation(Position at) {
    next();
    auto node = std::make_unique<Generation>(at);
    node->body.name = "generation";
    parse_macro_body(node->body, "endgeneration");
    return node;
  }
  StatementPtr parse_autoescape(Position at) {
    next();
    const ExpressionPtr value = parse_expression();
    if (value->kind != Kind::constant || truth(static_cast<const Constant&>(*value).value))
      fail(value->position, "expected autoescape false: prompts are not HTML");
    auto node = std::make_unique<ScopeBlock>(at);
    node->body = apart([&] { return parse_body_to("endautoescape"); });
    return node;
  }
  StatementPtr parse_named_block(Position at) {
    next();
    const std::string name = expect_any_name("the block's name");
    skip_name("scoped");
    skip_name("required");
    auto node = std::make_unique<ScopeBlock>(at);
    node->body = apart([&] { return parse_body_to("endblock"); });
    skip_name(name);
    return node;
  }

  unsigned loops_ = 0;  // around, up to the next macro
};

}  // namespace headformer::jinja
