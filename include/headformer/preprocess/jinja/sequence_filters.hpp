#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/attribute_path.hpp"
#include "headformer/preprocess/jinja/parameters.hpp"

/// Filters over sequences and dicts. Each is named after the filter.
namespace headformer::jinja::filters {

HEADFORMER_COLD inline Value default_value(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "default", {"default_value", "boolean"});
  if (value.is_undefined() || (p.flag(1, false) && !truth(value))) return p.value(0, interpreter.text(""));
  return value;
}

HEADFORMER_COLD inline Value length(Interpreter&, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "length", {});
  const auto count = length_of(value);
  if (!count) throw Failure("object of type '" + type_name(value) + "' has no len()");
  return Value(*count);
}

HEADFORMER_COLD inline Value list(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "list", {});
  if (value.is_list()) return value;
  return make_list(elements_of(value, interpreter.budget())->items, interpreter.budget());
}

HEADFORMER_COLD inline Value first(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "first", {});
  if (auto* iterator = value.object_as<Iterator>()) {
    const auto next = iterator->next();
    return next ? *next : Value::undefined("No first item, sequence was empty.");
  }
  const SequencePtr elements = elements_of(value, interpreter.budget());
  return elements->items.empty() ? Value::undefined("No first item, sequence was empty.") : elements->items.front();
}

/// The elements of what can be reversed. Throws Failure for iterators.
HEADFORMER_COLD inline SequencePtr reversible_elements(Interpreter& interpreter, const Value& value) {
  const bool reversible = value.is<ObjectPtr>() ? value.object()->reversible() : is_iterable(value);
  if (!reversible) throw Failure("'" + type_name(value) + "' object is not reversible");
  return elements_of(value, interpreter.budget());
}

HEADFORMER_COLD inline Value last(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "last", {});
  const SequencePtr elements = reversible_elements(interpreter, value);
  return elements->items.empty() ? Value::undefined("No last item, sequence was empty.") : elements->items.back();
}

HEADFORMER_COLD inline Value reverse(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "reverse", {});
  Budget& budget = interpreter.budget();
  if (value.is_text()) {
    budget.allocate(5 * value.bytes().size());
    std::u32string codes = to_code_points(value.bytes());
    std::reverse(codes.begin(), codes.end());
    return interpreter.text(to_utf8(codes), value.text().safe);
  }
  std::vector<Value> items = elements_of(value, budget)->items;
  budget.allocate(items.size(), sizeof(Value));
  std::reverse(items.begin(), items.end());
  if (value.is<ObjectPtr>() && !value.object()->reversible()) return make_list(std::move(items), budget);
  return make_iterator(value.is_list() ? "list_reverseiterator" : "reversed", std::move(items), budget);
}

HEADFORMER_COLD inline Value join(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "join", {"d", "attribute"});
  Budget& budget = interpreter.budget();
  const std::string separator = p[0] == nullptr ? "" : to_text(*p[0], budget);
  const AttributePath path(p.value(1));
  const SequencePtr elements = elements_of(value, budget);
  std::string out;
  bool first_one = true;
  for (const Value& element : elements->items) {
    const std::string shown = to_text(path.of(interpreter, element), budget);
    budget.allocate(separator.size());
    if (!first_one) out += separator;
    first_one = false;
    out += shown;
  }
  return interpreter.text(std::move(out));
}

HEADFORMER_COLD inline Value items(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters none(arguments, "items", {});
  return generate(interpreter.budget(), [&](std::vector<Value>& out) {
    if (value.is_undefined()) return;
    if (!value.is_dict()) throw Failure("Can only get item pairs from a mapping.");
    DictView view(value.dict_pointer(), DictView::Part::items);
    out = view.items(interpreter.budget())->items;
  });
}

HEADFORMER_COLD inline Value map(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  return generate(interpreter.budget(), [&](std::vector<Value>& out) {
    if (!truth(value)) return;
    if (arguments.positional.empty() && !arguments.named.empty()) {
      const Parameters p(arguments, "map", {"attribute", "default"});
      const AttributePath path(p.value(0), p.has(1) ? p[1] : nullptr);
      const SequencePtr elements = elements_of(value, interpreter.budget());
      for (const Value& element : elements->items) out.push_back(path.of(interpreter, element));
      return;
    }
    if (arguments.positional.empty()) throw Failure("map requires a filter argument");
    const Value name = arguments.positional.front();
    const Arguments rest{{arguments.positional.begin() + 1, arguments.positional.end()}, arguments.named};
    const SequencePtr elements = elements_of(value, interpreter.budget());
    for (const Value& element : elements->items) {
      Arguments given = rest;
      out.push_back(interpreter.apply_filter(name, element, given));
    }
  });
}

