#include "headformer/preprocess/ctc_decoder.hpp"

#include <gtest/gtest.h>

#include <headformer/core/mapped_file.hpp>
#include <headformer/formats/json.hpp>
#include <nlohmann/json.hpp>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace headformer::testing {
namespace {

CtcDecoder decoder_of(const Json& vocabulary, const Json& config, const std::string& language = "") {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("vocab.json", vocabulary.dump());
  folder.write("tokenizer_config.json", config.dump());
  return CtcDecoder::from_files(folder_reader(folder.path()), language);
}

/// tests/reference/ctc.py
TEST(CtcDecoder, TextsAndWordsAreTheReferences) {
  const Json all = parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/ctc.json"));
  ASSERT_EQ(all.size(), 3U);
  for (const Json& item : all) {
    SCOPED_TRACE(item["config"].dump());
    const CtcDecoder decoder = decoder_of(item["vocab"], item["config"]);
    for (const Json& known : item["cases"]) {
      SCOPED_TRACE(known["ids"].dump());
      const CtcText found = decoder.decode(known["ids"].get<std::vector<TokenId>>());
      EXPECT_EQ(found.text, known["text"].get<std::string>());
      ASSERT_EQ(found.words.size(), known["words"].size());
      for (std::size_t i = 0; i < found.words.size(); ++i) {
        EXPECT_EQ(found.words[i].word, known["words"][i][0].get<std::string>());
        EXPECT_EQ(found.words[i].begin, known["words"][i][1].get<Index>());
        EXPECT_EQ(found.words[i].end, known["words"][i][2].get<Index>());
      }
    }
  }
}

TEST(CtcDecoder, AVocabularyOfSeveralLanguagesIsAskedForOne) {
  const Json vocabulary = {{"eng", {{"<pad>", 0}, {"a", 1}}}, {"deu", {{"<pad>", 0}, {"b", 1}}}};
  const std::vector<TokenId> ids = {1, 0};
  EXPECT_EQ(decoder_of(vocabulary, {{"target_lang", "eng"}}).decode(ids).text, "a");
  EXPECT_EQ(decoder_of(vocabulary, {{"target_lang", "eng"}}, "deu").decode(ids).text, "b");
  expect_mentions(message_of<ConfigError>([&] { decoder_of(vocabulary, Json::object(), "fra"); }),
                  {"vocab.json", "'fra'"});
}

TEST(CtcDecoder, WhatIsNoVocabularyIsRefused) {
  const Json plain = {{"<pad>", 0}, {"a", 1}};
  expect_mentions(message_of<ConfigError>([&] { decoder_of({{"a", 1}}, Json::object()); }), {"vocab.json", "'<pad>'"});
  expect_mentions(message_of<ConfigError>([&] { decoder_of({{"<pad>", "x"}}, Json::object()); }), {"<pad>", "'x'"});
  EXPECT_EQ(decoder_of(plain, {{"pad_token", {{"content", "a"}}}}).blank(), 1);
  const std::vector<TokenId> strange = {7};
  expect_mentions(message_of<ArgumentError>([&] { decoder_of(plain, Json::object()).decode(strange); }), {"7"});
  const TemporaryFolder folder;
  expect_mentions(message_of<IoError>([&] { CtcDecoder::from_files(folder_reader(folder.path())); }), {"vocab.json"});
}

}  // namespace
}  // namespace headformer::testing
