#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/preprocess/jinja/budget.hpp"
#include "headformer/preprocess/jinja/unicode.hpp"

namespace headformer::jinja {

/// Python's integers have no end; these have 100 bits, which covers what JSON and templates hold (see integer()).
__extension__ typedef __int128 Integer;
constexpr Integer integer_limit = static_cast<Integer>(1) << 100;

/// A name, attribute or element that is not there. Prints as nothing, iterates as empty; most other uses fail with the
/// hint.
struct Undefined {
  std::shared_ptr<const std::string> hint;
};
struct None {};

/// A string, never changed once made. Positions in templates count code points.
struct Text {
  std::string bytes;
  std::size_t length = 0;  // code points
  bool safe = false;       // already escaped (markupsafe's Markup)
  bool ascii() const { return length == bytes.size(); }
};

struct Sequence;
class Dict;
class Object;
using TextPtr = std::shared_ptr<const Text>;
using SequencePtr = std::shared_ptr<const Sequence>;
using DictPtr = std::shared_ptr<const Dict>;
using ObjectPtr = std::shared_ptr<Object>;

/// A Python value as templates see it. Copies are cheap: they share text and containers, which are immutable (the
/// environment forbids list.append and its like; only namespaces change).
class Value {
 public:
  Value() = default;
  // Implicit: whatever a template knows is a value.
  // NOLINTBEGIN(google-explicit-constructor)
  Value(Undefined value) : data_(std::move(value)) {}
  Value(None value) : data_(value) {}
  Value(bool value) : data_(value) {}
  Value(Integer value) : data_(value) {}
  Value(int value) : data_(static_cast<Integer>(value)) {}
  Value(std::size_t value) : data_(static_cast<Integer>(value)) {}
  Value(double value) : data_(value) {}
  Value(TextPtr value) : data_(std::move(value)) {}
  Value(SequencePtr value) : data_(std::move(value)) {}
  Value(DictPtr value) : data_(std::move(value)) {}
  Value(ObjectPtr value) : data_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)
  template <class T>
  Value(const T*) = delete;  // no pointer is a bool

  /// Text that is charged to no budget: constants of a template, input.
  static Value text(std::string bytes, bool safe = false) {
    const std::size_t length = count_code_points(bytes);
    return Value(std::make_shared<const Text>(Text{std::move(bytes), length, safe}));
  }
  static Value undefined(std::string hint) {
    return Value(Undefined{std::make_shared<const std::string>(std::move(hint))});
  }

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }
  bool is_undefined() const { return is<Undefined>(); }
  bool is_none() const { return is<None>(); }
  bool is_text() const { return is<TextPtr>(); }
  bool is_integer() const { return is<Integer>() || is<bool>(); }
  bool is_number() const { return is_integer() || is<double>(); }
  bool is_dict() const { return is<DictPtr>(); }

  bool boolean() const { return std::get<bool>(data_); }
  /// An integer or a bool.
  Integer integer() const { return is<bool>() ? static_cast<Integer>(boolean()) : std::get<Integer>(data_); }
  /// Any number.
  double number() const { return is<double>() ? std::get<double>(data_) : static_cast<double>(integer()); }
  const Text& text() const { return *std::get<TextPtr>(data_); }
  const std::string& bytes() const { return text().bytes; }
  const TextPtr& text_pointer() const { return std::get<TextPtr>(data_); }
  const SequencePtr& sequence() const { return std::get<SequencePtr>(data_); }
  const Dict& dict() const { return *std::get<DictPtr>(data_); }
  const DictPtr& dict_pointer() const { return std::get<DictPtr>(data_); }
  const ObjectPtr& object() const { return std::get<ObjectPtr>(data_); }
  /// The object if it is a T, else nullptr.
  template <class T>
  T* object_as() const;
  bool is_list() const;
  bool is_tuple() const;

  /// Why it is undefined; throws that as a Failure when it is.
  void require_defined() const {
    if (const auto* missing = std::get_if<Undefined>(&data_))
      throw Failure(missing->hint ? *missing->hint : std::string("a value is undefined"));
  }

  const auto& data() const { return data_; }

 private:
  std::variant<Undefined, None, bool, Integer, double, TextPtr, SequencePtr, DictPtr, ObjectPtr> data_;
};

