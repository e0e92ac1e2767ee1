// What no golden covers: refused files and texts, cost, the regular expressions' syntax, streaming at every cut.

#include "headformer/preprocess/tokenizer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headformer/formats/json.hpp"
#include "headformer/preprocess/detokenizer.hpp"
#include "support/tokenizer_files.hpp"

namespace headformer {
namespace {

using Files = testing::FileTexts;

Tokenizer open(const Files& files) { return testing::tokenizer_of(files); }

/// A byte-level tokenizer of a few pieces.
Json small() {
  return Json::parse(R"({"version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 5, "content": "<s>", "special": true, "normalized": false, "single_word": false,
                      "lstrip": false, "rstrip": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [5],
      "tokens": ["<s>"]}}},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3, "ĠĠ": 4}, "merges": ["a b", "Ġ Ġ"]}})");
}

Tokenizer open(const Json& file) { return open(Files{{"tokenizer.json", file.dump()}}); }

template <class Exception>
std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Exception& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no exception";
  return "";
}

TEST(Tokenizer, EncodesAndKnowsItsTokens) {
  const Tokenizer tokenizer = open(small());
  EXPECT_EQ(tokenizer.encode("abab<s>  b"), (std::vector<TokenId>{5, 2, 2, 5, 3, 3, 1}));
  EXPECT_EQ(tokenizer.encode("ab", false), (std::vector<TokenId>{2}));
  EXPECT_EQ(tokenizer.encode(""), (std::vector<TokenId>{5}));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{5, 2, 3, 1}), "<s>ab b");
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{5, 2, 3, 1}, true), "ab b");
  EXPECT_EQ(tokenizer.size(), 6);
  EXPECT_EQ(tokenizer.id_of("<s>"), 5);
  EXPECT_EQ(tokenizer.id_of("Ġ"), 3);
  EXPECT_EQ(tokenizer.id_of("none"), std::nullopt);
  EXPECT_EQ(tokenizer.token_text(3), "Ġ");
  EXPECT_TRUE(tokenizer.is_special(5));
  EXPECT_FALSE(tokenizer.is_special(2));
  EXPECT_EQ(tokenizer.bos(), std::nullopt);
}

TEST(Tokenizer, KnowsTheBytesOfATokenInAText) {
  const Tokenizer byte_level = open(small());
  EXPECT_EQ(byte_level.text_bytes(2), "ab");
  EXPECT_EQ(byte_level.text_bytes(4), "  ");
  EXPECT_EQ(byte_level.text_bytes(5), "<s>");
  EXPECT_EQ(byte_level.text_bytes(6), "") << "no token has it";
  Json file = small();
  file["pre_tokenizer"] = nullptr;
  file["decoder"] = Json::parse(R"({"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})");
  file["model"] = Json::parse(R"({"type": "BPE", "vocab": {"▁a": 0, "<0xC3>": 1, "b": 2, "<0x0A>": 3, "▁": 4},
                                  "merges": [], "byte_fallback": true})");
  const Tokenizer fallback = open(file);
  EXPECT_EQ(fallback.text_bytes(0), " a") << "as in the middle of a text";
  EXPECT_EQ(fallback.text_bytes(1), "\xc3");
  EXPECT_EQ(fallback.text_bytes(3), "\n");
  EXPECT_EQ(fallback.text_bytes(4), " ");
  EXPECT_EQ(fallback.text_bytes(5), "<s>");
}

TEST(Tokenizer, TakesRolesFromTheConfiguration) {
  Files files{{"tokenizer.json", small().dump()},
              {"tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": {"__type": "AddedToken", "content": "</s>",
                "lstrip": false, "rstrip": false, "normalized": false, "single_word": false}, "pad_token": null})"}};
  const Tokenizer tokenizer = open(files);
  EXPECT_EQ(tokenizer.bos(), 5);
  EXPECT_EQ(tokenizer.eos(), 6);  // not in the file: added after it
  EXPECT_EQ(tokenizer.pad(), std::nullopt);
  EXPECT_EQ(tokenizer.size(), 7);
}

