#include "headformer/generate/generation_config.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/errors.hpp"

namespace headformer::testing {
namespace {

GenerationConfig caller(const std::string& text) {
  const Json json = Json::parse(text);
  return GenerationConfig::from_caller(JsonObject(json, "request"));
}
GenerationConfig checkpoint(const std::string& text) {
  const Json json = Json::parse(text);
  return GenerationConfig::from_checkpoint(JsonObject(json, "generation_config.json"));
}

TEST(GenerationConfig, ReadsEveryKey) {
  const GenerationConfig config = caller(R"({
    "max_new_tokens": 7, "max_length": 90, "min_new_tokens": 2, "min_length": 3, "do_sample": true, "temperature": 0.5,
    "top_k": 11, "top_p": 0.25, "min_p": 0.125, "repetition_penalty": 1.5, "eos_token_id": [1, 2],
    "stop_strings": ["a", "b"], "pad_token_id": 3, "num_return_sequences": 4, "seed": 42, "no_repeat_ngram_size": 3,
    "encoder_no_repeat_ngram_size": 2, "bad_words_ids": [[5], [1, 2]], "suppress_tokens": [8, 9],
    "begin_suppress_tokens": [220]})");
  EXPECT_EQ(config.max_new_tokens, 7);
  EXPECT_EQ(config.max_length, 90);
  EXPECT_EQ(config.min_new_tokens, 2);
  EXPECT_EQ(config.min_length, 3);
  EXPECT_EQ(config.do_sample, true);
  EXPECT_EQ(config.temperature, 0.5);
  EXPECT_EQ(config.top_k, 11);
  EXPECT_EQ(config.top_p, 0.25);
  EXPECT_EQ(config.min_p, 0.125);
  EXPECT_EQ(config.repetition_penalty, 1.5);
  EXPECT_EQ(config.eos_token_id, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(config.stop_strings, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.pad_token_id, 3);
  EXPECT_EQ(config.num_return_sequences, 4);
  EXPECT_EQ(config.seed, 42U);
  EXPECT_EQ(config.no_repeat_ngram_size, 3);
  EXPECT_EQ(config.encoder_no_repeat_ngram_size, 2);
  EXPECT_EQ(config.bad_words_ids, (std::vector<std::vector<TokenId>>{{5}, {1, 2}}));
  EXPECT_EQ(config.suppress_tokens, (std::vector<TokenId>{8, 9}));
  EXPECT_EQ(config.begin_suppress_tokens, std::vector<TokenId>{220});
  const GenerationConfig single = caller(R"({"eos_token_id": 5, "stop_strings": "end", "max_new_tokens": 3.0})");
  EXPECT_EQ(single.eos_token_id, std::vector<TokenId>{5});
  EXPECT_EQ(single.stop_strings, std::vector<std::string>{"end"});
  EXPECT_EQ(single.max_new_tokens, 3);
}

TEST(GenerationConfig, IsStrictOnWhatACallerGives) {
  struct Refused {
    const char* json;
    std::vector<std::string> mentions;
  };
  const Refused table[] = {
      {R"({"max_tokens": 5})", {"request", "max_tokens", "max_new_tokens", "top_p"}},
      {R"({"Temperature": 1})", {"Temperature"}},
      {R"({"max_new_tokens": -1})", {"max_new_tokens", "-1"}},
      {R"({"max_new_tokens": 0})", {"max_new_tokens", "[1, ", "0"}},
      {R"({"max_new_tokens": 1.5})", {"max_new_tokens", "1.5"}},
      {R"({"max_new_tokens": "5"})", {"max_new_tokens", "'5'"}},
      {R"({"max_length": 1e300})", {"max_length"}},
      {R"({"min_new_tokens": true})", {"min_new_tokens", "true"}},
      {R"({"min_length": []})", {"min_length", "array"}},
      {R"({"do_sample": 1})", {"do_sample", "1"}},
      {R"({"temperature": 0})", {"temperature", "> 0", "0"}},
      {R"({"temperature": -0.5})", {"temperature", "-0.5"}},
      {R"({"temperature": "hot"})", {"temperature", "'hot'"}},
      {R"({"top_k": -1})", {"top_k", "-1"}},
      {R"({"top_k": 2.5})", {"top_k", "2.5"}},
      {R"({"top_p": -0.01})", {"top_p", "-0.01"}},
      {R"({"top_p": 1.01})", {"top_p", "1.01"}},
      {R"({"min_p": -0.1})", {"min_p", "-0.1"}},
      {R"({"min_p": 2})", {"min_p", "2"}},
      {R"({"repetition_penalty": 0})", {"repetition_penalty", "0"}},
      {R"({"eos_token_id": -1})", {"eos_token_id", "-1"}},
      {R"({"eos_token_id": [1, "x"]})", {"eos_token_id[1]", "'x'"}},
      {R"({"eos_token_id": 4294967296})", {"eos_token_id", "4294967296"}},
      {R"({"stop_strings": [1]})", {"stop_strings[0]", "1"}},
      {R"({"stop_strings": 3})", {"stop_strings", "3"}},
      {R"({"pad_token_id": -1})", {"pad_token_id", "-1"}},
      {R"({"num_return_sequences": 0})", {"num_return_sequences", "0"}},
      {R"({"num_beams": 0})", {"num_beams", "0"}},
      {R"({"num_beams": 2, "num_return_sequences": 3})", {"num_return_sequences", "num_beams"}},
      {R"({"early_stopping": "soon"})", {"early_stopping", "never"}},
      {R"({"num_beams": 3, "num_beam_groups": 2, "diversity_penalty": 1})", {"num_beam_groups", "divisor", "3"}},
      {R"({"num_beams": 4, "num_beam_groups": 2})", {"diversity_penalty", "num_beam_groups"}},
      {R"({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1, "do_sample": true})", {"num_beam_groups"}},
      {R"({"penalty_alpha": 0.6})", {"penalty_alpha", "0"}},
      {R"({"do_sample": true, "best_of": 2, "num_return_sequences": 3})", {"best_of", "num_return_sequences"}},
      {R"({"typical_p": 0})", {"typical_p", "> 0"}},
      {R"({"epsilon_cutoff": 1})", {"epsilon_cutoff", "[0, 1)"}},
      {R"({"top_h": 1.5})", {"top_h", "1.5"}},
      {R"({"max_time": 0})", {"max_time", "0"}},
      {R"({"mirostat": 1})", {"mirostat", "0 or 2", "1"}},
      {R"({"repeat_last_n": -2})", {"repeat_last_n", "-2"}},
      {R"({"sequence_bias": [[[1], "x"]]})", {"sequence_bias", "pairs"}},
      {R"({"sequence_bias": []})", {"sequence_bias", "pairs"}},
      {R"({"logit_bias": [["a", 1]]})", {"logit_bias", "pairs"}},
      {R"({"logit_bias": 4})", {"logit_bias", "pairs"}},
      {R"({"exponential_decay_length_penalty": [1.5, 2]})", {"exponential_decay_length_penalty", "start"}},
      {R"({"samplers": ["top_k", "best"]})", {"samplers", "typ_p"}},
      {R"({"watermarking_config": {"seeding_scheme": "x"}})", {"watermarking_config.seeding_scheme", "lefthash"}},
      {R"({"watermarking_config": {"greenlist_ratio": 1}})", {"watermarking_config.greenlist_ratio", "1"}},
      {R"({"watermarking_config": {"ngram_len": 3}})", {"watermarking_config.keys", "one integer"}},
      {R"({"watermarking_config": {"colour": 3}})", {"watermarking_config.colour"}},
      {R"({"token_healing": true})", {"token_healing", "true"}},
      {R"({"use_mtp": true})", {"use_mtp"}},
      {R"({"do_sample": false, "temperature": 0.5})", {"temperature", "do_sample"}},
      {R"({"mirostat": 2, "top_p": 0.5})", {"top_p", "mirostat"}},
      {R"({"forced_eos_token_id": 5, "suppress_tokens": [5]})", {"forced_eos_token_id", "suppress_tokens"}},
      {R"({"dola_layers": "low"})", {"dola_layers"}},
      {R"({"no_repeat_ngram_size": "x"})", {"no_repeat_ngram_size", "'x'"}},
      {R"({"bad_words_ids": [[1], 2]})", {"bad_words_ids[1]", "an array of integers", "2"}},
      {R"({"bad_words_ids": [[1, -1]]})", {"bad_words_ids[0]", "-1"}},
      {R"({"seed": -3})", {"seed", "-3"}},
      {R"({"seed": "x"})", {"seed", "'x'"}},
  };
  for (const Refused& refused : table) {
    SCOPED_TRACE(refused.json);
    expect_mentions(message_of<ConfigError>([&] { caller(refused.json); }), refused.mentions);
  }
  for (const char* text : {"[]", "5", "null", "\"x\""})
    expect_mentions(message_of<ConfigError>([&] { caller(text); }), {"request", "object"});
}

TEST(GenerationConfig, ReadsWhatIsMoreThanANumber) {
  const GenerationConfig config = caller(R"({"sequence_bias": [[[1, 2], 0.5], [[3], -1], [[1, 2], 2.5]],
    "logit_bias": [[7, 1.5], [8, false]], "exponential_decay_length_penalty": [4, 1.5],
    "samplers": ["top_k", "temperature"], "watermarking_config": {"seeding_scheme": "selfhash", "bias": 3}})");
  EXPECT_EQ(*config.sequence_bias, (GenerationConfig::Biases{{{3}, -1}, {{1, 2}, 2.5}})) << "the later one counts";
  EXPECT_EQ(config.logit_bias->size(), 2U);
  EXPECT_EQ((*config.logit_bias)[1].second, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(*config.exponential_decay_length_penalty, (std::pair<Index, double>{4, 1.5}));
  EXPECT_TRUE(std::get<GreenListConfig>(*config.watermarking_config).selfhash);
  EXPECT_EQ(caller(R"({"logit_bias": {"15043": 1}})").logit_bias->front().first, std::vector<TokenId>{15043});
  const GenerationConfig synth = caller(R"({"watermarking_config": {"ngram_len": 3, "keys": [5, 6]}})");
  EXPECT_EQ(std::get<SynthIdConfig>(*synth.watermarking_config).keys, (std::vector<std::int64_t>{5, 6}));
}

TEST(GenerationConfig, KeysThatAskForNothingAreReadFromACallerToo) {
  const GenerationConfig config = caller(R"({
    "_from_model_config": false, "bos_token_id": 1, "transformers_version": "5.23.0", "use_cache": true, "num_beams": 1,
    "num_beam_groups": 1, "typical_p": 1.0, "length_penalty": 1.0, "early_stopping": false, "top_p": 0,
    "temperature": 0.5})");
  EXPECT_EQ(config.temperature, 0.5);
  EXPECT_EQ(config.top_p, 0.0);
}

TEST(GenerationConfig, NullLeavesAKeyUnset) {
  const GenerationConfig config = caller(R"({"temperature": null, "eos_token_id": null, "unknown": null})");
  EXPECT_EQ(config.temperature, std::nullopt);
  EXPECT_EQ(config.eos_token_id, std::nullopt);
}

TEST(GenerationConfig, IsLenientOnACheckpointsFile) {
  const GenerationConfig config = checkpoint(R"({
    "_from_model_config": true, "transformers_version": "5.23.0", "pad_token_id": -1, "num_beams": 4,
    "temperature": 0.0, "top_p": -1, "top_k": -5, "min_p": 7, "eos_token_id": [3, 4], "max_length": 20})");
  EXPECT_EQ(config.eos_token_id, (std::vector<TokenId>{3, 4}));
  EXPECT_EQ(config.max_length, 20);
  EXPECT_EQ(config.pad_token_id, std::nullopt) << "-1 says that there is none";
  EXPECT_EQ(config.temperature, std::nullopt) << "published files hold sampling values their greedy default ignores";
  EXPECT_EQ(config.top_p, std::nullopt);
  EXPECT_EQ(config.top_k, std::nullopt);
  expect_mentions(message_of<ConfigError>([] { checkpoint(R"({"do_sample": true, "temperature": 0.0})"); }),
                  {"generation_config.json", "temperature"});
  expect_mentions(message_of<ConfigError>([] { checkpoint(R"({"eos_token_id": "x"})"); }),
                  {"generation_config.json", "eos_token_id", "'x'"});
}

