#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/interpreter.hpp"

namespace headformer::jinja {

/// The `attribute` argument of filters: "address.city", a number, or nothing for the element itself. Parts that are
/// numbers are positions.
class AttributePath {
 public:
  /// `otherwise`, if not nullptr, must outlive the path and stands for what is undefined.
  explicit AttributePath(const Value& attribute, const Value* otherwise = nullptr) : otherwise_(otherwise) {
    if (attribute.is_none()) return;
    if (!attribute.is_text()) {
      parts_.push_back(attribute);
      return;
    }
    const std::string& text = attribute.bytes();
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('.', begin), text.size());
      const std::string part = text.substr(begin, end - begin);
      if (!part.empty() && part.size() < 18 && part.find_first_not_of("0123456789") == part.npos) {
        parts_.push_back(Value(static_cast<Integer>(std::stoll(part))));
      } else {
        parts_.push_back(Value::text(part));
      }
      begin = end + 1;
    }
  }

  Value of(Interpreter& interpreter, const Value& element) const {
    Value value = element;
    for (const Value& part : parts_) {
      value = interpreter.item(value, part);
      if (value.is_undefined() && otherwise_ != nullptr) value = *otherwise_;
    }
    return value;
  }

 private:
  std::vector<Value> parts_;
  const Value* otherwise_;
};

/// Several of them, separated by commas.
HEADFORMER_COLD inline std::vector<AttributePath> attribute_paths(const Value& attribute) {
  std::vector<AttributePath> paths;
  if (!attribute.is_text()) {
    paths.emplace_back(attribute);
    return paths;
  }
  const std::string& text = attribute.bytes();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    paths.emplace_back(Value::text(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return paths;
}

/// Text in lower case for comparisons that ignore case; other values as they are.
HEADFORMER_COLD inline Value fold_case(Interpreter& interpreter, const Value& value, bool fold) {
  if (!fold || !value.is_text()) return value;
  interpreter.budget().allocate(8 * value.bytes().size());
  return interpreter.text(lowered(value.bytes()));
}

/// An element of groupby's result: a pair that also has names.
class Group : public Object {
 public:
  Group(Value grouper, Value list, Budget& budget)
      : pair_(make_sequence({std::move(grouper), std::move(list)}, true, budget)) {}
  const char* type_name() const override { return "_GroupTuple"; }
  unsigned depth() const override { return pair_->depth; }
  std::optional<std::size_t> length() const override { return 2; }
  bool iterable() const override { return true; }
  bool reversible() const override { return true; }
  bool subscriptable() const override { return true; }
  SequencePtr items(Budget&) override { return pair_; }
  std::optional<Value> item(const Value& index) const override {
    if (!index.is_integer()) return std::nullopt;
    const Integer at = index.integer() < 0 ? index.integer() + 2 : index.integer();
    return at == 0 || at == 1 ? std::optional<Value>(pair_->items[static_cast<std::size_t>(at)]) : std::nullopt;
  }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override {
    if (name == "grouper") return pair_->items[0];
    if (name == "list") return pair_->items[1];
    return std::nullopt;
  }
  void print(std::string& out, Budget& budget) override { append_repr(out, Value(pair_), budget); }

 private:
  SequencePtr pair_;
};

}  // namespace headformer::jinja
