#pragma once

#include <headformer/pipelines/text_to_text.hpp>

#include "pipeline.hpp"

namespace program {

/// What translate and summarise have in common: JSON strings in, JSON strings out, a line each.
inline void rewrite_json_lines(const headformer::TextToText& pipeline, const std::string& max_new_tokens) {
  headformer::GenerationConfig config;
  if (!max_new_tokens.empty()) {
    headformer::Json given = headformer::Json::parse(max_new_tokens, nullptr, false);
    if (given.is_discarded()) given = max_new_tokens;
    const headformer::Json object = {{"max_new_tokens", given}};
    config = headformer::GenerationConfig::from_caller(headformer::JsonObject(object, "command line"));
  }
  answer_json_lines<std::string>(text_of, [&](const std::vector<std::string>& texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return lines_of(pipeline.rewrite(views, config),
                    [](const headformer::RewrittenText& rewritten) { return OrderedJson(rewritten.text); });
  });
}

}  // namespace program
