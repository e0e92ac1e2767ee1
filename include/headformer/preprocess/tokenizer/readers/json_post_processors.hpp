#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/readers/json_normalizers.hpp"
#include "headformer/preprocess/tokenizer/steps/post_processor.hpp"

namespace headformer::detail {

/// [text, id], as Bert's and Roberta's processors have their tokens.
HEADFORMER_COLD inline TokenId read_text_and_id(const JsonObject& at, std::string_view key) {
  const Json* pair = at.find(key);
  const bool two = pair != nullptr && pair->is_array() && pair->size() == 2;
  const Index id = two ? json_integer((*pair)[1]).value_or(-1) : -1;
  if (id < 0 || id >= static_cast<Index>(Vocabulary::limit)) at.fail(key, "a token's text and id");
  return static_cast<TokenId>(id);
}

/// One of TemplateProcessing's two templates.
HEADFORMER_COLD inline std::vector<TemplateItem> read_template(const JsonObject& at, const char* key) {
  std::vector<TemplateItem> items;
  if (!at.has(key)) return items;
  constexpr Index most_type = 1 << 30;
  for (const JsonObject& item : at.objects(key)) {
    TemplateItem& result = items.emplace_back();
    if (item.has("Sequence")) {
      const JsonObject sequence = item.object("Sequence");
      const std::string id = sequence.string("id");
      if (id != "A" && id != "B") sequence.fail("id", "'A' or 'B'");
      result.sequence = id == "A" ? 0 : 1;
      result.type_id = static_cast<std::int32_t>(sequence.integer_or("type_id", 0, 0, most_type));
    } else {
      const JsonObject token = item.object("SpecialToken");
      const std::string name = token.string("id");
      for (const Index id :
           at.object("special_tokens").object(name).integers("ids", 0, static_cast<Index>(Vocabulary::limit) - 1))
        result.ids.push_back(static_cast<TokenId>(id));
      result.type_id = static_cast<std::int32_t>(token.integer_or("type_id", 0, 0, most_type));
    }
  }
  return items;
}

HEADFORMER_COLD inline void read_post_processor(const JsonObject& at, std::vector<PostStep>& steps) {
  const std::string type = at.string("type");
  const auto trim = [&] {
    if (at.boolean_or("trim_offsets", true)) steps.push_back(TrimStep{at.boolean_or("add_prefix_space", true)});
  };
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("processors")) read_post_processor(step, steps);
  } else if (type == "ByteLevel") {
    trim();
    steps.push_back(NumberStep{});
  } else if (type == "BertProcessing") {
    steps.push_back(AroundStep{read_text_and_id(at, "cls"), read_text_and_id(at, "sep"), false});
  } else if (type == "RobertaProcessing") {
    trim();
    steps.push_back(AroundStep{read_text_and_id(at, "cls"), read_text_and_id(at, "sep"), true});
  } else if (type == "TemplateProcessing") {
    TemplateStep step{read_template(at, "single"), read_template(at, "pair")};
    for (const TemplateItem& item : step.single)
      if (item.sequence == 1) at.fail("single", "a template of one text");
    steps.push_back(std::move(step));
  } else {
    fail_component(at, "TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing or Sequence");
  }
}

}  // namespace headformer::detail
