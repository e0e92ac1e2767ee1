#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/preprocess/jinja/interpreter.hpp"

namespace headformer::jinja {

/// A function of the environment, or one of an object's.
class FunctionValue : public Object {
 public:
  using Function = std::function<Value(Interpreter&, Arguments&)>;
  FunctionValue(std::string name, Function function, unsigned depth = 1)
      : name_(std::move(name)), function_(std::move(function)), depth_(depth) {}
  const char* type_name() const override { return "function"; }
  unsigned depth() const override { return depth_; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override { return function_(interpreter, arguments); }
  void print(std::string& out, Budget&) override { out += "<function " + name_ + ">"; }

 private:
  std::string name_;
  Function function_;
  unsigned depth_;
};

inline Value make_function(std::string name, FunctionValue::Function function, unsigned depth = 1) {
  return Value(ObjectPtr(std::make_shared<FunctionValue>(std::move(name), std::move(function), depth)));
}

/// The variable `loop` of a for loop.
class LoopValue : public Object {
 public:
  /// `recursive` and `scope` are set for loops that may be called with an inner iterable.
  LoopValue(SequencePtr elements, std::size_t depth0, const For* recursive, ScopePtr scope)
      : elements_(std::move(elements)),
        depth0_(depth0),
        recursive_(recursive),
        scope_(std::move(scope)),
        depth_(deeper(elements_->depth)) {}

  void advance(std::size_t index) { index_ = index; }

  const char* type_name() const override { return "LoopContext"; }
  unsigned depth() const override { return depth_; }
  bool callable() const override { return true; }
  std::optional<std::size_t> length() const override { return elements_->items.size(); }
  Value call(Interpreter& interpreter, Arguments& arguments) override {
    if (recursive_ == nullptr) throw Failure("a loop must be marked 'recursive' to be called");
    if (arguments.positional.size() != 1 || !arguments.named.empty()) throw Failure("loop() takes one iterable");
    const ScopePtr scope = scope_;
    return interpreter.text(interpreter.run_recursive(*recursive_, arguments.positional[0], scope, depth0_ + 1));
  }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override {
    const std::size_t count = elements_->items.size();
    if (name == "index") return Value(index_ + 1);
    if (name == "index0") return Value(index_);
    if (name == "first") return Value(index_ == 0);
    if (name == "last") return Value(index_ + 1 == count);
    if (name == "length") return Value(count);
    if (name == "revindex") return Value(count - index_);
    if (name == "revindex0") return Value(count - index_ - 1);
    if (name == "depth") return Value(depth0_ + 1);
    if (name == "depth0") return Value(depth0_);
    if (name == "previtem")
      return index_ == 0 ? Value::undefined("there is no previous item") : elements_->items[index_ - 1];
    if (name == "nextitem")
      return index_ + 1 >= count ? Value::undefined("there is no next item") : elements_->items[index_ + 1];
    if (name == "cycle") {
      return make_function(
          "cycle",
          [self = shared_from_this(), this](Interpreter&, Arguments& arguments) {
            if (arguments.positional.empty()) throw Failure("no items for cycling given");
            return arguments.positional[index_ % arguments.positional.size()];
          },
          deeper(depth_));
    }
    if (name == "changed") {
      return make_function(
          "changed",
          [self = shared_from_this(), this](Interpreter& interpreter, Arguments& arguments) {
            Value given = make_tuple(std::move(arguments.positional), interpreter.budget());
            if (last_ && equal(*last_, given, interpreter.budget())) return Value(false);
            if (!last_) interpreter.at_end([self, this] { last_.reset(); });  // it may hold the loop itself
            last_ = std::move(given);
            return Value(true);
          },
          deeper(depth_));
    }
    return std::nullopt;
  }
  void print(std::string& out, Budget&) override {
    out += "<LoopContext " + std::to_string(index_ + 1) + "/" + std::to_string(elements_->items.size()) + ">";
  }

 private:
  SequencePtr elements_;
  std::size_t depth0_;
  const For* recursive_;
  ScopePtr scope_;
  unsigned depth_;
  std::size_t index_ = 0;
  std::optional<Value> last_;
};

}  // namespace headformer::jinja
