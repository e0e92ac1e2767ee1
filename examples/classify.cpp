// What texts are, line by line: classify MODEL [--labels a,b,c [--hypothesis T] [--multi-label]]
#include <headformer/pipelines/text_classifier.hpp>
#include <headformer/pipelines/zero_shot_classifier.hpp>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

/// A text, or an object with `text` and `text_pair`.
struct Item {
  std::string text;
  std::optional<std::string> pair;
};

Item item_of(const OrderedJson& json) {
  if (!json.is_object()) return {program::text_of(json), {}};
  Item item{program::text_of(program::member_of(json, "text")), {}};
  if (json.contains("text_pair")) item.pair = program::text_of(json.at("text_pair"));
  return item;
}

OrderedJson json_of(const Classification& classification) { return program::json_of(classification.labels); }

}  // namespace

int main(int argc, char** argv) {
  program::App app("Classifies JSON strings (or objects with text and text_pair), a line each");
  std::string model;
  std::vector<std::string> labels;
  ZeroShotOptions zero_shot;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for sequence classification")->required();
  auto* chosen =
      app.add_option("--labels", labels, "zero-shot: these labels, by a model of entailment")->delimiter(',');
  app.add_option("--hypothesis", zero_shot.hypothesis, "zero-shot: what a label says; {} stands for it")
      ->needs(chosen)
      ->capture_default_str();
  app.add_flag("--multi-label", zero_shot.multi_label, "zero-shot: labels are independent of each other")
      ->needs(chosen);
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    if (labels.empty()) {
      const TextClassifier classifier(model, pipeline.options());
      program::answer_json_lines<Item>(item_of, [&](const std::vector<Item>& items) {
        std::vector<TextPair> texts;
        for (const Item& item : items) texts.push_back({item.text, item.pair});
        return program::lines_of(classifier.classify(texts), json_of);
      });
    } else {
      const ZeroShotClassifier classifier(model, pipeline.options());
      program::answer_json_lines<std::string>(program::text_of, [&](const std::vector<std::string>& texts) {
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        return program::lines_of(classifier.classify(views, labels, zero_shot), json_of);
      });
    }
  });
}