/// select, reject, selectattr, rejectattr.
template <bool Keep, bool ByAttribute>
Value select(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  return generate(interpreter.budget(), [&](std::vector<Value>& out) {
    if (!truth(value)) return;
    constexpr std::size_t name_at = ByAttribute ? 1 : 0;
    if (arguments.positional.size() < name_at) throw Failure("Missing parameter for attribute name");
    const AttributePath path(ByAttribute ? arguments.positional.front() : Value(None{}));
    const bool tested = arguments.positional.size() > name_at;
    const Value name = tested ? arguments.positional[name_at] : Value();
    Arguments rest{{}, arguments.named};
    for (std::size_t i = name_at + 1; i < arguments.positional.size(); ++i)
      rest.positional.push_back(arguments.positional[i]);
    const SequencePtr elements = elements_of(value, interpreter.budget());
    for (const Value& element : elements->items) {
      const Value subject = path.of(interpreter, element);
      bool holds = false;
      if (tested) {
        Arguments given = rest;
        holds = interpreter.apply_test(name, subject, given);
      } else {
        holds = truth(subject);
      }
      if (holds == Keep) out.push_back(element);
    }
  });
}

HEADFORMER_COLD inline Value sort(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "sort", {"reverse", "case_sensitive", "attribute"});
  if (p.has(0)) p[0]->require_defined();
  Budget& budget = interpreter.budget();
  const bool fold = !p.flag(1, false);
  const std::vector<AttributePath> paths = attribute_paths(p.value(2));
  const SequencePtr elements = elements_of(value, budget);
  std::vector<Value> keys;
  for (const Value& element : elements->items) {
    std::vector<Value> parts;
    for (const AttributePath& path : paths)
      parts.push_back(fold_case(interpreter, path.of(interpreter, element), fold));
    keys.push_back(make_list(std::move(parts), budget));
  }
  std::vector<Value> out;
  for (const std::size_t i : sorted_positions(keys, p.flag(0, false), budget)) out.push_back(elements->items[i]);
  return make_list(std::move(out), budget);
}

HEADFORMER_COLD inline Value unique(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "unique", {"case_sensitive", "attribute"});
  Budget& budget = interpreter.budget();
  return generate(budget, [&](std::vector<Value>& out) {
    const AttributePath path(p.value(1));
    Dict seen;
    const SequencePtr elements = elements_of(value, budget);
    for (const Value& element : elements->items) {
      const Value key = fold_case(interpreter, path.of(interpreter, element), !p.flag(0, false));
      if (seen.find(key, budget) != nullptr) continue;
      seen.set(key, Value(true), budget);
      out.push_back(element);
    }
  });
}

/// min, max.
template <bool Greatest>
Value extreme(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "min", {"case_sensitive", "attribute"});
  Budget& budget = interpreter.budget();
  const AttributePath path(p.value(1));
  const SequencePtr elements = elements_of(value, budget);
  if (elements->items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  std::size_t best = 0;
  Value best_key;
  for (std::size_t i = 0; i < elements->items.size(); ++i) {
    Value key = fold_case(interpreter, path.of(interpreter, elements->items[i]), !p.flag(0, false));
    if (i != 0 && !(Greatest ? less(best_key, key, budget) : less(key, best_key, budget))) continue;
    best = i;
    best_key = std::move(key);
  }
  return elements->items[best];
}

HEADFORMER_COLD inline Value sum(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "sum", {"attribute", "start"});
  Budget& budget = interpreter.budget();
  const AttributePath path(p.value(0));
  Value total = p.value(1, Value(0));
  if (total.is_text()) throw Failure("sum() can't sum strings");
  const SequencePtr elements = elements_of(value, budget);
  for (const Value& element : elements->items) total = add(total, path.of(interpreter, element), budget);
  return total;
}

