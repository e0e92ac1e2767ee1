// Text and files from strangers: cost that grows linearly for every model, bounded patterns, broken .model, vocab.txt
// and .tiktoken files, options that ask for the impossible, batches on threads.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headformer/core/thread_pool.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "support/errors.hpp"
#include "support/tokenizer_files.hpp"

namespace headformer {
namespace {

using testing::FileTexts;
using testing::tokenizer_of;

Json of_model(const char* model, const char* pre_tokenizer = "null", const char* normalizer = "null") {
  return {{"model", Json::parse(model)},
          {"pre_tokenizer", Json::parse(pre_tokenizer)},
          {"normalizer", Json::parse(normalizer)},
          {"added_tokens", Json::array()},
          {"decoder", nullptr},
          {"post_processor", nullptr}};
}

/// A tokenizer of each model whose pieces run-away texts are made of.
std::map<std::string, Json> models() {
  std::map<std::string, Json> result;
  Json unigram =
      of_model(R"({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -3.0], ["\u2581", -2.0]]})",
               R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"})", R"({"type": "NFKC"})");
  Json pieces = of_model(R"({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                             "max_input_chars_per_word": 100000000, "vocab": {"[UNK]": 0, "a": 1, "##a": 2}})",
                         R"({"type": "BertPreTokenizer"})",
                         R"({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                             "strip_accents": null, "lowercase": true})");
  Json bpe =
      of_model(R"({"type": "BPE", "unk_token": "<unk>", "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "\u2581": 4},
                          "merges": ["a b"]})",
               R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": false})");
  std::string run = "aa";
  for (int length = 2; length < 40; ++length) {
    unigram["model"]["vocab"].push_back({run, -3.0 - 0.1 * length});
    pieces["model"]["vocab"]["##" + run] = length + 3;
    bpe["model"]["vocab"][run] = length + 8;
    bpe["model"]["merges"].push_back({run.substr(1), "a"});
    run += 'a';
  }
  result["unigram"] = unigram;
  result["word_piece"] = pieces;
  result["bpe"] = bpe;
  result["word_level"] = of_model(R"({"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}})",
                                  R"({"type": "Whitespace"})");
  result["scripts"] = of_model(R"({"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}})",
                               R"({"type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"},
                                   {"type": "Punctuation", "behavior": "MergedWithNext"}, {"type": "Digits"}]})",
                               R"({"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFD"},
                                   {"type": "StripAccents"}]})");
  return result;
}

TEST(HostileText, EveryModelTakesLinearTime) {
  const std::vector<std::string> units = {"a", " ",  "\n",     "ab", "a ",     "\u0316\u0301",    "\u4eba",
                                          ".", "a.", "\u2581", "1",  "\u200d", "\U0001F468\u200d"};
  for (const auto& [name, file] : models()) {
    const Tokenizer tokenizer = tokenizer_of({{"tokenizer.json", file.dump()}});
    for (const std::string& unit : units) {
      std::string text;
      while (text.size() < 1000000) text += unit;
      const auto start = std::chrono::steady_clock::now();
      const std::vector<TokenId> ids = tokenizer.encode(text);
      // A quadratic step would take hours; the bound leaves room for sanitizers and busy machines.
      EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 60) << name << unit;
      const std::string half = text.substr(0, unit.size() * 20000);
      EXPECT_EQ(tokenizer.encode(TextPair{half, {}}, EncodeOptions()).ids, tokenizer.encode(half)) << name << unit;
    }
  }
}

TEST(HostileText, BacktrackingPatternsEndWithAnError) {
  const Json file =
      of_model(R"({"type": "BPE", "vocab": {"a": 0}, "merges": []})",
               R"({"type": "Split", "pattern": {"Regex": "(a+)+$|b"}, "behavior": "Isolated", "invert": false})");
  const Tokenizer tokenizer = tokenizer_of({{"tokenizer.json", file.dump()}});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW((void)tokenizer.encode(std::string(1000000, 'a') + "c"), ArgumentError);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 60);
}

