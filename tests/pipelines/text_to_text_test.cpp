#include <gtest/gtest.h>

#include <headformer/auto_seq2seq.hpp>
#include <headformer/generate/generation.hpp>
#include <headformer/models/causal_lm/session.hpp>
#include <headformer/pipelines/text_to_text.hpp>

#include "support/errors.hpp"
#include "support/text_to_text_folder.hpp"

// Translations and summaries: what a task and its languages do to the source and to the decoder.
namespace headformer::testing {
namespace {

TextToText open(TextToTextFolder& folder, const TextToTextTask& task = {}) {
  PipelineOptions options;
  options.threads = 1;
  return TextToText(folder.write(), task, options);
}

/// The text of what the model makes of these ids.
std::string expected(const TextToTextFolder& folder, const std::vector<TokenId>& source,
                     const GenerationConfig& given) {
  const std::shared_ptr<const SequenceToSequence> model = open_seq2seq(folder.golden());
  const auto workspace = std::make_shared<Workspace>(std::make_shared<ThreadPool>(1));
  EncoderInput input;
  input.ids = source;
  Generation<Session> generation(
      Session({model, &model->decoder()}, workspace, model->new_sequence(model->encode(*workspace, input))),
      {given.decoder_start_token_id.value()}, given);
  std::string text;
  while (const std::optional<TokenId> id = generation.next()) {
    if (*id > 3 && *id != 90 && *id != 91) text += (text.empty() ? "w" : " w") + std::to_string(*id);
  }
  return text;
}

GenerationConfig few() {
  GenerationConfig config;
  config.max_new_tokens = 7;
  config.repetition_penalty = 1.5;
  return config;
}

TEST(TextToText, ATaskBringsItsPrefixAndItsLengths) {
  TextToTextFolder folder("t5");
  folder.config["task_specific_params"] = {{"summarization", {{"prefix", "w7 w8 "}, {"max_length", 5}}},
                                           {"translation_en_to_de", {{"prefix", "w9 "}}}};
  const TextToText plain = open(folder);
  const TextToText summariser = open(folder, {"summarization", "", ""});
  const TextToText translator = open(folder, {"", "en", "de"});
  EXPECT_EQ(summariser.defaults().max_length, 5);
  const auto complete = few().over(plain.defaults());
  EXPECT_EQ(plain.rewrite("w20 w21", few()).text, expected(folder, {20, 21, 2}, complete));
  EXPECT_EQ(summariser.rewrite("w20 w21", few()).text, expected(folder, {7, 8, 20, 21, 2}, complete));
  EXPECT_EQ(translator.rewrite("w20 w21", few()).text, expected(folder, {9, 20, 21, 2}, complete));
  expect_mentions(message_of<ArgumentError>([&] { open(folder, {"", "en", "fr"}); }), {"target language", "'fr'"});
}

TEST(TextToText, LanguagesAreTokensWhereTheTokenizerHasThem) {
  TextToTextFolder folder("mbart");
  const TextToText translator = open(folder, {"", "de_DE", "en_XX"});
  ASSERT_TRUE(translator.defaults().forced_bos_token_id);
  EXPECT_EQ(*translator.defaults().forced_bos_token_id, std::vector<TokenId>{90});
  EXPECT_EQ(translator.rewrite("w20 w21", few()).text,
            expected(folder, {20, 21, 2, 91}, few().over(translator.defaults())));
  const TextToText own = open(folder);
  EXPECT_EQ(own.rewrite("w20 w21", few()).text, expected(folder, {20, 21, 2, 90}, few().over(own.defaults())));
  expect_mentions(message_of<ArgumentError>([&] { open(folder, {"", "fr_XX", ""}); }), {"source language", "'fr_XX'"});
}

TEST(TextToText, ABadTextStopsNoOtherAndALongOneSaysSo) {
  TextToTextFolder folder("t5");
  const TextToText pipeline = open(folder);
  EXPECT_EQ(pipeline.max_length(), 20);
  std::string longer;
  for (int i = 0; i < 40; ++i) longer += "w20 ";
  const std::vector<std::string_view> texts = {"w20", "a\xff", "", longer};
  const auto found = pipeline.rewrite(texts, few());
  ASSERT_EQ(found.size(), texts.size());
  EXPECT_TRUE(found[0] && found[2] && found[3]);
  EXPECT_FALSE(found[0].value().truncated);
  EXPECT_TRUE(found[3].value().truncated);
  expect_mentions(found[1].error(), {"UTF-8"});
  EXPECT_EQ(found[0].value().text, pipeline.rewrite("w20", few()).text);
}

}  // namespace
}  // namespace headformer::testing
