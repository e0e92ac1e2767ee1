#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "headformer/generate/constrained/grammar.hpp"

namespace headformer::detail {

/// A bound of a range, as decimal digits.
struct DecimalBound {
  bool negative = false;
  std::string whole = "0";  ///< without leading zeros
  std::string fraction;     ///< without trailing zeros
  bool exclusive = false;

  bool is_zero() const { return whole == "0" && fraction.empty(); }
};

/// JSON's numbers within bounds, as parts of a grammar. Numbers have at most 15 digits before the point.
class JsonNumbers {
 public:
  using Part = GrammarBuilder::Part;
  using Bound = std::optional<DecimalBound>;
  static constexpr std::size_t most_digits = 15;

  explicit JsonNumbers(GrammarBuilder& builder) : builder_(builder) {}

  Part digit(int first, int last) {
    const auto character = [](int digit) { return U'0' + static_cast<char32_t>(digit); };
    return builder_.points({character(first), character(last)});
  }
  Part digits(std::size_t least, std::size_t most) { return builder_.repeat(digit(0, 9), least, most); }

  Part any_integer() {
    const Part whole =
        builder_.any_of({builder_.text("0"), builder_.sequence({digit(1, 9), digits(0, most_digits - 1)})});
    return builder_.sequence({builder_.optional(builder_.text("-")), whole});
  }
  Part any_number() {
    const Part exponent =
        builder_.sequence({builder_.any_of({builder_.text("e"), builder_.text("E")}),
                           builder_.optional(builder_.any_of({builder_.text("+"), builder_.text("-")})), digits(1, 2)});
    const Part fraction = builder_.sequence({builder_.text("."), digits(1, most_digits)});
    return builder_.sequence({any_integer(), builder_.optional(fraction), builder_.optional(exponent)});
  }

  /// Whole numbers in [least, most], both of at most 15 digits.
  Part integers(std::int64_t least, std::int64_t most) {
    std::vector<Part> parts;
    if (most >= 0) parts.push_back(naturals(std::max<std::int64_t>(least, 0), most));
    if (least < 0)
      parts.push_back(builder_.sequence({builder_.text("-"), naturals(std::max<std::int64_t>(-most, 1), -least)}));
    return builder_.any_of(parts);
  }

  /// Multiples of `factor`, by the remainder of the digits so far.
  Part multiples(std::int64_t factor) {
    const auto count = static_cast<std::size_t>(factor);
    std::vector<Part> after;
    for (std::size_t i = 0; i < count; ++i) after.push_back(builder_.declare());
    const auto next = [&](std::size_t remainder, int first) {
      std::vector<std::vector<Part>> alternatives;
      for (int d = first; d <= 9; ++d)
        alternatives.push_back({digit(d, d), after[(remainder * 10 + static_cast<std::size_t>(d)) % count]});
      return alternatives;
    };
    for (std::size_t remainder = 0; remainder < count; ++remainder) {
      auto alternatives = next(remainder, 0);
      if (remainder == 0) alternatives.emplace_back();
      builder_.define(after[remainder], std::move(alternatives));
    }
    const Part whole = builder_.declare();
    auto alternatives = next(0, 1);
    alternatives.push_back({builder_.text("0")});
    builder_.define(whole, std::move(alternatives));
    return builder_.sequence({builder_.optional(builder_.text("-")), whole});
  }

  /// Numbers between bounds, without exponents.
  Part numbers(const Bound& least, const Bound& most) {
    const auto below_zero = [](const DecimalBound& bound) { return bound.negative && !bound.is_zero(); };
    std::vector<Part> parts;
    if (!most || !below_zero(*most))
      parts.push_back(magnitudes(least && !below_zero(*least) ? *least : DecimalBound(), most));
    if (!least || below_zero(*least)) {
      const DecimalBound from = most && (below_zero(*most) || most->is_zero()) ? *most : DecimalBound();
      parts.push_back(builder_.sequence({builder_.text("-"), magnitudes(from, least)}));
    }
    return builder_.any_of(parts);
  }

 private:
  static std::int64_t power_of_ten(std::size_t exponent) {
    std::int64_t power = 1;
    for (std::size_t i = 0; i < exponent; ++i) power *= 10;
    return power;
  }

