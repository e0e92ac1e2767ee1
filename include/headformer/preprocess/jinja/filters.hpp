#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/jinja/sequence_filters.hpp"
#include "headformer/preprocess/jinja/text_filters.hpp"

namespace headformer::jinja {

namespace detail {
struct NamedFilter {
  std::string_view name;
  FilterFunction function;
};
}  // namespace detail

HEADFORMER_COLD inline FilterFunction find_filter(std::string_view name) {
  static constexpr std::array<detail::NamedFilter, 48> all = {{
      {"abs", filters::absolute},
      {"attr", filters::attr},
      {"batch", filters::batch},
      {"capitalize", filters::cased<capitalised>},
      {"center", filters::center},
      {"count", filters::length},
      {"d", filters::default_value},
      {"default", filters::default_value},
      {"dictsort", filters::dictsort},
      {"e", filters::escape},
      {"escape", filters::escape},
      {"first", filters::first},
      {"float", filters::to_float},
      {"forceescape", filters::forceescape},
      {"format", filters::format},
      {"groupby", filters::groupby},
      {"indent", filters::indent},
      {"int", filters::to_integer},
      {"items", filters::items},
      {"join", filters::join},
      {"last", filters::last},
      {"length", filters::length},
      {"list", filters::list},
      {"lower", filters::cased<lowered>},
      {"map", filters::map},
      {"max", filters::extreme<true>},
      {"min", filters::extreme<false>},
      {"reject", filters::select<false, false>},
      {"rejectattr", filters::select<false, true>},
      {"replace", filters::replace},
      {"reverse", filters::reverse},
      {"round", filters::round},
      {"safe", filters::safe},
      {"select", filters::select<true, false>},
      {"selectattr", filters::select<true, true>},
      {"slice", filters::slice},
      {"sort", filters::sort},
      {"string", filters::string},
      {"striptags", filters::striptags},
      {"sum", filters::sum},
      {"title", filters::title},
      {"tojson", filters::tojson},
      {"trim", filters::trim},
      {"truncate", filters::truncate},
      {"unique", filters::unique},
      {"upper", filters::cased<uppered>},
      {"urlencode", filters::urlencode},
      {"wordcount", filters::wordcount},
  }};
  const auto* const at =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const detail::NamedFilter& filter, std::string_view n) { return filter.name < n; });
  return at != all.end() && at->name == name ? at->function : nullptr;
}

}  // namespace headformer::jinja