TEST(Tokenizer, MakesTokensOfItsVocabularySpecial) {
  Json file = small();
  file["normalizer"] = Json::parse(R"({"type": "Lowercase"})");
  file["model"]["vocab"]["[b]"] = 5;  // no merge leads to it
  file["post_processor"] = nullptr;
  file["added_tokens"][0]["id"] = 6;
  file["added_tokens"].push_back({{"id", 7},
                                  {"content", "A "},
                                  {"special", false},
                                  {"normalized", true},
                                  {"single_word", false},
                                  {"lstrip", false},
                                  {"rstrip", false}});
  const Tokenizer tokenizer = open(file);
  ASSERT_EQ(tokenizer.encode("Ab[b]", false), (std::vector<TokenId>{2, 1}));
  const Tokenizer marked = tokenizer.with_special_token("[b]");
  EXPECT_EQ(marked.encode("Ab[b][B]", false), (std::vector<TokenId>{2, 5, 1}));
  EXPECT_TRUE(marked.is_special(5));
  EXPECT_FALSE(tokenizer.is_special(5));
  EXPECT_EQ(tokenizer.encode("Ab[b]", false), (std::vector<TokenId>{2, 1})) << "the first stays as it was";
  // An added token that is looked for in normalised text.
  EXPECT_EQ(tokenizer.encode("a A b", false), (std::vector<TokenId>{7, 7, 1}));
  EXPECT_EQ(marked.with_special_token("A ").encode("a A [b]", false), (std::vector<TokenId>{0, 3, 7, 5}));
  EXPECT_EQ(tokenizer.with_special_token("ab").encode("AB", false), (std::vector<TokenId>{2})) << "it is one already";
  EXPECT_NE(message_of<ArgumentError>([&] { (void)tokenizer.with_special_token("[c]"); }).find("[c]"),
            std::string::npos);
}

TEST(Tokenizer, RefusesTextAndIds) {
  const Tokenizer tokenizer = open(small());
  const auto encode_error = [&](std::string_view text) {
    return message_of<ArgumentError>([&] { (void)tokenizer.encode(text); });
  };
  EXPECT_EQ(encode_error("ab\xff"), "text: expected UTF-8, found an invalid sequence at byte 2");
  EXPECT_EQ(encode_error("abababab\xe2\x82"), "text: expected UTF-8, found an invalid sequence at byte 8");
  EXPECT_EQ(encode_error("\xed\xa0\x80"), "text: expected UTF-8, found an invalid sequence at byte 0");
  for (const TokenId id : {-1, 6, 2147483647}) {
    const std::string message = message_of<ArgumentError>([&] { (void)tokenizer.decode(std::vector<TokenId>{id}); });
    EXPECT_EQ(message, "token id: expected one in [0, 5], found " + std::to_string(id));
    EXPECT_THROW((void)tokenizer.token_text(id), ArgumentError);
    EXPECT_FALSE(tokenizer.is_special(id));
  }
}

TEST(Tokenizer, RefusesFilesAndSaysWhere) {
  struct Case {
    const char* path;   // JSON pointer
    const char* value;  // what stands there
    const char* part;   // of the message
  };
  const std::vector<Case> cases = {
      {"/normalizer", R"({"type": "Odd"})", "normalizer.type: expected NFC, NFD"},
      {"/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Odd"}]})",
       "normalizer.normalizers[0].type: expected NFC"},
      {"/normalizer", R"({"type": "Replace", "pattern": {"Regex": "(a"}, "content": ""})", "normalizer.pattern"},
      {"/normalizer", R"({"type": "Replace", "pattern": {"Regex": "\\p{Klingon}"}, "content": ""})", "'Klingon'"},
      {"/normalizer", R"({"type": "Replace", "pattern": {"Regex": "[[:odd:]]"}, "content": ""})", "POSIX"},
      {"/normalizer", R"({"type": "Replace", "pattern": 5, "content": ""})", "normalizer.pattern"},
      {"/normalizer", "5", "normalizer"},
      {"/pre_tokenizer", R"({"type": "Odd"})", "pre_tokenizer.type: expected ByteLevel"},
      {"/pre_tokenizer", R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "Odd", "invert": false})",
       "pre_tokenizer.behavior"},
      {"/pre_tokenizer", R"({"type": "Metaspace", "replacement": "ab"})", "pre_tokenizer.replacement: expected one"},
      {"/pre_tokenizer", R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "x"})", "prepend_scheme"},
      {"/pre_tokenizer", R"({})", "pre_tokenizer.type"},
      {"/post_processor", R"({"type": "Odd"})", "post_processor.type: expected TemplateProcessing"},
      {"/post_processor/single/0/SpecialToken/id", R"("<x>")", "special_tokens.<x>"},
      {"/post_processor/special_tokens/<s>/ids", "[99]", "post_processor.type: expected token ids"},
      {"/post_processor/special_tokens/<s>/ids", "[-1]", "ids[0]"},
      {"/post_processor/single/1/Sequence/id", R"("C")", "Sequence.id"},
      {"/post_processor/single/1/Sequence/id", R"("B")", "post_processor.single: expected a template of one text"},
      {"/decoder", R"({"type": "Odd"})", "decoder.type: expected ByteLevel"},
      {"/decoder", R"({"type": "Strip", "content": " ", "start": -1, "stop": 0})", "decoder.start"},
      {"/model/type", R"("Odd")", "model.type: expected BPE, Unigram, WordPiece or WordLevel, found 'Odd'"},
      {"/model/type", R"("Unigram")", "model.vocab: expected an array"},
      {"/model/vocab", "[]", "model.vocab"},
      {"/model/vocab/a", "-1", "model.vocab.a: expected an integer in"},
      {"/model/vocab/a", "2000000000", "model.vocab.a: expected an integer in"},
      {"/model/merges", "null", "model.merges"},
      {"/model/merges/0", R"("a")", "model.merges[0]: expected two pieces"},
      {"/model/merges/0", R"("a c")", "model.merges[0]: expected two pieces"},
      {"/model/merges/0", "[1, 2]", "model.merges[0]"},
      {"/model/fuse_unk", "1", "model.fuse_unk"},
      {"/model", "null", "model: expected an object"},
      {"/added_tokens", "{}", "added_tokens"},
      {"/added_tokens/0/content", "5", "added_tokens[0].content"},
  };
  for (const Case& test : cases) {
    Json file = small();
    file[Json::json_pointer(test.path)] = Json::parse(test.value);
    const std::string message = message_of<FormatError>([&] { (void)open(file); });
    EXPECT_NE(message.find(test.part), std::string::npos) << test.path << " " << test.value << ": " << message;
    EXPECT_EQ(message.rfind("model/tokenizer.json: ", 0), 0U) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_NE(message_of<FormatError>([] { (void)open(Files{}); }).find("tokenizer.json: expected"), std::string::npos);
  EXPECT_THROW((void)open(Files{{"tokenizer.json", "{"}}), FormatError);
  EXPECT_THROW((void)open(Files{{"tokenizer.json", "[]"}}), FormatError);
  EXPECT_THROW((void)open(Files{{"tokenizer.json", small().dump()}, {"tokenizer_config.json", "5"}}), FormatError);
  EXPECT_THROW((void)open(Files{{"tokenizer.json", small().dump()},
                                {"tokenizer_config.json", R"({"added_tokens_decoder": {"x": {}}})"}}),
               FormatError);
}

