#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/parameters.hpp"
#include "headformer/preprocess/jinja/string_format.hpp"

namespace headformer::jinja {

/// str.strip and its sides, by white space (`chars` nullptr) or by any of the given characters.
HEADFORMER_COLD inline std::string_view stripped(std::string_view text, const std::string* chars, bool left,
                                                 bool right) {
  const std::u32string set = chars == nullptr ? std::u32string() : to_code_points(*chars);
  const auto drops = [&](char32_t c) { return chars == nullptr ? is_space(c) : set.find(c) != set.npos; };
  std::size_t begin = 0;
  while (left && begin < text.size()) {
    std::size_t next = begin;
    if (!drops(decode(text, next))) break;
    begin = next;
  }
  std::size_t end = text.size();
  while (right && end > begin) {
    const std::size_t last = code_point_before(text, end);
    std::size_t next = last;
    const char32_t c = decode(text, next);
    if (!drops(c)) break;
    end = last;
  }
  return text.substr(begin, end - begin);
}

/// str.replace.
HEADFORMER_COLD inline std::string replaced(std::string_view text, std::string_view old, std::string_view with,
                                            Integer count, Budget& budget) {
  std::string out;
  std::size_t at = 0;
  budget.allocate(text.size());
  while (count != 0) {
    if (old.empty()) {
      budget.allocate(with.size() + 4);
      out += with;
      --count;
      if (at >= text.size()) return out;
      const std::size_t begin = at;
      decode(text, at);
      out += text.substr(begin, at - begin);
      continue;
    }
    const std::size_t found = text.find(old, at);
    if (found == text.npos) break;
    budget.allocate(with.size());
    out += text.substr(at, found - at);
    out += with;
    at = found + old.size();
    --count;
  }
  out += text.substr(at);
  return out;
}

/// str.splitlines.
HEADFORMER_COLD inline std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at;
    const char32_t c = decode(text, at);
    if (!is_line_break(c)) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(begin, (keep_ends ? at : end) - begin));
    begin = at;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