void field(std::string& message, int number, const std::string& bytes) {
  message += static_cast<char>(number << 3 | 2);
  for (std::size_t size = bytes.size(); size >= 0x80; size >>= 7) message += static_cast<char>(0x80 | (size & 0x7F));
  std::size_t last = bytes.size();
  while (last >= 0x80) last >>= 7;
  message += static_cast<char>(last);
  message += bytes;
}

std::string small_model() {
  std::string model;
  for (const auto& [text, type] : std::vector<std::pair<std::string, int>>{
           {"<unk>", 2}, {"<s>", 3}, {"</s>", 3}, {"\u2581a", 1}, {"\u2581", 1}, {"a", 1}}) {
    std::string piece;
    field(piece, 1, text);
    piece += std::string("\x15\x00\x00\x80\xBF", 5);  // score -1
    piece += std::string("\x18") + static_cast<char>(type);
    field(model, 1, piece);
  }
  return model;
}

TEST(FileTexts, SentencePieceModelsAreReadOrRefused) {
  const std::string model = small_model();
  const Tokenizer tokenizer = tokenizer_of({{"tokenizer.model", model}});
  EXPECT_EQ(tokenizer.encode("a a", false), (std::vector<TokenId>{5, 3}));
  EXPECT_EQ(tokenizer.id_of("</s>"), 2);
  for (std::size_t size = 1; size < model.size(); ++size) {  // cut anywhere: opens or is refused
    try {
      (void)tokenizer_of({{"tokenizer.model", model.substr(0, size)}}).encode("a a");
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("model/tokenizer.model"), std::string::npos) << error.what();
    }
  }
  for (std::size_t at = 0; at < model.size(); ++at) {
    std::string broken = model;
    broken[at] = static_cast<char>(broken[at] ^ 0xFF);
    try {
      (void)tokenizer_of({{"tokenizer.model", broken}}).encode("a a");
    } catch (const Error&) {
    }
  }
  EXPECT_THROW((void)tokenizer_of({{"tokenizer.model", std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}}),
               FormatError);
}

TEST(FileTexts, DictionariesBesideSentencePieceFilesAreReadOrRefused) {
  const std::string spm = small_model();
  const auto expect_refused = [](const FileTexts& files, const std::vector<std::string>& mentions) {
    testing::expect_mentions(testing::message_of<FormatError>([&] { (void)tokenizer_of(files); }), mentions);
  };
  FileTexts files{{"config.json", R"({"model_type": "marian"})"}, {"source.spm", spm}};
  expect_refused(files, {"tokenizer_config.json", "vocab.json", "source.spm"});
  files["vocab.json"] = R"({"</s>": 0, "a": 1})";
  expect_refused(files, {"model/vocab.json", "'<unk>'", "2 pieces"});
  files["vocab.json"] = R"({"</s>": 0, "<unk>": 1, "\u2581": 2, "\u2581a": 3, ">>a<<": 4, "<pad>": 5})";
  const Tokenizer tokenizer = tokenizer_of(files);
  EXPECT_EQ(tokenizer.encode(">>a<<a </s>>>b<<"), (std::vector<TokenId>{4, 3, 0, 1, 0}));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{4, 3, 0, 1, 0}), ">>a<< a</s> <unk> </s>");
  files["config.json"] = R"({"model_type": "m2m_100"})";
  files["sentencepiece.bpe.model"] = spm;
  files["tokenizer_config.json"] = R"({"language_codes": "wmt22"})";
  expect_refused(files, {"tokenizer_config.json", "language_codes", "wmt21", "wmt22"});
  EXPECT_FALSE(Tokenizer::find([](const std::string&) { return Bytes(); }));
}