TEST(GenerationConfig, TheCallersValuesLieOverTheCheckpoints) {
  const GenerationConfig base = checkpoint(R"({"temperature": 0.7, "top_k": 20, "top_p": 0.8, "do_sample": true,
    "eos_token_id": 9, "repetition_penalty": 1.1, "min_p": 0.1, "seed": 4, "stop_strings": "x", "max_new_tokens": 5,
    "min_new_tokens": 2})");
  const GenerationConfig untouched = caller("{}").over(base);
  EXPECT_EQ(untouched.temperature, 0.7);
  EXPECT_EQ(untouched.top_k, 20);
  EXPECT_EQ(untouched.top_p, 0.8);
  EXPECT_EQ(untouched.min_p, 0.1);
  EXPECT_EQ(untouched.do_sample, true);
  EXPECT_EQ(untouched.repetition_penalty, 1.1);
  EXPECT_EQ(untouched.eos_token_id, std::vector<TokenId>{9});
  EXPECT_EQ(untouched.stop_strings, std::vector<std::string>{"x"});
  EXPECT_EQ(untouched.seed, 4U);
  EXPECT_EQ(untouched.max_new_tokens, 5);
  EXPECT_EQ(untouched.min_new_tokens, 2);
  const GenerationConfig changed =
      caller(R"({"temperature": 1, "do_sample": false, "eos_token_id": [], "top_k": 0})").over(base);
  EXPECT_EQ(changed.temperature, 1);
  EXPECT_EQ(changed.do_sample, false);
  EXPECT_EQ(changed.eos_token_id, std::vector<TokenId>{}) << "an empty list is a value";
  EXPECT_EQ(changed.top_k, 0);
  EXPECT_EQ(changed.top_p, 0.8);
}

