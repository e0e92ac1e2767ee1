// The checkpoint folders of tests/goldens/tokenizer_classes against hashes of what the reference does with 2,000 nasty
// texts (made by tests/reference/make_tokenizer_classes.py): ids, offsets, types, words and masks of one text and of
// two, truncated and padded, and decoded texts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "headformer/formats/json.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {
namespace {

std::filesystem::path class_goldens() {
  return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens" / "tokenizer_classes";
}

/// FNV-1a of little-endian integers and bytes (tokenizer_hashes.py).
class Hash {
 public:
  void byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x01000193u; }
  void text(std::string_view text) {
    for (const char c : text) byte(static_cast<unsigned char>(c));
  }
  void number(std::int64_t number) {
    const auto bits = static_cast<std::uint32_t>(number);
    for (int shift = 0; shift < 32; shift += 8) byte(static_cast<unsigned char>(bits >> shift & 0xFF));
  }
  template <class List>
  void numbers(const List& list) {
    for (const auto value : list) number(static_cast<std::int64_t>(value));
  }
  void offsets(const std::vector<TextOffsets>& list) {
    for (const TextOffsets& place : list) {
      number(place.begin);
      number(place.end);
    }
  }
  std::string hex() const {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", value_);
    return text;
  }

 private:
  std::uint32_t value_ = 0x811C9DC5u;
};

std::string ids_hash(const Tokenizer& tokenizer, const std::string& text) {
  Hash hash;
  hash.numbers(tokenizer.encode(text));
  hash.number(-1);
  hash.numbers(tokenizer.encode(text, false));
  return hash.hex();
}

std::string details_hash(const Tokenizer& tokenizer, const std::string& text) {
  const Encoding encoding = tokenizer.encode(TextPair{text, {}}, EncodeOptions());
  EXPECT_EQ(encoding.ids, tokenizer.encode(text)) << Json(text);
  Hash hash;
  hash.offsets(encoding.offsets);
  hash.numbers(encoding.type_ids);
  hash.numbers(encoding.word_ids);
  hash.numbers(encoding.sequence_ids);
  hash.numbers(encoding.special_tokens_mask);
  return hash.hex();
}

std::string pair_hash(const Tokenizer& tokenizer, const std::vector<std::string>& texts, std::size_t i) {
  EncodeOptions options;
  const auto n = static_cast<Index>(i);
  if (i % 3 == 0) {
    constexpr TruncationStrategy strategies[] = {TruncationStrategy::longest_first, TruncationStrategy::only_first,
                                                 TruncationStrategy::only_second};
    options.truncation = {8 + n % 11, n % 3, strategies[i % 3],
                          i / 3 % 2 == 0 ? SequenceSide::right : SequenceSide::left};
  }
  if (i % 4 == 0)
    options.padding = {16 + n % 9, i % 2 == 0 ? 0 : 8, i / 4 % 2 == 0 ? SequenceSide::right : SequenceSide::left, 0, 0};
  Hash hash;
  try {
    const Encoding encoding = tokenizer.encode(TextPair{texts[i], texts[(i * 7 + 3) % texts.size()]}, options);
    hash.numbers(encoding.ids);
    hash.numbers(encoding.type_ids);
    hash.offsets(encoding.offsets);
    hash.numbers(encoding.sequence_ids);
    hash.numbers(encoding.special_tokens_mask);
    hash.numbers(encoding.attention_mask);
    for (const Encoding& part : encoding.overflowing) {
      hash.numbers(part.ids);
      hash.offsets(part.offsets);
    }
  } catch (const ArgumentError&) {
    return "--------";
  }
  return hash.hex();
}

/// Of a pair without anything else: what is known of the reference's tokenizers that run in Python.
std::string pair_ids_hash(const Tokenizer& tokenizer, const std::vector<std::string>& texts, std::size_t i) {
  Hash hash;
  hash.numbers(tokenizer.encode(TextPair{texts[i], texts[(i * 7 + 3) % texts.size()]}, EncodeOptions()).ids);
  return "ids:" + hash.hex();
}

std::string decoded_hash(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<TokenId> ids = tokenizer.encode(text);
  Hash hash;
  hash.text(tokenizer.decode(ids));
  hash.byte(0);
  hash.text(tokenizer.decode(ids, true));
  Detokenizer stream(tokenizer, true);
  std::string joined;
  for (const TokenId id : ids) joined += stream.push(id);
  EXPECT_EQ(joined + stream.finish(), tokenizer.decode(ids, true)) << Json(text);
  return hash.hex();
}

std::vector<std::string> class_folders() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(class_goldens()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

class TokenizerClassGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(TokenizerClassGolden, EqualsReference) {
  const std::filesystem::path folder = class_goldens() / GetParam();
  const Tokenizer tokenizer = Tokenizer::from(folder);
  const auto texts = parse_json(Bytes::map(class_goldens() / "nasty_texts.json")).get<std::vector<std::string>>();
  std::ifstream file(folder / "hashes.txt");
  int shown = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string line;
    ASSERT_TRUE(std::getline(file, line)) << "line " << i;
    std::istringstream words(line);
    std::string expected[4];
    for (std::string& word : expected) words >> word;
    const std::string found[] = {
        ids_hash(tokenizer, texts[i]), details_hash(tokenizer, texts[i]),
        expected[2].starts_with("ids:") ? pair_ids_hash(tokenizer, texts, i) : pair_hash(tokenizer, texts, i),
        decoded_hash(tokenizer, texts[i])};
    for (std::size_t k = 0; k < 4; ++k) {
      constexpr const char* what[] = {"ids", "details", "pair", "decoded"};
      if (expected[k] == "--------" || found[k] == expected[k] || ++shown > 10) continue;
      ADD_FAILURE() << what[k] << " of text " << i << ": " << Json(texts[i]);
    }
  }
  EXPECT_LE(shown, 10) << shown << " differences in all";
}

INSTANTIATE_TEST_SUITE_P(Classes, TokenizerClassGolden, ::testing::ValuesIn(class_folders()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace headformer
