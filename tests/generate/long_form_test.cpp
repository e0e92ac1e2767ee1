#include "headformer/generate/long_form.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "headformer/formats/json.hpp"
#include "support/errors.hpp"

// tests/reference/make_whisper_long_form.py: the same script of logits in the reference's hands and in ours.
namespace headformer::testing {
namespace {

constexpr TokenId script_end = 20;
constexpr TokenId script_start = 21;
constexpr TokenId script_no_speech = 27;
constexpr TokenId script_no_times = 28;
constexpr Index script_vocabulary = 80;

/// The logits of every step, and what they were asked for.
struct Script {
  const Json* json = nullptr;
  int window = -1;
  int attempt = -1;
  bool detects = false;
  std::vector<std::pair<Index, Index>> heard;  ///< first frame, frames
  std::vector<std::vector<TokenId>> prompts;   ///< of every attempt
  std::vector<std::vector<TokenId>> written;   ///< what came back of it, but for the last token

  std::vector<float> logits(int asked, std::size_t step) const {
    std::vector<double> values(static_cast<std::size_t>(script_vocabulary));
    const auto seed = (*json)["seed"].get<std::uint64_t>();
    for (std::size_t v = 0; v < values.size(); ++v) {
      auto h = static_cast<std::uint32_t>(seed * 2654435761U + static_cast<std::uint64_t>(window) * 40503 +
                                          static_cast<std::uint64_t>(asked) * 9973 + step * 7919);
      h += static_cast<std::uint32_t>(v) * 104729U;
      h = (h ^ (h >> 16)) * 0x7feb352dU;
      h = (h ^ (h >> 15)) * 0x846ca68bU;
      h ^= h >> 16;
      values[v] = (h / 4294967296.0 * 2 - 1) * (*json)["noise"].get<double>();
    }
    const auto w = static_cast<std::size_t>(window);
    if (asked == silence || (step == 0 && (*json)["start_alone"].get<bool>())) {
      const Json& more = (*json)["silence"];
      values[script_no_speech] += more[w % more.size()].get<double>();
    }
    if (asked != silence) {
      const Json& attempts = (*json)["windows"][w % (*json)["windows"].size()];
      const Json& plan = attempts[std::min(static_cast<std::size_t>(asked), attempts.size() - 1)];
      const bool ends = step >= plan.size();
      values[ends ? script_end : plan[step][0].get<std::size_t>()] += ends ? 20 : plan[step][1].get<double>();
    }
    return {values.begin(), values.end()};
  }
  static constexpr int silence = 1000;
};

/// A decoder over a window of the script; whether it asks for silence shows in its prompt's end.
class ScriptedSequence {
 public:
  explicit ScriptedSequence(Script& script) : script_(&script) {}
  std::span<float> append(std::span<const TokenId> ids) {
    const bool first = steps_ == 0;
    if (first && script_->detects) {
      script_->detects = false;
      EXPECT_EQ(ids.back(), script_start);
      logits_ = script_->logits((*script_->json)["start_alone"].get<bool>() ? 0 : Script::silence, 0);
      return logits_;
    }
    if (first) {
      ++script_->attempt;
      script_->prompts.emplace_back(ids.begin(), ids.end());
      script_->written.emplace_back();
    } else {
      script_->written.back().push_back(ids.front());
    }
    logits_ = script_->logits(script_->attempt, steps_++);
    return logits_;
  }

