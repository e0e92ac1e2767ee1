#include <gtest/gtest.h>

#include <headformer/formats/json.hpp>
#include <headformer/pipelines/text_to_text.hpp>
#include <nlohmann/json.hpp>

#include "support/errors.hpp"

// What the reference's translation and summarization pipelines make of texts (tests/reference/make_text_to_text.py),
// over checkpoints with the tokenizers they are published with.
namespace headformer::testing {
namespace {

std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/text_to_text"; }

PipelineOptions threads(int count) {
  PipelineOptions options;
  options.threads = count;
  return options;
}

class TextToTextGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(TextToTextGolden, EqualsReference) {
  const std::filesystem::path folder = goldens() / GetParam();
  const Json calls = parse_json(Bytes::map(folder / "expected.json"));
  for (const Json& call : calls) {
    const auto text_of = [&](const char* key) { return call[key].get<std::string>(); };
    SCOPED_TRACE(text_of("task") + ' ' + text_of("source_language") + ' ' + text_of("target_language") + ' ' +
                 call["config"].dump());
    const TextToText pipeline(folder, {text_of("task"), text_of("source_language"), text_of("target_language")},
                              threads(2));
    const auto config = GenerationConfig::from_caller(JsonObject(call["config"], "expected.json"));
    const auto inputs = call["inputs"].get<std::vector<std::string>>();
    const std::vector<std::string_view> views(inputs.begin(), inputs.end());
    GenerationConfig greedy = config;
    greedy.num_beams = 1;
    const auto found = pipeline.rewrite(views, greedy);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      EXPECT_EQ(found[i].value().text, call["outputs"][i].get<std::string>()) << Json(inputs[i]);
  }
}

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(goldens())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Folders, TextToTextGolden, ::testing::ValuesIn(folders()),
                         [](const auto& test) { return test.param; });

TEST(TextToTextBeams, TheCheckpointsAreUsedAsInTheReference) {
  // Of the reference's generate() (tests/reference/text_to_text_beams.py).
  for (const Json& call : parse_json(Bytes::map(goldens().parent_path() / "text_to_text_beams.json"))) {
    SCOPED_TRACE(call["folder"].dump() + ' ' + call["config"].dump());
    const TextToTextTask task = {"", call["source_language"].get<std::string>(),
                                 call["target_language"].get<std::string>()};
    const TextToText pipeline(goldens() / call["folder"].get<std::string>(), task, threads(2));
    const auto config = GenerationConfig::from_caller(JsonObject(call["config"], "text_to_text_beams.json"));
    ASSERT_GT(pipeline.defaults().num_beams.value_or(1), 1);
    for (std::size_t i = 0; i < call["inputs"].size(); ++i) {
      const auto text = call["inputs"][i].get<std::string>();
      EXPECT_EQ(pipeline.rewrite(text, config).text, call["outputs"][i].get<std::string>()) << Json(text);
    }
  }
}

TEST(TextToTextLanguages, WrongOnesAreRefusedByNameWithThoseThereAre) {
  struct Refused {
    const char* folder;
    TextToTextTask task;
    std::vector<std::string> mentions;
  };
  const std::vector<Refused> table = {
      {"t5", {"", "en", "fr"}, {"target language", "translation_en_to_de", "'fr'"}},
      {"t5", {"", "", "de"}, {"target language", "translation_en_to_de", "'de'"}},
      {"marian", {"", "", "fra"}, {"target language", "deu", "'fra'"}},
      {"marian", {"", "deu", ""}, {"source language", "eng", "'deu'"}},
      {"marian_languages", {"", "", "spa"}, {"target language", "fra, deu, ita_Latn", "'spa'"}},
      {"marian_languages", {"", "fra", "deu"}, {"source language", "eng", "'fra'"}},
      {"m2m_100", {"", "en", "eng_Latn"}, {"target language", "af, am, ar", "'eng_Latn'"}},
      {"m2m_100", {"", "tlh", "en"}, {"source language", "zu", "'tlh'"}},
      {"nllb", {"", "en", "deu_Latn"}, {"source language", "eng_Latn, fra_Latn, deu_Latn, zho_Hans", "'en'"}},
      {"mbart50", {"", "en_XX", "de"}, {"target language", "de_DE", "'de'"}},
      {"bart", {"", "", "de"}, {"target language", "names none", "'de'"}},
  };
  for (const Refused& refused : table) {
    SCOPED_TRACE(refused.folder);
    const auto open = [&] { TextToText(goldens() / refused.folder, refused.task, threads(1)); };
    expect_mentions(message_of<ArgumentError>(open), refused.mentions);
  }
  EXPECT_NO_THROW(TextToText(goldens() / "marian", {"", "eng", "deu"}, threads(1)));
  EXPECT_NO_THROW(TextToText(goldens() / "marian_languages", {"", "eng", ">>deu<<"}, threads(1)));
}

TEST(TextToTextLanguages, TenMegabytesAreReadLikeAnyText) {
  std::string text;
  while (text.size() < 10'000'000) text += "All human beings are born free. ";
  for (const char* folder : {"marian", "m2m_100", "bart"}) {
    const TextToText pipeline(goldens() / folder, {}, threads(2));
    GenerationConfig config;
    config.max_new_tokens = 3;
    const RewrittenText found = pipeline.rewrite(text, config);
    EXPECT_TRUE(found.truncated);
    EXPECT_EQ(found.text, pipeline.rewrite(std::string_view(text).substr(0, 3200), config).text);
  }
}

}  // namespace
}  // namespace headformer::testing
