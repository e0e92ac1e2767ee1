#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headformer/preprocess/jinja/compare.hpp"
#include "headformer/preprocess/jinja/print.hpp"
#include "headformer/preprocess/jinja/value.hpp"

namespace headformer::jinja {

/// range(start, stop, step).
class Range : public Object {
 public:
  Range(Integer start, Integer step, std::size_t count) : start_(start), step_(step), count_(count) {}
  const char* type_name() const override { return "range"; }
  std::optional<std::size_t> length() const override { return count_; }
  bool iterable() const override { return true; }
  bool reversible() const override { return true; }
  bool subscriptable() const override { return true; }
  Integer at(std::size_t i) const { return start_ + step_ * static_cast<Integer>(i); }
  Integer step() const { return step_; }
  std::optional<Value> item(const Value& index) const override {
    if (!index.is_integer()) return std::nullopt;
    Integer i = index.integer();
    const auto count = static_cast<Integer>(count_);
    if (i < 0) i += count;
    if (i < 0 || i >= count) return std::nullopt;
    return Value(at(static_cast<std::size_t>(i)));
  }
  SequencePtr items(Budget& budget) override {
    budget.allocate(count_, sizeof(Value));
    std::vector<Value> values;
    values.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) values.emplace_back(at(i));
    return make_sequence(std::move(values), false, budget);
  }
  void print(std::string& out, Budget&) override {
    out += "range(" + integer_text(start_) + ", " + integer_text(stop_text_end()) +
           (step_ == 1 ? "" : ", " + integer_text(step_)) + ")";
  }
  bool equals(const Object& other, Budget&) const override {
    const auto* range = dynamic_cast<const Range*>(&other);
    return range != nullptr && count_ == range->count_ &&
           (count_ == 0 || (start_ == range->start_ && (count_ == 1 || step_ == range->step_)));
  }
  /// The stop as written, for printing.
  void set_stop(Integer stop) { stop_ = stop; }

 private:
  Integer stop_text_end() const { return stop_.value_or(start_ + step_ * static_cast<Integer>(count_)); }

  Integer start_;
  Integer step_;
  std::size_t count_;
  std::optional<Integer> stop_;
};

/// dict.keys(), dict.values(), dict.items().
class DictView : public Object {
 public:
  enum class Part { keys, values, items };
  DictView(DictPtr dict, Part part) : dict_(std::move(dict)), part_(part), depth_(deeper(dict_->depth())) {}
  const char* type_name() const override {
    return part_ == Part::keys ? "dict_keys" : part_ == Part::values ? "dict_values" : "dict_items";
  }
  unsigned depth() const override { return depth_; }
  std::optional<std::size_t> length() const override { return dict_->size(); }
  bool iterable() const override { return true; }
  bool reversible() const override { return true; }
  SequencePtr items(Budget& budget) override {
    budget.allocate(dict_->size(), sizeof(Value));
    std::vector<Value> values;
    values.reserve(dict_->size());
    for (const auto& [key, value] : dict_->entries())
      values.push_back(part_ == Part::keys ? key : part_ == Part::values ? value : make_tuple({key, value}, budget));
    return make_sequence(std::move(values), false, budget);
  }
  void print(std::string& out, Budget& budget) override {
    out += type_name();
    out += '(';
    append_repr(out, Value(items(budget)), budget);
    out += ')';
  }
  bool equals(const Object& other, Budget& budget) const override {
    const auto* view = dynamic_cast<const DictView*>(&other);
    if (view == nullptr || part_ == Part::values || view->part_ != part_) return this == &other;
    if (dict_->size() != view->dict_->size()) return false;
    for (const auto& [key, value] : dict_->entries()) {
      const Value* found = view->dict_->find(key, budget);
      if (found == nullptr || (part_ == Part::items && !equal(value, *found, budget))) return false;
    }
    return true;
  }

 private:
  DictPtr dict_;
  Part part_;
  unsigned depth_;
};

/// A generator or iterator: gives its elements once, has no length. Its elements are made at once; what fails while
/// they are made fails for whoever asks for the element after the last.
class Iterator : public Object {
 public:
  Iterator(const char* type, SequencePtr items, std::optional<Failure> failure = std::nullopt)
      : type_(type), items_(std::move(items)), failure_(std::move(failure)), depth_(deeper(items_->depth)) {}
  const char* type_name() const override { return type_; }
  unsigned depth() const override { return depth_; }
  bool iterable() const override { return true; }
  SequencePtr items(Budget& budget) override {
    SequencePtr all = rest(budget);
    taken_ = items_->items.size();
    fail_once();
    return all;
  }
  /// The next element alone.
  std::optional<Value> next() {
    if (taken_ < items_->items.size()) return items_->items[taken_++];
    fail_once();
    return std::nullopt;
  }