  Part naturals(std::int64_t least, std::int64_t most) {
    std::vector<Part> parts;
    for (std::size_t length = 1; length <= most_digits; ++length) {
      const std::int64_t from = std::max(least, length == 1 ? 0 : power_of_ten(length - 1));
      const std::int64_t to = std::min(most, power_of_ten(length) - 1);
      if (from <= to) parts.push_back(same_length(std::to_string(from), std::to_string(to)));
    }
    return builder_.any_of(parts);
  }
  /// Digits between two numbers of as many.
  Part same_length(const std::string& from, const std::string& to) {
    if (from.empty()) return builder_.nothing();
    const std::string nines(from.size() - 1, '9');
    const std::string zeros(from.size() - 1, '0');
    const std::string from_rest = from.substr(1);
    const std::string to_rest = to.substr(1);
    const int low = from[0] - '0';
    const int high = to[0] - '0';
    if (low == high && !(from_rest == zeros && to_rest == nines))
      return builder_.sequence({digit(low, low), same_length(from_rest, to_rest)});
    // First digits behind which anything comes, and at most one on either side.
    const int first = from_rest == zeros ? low : low + 1;
    const int last = to_rest == nines ? high : high - 1;
    std::vector<Part> parts;
    if (first > low) parts.push_back(builder_.sequence({digit(low, low), same_length(from_rest, nines)}));
    if (first <= last) parts.push_back(builder_.sequence({digit(first, last), digits(zeros.size(), zeros.size())}));
    if (last < high) parts.push_back(builder_.sequence({digit(high, high), same_length(zeros, to_rest)}));
    return builder_.any_of(parts);
  }

  /// Numbers of 0 or more between two: what is strictly between their whole parts has any fraction.
  Part magnitudes(const DecimalBound& least, const Bound& most) {
    const std::int64_t from = std::stoll(least.whole);
    const std::int64_t greatest = power_of_ten(most_digits) - 1;
    const std::int64_t to = most ? std::stoll(most->whole) : greatest + 1;
    std::vector<Part> parts;
    if (from > to) return builder_.never();
    // An exclusive bound is met by what rounds to it: a double has no room for many digits behind a large number.
    const bool exclusive = least.exclusive || (most && most->exclusive);
    const std::size_t places = !exclusive ? most_digits : std::max(from, most ? to : 0) < 1000000000 ? 6 : 0;
    Fractions fractions{builder_,
                        *this,
                        least.fraction,
                        most ? most->fraction : std::string(),
                        least.exclusive,
                        most && most->exclusive,
                        std::max({places, least.fraction.size(), most ? most->fraction.size() : 0})};
    parts.push_back(builder_.sequence({builder_.text(std::to_string(from)), fractions.part(true, from == to)}));
    if (from + 1 <= std::min(to - 1, greatest))
      parts.push_back(
          builder_.sequence({naturals(from + 1, std::min(to - 1, greatest)), fractions.part(false, false)}));
    if (most && from < to)
      parts.push_back(builder_.sequence({builder_.text(std::to_string(to)), fractions.part(false, true)}));
    return builder_.any_of(parts);
  }

  /// What may stand behind a whole part that is the lower bound's, the upper one's, both or neither.
  struct Fractions {
    GrammarBuilder& builder;
    JsonNumbers& numbers;
    std::string least;
    std::string most;
    bool above;  ///< more than `least`
    bool below;  ///< less than `most`
    std::size_t places;
    std::map<std::tuple<std::size_t, bool, bool>, Part> known = {};

    Part part(bool at_least, bool at_most) {
      std::vector<Part> parts;
      if (may_end(0, at_least, at_most)) parts.push_back(builder.nothing());
      parts.push_back(builder.sequence({builder.text("."), builder.any_of(longer(0, at_least, at_most))}));
      return builder.any_of(parts);
    }

   private:
    static int digit_of(const std::string& digits, std::size_t i) { return i < digits.size() ? digits[i] - '0' : 0; }
    /// As if only zeros followed.
    bool may_end(std::size_t i, bool at_least, bool at_most) const {
      if (at_least && (i < least.size() || above)) return false;
      return !at_most || i < most.size() || !below;
    }
    Part tail(std::size_t i, bool at_least, bool at_most) {
      const auto [at, fresh] = known.try_emplace({i, at_least, at_most}, 0);
      if (!fresh) return at->second;
      std::vector<Part> parts = longer(i, at_least, at_most);
      if (may_end(i, at_least, at_most)) parts.push_back(builder.nothing());
      return known[{i, at_least, at_most}] = builder.any_of(parts);
    }
    std::vector<Part> longer(std::size_t i, bool at_least, bool at_most) {
      std::vector<Part> parts;
      if (i >= places) return parts;
      if (!at_least && !at_most) return {numbers.digits(1, places - i)};
      for (int d = at_least ? digit_of(least, i) : 0; d <= (at_most ? digit_of(most, i) : 9); ++d) {
        const bool still_least = at_least && d == digit_of(least, i);
        const bool still_most = at_most && d == digit_of(most, i);
        parts.push_back(builder.sequence({numbers.digit(d, d), tail(i + 1, still_least, still_most)}));
      }
      return parts;
    }
  };

  GrammarBuilder& builder_;
};

}  // namespace headformer::detail
