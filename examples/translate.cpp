// Translations of texts, line by line: translate MODEL [--source-language L] [--target-language L]
#include "text_to_text.hpp"

int main(int argc, char** argv) {
  program::App app("Translates JSON strings, a line each");
  std::string model;
  std::string max_new_tokens;
  headformer::TextToTextTask task{"translation", "", ""};
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of an encoder-decoder")->required();
  app.add_option("--source-language", task.source_language, "as the model spells it: en, en_XX, eng_Latn");
  app.add_option("--target-language", task.target_language, "likewise");
  app.add_option("--max-new-tokens", max_new_tokens, "at most that many tokens (what the checkpoint says, or 256)");
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    program::rewrite_json_lines(headformer::TextToText(model, task, pipeline.options()), max_new_tokens);
  });
}