 private:
  /// A generator that has failed is at its end.
  void fail_once() {
    if (!failure_) return;
    const Failure failure = *failure_;
    failure_.reset();
    throw Failure(failure);
  }

  SequencePtr rest(Budget& budget) const {
    if (taken_ == 0) return items_;
    const auto begin = items_->items.begin() + static_cast<std::ptrdiff_t>(std::min(taken_, items_->items.size()));
    return make_sequence({begin, items_->items.end()}, false, budget);
  }

  const char* type_;
  SequencePtr items_;
  std::optional<Failure> failure_;
  unsigned depth_;
  std::size_t taken_ = 0;
};

inline Value make_iterator(const char* type, std::vector<Value> items, Budget& budget) {
  return Value(ObjectPtr(std::make_shared<Iterator>(type, make_sequence(std::move(items), false, budget))));
}

/// A generator of what `fill` appends to a list of values.
template <class Fill>
Value generate(Budget& budget, Fill&& fill) {
  std::vector<Value> items;
  std::optional<Failure> failure;
  try {
    fill(items);
  } catch (const Failure& caught) {
    failure = caught;
  }
  SequencePtr made = make_sequence(std::move(items), false, budget);
  return Value(ObjectPtr(std::make_shared<Iterator>("generator", std::move(made), std::move(failure))));
}

/// namespace(...): the one thing a template can change. The interpreter keeps every namespace until the rendering ends
/// and then empties it, so that cycles through namespaces are freed.
class Namespace : public Object {
 public:
  const char* type_name() const override { return "Namespace"; }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override { return get(name); }
  std::optional<Value> get(std::string_view name) const {
    for (const auto& [key, value] : entries_)
      if (key.is_text() && key.bytes() == name) return value;
    return std::nullopt;
  }
  void set(const Value& name, Value value, Budget& budget) {
    budget.step(1 + entries_.size() / 8);
    if (name.is_text() && name.bytes().starts_with('_'))
      throw Failure("a namespace cannot hold a name that begins with an underscore: " +
                    headformer::detail::quoted(name.bytes(), 60));
    for (auto& [key, held] : entries_) {
      if (equal(key, name, budget)) {
        held = std::move(value);
        return;
      }
    }
    budget.allocate(sizeof(Dict::Entry));
    entries_.emplace_back(name, std::move(value));
  }
  void clear() { entries_.clear(); }
  void print(std::string& out, Budget& budget) override {
    out += "<Namespace {";
    if (printing_) {
      out += "...}>";
      return;
    }
    const Budget::Level level(budget);
    printing_ = true;
    try {
      bool first = true;
      for (const auto& [key, value] : entries_) {
        if (!first) out += ", ";
        first = false;
        append_repr(out, key, budget);
        out += ": ";
        append_repr(out, value, budget);
      }
    } catch (...) {
      printing_ = false;
      throw;
    }
    printing_ = false;
    out += "}>";
  }

 private:
  std::vector<Dict::Entry> entries_;
  bool printing_ = false;
};

/// What can be iterated, as a list of its elements. Throws Failure for the rest.
inline SequencePtr elements_of(const Value& value, Budget& budget) {
  budget.step();
  if (value.is<SequencePtr>()) return value.sequence();
  if (value.is_undefined()) return make_sequence({}, false, budget);
  std::vector<Value> items;
  if (value.is_text()) {
    const std::string& text = value.bytes();
    budget.allocate(value.text().length, sizeof(Value) + sizeof(Text) + 16);
    items.reserve(value.text().length);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      decode(text, at);
      items.push_back(Value::text(text.substr(begin, at - begin)));
    }
    return make_sequence(std::move(items), false, budget);
  }
  if (value.is_dict()) {
    budget.allocate(value.dict().size(), sizeof(Value));
    for (const auto& entry : value.dict().entries()) items.push_back(entry.first);
    return make_sequence(std::move(items), false, budget);
  }
  if (value.is<ObjectPtr>())
    if (SequencePtr found = value.object()->items(budget)) return found;
  throw Failure("'" + type_name(value) + "' object is not iterable");
}

inline bool is_iterable(const Value& value) {
  if (value.is<ObjectPtr>()) return value.object()->iterable();
  return value.is_undefined() || value.is_text() || value.is<SequencePtr>() || value.is_dict();
}

/// len(value), nothing for what has none.
inline std::optional<std::size_t> length_of(const Value& value) {
  if (value.is_undefined()) return 0;
  if (value.is_text()) return value.text().length;
  if (value.is<SequencePtr>()) return value.sequence()->items.size();
  if (value.is_dict()) return value.dict().size();
  if (value.is<ObjectPtr>()) return value.object()->length();
  return std::nullopt;
}

}  // namespace headformer::jinja
