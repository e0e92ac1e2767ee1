// The committed tokenizers of tests/goldens/tokenizers against what the reference did with them (expected.json, made by
// tests/reference/make_tokenizers.py): every id, every decoded text, and streaming equal to decoding the whole.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/gguf.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {
namespace {

using Ids = std::vector<TokenId>;

std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens" / "tokenizers"; }

Tokenizer open_folder(const std::filesystem::path& folder) {
  return Tokenizer::from_files([&](const std::string& name) {
    return std::filesystem::exists(folder / name) ? Bytes::map(folder / name) : Bytes();
  });
}

Json read(const std::filesystem::path& path) { return parse_json(Bytes::map(path)); }

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(goldens()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void check(const Tokenizer& tokenizer, const std::filesystem::path& folder) {
  const auto texts = read(goldens() / "texts.json").get<std::vector<std::string>>();
  const Json expected = read(folder / "expected.json");
  std::vector<Ids> sequences = expected.at("ids").get<std::vector<Ids>>();
  const auto plain = expected.at("plain_ids").get<std::vector<Ids>>();
  ASSERT_EQ(sequences.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer.encode(texts[i]), sequences[i]) << "text " << i << ": " << Json(texts[i]);
    EXPECT_EQ(tokenizer.encode(texts[i], false), plain[i]) << "text " << i << ": " << Json(texts[i]);
  }
  for (const Ids& ids : expected.at("random_ids").get<std::vector<Ids>>()) sequences.push_back(ids);
  for (const bool skip : {false, true}) {
    const auto decoded = expected.at(skip ? "decoded_plain" : "decoded").get<std::vector<std::string>>();
    ASSERT_EQ(decoded.size(), sequences.size());
    Detokenizer stream(tokenizer, skip);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      EXPECT_EQ(tokenizer.decode(sequences[i], skip), decoded[i]) << "sequence " << i << ", skip " << skip;
      std::string joined;
      for (const TokenId id : sequences[i]) {
        const std::string piece = stream.push(id);
        EXPECT_TRUE(unicode::is_utf8(piece)) << "sequence " << i;
        joined += piece;
      }
      joined += stream.finish();
      EXPECT_EQ(joined, decoded[i]) << "sequence " << i << " streamed, skip " << skip;
    }
  }
}

std::vector<std::string> folders_with_gguf() {
  std::vector<std::string> names = folders();
  std::erase_if(names,
                [](const std::string& name) { return !std::filesystem::exists(goldens() / name / "tokenizer.gguf"); });
  return names;
}

class TokenizerGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(TokenizerGolden, FolderEqualsReference) { check(open_folder(goldens() / GetParam()), goldens() / GetParam()); }

class GgufTokenizerGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(GgufTokenizerGolden, GgufEqualsReference) {
  const std::filesystem::path path = goldens() / GetParam() / "tokenizer.gguf";
  check(Tokenizer::from_gguf(Gguf::parse(Bytes::map(path))), goldens() / GetParam());
}

TEST_P(GgufTokenizerGolden, RolesAndSizesAgreeBetweenFolderAndGguf) {
  const std::filesystem::path path = goldens() / GetParam() / "tokenizer.gguf";
  const Tokenizer folder = open_folder(goldens() / GetParam());
  const Tokenizer gguf = Tokenizer::from_gguf(Gguf::parse(Bytes::map(path)));
  EXPECT_EQ(folder.size(), gguf.size());
  EXPECT_EQ(folder.eos(), gguf.eos());
  for (TokenId id = 0; id < folder.size(); ++id) {
    EXPECT_EQ(folder.token_text(id), gguf.token_text(id));
    EXPECT_EQ(folder.id_of(folder.token_text(id)), id);
  }
}

INSTANTIATE_TEST_SUITE_P(Manners, TokenizerGolden, ::testing::ValuesIn(folders()),
                         [](const auto& test) { return test.param; });
INSTANTIATE_TEST_SUITE_P(Manners, GgufTokenizerGolden, ::testing::ValuesIn(folders_with_gguf()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace headformer
