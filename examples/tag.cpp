// Names, places and the like in texts, line by line: tag MODEL [--aggregation none|simple|first|average|max] [--stride
// N]
#include <headformer/pipelines/token_tagger.hpp>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

OrderedJson json_of(const TaggedText& text) {
  OrderedJson list = OrderedJson::array();
  for (const TaggedEntity& entity : text.entities) {
    OrderedJson json;
    json[entity.token < 0 ? "entity_group" : "entity"] = entity.label;
    json["score"] = entity.score;
    if (entity.token >= 0) json["index"] = entity.token;
    json["word"] = entity.word;
    json["start"] = entity.begin;
    json["end"] = entity.end;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Tags the entities of JSON strings, a line each");
  std::string model;
  std::string aggregation = "simple";
  TagOptions options;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for token classification")->required();
  app.add_option("--aggregation", aggregation, "how tokens become entities: none, simple, first, average, max")
      ->capture_default_str();
  auto* stride = app.add_option("--stride", options.stride, "read long texts in parts that share so many tokens")
                     ->check(program::range(Index{0}, Index{1} << 20));
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    options.aggregation = tag_aggregation_from_name(aggregation);
    if (stride->count() > 0 && options.aggregation == TagAggregation::none)
      throw ArgumentError("stride: expected another aggregation than none with it, found none");
    const TokenTagger tagger(model, pipeline.options());
    program::answer_json_lines<std::string>(program::text_of, [&](const std::vector<std::string>& texts) {
      const std::vector<std::string_view> views(texts.begin(), texts.end());
      return program::lines_of(tagger.tag(views, options), json_of);
    });
  });
}
