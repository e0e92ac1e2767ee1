#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/methods.hpp"
#include "headformer/preprocess/jinja/parameters.hpp"

namespace headformer::jinja {

namespace detail {

HEADFORMER_COLD inline Value range(Interpreter&, Arguments& arguments) {
  constexpr Integer longest = 100000;  // the sandbox's
  const Parameters p(arguments, "range", {"start", "stop", "step"}, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    if (p[i] == nullptr || p[i]->is_integer()) continue;
    p[i]->require_defined();
    throw Failure("range() expects integers, found " + type_name(*p[i]));
  }
  const Integer start = p[1] == nullptr ? Integer{0} : p[0]->integer();
  const Integer stop = p[1] == nullptr ? p[0]->integer() : p[1]->integer();
  const Integer step = p.integer(2, 1);
  if (step == 0) throw Failure("range() arg 3 must not be zero");
  const Integer span = step > 0 ? stop - start : start - stop;
  const Integer stride = step > 0 ? step : -step;
  const Integer count = span <= 0 ? Integer{0} : (span - 1) / stride + 1;
  if (count > longest) throw Failure("Range too big. The sandbox blocks ranges larger than 100000.");
  auto result = std::make_shared<Range>(start, step, static_cast<std::size_t>(count));
  result->set_stop(stop);
  return Value(ObjectPtr(std::move(result)));
}

/// dict(mapping or pairs, **names), as entries.
HEADFORMER_COLD inline Dict dict_of(Interpreter& interpreter, const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  Dict dict;
  if (arguments.positional.size() > 1) throw Failure("dict expects at most 1 argument");
  if (!arguments.positional.empty()) {
    const Value& given = arguments.positional.front();
    if (given.is_dict()) {
      for (const auto& [key, value] : given.dict().entries()) dict.set(key, value, budget);
    } else {
      const SequencePtr pairs = elements_of(given, budget);
      for (const Value& pair : pairs->items) {
        const SequencePtr parts = elements_of(pair, budget);
        if (parts->items.size() != 2) throw Failure("dict expects pairs of a key and a value");
        dict.set(parts->items[0], parts->items[1], budget);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) dict.set(interpreter.text(name), value, budget);
  return dict;
}

HEADFORMER_COLD inline Value make_namespace(Interpreter& interpreter, Arguments& arguments) {
  const auto space = interpreter.make_namespace();
  const Dict dict = dict_of(interpreter, arguments);
  for (const auto& [key, value] : dict.entries()) space->set(key, value, interpreter.budget());
  return Value(ObjectPtr(space));
}

/// The global `dict`.
class DictType : public Object {
 public:
  const char* type_name() const override { return "TemplateDict"; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override {
    return make_dict(dict_of(interpreter, arguments), interpreter.budget());
  }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override {
    if (name != "fromkeys") return std::nullopt;
    return make_function("fromkeys", [](Interpreter& interpreter, Arguments& arguments) {
      const Parameters p(arguments, "fromkeys", {"iterable", "value"}, 1);
      Dict dict;
      const SequencePtr keys = elements_of(*p[0], interpreter.budget());
      for (const Value& key : keys->items) dict.set(key, p.value(1), interpreter.budget());
      return make_dict(std::move(dict), interpreter.budget());
    });
  }
};

/// cycler(...): its items in turn, again and again.
class Cycler : public Object {
 public:
  explicit Cycler(SequencePtr items) : items_(std::move(items)), depth_(deeper(items_->depth)) {}
  const char* type_name() const override { return "Cycler"; }
  unsigned depth() const override { return depth_; }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override {
    if (name == "current") return items_->items[at_];
    if (name == "items") return Value(items_);
    if (name == "pos") return Value(at_);
    const auto self = std::static_pointer_cast<Cycler>(shared_from_this());
    if (name == "next") {
      return make_function(
          "next",
          [self](Interpreter&, Arguments&) {
            const Value value = self->items_->items[self->at_];
            self->at_ = (self->at_ + 1) % self->items_->items.size();
            return value;
          },
          deeper(depth_));
    }
    if (name == "reset") {
      return make_function(
          "reset",
          [self](Interpreter&, Arguments&) {
            self->at_ = 0;
            return Value(None{});
          },
          deeper(depth_));
    }
    return std::nullopt;
  }

 private:
  SequencePtr items_;
  unsigned depth_;
  std::size_t at_ = 0;
};

/// joiner(sep): nothing when called first, then the separator.
class Joiner : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)), depth_(deeper(depth_of(separator_))) {}
  const char* type_name() const override { return "Joiner"; }
  unsigned depth() const override { return depth_; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Arguments& arguments) override {
    const Parameters none(arguments, "joiner", {});
    return std::exchange(used_, true) ? separator_ : interpreter.text("");
  }
  std::optional<Value> attribute(Interpreter&, std::string_view name) override {
    if (name == "sep") return separator_;
    if (name == "used") return Value(used_);
    return std::nullopt;
  }

 private:
  Value separator_;
  unsigned depth_;
  bool used_ = false;
};

/// The template itself, whose blocks no chat template has.
class Self : public Object {
 public:
  const char* type_name() const override { return "TemplateReference"; }
  void print(std::string& out, Budget&) override { out += "<TemplateReference None>"; }
};

HEADFORMER_COLD inline Value strftime_now(Interpreter& interpreter, Arguments& arguments) {
  const Parameters p(arguments, "strftime_now", {"format"}, 1);
  std::string format;
  const std::string& given = p.text(0);
  if (given.size() > 4096) throw Failure("strftime_now's format is too long");
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char next = i + 1 < given.size() ? given[i + 1] : '\0';
    if (given[i] == '\0') throw Failure("embedded null character");
    if (given[i] != '%') {
      format += given[i];
    } else if (next == 'f') {  // microseconds, which C has not
      format += "000000";
      ++i;
    } else if (next == 'z' || next == 'Z') {  // the time has no zone
      ++i;
    } else {
      format += '%';
      if (next != '\0') format += given[++i];
    }
  }
  const std::tm now = interpreter.now();
  std::string out(format.size() * 64 + 64, '\0');
  interpreter.budget().allocate(out.size());
  out.resize(std::strftime(out.data(), out.size(), format.c_str(), &now));
  return interpreter.text(std::move(out));
}

}  // namespace detail