/// A list or a tuple.
struct Sequence {
  std::vector<Value> items;
  bool tuple = false;
  unsigned depth = 1;  // 1 + the deepest item's
};

/// How a callable was called. Names are views into the template or into values that live as long.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Interpreter;

/// Whatever is neither a number, text, a list nor a dict: ranges, dict views, iterators, namespaces, functions, loops.
class Object : public std::enable_shared_from_this<Object> {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  /// Python's name of the type.
  virtual const char* type_name() const = 0;
  virtual unsigned depth() const { return 1; }
  virtual bool callable() const { return false; }
  virtual Value call(Interpreter&, Arguments&) {
    throw Failure(std::string("'") + type_name() + "' object is not callable");
  }
  /// len(), nothing for objects without one.
  virtual std::optional<std::size_t> length() const { return std::nullopt; }
  /// The elements (an iterator gives them once), nullptr for objects that cannot be iterated.
  virtual SequencePtr items(Budget&) { return nullptr; }
  virtual bool iterable() const { return false; }
  virtual bool reversible() const { return false; }
  virtual bool subscriptable() const { return false; }
  /// object[index] for subscriptable ones, nothing when out of range.
  virtual std::optional<Value> item(const Value&) const { return std::nullopt; }
  /// An attribute of the object's own.
  virtual std::optional<Value> attribute(Interpreter&, std::string_view) { return std::nullopt; }
  /// Python's repr(); `append_repr` prints what is inside.
  virtual void print(std::string& out, Budget&) { out += std::string("<") + type_name() + " object>"; }
  virtual bool equals(const Object& other, Budget&) const { return this == &other; }
};

template <class T>
T* Value::object_as() const {
  const auto* held = std::get_if<ObjectPtr>(&data_);
  return held == nullptr ? nullptr : dynamic_cast<T*>(held->get());
}
inline bool Value::is_list() const { return is<SequencePtr>() && !sequence()->tuple; }
inline bool Value::is_tuple() const { return is<SequencePtr>() && sequence()->tuple; }

/// a == b as Python has it.
bool equal(const Value& a, const Value& b, Budget& budget);
/// Equal values have equal hashes. Throws Failure for values that cannot be keys.
std::size_t hash(const Value& value, Budget& budget);

/// A dict: entries in the order they were first set.
class Dict {
 public:
  using Entry = std::pair<Value, Value>;

  std::size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }
  unsigned depth() const { return depth_; }

  const Value* find(const Value& key, Budget& budget) const {
    if (key.is_text()) return find(key.bytes(), budget);
    const std::size_t at = position(key, hash(key, budget), budget);
    return at == npos ? nullptr : &entries_[at].second;
  }
  const Value* find(std::string_view key, Budget& budget) const {
    const auto matches = [&](const Value& other) { return other.is_text() && other.bytes() == key; };
    budget.step();
    if (index_.empty()) {
      for (const Entry& entry : entries_)
        if (matches(entry.first)) return &entry.second;
      return nullptr;
    }
    const auto [begin, end] = index_.equal_range(std::hash<std::string_view>{}(key));
    for (auto at = begin; at != end; ++at) {
      budget.step();
      if (matches(entries_[at->second].first)) return &entries_[at->second].second;
    }
    return nullptr;
  }
  /// Throws Failure when the key is unhashable or something nests too deeply.
  void set(const Value& key, Value value, Budget& budget);

 private:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  static constexpr std::size_t linear = 8;  // dicts up to this size are searched from the front

  std::size_t position(const Value& key, std::size_t hash_of_key, Budget& budget) const {
    if (index_.empty()) {
      for (std::size_t i = 0; i < entries_.size(); ++i)
        if (equal(entries_[i].first, key, budget)) return i;
      return npos;
    }
    const auto [begin, end] = index_.equal_range(hash_of_key);
    for (auto at = begin; at != end; ++at)
      if (equal(entries_[at->second].first, key, budget)) return at->second;
    return npos;
  }

  std::vector<Entry> entries_;
  std::unordered_multimap<std::size_t, std::size_t> index_;  // hash -> position; empty for small dicts
  unsigned depth_ = 1;
};

