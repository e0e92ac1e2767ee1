// Answers that stand in a text, line by line: answer MODEL [--top-k K] [--no-answer] [--max-answer-length N] [--stride
// N]
#include <headformer/pipelines/question_answerer.hpp>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

struct Item {
  std::string question;
  std::string context;
};

Item item_of(const OrderedJson& json) {
  return {program::text_of(program::member_of(json, "question")),
          program::text_of(program::member_of(json, "context"))};
}

OrderedJson json_of(const ExtractedAnswer& answer) {
  return {{"answer", answer.text}, {"score", answer.score}, {"start", answer.begin}, {"end", answer.end}};
}

/// One answer, or a list where it is none or several.
OrderedJson json_of(const std::vector<ExtractedAnswer>& answers) {
  if (answers.size() == 1) return json_of(answers.front());
  OrderedJson list = OrderedJson::array();
  for (const ExtractedAnswer& answer : answers) list.push_back(json_of(answer));
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Answers JSON objects {question, context}, a line each, with words of the context");
  std::string model;
  AnswerOptions options;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for question answering")->required();
  app.add_option("--top-k", options.count, "answers for each question")
      ->check(program::a_number())
      ->capture_default_str();
  app.add_flag("--no-answer", options.may_have_none, "that there is none is an answer too, with a score");
  app.add_option("--max-answer-length", options.longest, "tokens")->check(program::a_number())->capture_default_str();
  app.add_option("--max-seq-length", options.max_length, "tokens of a part of the context with the question; 0: 384")
      ->check(program::a_number());
  app.add_option("--stride", options.stride, "tokens that neighbouring parts share; -1: 128")
      ->check(program::a_number());
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const QuestionAnswerer answerer(model, pipeline.options());
    program::answer_json_lines<Item>(item_of, [&](const std::vector<Item>& items) {
      std::vector<QuestionContext> questions;
      for (const Item& item : items) questions.push_back({item.question, item.context});
      return program::lines_of(answerer.answer(questions, options),
                               [](const auto& answers) { return json_of(answers); });
    });
  });
}