TEST(FileTexts, VocabulariesOfLinesAreReadOrRefused) {
  const Tokenizer bert = tokenizer_of({{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello \r\n##s\n"}});
  EXPECT_EQ(bert.encode("Hellos x"), (std::vector<TokenId>{2, 5, 6, 1, 3}));
  EXPECT_THROW((void)tokenizer_of({{"vocab.txt", "a\xff\n"}}), FormatError);
  EXPECT_THROW((void)tokenizer_of({{"vocab.json", R"({"a": 0})"}, {"merges.txt", "a b\n"}}), FormatError);
  EXPECT_THROW((void)tokenizer_of({{"vocab.json", "[]"}, {"merges.txt", ""}}), FormatError);
  EXPECT_EQ(tokenizer_of({{"qwen.tiktoken", "YQ== 0\nYg== 1\nYWI= 2\n"}}).encode("abb"), (std::vector<TokenId>{2, 1}));
  for (const char* line : {"YQ==", "!!!! 0", "YQ== x", "YQ== 99999999999", "YQ== 9999999"})
    EXPECT_THROW((void)tokenizer_of({{"qwen.tiktoken", line}}), FormatError) << line;
}

TEST(EncodeOptions, RefuseTheImpossible) {
  const Tokenizer bert = tokenizer_of({{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n"}});
  const auto encode = [&](Truncation truncation, std::optional<std::string_view> second = {}) {
    EncodeOptions options;
    options.truncation = truncation;
    return bert.encode(TextPair{"hello hello hello", second}, options);
  };
  EXPECT_EQ(encode({3, 0, TruncationStrategy::longest_first, SequenceSide::right}).ids,
            (std::vector<TokenId>{2, 5, 3}));
  EXPECT_THROW((void)encode({1, 0, TruncationStrategy::longest_first, SequenceSide::right}), ArgumentError);
  EXPECT_THROW((void)encode({3, 1, TruncationStrategy::longest_first, SequenceSide::right}), ArgumentError);
  EXPECT_THROW((void)encode({4, 0, TruncationStrategy::only_second, SequenceSide::right}), ArgumentError);
  EXPECT_THROW((void)encode({4, 0, TruncationStrategy::only_second, SequenceSide::right}, "hello"), ArgumentError);
  EncodeOptions options;
  options.padding.emplace().length = -1;
  EXPECT_THROW((void)bert.encode(TextPair{"hello", {}}, options), ArgumentError);
}

TEST(EncodeBatch, EqualsOneByOneOnAnyNumberOfThreads) {
  const Tokenizer tokenizer = tokenizer_of({{"tokenizer.json", models().at("bpe").dump()}});
  std::vector<std::string> owned;
  for (int i = 0; i < 500; ++i)
    owned.push_back(std::string(static_cast<std::size_t>(i % 37), 'a') + " b\u00e9 " + std::to_string(i));
  const std::vector<std::string_view> texts(owned.begin(), owned.end());
  std::vector<TextPair> pairs;
  for (const std::string_view text : texts) pairs.push_back({text, text.substr(0, text.size() / 2 * 0)});
  EncodeOptions options;
  options.padding.emplace().multiple_of = 8;
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    const auto ids = tokenizer.encode_batch(texts, pool);
    const auto encodings = tokenizer.encode_batch(pairs, pool, options);
    ASSERT_EQ(ids.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(ids[i], tokenizer.encode(texts[i]));
      EXPECT_EQ(encodings[i].size(), encodings[0].size());
      EXPECT_EQ(encodings[i].size() % 8, 0U);
    }
    const std::vector<std::string_view> broken = {"a", "b\xff", "a"};
    EXPECT_THROW((void)tokenizer.encode_batch(broken, pool), ArgumentError);
  }
}

TEST(EncodeOptions, CountBytesWhenAsked) {
  const Tokenizer tokenizer = tokenizer_of({{"tokenizer.json", models().at("bpe").dump()}});
  EncodeOptions options;
  const std::string text = "\u00e9a b";
  EXPECT_EQ(tokenizer.encode(TextPair{text, {}}, options).offsets,
            (std::vector<TextOffsets>{{0, 1}, {0, 1}, {1, 2}, {2, 3}, {3, 4}}));
  options.offsets = OffsetUnit::bytes;
  EXPECT_EQ(tokenizer.encode(TextPair{text, {}}, options).offsets,
            (std::vector<TextOffsets>{{0, 2}, {0, 2}, {2, 3}, {3, 4}, {4, 5}}));
}

}  // namespace
}  // namespace headformer