namespace detail {

HEADFORMER_COLD inline std::vector<std::string_view> split_space(std::string_view text, Integer most, bool from_right) {
  std::vector<std::string_view> parts;
  std::string_view rest = stripped(text, nullptr, true, true);
  while (!rest.empty()) {
    if (most >= 0 && static_cast<Integer>(parts.size()) >= most) {
      // What is left stays whole, with the outer white space of its far side.
      const auto begin = static_cast<std::size_t>(rest.data() - text.data());
      parts.push_back(from_right ? text.substr(0, begin + rest.size()) : text.substr(begin));
      break;
    }
    if (from_right) {
      std::size_t begin = rest.size();
      while (begin > 0) {
        const std::size_t last = code_point_before(rest, begin);
        std::size_t next = last;
        if (is_space(decode(rest, next))) break;
        begin = last;
      }
      parts.push_back(rest.substr(begin));
      rest = stripped(rest.substr(0, begin), nullptr, false, true);
    } else {
      std::size_t end = 0;
      while (end < rest.size()) {
        std::size_t next = end;
        if (is_space(decode(rest, next))) break;
        end = next;
      }
      parts.push_back(rest.substr(0, end));
      rest = stripped(rest.substr(end), nullptr, true, false);
    }
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

HEADFORMER_COLD inline std::vector<std::string_view> split_at(std::string_view text, std::string_view separator,
                                                              Integer most, bool from_right) {
  std::vector<std::string_view> parts;
  while (most < 0 || static_cast<Integer>(parts.size()) < most) {
    const std::size_t found = from_right ? text.rfind(separator) : text.find(separator);
    if (found == text.npos) break;
    if (from_right) {
      parts.push_back(text.substr(found + separator.size()));
      text = text.substr(0, found);
    } else {
      parts.push_back(text.substr(0, found));
      text = text.substr(found + separator.size());
    }
  }
  parts.push_back(text);
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

HEADFORMER_COLD inline Value list_of(const std::vector<std::string_view>& parts, Interpreter& interpreter, bool safe) {
  std::vector<Value> items;
  for (const std::string_view part : parts) items.push_back(interpreter.text(std::string(part), safe));
  return make_list(std::move(items), interpreter.budget());
}

HEADFORMER_COLD inline Value split(Interpreter& interpreter, const Value& self, const Arguments& arguments,
                                   bool from_right) {
  const Parameters p(arguments, "split", {"sep", "maxsplit"});
  const Integer most = p.integer(1, -1);
  interpreter.budget().touch(self.bytes().size());
  if (!p.has(0)) return list_of(split_space(self.bytes(), most, from_right), interpreter, self.text().safe);
  if (p.text(0).empty()) throw Failure("empty separator");
  return list_of(split_at(self.bytes(), p.text(0), most, from_right), interpreter, self.text().safe);
}

HEADFORMER_COLD inline Value partition(Interpreter& interpreter, const Value& self, const Arguments& arguments,
                                       bool from_right) {
  const Parameters p(arguments, "partition", {"sep"}, 1);
  const std::string& text = self.bytes();
  const std::string& separator = p.text(0);
  if (separator.empty()) throw Failure("empty separator");
  const std::size_t found = from_right ? text.rfind(separator) : text.find(separator);
  const bool safe = self.text().safe;
  const auto part = [&](std::string value) { return interpreter.text(std::move(value), safe); };
  std::vector<Value> items;
  if (found != text.npos) {
    items = {part(text.substr(0, found)), part(separator), part(text.substr(found + separator.size()))};
  } else if (from_right) {
    items = {part(""), part(""), self};
  } else {
    items = {self, part(""), part("")};
  }
  return make_tuple(std::move(items), interpreter.budget());
}

/// The part of the text that str.find and its like look at, as byte offsets.
HEADFORMER_COLD inline std::pair<std::size_t, std::size_t> window(Interpreter& interpreter, const Value& self,
                                                                  const Parameters& p) {
  const Text& text = self.text();
  interpreter.budget().touch(text.bytes.size());
  const std::size_t begin = clamped_position(p.integer(1, 0), text.length);
  const std::size_t end = clamped_position(p.integer(2, static_cast<Integer>(text.length)), text.length);
  if (p.integer(1, 0) > static_cast<Integer>(text.length)) return {text.bytes.size() + 1, 0};
  if (end < begin) return {text.bytes.size() + 1, 0};
  return {byte_offset(text, begin), byte_offset(text, end)};
}

/// str.find and str.rfind: the position in code points, -1 when it is not there.
HEADFORMER_COLD inline Integer find(Interpreter& interpreter, const Value& self, const Arguments& arguments,
                                    bool from_right) {
  const Parameters p(arguments, "find", {"sub", "start", "end"}, 1);
  const std::string& wanted = p.text(0);
  const auto [begin, end] = window(interpreter, self, p);
  if (begin > end) return -1;
  const std::string_view text = std::string_view(self.bytes()).substr(begin, end - begin);
  const std::size_t found = from_right ? text.rfind(wanted) : text.find(wanted);
  if (found == text.npos) return -1;
  return static_cast<Integer>(count_code_points(std::string_view(self.bytes()).substr(0, begin + found)));
}

HEADFORMER_COLD inline bool begins_or_ends(Interpreter& interpreter, const Value& self, const Arguments& arguments,
                                           bool begins) {
  const Parameters p(arguments, begins ? "startswith" : "endswith", {"prefix", "start", "end"}, 1);
  const auto [from, to] = window(interpreter, self, p);
  if (from > to) return false;
  const std::string_view text = std::string_view(self.bytes()).substr(from, to - from);
  const auto matches = [&](const Value& wanted) {
    if (!wanted.is_text()) {
      wanted.require_defined();
      throw Failure(std::string(begins ? "startswith" : "endswith") + " first arg must be str or a tuple of str, not " +
                    type_name(wanted));
    }
    return begins ? text.starts_with(wanted.bytes()) : text.ends_with(wanted.bytes());
  };
  if (!p[0]->is_tuple()) return matches(*p[0]);
  for (const Value& wanted : p[0]->sequence()->items)
    if (matches(wanted)) return true;
  return false;
}

/// str.center, ljust, rjust.
HEADFORMER_COLD inline std::string justified(const Value& self, Integer width, const std::string& fill, char align,
                                             Budget& budget) {
  const std::size_t length = self.text().length;
  const std::size_t missing = clamped_count(width) > length ? clamped_count(width) - length : 0;
  if (count_code_points(fill) != 1) throw Failure("the fill character must be exactly one character long");
  budget.allocate(missing, fill.size());
  // Python puts the odd one to the left when the width is odd.
  const std::size_t left = align == '<'   ? 0
                           : align == '>' ? missing
                                          : missing / 2 + (missing & clamped_count(width) & 1);
  std::string out;
  for (std::size_t i = 0; i < left; ++i) out += fill;
  out += self.bytes();
  for (std::size_t i = left; i < missing; ++i) out += fill;
  return out;
}

/// str.isalpha and its like: not empty, and true for every code point.
template <class Is>
bool all_of(const std::string& text, Is is) {
  for (std::size_t at = 0; at < text.size();)
    if (!is(decode(text, at))) return false;
  return !text.empty();
}
inline bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

/// str.islower, str.isupper: something cased, and nothing of the other case.
HEADFORMER_COLD inline bool is_all_case(const std::string& text, bool lower) {
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = decode(text, at);
    if (!is_cased(c)) continue;
    if (lower ? !is_lower(c) : !is_upper(c)) return false;
    any = true;
  }
  return any;
}

HEADFORMER_COLD inline Value join(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Parameters p(arguments, "join", {"iterable"}, 1);
  Budget& budget = interpreter.budget();
  const SequencePtr parts = elements_of(*p[0], budget);
  const bool safe = self.text().safe;
  std::string out;
  for (std::size_t i = 0; i < parts->items.size(); ++i) {
    const Value& part = parts->items[i];
    if (!part.is_text() && !safe)
      throw Failure("sequence item " + std::to_string(i) + ": expected str instance, " + type_name(part) + " found");
    const std::string shown = safe ? escaped_text(part, budget) : part.bytes();
    budget.allocate(shown.size() + self.bytes().size());
    if (i != 0) out += self.bytes();
    out += shown;
  }
  return interpreter.text(std::move(out), safe);
}

HEADFORMER_COLD inline std::string swapped_case(const std::string& text) {
  const std::u32string codes = to_code_points(text);
  std::u32string out;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (is_upper(codes[i])) {
      append_lower(out, codes, i);
    } else {
      append_case(out, codes[i], is_lower(codes[i]) ? Case::upper : Case::lower);
    }
  }
  return to_utf8(out);
}

HEADFORMER_COLD inline std::string expanded_tabs(const std::string& text, Integer size, Budget& budget) {
  std::string out;
  Integer column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = decode(text, at);
    if (c == '\t') {
      const Integer count = size > 0 ? size - column % size : 0;
      budget.allocate(clamped_count(count));
      out.append(clamped_count(count), ' ');
      column += count;
      continue;
    }
    out += text.substr(begin, at - begin);
    column = c == '\n' || c == '\r' ? 0 : column + 1;
  }
  return out;
}

}  // namespace detail

