// What stands at the masks of texts, line by line: fill_mask MODEL [--top-k K]
#include <headformer/pipelines/mask_filler.hpp>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

OrderedJson json_of(const std::vector<MaskFill>& fills) {
  OrderedJson list = OrderedJson::array();
  for (const MaskFill& fill : fills)
    list.push_back({{"token", fill.token}, {"token_str", fill.text}, {"score", fill.score}});
  return list;
}

/// One list for one mask, a list of lists for several.
OrderedJson json_of(const std::vector<std::vector<MaskFill>>& masks) {
  if (masks.size() == 1) return json_of(masks.front());
  OrderedJson lists = OrderedJson::array();
  for (const std::vector<MaskFill>& fills : masks) lists.push_back(json_of(fills));
  return lists;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Fills the masks of JSON strings, a line each");
  std::string model;
  Index count = 5;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for masked language modelling")->required();
  app.add_option("--top-k", count, "tokens for each mask")->check(program::a_number())->capture_default_str();
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const MaskFiller filler(model, pipeline.options());
    program::answer_json_lines<std::string>(program::text_of, [&](const std::vector<std::string>& texts) {
      const std::vector<std::string_view> views(texts.begin(), texts.end());
      return program::lines_of(filler.fill(views, count), [](const auto& masks) { return json_of(masks); });
    });
  });
}
