#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// How tokens become entities: the reference's aggregation strategies.
enum class TagAggregation {
  none,     ///< each token is an entity
  simple,   ///< neighbours of the same tag belong together (B- begins anew)
  first,    ///< the same of words, which have their first token's tag
  average,  ///< the tag of the mean of the tokens' scores
  max,      ///< the tag of the surest token
};
/// Throws ArgumentError for a name that is none of them.
HEADFORMER_COLD inline TagAggregation tag_aggregation_from_name(std::string_view name) {
  static constexpr std::pair<std::string_view, TagAggregation> names[] = {{"none", TagAggregation::none},
                                                                          {"simple", TagAggregation::simple},
                                                                          {"first", TagAggregation::first},
                                                                          {"average", TagAggregation::average},
                                                                          {"max", TagAggregation::max}};
  for (const auto& [known, aggregation] : names)
    if (known == name) return aggregation;
  throw ArgumentError("aggregation: expected none, simple, first, average or max, found " + detail::quoted(name));
}

/// A stretch of a text with a label.
struct TaggedEntity {
  std::string label;  ///< without B- and I- unless the aggregation is none
  float score = 0;
  std::string word;                  ///< its tokens put together
  std::uint32_t begin = 0, end = 0;  ///< in the text, in the unit that was asked for
  Index token = -1;                  ///< its place among the tokens; only without aggregation
};

}  // namespace headformer
