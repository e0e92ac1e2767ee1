// Summaries of texts, line by line: summarise MODEL
#include "text_to_text.hpp"

int main(int argc, char** argv) {
  program::App app("Summarises JSON strings, a line each");
  std::string model;
  std::string max_new_tokens;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of an encoder-decoder")->required();
  app.add_option("--max-new-tokens", max_new_tokens, "at most that many tokens (what the checkpoint says, or 256)");
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    program::rewrite_json_lines(headformer::TextToText(model, {"summarization", "", ""}, pipeline.options()),
                                max_new_tokens);
  });
}
