#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/grammar.hpp"
#include "headformer/generate/constrained/regular_expression.hpp"

namespace headformer::detail {

/// JSON's strings, as parts of a grammar.
class JsonStrings {
 public:
  using Part = GrammarBuilder::Part;

  explicit JsonStrings(GrammarBuilder& builder) : builder_(builder) {
    std::vector<Part> parts = {builder.points(plain(CodePoints::all()))};
    CodePoints escaped(U'"');
    for (const char32_t c : std::u32string(U"\\/bfnrt")) escaped.add(c, c);
    parts.push_back(builder.sequence({builder.text("\\"), builder.points(escaped)}));
    // \uXXXX, without surrogates: a pair would be one character of two escapes.
    CodePoints digits(U'0', U'9');
    digits.add(U'a', U'f').add(U'A', U'F');
    const Part hex = builder.points(digits);
    CodePoints not_d(U'0', U'9');
    not_d.add(U'a', U'c').add(U'e', U'f').add(U'A', U'C').add(U'E', U'F');
    CodePoints d(U'd');
    d.add(U'D', U'D');
    parts.push_back(builder.sequence({builder.text("\\u"), builder.points(not_d), hex, hex, hex}));
    parts.push_back(builder.sequence({builder.text("\\u"), builder.points(d), builder.points({U'0', U'7'}), hex, hex}));
    character_ = builder.any_of(parts);
  }

  /// A character, however it is written.
  Part character() const { return character_; }
  Part quoted(Part inside) { return builder_.sequence({builder_.text("\""), inside, builder_.text("\"")}); }
  Part any() { return quoted(builder_.repeat(character_, 0, GrammarBuilder::unlimited)); }
  Part of_length(std::size_t least, std::size_t most) { return quoted(builder_.repeat(character_, least, most)); }

  /// A character of a set, as it is written most simply.
  Part character(const CodePoints& points) {
    std::vector<Part> parts;
    if (const CodePoints as_is = plain(points); !as_is.empty()) parts.push_back(builder_.points(as_is));
    constexpr std::pair<char32_t, const char*> escapes[] = {{U'"', "\\\""}, {U'\\', "\\\\"}, {U'\b', "\\b"},
                                                            {U'\f', "\\f"}, {U'\n', "\\n"},  {U'\r', "\\r"},
                                                            {U'\t', "\\t"}};
    for (char32_t c = 0; c <= U'\\'; ++c) {
      if (!points.contains(c) || (c >= 0x20 && c != U'"' && c != U'\\')) continue;
      constexpr char hex[] = "0123456789abcdef";
      std::string text = std::string("\\u00") + hex[c >> 4] + hex[c & 15U];
      for (const auto& [escaped, written] : escapes)
        if (c == escaped) text = written;
      parts.push_back(builder_.text(text));
    }
    return builder_.any_of(parts);
  }

  /// Strings in which a regular expression has a match.
  Part matching(std::string_view expression, const std::string& about) {
    return quoted(parser(expression, about).anywhere());
  }

  /// Strings of a format of JSON Schema; nothing for one that is not known. Each text is valid, not each valid text is
  /// matched: lengths have bounds, February 28 days.
  std::optional<Part> of_format(std::string_view format) {
    const std::string date =
        "[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
        "02-(?:0[1-9]|1[0-9]|2[0-8]))";
    const std::string time =
        "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    const std::string hours =
        "T(?:[0-9]{1,3}H(?:[0-9]{1,2}M(?:[0-9]{1,2}S)?)?|[0-9]{1,4}M(?:[0-9]{1,2}S)?|[0-9]{1,5}S)";
    const std::string host = "(?:[a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){0,2}\\.){1,4}[a-z]{2,10}";
    const std::string byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    const std::string group = "[0-9a-f]{1,4}";
    const std::pair<std::string_view, std::string> formats[] = {
        {"date", date},
        {"time", time},
        {"date-time", date + "T" + time},
        {"duration",
         "P(?:[0-9]{1,4}W|(?:[0-9]{1,4}Y(?:[0-9]{1,2}M(?:[0-9]{1,3}D)?)?|[0-9]{1,2}M(?:[0-9]{1,3}D)?|"
         "[0-9]{1,4}D)(?:" +
             hours + ")?|" + hours + ")"},
        {"email", "[A-Za-z0-9_+-]{1,30}(?:\\.[A-Za-z0-9_+-]{1,30}){0,3}@" + host},
        {"hostname", host},
        {"ipv4", byte + "(?:\\." + byte + "){3}"},
        {"ipv6", "(?:" + group + ":){7}" + group + "|(?:" + group + ":){1,6}:" + group + "|::(?:" + group +
                     "(?::" + group + "){0,5})?"},
        {"uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
        {"uri", "(?:https?|ftp)://" + host +
                    "(?::[1-9][0-9]{1,3})?(?:/[A-Za-z0-9._~-]{0,60}){0,12}"
                    "(?:\\?[A-Za-z0-9._~=&-]{1,120})?(?:#[A-Za-z0-9._~-]{1,60})?"},
        {"json-pointer", "(?:/[A-Za-z0-9._-]{0,60}){0,20}"},
    };
    for (const auto& [name, expression] : formats)
      if (format == name) return quoted(parser(expression, std::string(name)).whole());
    return std::nullopt;
  }

 private:
  RegularExpressionParser parser(std::string_view expression, const std::string& about) {
    return {expression, about, builder_, [this](const CodePoints& points) { return character(points); }};
  }
  /// What needs no escape.
  static CodePoints plain(const CodePoints& points) {
    CodePoints special(0, 0x1f);
    special.add(U'"', U'"').add(U'\\', U'\\');
    return points.without(special);
  }

  GrammarBuilder& builder_;
  Part character_ = 0;
};

}  // namespace headformer::detail