/// Calls the method `name` of a string; nothing when there is none.
HEADFORMER_COLD inline std::optional<Value> call_string_method(Interpreter& interpreter, std::string_view name,
                                                               const Value& self, Arguments& arguments) {
  Budget& budget = interpreter.budget();
  const std::string& text = self.bytes();
  const bool safe = self.text().safe;
  budget.allocate(text.size());
  const auto result = [&](std::string value) { return interpreter.text(std::move(value), safe); };
  const auto no_arguments = [&] { Parameters(arguments, "a string's method", {}); };
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    const Parameters p(arguments, "strip", {"chars"});
    const std::string* chars = p.has(0) ? &p.text(0) : nullptr;
    if (chars != nullptr) budget.touch(chars->size() * 4);
    return result(std::string(stripped(text, chars, name != "rstrip", name != "lstrip")));
  }
  if (name == "split") return detail::split(interpreter, self, arguments, false);
  if (name == "rsplit") return detail::split(interpreter, self, arguments, true);
  if (name == "replace") {
    const Parameters p(arguments, "replace", {"old", "new", "count"}, 2);
    const std::string with = safe ? escaped_text(*p[1], budget) : p.text(1);
    return result(replaced(text, p.text(0), with, p.integer(2, -1), budget));
  }
  if (name == "startswith") return Value(detail::begins_or_ends(interpreter, self, arguments, true));
  if (name == "endswith") return Value(detail::begins_or_ends(interpreter, self, arguments, false));
  if (name == "join") return detail::join(interpreter, self, arguments);
  if (name == "format") return result(formatted(interpreter, self, arguments));
  if (name == "format_map") {
    const Parameters p(arguments, "format_map", {"mapping"}, 1);
    if (!p[0]->is_dict()) throw Failure("format_map() expects a mapping");
    Arguments fields;
    for (const auto& [key, value] : p[0]->dict().entries())
      if (key.is_text()) fields.named.emplace_back(key.bytes(), value);
    return result(formatted(interpreter, self, fields));
  }
  if (name == "splitlines") {
    const Parameters p(arguments, "splitlines", {"keepends"});
    return detail::list_of(split_lines(text, p.flag(0, false)), interpreter, safe);
  }
  if (name == "find") return Value(detail::find(interpreter, self, arguments, false));
  if (name == "rfind") return Value(detail::find(interpreter, self, arguments, true));
  if (name == "index" || name == "rindex") {
    const Integer at = detail::find(interpreter, self, arguments, name == "rindex");
    if (at < 0) throw Failure("substring not found");
    return Value(at);
  }
  if (name == "count") {
    const Parameters p(arguments, "count", {"sub", "start", "end"}, 1);
    const std::string& wanted = p.text(0);
    const auto [begin, end] = detail::window(interpreter, self, p);
    if (begin > end) return Value(0);
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    if (wanted.empty()) return Value(count_code_points(part) + 1);
    std::size_t count = 0;
    for (std::size_t at = part.find(wanted); at != part.npos; at = part.find(wanted, at + wanted.size())) ++count;
    return Value(count);
  }
  if (name == "partition") return detail::partition(interpreter, self, arguments, false);
  if (name == "rpartition") return detail::partition(interpreter, self, arguments, true);
  if (name == "removeprefix" || name == "removesuffix") {
    const Parameters p(arguments, "removeprefix", {"prefix"}, 1);
    const std::string& part = p.text(0);
    const bool front = name == "removeprefix";
    if (part.empty() || !(front ? text.starts_with(part) : text.ends_with(part))) return self;
    return result(front ? text.substr(part.size()) : text.substr(0, text.size() - part.size()));
  }
  if (name == "center" || name == "ljust" || name == "rjust") {
    const Parameters p(arguments, "center", {"width", "fillchar"}, 1);
    const char align = name == "center" ? '^' : name == "ljust" ? '<' : '>';
    return result(detail::justified(self, p.integer(0, 0), p[1] == nullptr ? " " : p.text(1), align, budget));
  }
  if (name == "zfill") {
    const Parameters p(arguments, "zfill", {"width"}, 1);
    const std::size_t width = clamped_count(p.integer(0, 0));
    const std::size_t missing = width > self.text().length ? width - self.text().length : 0;
    budget.allocate(missing);
    const bool sign = text.starts_with('+') || text.starts_with('-');
    return result(text.substr(0, sign ? 1 : 0) + std::string(missing, '0') + text.substr(sign ? 1 : 0));
  }
  if (name == "expandtabs") {
    const Parameters p(arguments, "expandtabs", {"tabsize"});
    return result(detail::expanded_tabs(text, p.integer(0, 8), budget));
  }
  no_arguments();
  budget.allocate(8 * text.size());
  if (name == "upper") return result(uppered(text));
  if (name == "lower") return result(lowered(text));
  if (name == "casefold") return result(casefolded(text));
  if (name == "title") return result(titled(text));
  if (name == "capitalize") return result(capitalised(text));
  if (name == "swapcase") return result(detail::swapped_case(text));
  if (name == "isspace") return Value(detail::all_of(text, [](char32_t c) { return is_space(c); }));
  if (name == "isalpha") return Value(detail::all_of(text, [](char32_t c) { return is_alphabetic(c); }));
  if (name == "isdecimal") return Value(detail::all_of(text, [](char32_t c) { return detail::is_decimal(c); }));
  if (name == "isdigit") return Value(detail::all_of(text, [](char32_t c) { return is_digit(c); }));
  if (name == "isnumeric") return Value(detail::all_of(text, [](char32_t c) { return is_numeric(c); }));
  if (name == "isalnum")
    return Value(detail::all_of(text, [](char32_t c) { return is_alphabetic(c) || is_numeric(c); }));
  if (name == "islower") return Value(detail::is_all_case(text, true));
  if (name == "isupper") return Value(detail::is_all_case(text, false));
  if (name == "isascii") return Value(std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; }));
  if (name == "isprintable")
    return Value(text.empty() || detail::all_of(text, [](char32_t c) { return is_printable(c); }));
  return std::nullopt;
}

}  // namespace headformer::jinja