HEADFORMER_COLD inline Value dictsort(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "dictsort", {"case_sensitive", "by", "reverse"});
  if (p.has(2)) p[2]->require_defined();
  const std::string by = p[1] == nullptr ? "key" : p.text(1);
  if (by != "key" && by != "value") throw Failure("You can only sort by either \"key\" or \"value\"");
  if (!value.is_dict()) {
    value.require_defined();
    throw Failure("dictsort expects a dict, found " + type_name(value));
  }
  Budget& budget = interpreter.budget();
  std::vector<Value> keys;
  for (const auto& [key, item] : value.dict().entries())
    keys.push_back(fold_case(interpreter, by == "key" ? key : item, !p.flag(0, false)));
  std::vector<Value> out;
  for (const std::size_t i : sorted_positions(keys, p.flag(2, false), budget)) {
    const auto& [key, item] = value.dict().entries()[i];
    out.push_back(make_tuple({key, item}, budget));
  }
  return make_list(std::move(out), budget);
}

HEADFORMER_COLD inline Value groupby(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "groupby", {"attribute", "default", "case_sensitive"}, 1);
  Budget& budget = interpreter.budget();
  const AttributePath path(*p[0], p.has(1) ? p[1] : nullptr);
  const SequencePtr elements = elements_of(value, budget);
  std::vector<Value> keys;
  for (const Value& element : elements->items)
    keys.push_back(fold_case(interpreter, path.of(interpreter, element), !p.flag(2, false)));
  const std::vector<std::size_t> order = sorted_positions(keys, false, budget);
  std::vector<Value> groups;
  for (std::size_t i = 0; i < order.size();) {
    std::vector<Value> group;
    const std::size_t begin = i;
    for (; i < order.size() && equal(keys[order[begin]], keys[order[i]], budget); ++i)
      group.push_back(elements->items[order[i]]);
    // The group is called as its first item calls it, not by the folded key.
    const Value name = path.of(interpreter, group.front());
    groups.push_back(Value(ObjectPtr(std::make_shared<Group>(name, make_list(std::move(group), budget), budget))));
  }
  return make_list(std::move(groups), budget);
}

HEADFORMER_COLD inline Value batch(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "batch", {"linecount", "fill_with"}, 1);
  Budget& budget = interpreter.budget();
  return generate(budget, [&](std::vector<Value>& out) {
    const Integer count = p.integer(0, 0);
    std::vector<Value> line;
    const SequencePtr elements = elements_of(value, budget);
    for (const Value& element : elements->items) {
      if (static_cast<Integer>(line.size()) == count) out.push_back(make_list(std::exchange(line, {}), budget));
      line.push_back(element);
    }
    if (line.empty()) return;
    if (p.has(1) && static_cast<Integer>(line.size()) < count) {
      budget.allocate(clamped_count(count), sizeof(Value));
      line.resize(clamped_count(count), *p[1]);
    }
    out.push_back(make_list(std::move(line), budget));
  });
}

HEADFORMER_COLD inline Value slice(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "slice", {"slices", "fill_with"}, 1);
  Budget& budget = interpreter.budget();
  return generate(budget, [&](std::vector<Value>& out) {
    const SequencePtr elements = elements_of(value, budget);
    const std::size_t slices = clamped_count(p.integer(0, 0));
    if (p.integer(0, 0) == 0) throw Failure("integer division or modulo by zero");
    const std::size_t count = elements->items.size();
    budget.allocate(slices, sizeof(Value));
    std::size_t at = 0;
    for (std::size_t i = 0; i < slices; ++i) {
      const std::size_t size = count / slices + (i < count % slices ? 1 : 0);
      const auto begin = elements->items.begin() + static_cast<std::ptrdiff_t>(at);
      std::vector<Value> part(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (p.has(1) && i >= count % slices) part.push_back(*p[1]);
      out.push_back(make_list(std::move(part), budget));
      at += size;
    }
  });
}

HEADFORMER_COLD inline Value attr(Interpreter& interpreter, const Value& value, Arguments& arguments) {
  const Parameters p(arguments, "attr", {"name"}, 1);
  value.require_defined();
  const std::string& name = p.text(0);
  std::optional<Value> found;
  if (value.is<ObjectPtr>()) {
    found = value.object()->attribute(interpreter, name);
  } else {
    found = find_method(value, name);
  }
  return found ? *found : Value::undefined("no attribute " + headformer::detail::quoted(name, 80));
}

}  // namespace headformer::jinja::filters