/// Levels of containers in a value; 0 for what holds nothing.
inline unsigned depth_of(const Value& value) {
  if (value.is<SequencePtr>()) return value.sequence()->depth;
  if (value.is_dict()) return value.dict().depth();
  if (value.is<ObjectPtr>()) return value.object()->depth();
  return 0;
}

/// One more level than `inner`, which destruction and printing recurse through: bounded.
inline unsigned deeper(unsigned inner) {
  if (inner >= nesting_limit) throw Failure("lists and dicts nest too deeply");
  return inner + 1;
}

inline void Dict::set(const Value& key, Value value, Budget& budget) {
  const std::size_t hash_of_key = hash(key, budget);
  depth_ = std::max(depth_, deeper(std::max(depth_of(key), depth_of(value))));
  const std::size_t at = position(key, hash_of_key, budget);
  if (at != npos) {
    entries_[at].second = std::move(value);
    return;
  }
  entries_.emplace_back(key, std::move(value));
  if (entries_.size() == linear + 1) {
    for (std::size_t i = 0; i < entries_.size(); ++i) index_.emplace(hash(entries_[i].first, budget), i);
  } else if (entries_.size() > linear) {
    index_.emplace(hash_of_key, entries_.size() - 1);
  }
}

/// New text, list, tuple, dict: charged to the budget.
inline Value make_text(std::string bytes, Budget& budget, bool safe = false) {
  budget.allocate(bytes.size() + sizeof(Text));
  return Value::text(std::move(bytes), safe);
}
inline SequencePtr make_sequence(std::vector<Value> items, bool tuple, Budget& budget) {
  budget.allocate(sizeof(Sequence) + items.size() * sizeof(Value));
  unsigned depth = 0;
  for (const Value& item : items) depth = std::max(depth, depth_of(item));
  return std::make_shared<const Sequence>(Sequence{std::move(items), tuple, deeper(depth)});
}
inline Value make_list(std::vector<Value> items, Budget& budget) {
  return make_sequence(std::move(items), false, budget);
}
inline Value make_tuple(std::vector<Value> items, Budget& budget) {
  return make_sequence(std::move(items), true, budget);
}
inline Value make_dict(Dict dict, Budget& budget) {
  budget.allocate(sizeof(Dict) + dict.size() * (sizeof(Dict::Entry) + 32));
  return Value(std::make_shared<const Dict>(std::move(dict)));
}

/// bool(value).
inline bool truth(const Value& value) {
  if (value.is<bool>()) return value.boolean();
  if (value.is<Integer>()) return value.integer() != 0;
  if (value.is<double>()) return value.number() != 0;
  if (value.is_text()) return !value.bytes().empty();
  if (value.is<SequencePtr>()) return !value.sequence()->items.empty();
  if (value.is_dict()) return value.dict().size() != 0;
  if (value.is<ObjectPtr>()) return value.object()->length().value_or(1) != 0;
  return false;
}

/// type(value).__name__
inline std::string type_name(const Value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "NoneType";
  if (value.is<bool>()) return "bool";
  if (value.is<Integer>()) return "int";
  if (value.is<double>()) return "float";
  if (value.is_text()) return value.text().safe ? "Markup" : "str";
  if (value.is<SequencePtr>()) return value.sequence()->tuple ? "tuple" : "list";
  if (value.is_dict()) return "dict";
  return value.object()->type_name();
}

}  // namespace headformer::jinja
