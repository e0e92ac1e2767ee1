// How good answers to a prompt are by a reward model, line by line: score MODEL
#include <headformer/pipelines/answer_scorer.hpp>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

/// A prompt: a string, or an array of messages with role and content.
std::vector<ChatMessage> prompt_of(const OrderedJson& json) {
  if (!json.is_array()) return {{"user", program::text_of(json)}};
  std::vector<ChatMessage> messages;
  for (const OrderedJson& message : json) {
    messages.push_back({program::text_of(program::member_of(message, "role")),
                        program::text_of(program::member_of(message, "content"))});
  }
  return messages;
}

AnswersToScore item_of(const OrderedJson& json) {
  return {prompt_of(program::member_of(json, "prompt")), program::texts_of(json, "answers")};
}

OrderedJson json_of(const std::vector<ScoredAnswer>& answers) {
  OrderedJson list = OrderedJson::array();
  for (const ScoredAnswer& answer : answers) list.push_back(answer.score);
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app(
      "Scores the answers of JSON objects {prompt, answers}, a line each: an array of numbers, in their order");
  std::string model;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a reward model")->required();
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const AnswerScorer scorer(model, pipeline.options());
    program::answer_json_lines<AnswersToScore>(item_of, [&](const std::vector<AnswersToScore>& items) {
      return program::lines_of(scorer.score(items), json_of);
    });
  });
}