TEST(GenerationConfig, NewTokensGoBeforeLengthsWhoeverGivesThem) {
  struct Case {
    const char* caller;
    const char* checkpoint;
    Index prompt;
    Index most;
    Index least;
  };
  const Case table[] = {
      {"{}", "{}", 10, 256, 0},
      {"{}", R"({"max_length": 30})", 10, 20, 0},
      {"{}", R"({"max_length": 30})", 40, 0, 0},
      {"{}", R"({"max_length": 30, "max_new_tokens": 4})", 10, 4, 0},
      {R"({"max_length": 30})", R"({"max_new_tokens": 4})", 10, 4, 0},
      {R"({"max_new_tokens": 4})", R"({"max_length": 30})", 10, 4, 0},
      {R"({"max_new_tokens": 4, "max_length": 30})", "{}", 10, 4, 0},
      {R"({"min_new_tokens": 3})", R"({"min_length": 30})", 10, 256, 3},
      {R"({"min_length": 30})", R"({"min_new_tokens": 3})", 10, 256, 3},
      {R"({"min_length": 5})", "{}", 10, 256, 0},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(std::string(item.caller) + " over " + item.checkpoint);
    const GenerationConfig config = caller(item.caller).over(checkpoint(item.checkpoint));
    EXPECT_EQ(config.new_tokens(item.prompt), item.most);
    EXPECT_EQ(config.least_new_tokens(item.prompt), item.least);
  }
}

}  // namespace
}  // namespace headformer::testing