TEST(Tokenizer, CostGrowsLinearly) {
  Json file = small();
  for (int length = 2; length < 8; ++length) {  // pieces of many a, each from the one before
    const std::string piece(static_cast<std::size_t>(1) << (length - 1), 'a');
    file["model"]["vocab"][piece] = 10 + length;
    file["model"]["merges"].push_back(
        std::vector<std::string>(2, std::string(static_cast<std::size_t>(1) << (length - 2), 'a')));
  }
  file["normalizer"] = {{"type", "NFC"}};
  const Tokenizer tokenizer = open(file);
  const std::vector<std::string> units = {"a", " ", "\n",           "ab",     "a ", " \n",
                                          "'", "1", "\u0316\u0301", "\u4eba", "<",  "<s"};
  for (const std::string& unit : units) {
    std::string text;
    while (text.size() < 1000000) text += unit;
    const auto start = std::chrono::steady_clock::now();
    (void)tokenizer.encode(text);
    // A quadratic step would take hours; the bound leaves room for sanitizers and busy machines.
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 60) << unit;
  }
}

TEST(Tokenizer, HostilePatternEndsWithAnError) {
  Json file = small();
  file["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "(?:a+)+$"}}}, {"behavior", "Isolated"}, {"invert", false}};
  const Tokenizer tokenizer = open(file);
  const std::string message = message_of<ArgumentError>([&] { (void)tokenizer.encode(std::string(5000, 'a') + "b"); });
  EXPECT_NE(message.find("'(?:a+)+$'"), std::string::npos) << message;
}

TEST(Detokenizer, NeverCutsACharacterAndEqualsDecode) {
  Json file = small();
  Json vocab = Json::object();
  for (unsigned byte = 0; byte < 256; ++byte)
    vocab[std::string(detail::ByteAlphabet::get().character(static_cast<unsigned char>(byte)))] = byte;
  file["model"]["vocab"] = vocab;
  file["model"]["merges"] = Json::array();
  file["added_tokens"] = Json::array();
  file["post_processor"] = nullptr;
  const Tokenizer tokenizer = open(file);
  const std::string text =
      "a\u00e9\u4eba\U0001F600\x80\xe4\xbazz\xf0\x9f\x98"
      "b\xc3";
  std::vector<TokenId> ids;
  for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  const std::string whole = tokenizer.decode(ids);
  EXPECT_EQ(whole,
            "a\u00e9\u4eba\U0001F600\ufffd\ufffdzz\ufffd"
            "b\ufffd");
  for (std::size_t cut = 0; cut <= ids.size(); ++cut) {
    Detokenizer stream(tokenizer);
    std::string joined;
    for (std::size_t i = 0; i < cut; ++i) {
      const std::string piece = stream.push(ids[i]);
      EXPECT_TRUE(unicode::is_utf8(piece));
      joined += piece;
    }
    joined += stream.finish();
    EXPECT_EQ(joined, tokenizer.decode(std::span(ids).first(cut)));
  }
}

std::vector<std::string> matches(const std::string& pattern, const std::string& text) {
  std::vector<std::string> found;
  detail::RegexScratch scratch;
  detail::Regex(pattern).each_match(
      text, scratch, [&](detail::TextSpan span) { found.push_back(text.substr(span.begin, span.end - span.begin)); });
  return found;
}

TEST(Regex, FollowsRubysSyntax) {
  using Found = std::vector<std::string>;
  EXPECT_EQ(matches("\\p{N}{1,3}+", "1234567"), (Found{"1234567"}));  // a group, not possessive
  EXPECT_EQ(matches("a{2}?", "aaa"), (Found{"aa", ""}));
  EXPECT_EQ(matches("a{,2}b", "aaab"), (Found{"aab"}));
  EXPECT_EQ(matches("a++b", "aab"), (Found{"aab"}));
  EXPECT_EQ(matches("^b|a$", "a\nb"), (Found{"a", "b"}));
  EXPECT_EQ(matches("[a-z&&[^aeiou]]+", "hello"), (Found{"h", "ll"}));
  EXPECT_EQ(matches("[^\\s\\p{L}]+", "a1\u00a02\u3000"), (Found{"1", "2"}));
  EXPECT_EQ(matches("\\s+", "a\u1680\u180e\u2003"), (Found{"\u1680", "\u2003"}));  // U+180E is no space any more
  EXPECT_EQ(matches("x(?i)a|b", "xAxB"), (Found{"xA", "xB"}));
  EXPECT_EQ(matches("(?i:'s)", "'S'\u017f"), (Found{"'S", "'\u017f"}));
  EXPECT_EQ(matches("\\bthe\\b", "the other \u00e9the"), (Found{"the"}));
  EXPECT_EQ(matches("[\\x{4e00}-\\x{9fa5}\\u0041]+", "A\u4eba\u4ebaB"), (Found{"A\u4eba\u4eba"}));
  EXPECT_EQ(matches("[[:alpha:]&&[^\\p{Han}]]+|\\p{^Latin}", "ab\u4eba1"), (Found{"ab", "\u4eba", "1"}));
  EXPECT_EQ(matches("[[:^space:][:blank:]]+", "a \nb"), (Found{"a ", "b"}));
  EXPECT_EQ(matches("\\h+", "xfF0g"), (Found{"fF0"}));
  EXPECT_EQ(matches("a|", "ba"), (Found{"", "a"}));
  for (const char* bad : {"(", ")", "[", "*a", "\\p{Foo}", "\\g<1>", "(*UTF)", "[z-a]", "(?<a", "\\x{110000}"})
    EXPECT_THROW((void)detail::Regex(bad), FormatError) << bad;
}

TEST(Unicode, NormalisesInLinearTime) {
  using unicode::NormalizationForm;
  EXPECT_EQ(unicode::normalized("e\u0301a\u0316\u0301", NormalizationForm::nfc), "\u00e9\u00e1\u0316");
  EXPECT_EQ(unicode::normalized("\u00e9\uac00", NormalizationForm::nfd), "e\u0301\u1100\u1161");
  EXPECT_EQ(unicode::normalized("\ufb01\u00b2 \u212b", NormalizationForm::nfkc), "fi2 \u00c5");
  EXPECT_EQ(unicode::normalized("\ufdfa", NormalizationForm::nfkd),
            "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645");
  EXPECT_EQ(unicode::lowercase("\u0130A\u03a3\u1e9e"), "i\u0307a\u03c3\u00df");
}

TEST(Unicode, KnowsWhatIsValid) {
  EXPECT_TRUE(unicode::is_utf8("a\u00e9\U0010ffff"));
  for (const char* bad : {"\xc0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\x80", "\xe4\xba", "\xff"})
    EXPECT_FALSE(unicode::is_utf8(bad));
  EXPECT_EQ(unicode::category('a'), "Ll");
  EXPECT_EQ(unicode::category(0x10FFFF), "Cn");
  EXPECT_TRUE(unicode::category_set("L")->contains(0x4E00));
  EXPECT_FALSE(unicode::category_set("Xx"));
}

}  // namespace
}  // namespace headformer