 private:
  Script* script_;
  std::size_t steps_ = 0;
  std::vector<float> logits_;
};

struct ScriptedModel {
  Script* script;
  bool detects;
  void hear(Index first, Index count) {
    script->heard.emplace_back(first, count);
    ++script->window;
    script->attempt = -1;
    script->detects = detects;
  }
  ScriptedSequence decoder() { return ScriptedSequence(*script); }
  static std::vector<double> times(Index, std::span<const TokenId> generated) {
    std::vector<double> result;
    for (std::size_t i = 0; i < generated.size(); ++i) result.push_back(0.25 * static_cast<double>(i));
    return result;
  }
};
static_assert(WindowedModel<ScriptedModel>);

std::optional<double> threshold_of(const Json& arguments, const char* key) {
  return arguments.contains(key) ? std::optional(arguments[key].get<double>()) : std::nullopt;
}

LongFormConfig long_form_config(const Json& generation, const Json& arguments) {
  LongFormConfig config;
  config.rules = {script_no_times, script_end, {}};
  if (generation.contains("max_initial_timestamp_index"))
    config.rules.latest_first = generation["max_initial_timestamp_index"].get<Index>();
  config.writes_times = arguments.value("return_timestamps", true);
  config.start = {script_start};
  if (arguments.contains("language")) {
    config.start.push_back(arguments["language"] == "de" ? 23 : 22);
    config.start.push_back(arguments.value("task", "transcribe") == "translate" ? 25 : 24);
  }
  if (!config.writes_times) config.start.push_back(script_no_times);
  config.vocabulary = script_vocabulary;
  config.positions = 40;
  config.window = 100;
  if (arguments.contains("temperature")) config.temperatures = arguments["temperature"].get<std::vector<double>>();
  config.compression_ratio_threshold = threshold_of(arguments, "compression_ratio_threshold");
  config.logprob_threshold = threshold_of(arguments, "logprob_threshold");
  config.no_speech_threshold = threshold_of(arguments, "no_speech_threshold");
  config.condition_on_prev_tokens = arguments.value("condition_on_prev_tokens", false);
  config.prompt_ids = arguments.value("prompt_ids", std::vector<TokenId>());
  if (arguments.value("prompt_condition_type", "") == "all-segments")
    config.prompt_condition_type = PromptCondition::all_segments;
  if (generation.contains("prev_sot_token_id")) {
    config.previous_id = generation["prev_sot_token_id"].get<TokenId>();
  } else if (generation.contains("suppress_tokens")) {
    const auto suppressed = generation["suppress_tokens"].get<std::vector<TokenId>>();
    config.previous_id = suppressed[suppressed.size() - 2];
  }
  config.compressed_size = [](std::span<const unsigned char> bytes) { return bytes.size(); };
  return config;
}

GenerationConfig generation_of(const Json& generation) {
  Json own = {{"eos_token_id", script_end}, {"pad_token_id", script_end}};
  own.update(generation);
  for (const char* key :
       {"prev_sot_token_id", "max_initial_timestamp_index", "lang_to_id", "task_to_id", "is_multilingual"})
    own.erase(key);
  GenerationConfig config = GenerationConfig::from_caller(JsonObject(own, "generation"));
  config.seed = 7;
  return config;
}

TEST(LongFormGoldens, WindowsAttemptsAndSegmentsAreTheReferences) {
  const Json cases = parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/long_form.json"));
  ASSERT_GE(cases.size(), 70U);
  for (const Json& item : cases) {
    SCOPED_TRACE(item["name"].get<std::string>());
    Script script;
    script.json = &item["script"];
    LongFormConfig config = long_form_config(item["generation"], item["arguments"]);
    config.compressed_size = [&](std::span<const unsigned char> bytes) {
      const Json& known = item["attempts"][script.prompts.size() - 1]["compressed"];
      EXPECT_EQ(bytes.size(), known[0].get<std::size_t>());
      return known[1].get<std::size_t>();
    };
    LongForm form(ScriptedModel{&script, config.no_speech_threshold.has_value()}, config,
                  generation_of(item["generation"]));
    std::vector<LongFormSegment> segments;
    const auto frames = item["frames"].get<Index>();
    std::vector<std::size_t> window_of_attempt;
    while (form.seek() < frames) {
      for (LongFormSegment& segment : form.next(frames)) segments.push_back(std::move(segment));
      window_of_attempt.resize(script.prompts.size(), static_cast<std::size_t>(script.window));
    }
    const Json& attempts = item["attempts"];
    ASSERT_EQ(script.prompts.size(), attempts.size());
    const TokenId padding = item["generation"].value("pad_token_id", TokenId{-1});
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      SCOPED_TRACE(i);
      EXPECT_EQ(window_of_attempt[i], attempts[i]["window"].get<std::size_t>());
      EXPECT_EQ(script.heard[window_of_attempt[i]].first, attempts[i]["seek"].get<Index>());
      auto prompt = attempts[i]["prompt"].get<std::vector<TokenId>>();
      std::erase(prompt, padding);  // masked there, left out here
      EXPECT_EQ(script.prompts[i], prompt);
      auto ids = attempts[i]["ids"].get<std::vector<TokenId>>();
      ids.pop_back();
      EXPECT_EQ(script.written[i], ids);
    }
    ASSERT_EQ(segments.size(), item["segments"].size());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const Json& known = item["segments"][i];
      EXPECT_EQ(segments[i].ids, known["ids"].get<std::vector<TokenId>>()) << i;
      EXPECT_NEAR(segments[i].begin, known["begin"].get<double>(), 1e-6) << i;
      EXPECT_NEAR(segments[i].end, known["end"].get<double>(), 1e-6) << i;
    }
  }
}

