#include <headformer/models/audio/sound_rows.hpp>
#include <headformer/models/speech/find_language.hpp>
#include <headformer/pipelines/speech_generator.hpp>
#include <nlohmann/json.hpp>

#include "models/goldens.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"
#include "support/temporary_folder.hpp"

namespace headformer::testing {
namespace {

SpeechGenerator open_generator(const std::filesystem::path& folder) {
  PipelineOptions options;
  options.threads = 1;
  options.load.weights = DType::f32;
  return SpeechGenerator(folder, options);
}

/// Splits keys as `generate` does: what a decoder is told, and the rest.
struct Told {
  GenerationConfig config;
  SpeechPrompts prompts;

  explicit Told(Json keys) {
    std::vector<std::string> own = {"is_multilingual"};
    const Json whole = keys;
    const JsonObject json(whole, "keys");
    for (const std::string& key : json.keys())
      if (prompts.read(json, key)) own.push_back(key);
    for (const std::string& key : own) keys.erase(key);
    config = GenerationConfig::from_caller(JsonObject(keys, "keys"));
  }
};

class SpeechGenerateGoldens : public ::testing::TestWithParam<const char*> {};

/// tests/reference/speech_generate.py
TEST_P(SpeechGenerateGoldens, GreedyIdsAreTheReferences) {
  const std::filesystem::path folder = goldens() / "speech" / GetParam();
  const SpeechGenerator generator = open_generator(folder);
  const Json cases = parse_json(Bytes::map(folder / "generate.json"));
  ASSERT_GE(cases.size(), 6U);
  for (const Json& item : cases) {
    SCOPED_TRACE(item["config"].dump());
    const Told told(item["config"]);
    const NamedTensors inputs = read_tensors(folder / item["inputs"].get<std::string>());
    detail::InputReader reader(inputs);
    const detail::SoundRows sounds(reader, generator.model().config().encoder);
    ASSERT_EQ(static_cast<std::size_t>(sounds.count()), item["output_ids"].size());
    for (Index b = 0; b < sounds.count(); ++b) {
      EXPECT_EQ(generator.generate(sounds.input(b), told.config, told.prompts),
                item["output_ids"][static_cast<std::size_t>(b)].get<std::vector<TokenId>>())
          << "row " << b << ", the reference's smallest gap is " << item["smallest_gap"];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, SpeechGenerateGoldens, ::testing::Values("whisper", "moonshine"),
                         [](const auto& name) { return std::string(name.param); });

TEST(SpeechPrompts, TellTheLanguageTheTaskAndThatNoTimesAreWanted) {
  SpeechPrompts prompts;
  prompts.languages = {{"<|en|>", 5}, {"<|de|>", 6}};
  prompts.tasks = {{"transcribe", 9}, {"translate", 10}};
  prompts.no_timestamps_token_id = 12;
  const auto ids = [&](const char* language, const char* task, std::optional<TokenId> found = {}) {
    SpeechPrompts told = prompts;
    if (language != nullptr) told.language = language;
    if (task != nullptr) told.task = task;
    EXPECT_EQ(told.finds_language(), language == nullptr);
    return told.ids(2, found);
  };
  EXPECT_EQ(ids("German", nullptr), (std::vector<TokenId>{2, 6, 9, 12}));
  EXPECT_EQ(ids("DE", "translate"), (std::vector<TokenId>{2, 6, 10, 12}));
  EXPECT_EQ(ids("<|en|>", nullptr), (std::vector<TokenId>{2, 5, 9, 12}));
  EXPECT_EQ(ids(nullptr, nullptr, 6), (std::vector<TokenId>{2, 6, 12}));
  EXPECT_EQ(ids(nullptr, "translate", 6), (std::vector<TokenId>{2, 6, 10, 12}));
  expect_mentions(message_of<ArgumentError>([&] { ids("Klingon", nullptr); }), {"language", "de, en", "'Klingon'"});
  expect_mentions(message_of<ArgumentError>([&] { ids("en", "sing"); }), {"task", "transcribe, translate", "'sing'"});
}

TEST(SpeechPrompts, OldFilesForceIdsThatNewerKeysGoBefore) {
  SpeechPrompts prompts;
  const Json json = Json::parse(R"({"forced_decoder_ids": [[1, null], [2, 9], [3, 12]], "lang_to_id": {"<|fr|>": 7},
                                    "no_timestamps_token_id": 12})");
  for (const std::string& key : JsonObject(json, "keys").keys())
    EXPECT_TRUE(prompts.read(JsonObject(json, "keys"), key));
  EXPECT_TRUE(prompts.finds_language());
  EXPECT_EQ(prompts.ids(2, 7), (std::vector<TokenId>{2, 7, 9, 12}));
  prompts.return_timestamps = true;
  EXPECT_EQ(prompts.ids(2, 7), (std::vector<TokenId>{2, 7, 9}));
  prompts.language = "fr";
  EXPECT_EQ(prompts.ids(2), (std::vector<TokenId>{2, 7}));
  for (const char* wrong : {"[[2, 9]]", "[[1]]", "[[1, -1]]", "7", "[[1, 9], [3, 4]]", "[[1, \"a\"]]"}) {
    const Json bad = {{"forced_decoder_ids", Json::parse(wrong)}};
    expect_mentions(message_of<ConfigError>([&] { prompts.read(JsonObject(bad, "keys"), "forced_decoder_ids"); }),
                    {"forced_decoder_ids", "pairs"});
  }
}

TEST(SpeechGenerator, WhatItCannotDoIsRefused) {
  const SpeechGenerator generator = open_generator(goldens() / "speech/whisper");
  const Tensor<float> sound(Shape{5, 140});
  const auto refusal = [&](const char* keys) {
    const Told told(Json::parse(keys));
    return message_of<ArgumentError>([&] { generator.generate({sound.view()}, told.config, told.prompts); });
  };
  expect_mentions(refusal(R"({"language": "fr"})"), {"language", "none of this model", "'fr'"});
  expect_mentions(refusal(R"({"task": "translate"})"), {"task", "none of this model", "'translate'"});
  expect_mentions(refusal(R"({"return_timestamps": true})"), {"no_timestamps_token_id", "none"});
  expect_mentions(refusal(R"({"return_timestamps": true, "no_timestamps_token_id": 61})"),
                  {"no_timestamps_token_id", "61"});
  expect_mentions(refusal(R"({"max_new_tokens": 41})"), {"40 learned positions", "1 tokens"});
  expect_mentions(refusal(R"({"forced_decoder_ids": [[1, 61]]})"), {"61"});
  expect_mentions(refusal(R"({"lang_to_id": {"<|en|>": 61}})"), {"lang_to_id", "61"});
  const Tensor<float> shorter(Shape{5, 139});
  expect_mentions(message_of<ArgumentError>([&] { generator.generate({shorter.view()}); }), {"140 frames", "139"});
  expect_mentions(message_of<ConfigError>([&] { open_generator(goldens() / "speech/whisper_base"); }),
                  {"head over the vocabulary", "WhisperModel"});
  expect_mentions(message_of<ConfigError>([&] { open_generator(goldens() / "speech/hubert"); }),
                  {"WhisperForConditionalGeneration", "HubertModel"});
}

TEST(SpeechGenerator, BeamsOfACheckpointsFileRest) {
  const std::filesystem::path published = goldens() / "speech/whisper";
  const TemporaryFolder folder;
  for (const char* const name : {"config.json", "model.safetensors"})
    std::filesystem::copy(published / name, folder / name);
  folder.write("generation_config.json", R"({"decoder_start_token_id": 2, "eos_token_id": 1, "num_beams": 4,
                                             "max_new_tokens": 5})");
  const Tensor<float> sound(Shape{5, 140});
  GenerationConfig config;
  config.max_new_tokens = 5;
  EXPECT_EQ(open_generator(folder.path()).generate({sound.view()}),
            open_generator(published).generate({sound.view()}, config));
  config.num_beams = 4;
  expect_mentions(message_of<ArgumentError>([&] { open_generator(published).generate({sound.view()}, config); }),
                  {"num_beams", "4"});
}

}  // namespace
}  // namespace headformer::testing