HEADFORMER_COLD inline std::optional<Value> find_global(std::string_view name) {
  if (name == "range") return make_function("range", detail::range);
  if (name == "namespace") return make_function("namespace", detail::make_namespace);
  if (name == "dict") return Value(ObjectPtr(std::make_shared<detail::DictType>()));
  if (name == "raise_exception") {
    return make_function("raise_exception", [](Interpreter& interpreter, Arguments& arguments) -> Value {
      const Parameters p(arguments, "raise_exception", {"message"}, 1);
      throw Raised(to_text(*p[0], interpreter.budget()));
    });
  }
  if (name == "self") return Value(ObjectPtr(std::make_shared<detail::Self>()));
  if (name == "strftime_now") return make_function("strftime_now", detail::strftime_now);
  if (name == "joiner") {
    return make_function("joiner", [](Interpreter& interpreter, Arguments& arguments) {
      const Parameters p(arguments, "joiner", {"sep"});
      return Value(ObjectPtr(std::make_shared<detail::Joiner>(p.value(0, interpreter.text(", ")))));
    });
  }
  if (name == "cycler") {
    return make_function("cycler", [](Interpreter& interpreter, Arguments& arguments) {
      if (arguments.positional.empty()) throw Failure("at least one item has to be provided");
      return Value(
          ObjectPtr(std::make_shared<detail::Cycler>(make_sequence(arguments.positional, true, interpreter.budget()))));
    });
  }
  return std::nullopt;
}

}  // namespace headformer::jinja