TEST(LongForm, TokensAreTimedFromTheRecordingsBegin) {
  const Json script_json = Json::parse(R"({"seed": 1, "noise": 0.1, "silence": [0], "start_alone": false,
      "windows": [[[[29, 9], [3, 9], [4, 9], [39, 9], [39, 9]]]]})");
  Script script;
  script.json = &script_json;
  LongFormConfig config = long_form_config(Json::object(), Json::object());
  config.token_times = true;
  LongForm form(ScriptedModel{&script, false}, config, generation_of({{"max_length", 40}}));
  EXPECT_EQ(form.next(150).front().times, (std::vector<double>{0, 0.25, 0.5, 0.75, 1.0}));
  EXPECT_EQ(form.seek(), 20);
  EXPECT_EQ(form.next(150).front().times, (std::vector<double>{0.2, 0.45, 0.7, 0.95, 1.2}));
}

TEST(LongForm, ASeedDrawsTheSameEveryTime) {
  const Json script_json =
      Json::parse(R"({"seed": 5, "noise": 1, "silence": [0], "start_alone": false, "windows": [[[]]]})");
  const auto draw = [&](std::uint64_t seed) {
    Script script;
    Json flat = script_json;
    flat["windows"] = Json::parse("[[[" + [] {
      std::string plan;
      for (int i = 0; i < 12; ++i) plan += std::string(i == 0 ? "" : ",") + "[3, 0]";
      return plan;
    }() + "]]]");
    script.json = &flat;
    LongFormConfig config = long_form_config(Json::object(), {{"temperature", {1.0}}});
    GenerationConfig generation = generation_of({{"max_length", 40}});
    generation.seed = seed;
    LongForm form(ScriptedModel{&script, false}, config, generation);
    while (form.seek() < 300) form.next(300);
    return script.written;
  };
  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
}

TEST(LongForm, WhatCannotBeIsRefused) {
  const auto refusal = [](const Json& generation, const Json& arguments, const auto& change) {
    return message_of<ArgumentError>([&] {
      const Json script_json =
          Json::parse(R"({"seed": 1, "noise": 0.1, "silence": [0], "start_alone": false, "windows": [[[]]]})");
      Script script;
      script.json = &script_json;
      LongFormConfig config = long_form_config(generation, arguments);
      change(config);
      LongForm form(ScriptedModel{&script, false}, config, generation_of(generation));
      form.next(100);
    });
  };
  const auto as_it_is = [](LongFormConfig&) {};
  expect_mentions(refusal(Json::object(), {{"no_speech_threshold", 0.6}}, as_it_is),
                  {"no_speech_threshold", "logprob_threshold"});
  expect_mentions(refusal(Json::object(), {{"no_speech_threshold", 2}, {"logprob_threshold", -1}}, as_it_is),
                  {"no_speech_threshold", "0 to 1", "2.0"});
  expect_mentions(refusal(Json::object(), {{"temperature", {-0.5}}}, as_it_is), {"temperature", "-0.5"});
  expect_mentions(refusal(Json::object(), {{"temperature", Json::array()}}, as_it_is), {"temperature", "none"});
  expect_mentions(refusal(Json::object(), {{"prompt_condition_type", "all-segments"}}, as_it_is),
                  {"prompt_condition_type", "condition_on_prev_tokens"});
  expect_mentions(refusal({{"max_new_tokens", 40}}, Json::object(), as_it_is), {"max_new_tokens", "40 positions"});
  expect_mentions(refusal(Json::object(), {{"compression_ratio_threshold", 2}},
                          [](LongFormConfig& config) { config.compressed_size = nullptr; }),
                  {"compression_ratio_threshold", "compressor"});
}

}  // namespace
}  // namespace headformer::testing
