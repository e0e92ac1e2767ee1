#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "support/program.hpp"
#include "support/small_checkpoint.hpp"

// The program `generate` as anyone runs it.
namespace headformer::testing {
namespace {

std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens"; }

std::string join(const Json& ids) {
  std::string text;
  for (const Json& id : ids) text += (text.empty() ? "" : ",") + id.dump();
  return text;
}
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}
/// --set for every key; no end at all where the reference was given eos_token_id=None.
std::vector<std::string> options_of(const Json& kwargs) {
  std::vector<std::string> options;
  for (const auto& [key, value] : kwargs.items()) {
    options.push_back("--set");
    options.push_back(key + "=" + (value.is_null() ? "[]" : value.dump()));
  }
  return options;
}
/// Rows padded on the left, or an encoder-decoder's on the right, as the reference was given them.
void write_rows(const std::filesystem::path& path, const Json& rows, bool on_the_left = true) {
  std::size_t width = 0;
  for (const Json& row : rows) width = std::max(width, row.size());
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> mask;
  for (const Json& row : rows) {
    const std::size_t before = on_the_left ? width - row.size() : 0;
    ids.resize(ids.size() + before, 0);
    mask.resize(mask.size() + before, 0);
    for (const Json& id : row) ids.push_back(id.get<std::int64_t>());
    mask.insert(mask.end(), row.size(), 1);
    ids.resize(ids.size() + width - before - row.size(), 0);
    mask.resize(ids.size(), 0);
  }
  const Shape shape{static_cast<Index>(rows.size()), static_cast<Index>(width)};
  const NamedTensor tensors[] = {{"input_ids", DType::i64, shape, ids.data()},
                                 {"attention_mask", DType::i64, shape, mask.data()}};
  write_safetensors(path, tensors);
}

class GenerateGoldensDoor : public ::testing::TestWithParam<std::string> {};

TEST_P(GenerateGoldensDoor, IdsAreTheReferences) {
  const std::filesystem::path model = goldens() / GetParam();
  const TemporaryFolder folder;
  const Json cases = parse_json(Bytes::map(model / "generate.json"));
  for (const Json& item : cases) {
    SCOPED_TRACE(item["kwargs"].dump());
    std::vector<std::string> options = options_of(item["kwargs"]);
    options.insert(options.begin(), {model.string(), "--output-ids", "--dtype", "f32", "--threads", "1"});
    std::vector<std::string> rows = options;
    write_rows(folder / "rows.safetensors", item["input_ids"], GetParam().starts_with("decoders/"));
    rows.insert(rows.end(), {"--inputs", (folder / "rows.safetensors").string()});
    const ProgramResult all = run_program("generate", rows);
    expect_success(all);
    const std::vector<std::string> lines = lines_of(all.out);
    ASSERT_EQ(lines.size(), item["output_ids"].size()) << "a line for each row";
    for (std::size_t i = 0; i < lines.size(); ++i)
      EXPECT_EQ(Json::parse(lines[i]), item["output_ids"][i]) << "row " << i;

    options.insert(options.end(), {"--input-ids", join(item["input_ids"][0])});
    const ProgramResult one = run_program("generate", options);
    expect_success(one);
    EXPECT_EQ(one.out, lines[0] + "\n") << "--input-ids";
  }
}

/// tests/reference/speech_generate.py; ids alone, as these folders have no tokenizer.
TEST(GenerateDoor, SoundsAreASpeechModelsInputs) {
  for (const std::string name : {"whisper", "moonshine"}) {
    const std::filesystem::path model = goldens() / "speech" / name;
    const Json cases = parse_json(Bytes::map(model / "generate.json"));
    for (const Json& item : cases) {
      SCOPED_TRACE(name + item["config"].dump());
      Json keys = item["config"];
      keys.erase("is_multilingual");
      std::vector<std::string> options = options_of(keys);
      options.insert(options.begin(), {model.string(), "--output-ids", "--dtype", "f32", "--threads", "1", "--inputs",
                                       (model / item["inputs"].get<std::string>()).string()});
      const ProgramResult result = run_program("generate", options);
      expect_success(result);
      const std::vector<std::string> lines = lines_of(result.out);
      ASSERT_EQ(lines.size(), item["output_ids"].size()) << "a line for each sound";
      for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(Json::parse(lines[i]), item["output_ids"][i]) << "sound " << i;
    }
  }
  const std::string whisper = (goldens() / "speech/whisper").string();
  const std::string inputs = (goldens() / "speech/whisper/generate.inputs.safetensors").string();
  expect_refused(run_program("generate", {whisper, "--output-ids"}), {"--inputs", "whisper"});
  expect_refused(run_program("generate", {whisper, "--inputs", inputs}), {"tokenizer", "--output-ids"});
  expect_refused(run_program("generate", {whisper, "--inputs", inputs, "--output-ids", "--set", "language=de"}),
                 {"generate.inputs.safetensors", "language", "'de'"});
}

INSTANTIATE_TEST_SUITE_P(Folders, GenerateGoldensDoor,
                         ::testing::Values("decoders/gpt2", "decoders/llama_grouped", "decoders/phi3_longrope",
                                           "decoders/gemma3", "seq2seq/t5", "seq2seq/bart", "seq2seq/m2m_100"),
                         [](const auto& folder) {
                           std::string name = folder.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

// ---------------------------------------------------------------------------------------------------------------------

/// Whether text is UTF-8 without control characters but newlines.
bool is_readable(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length == 0 || i + length > text.size() || (lead < 0x20 && lead != '\n')) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    i += length;
  }
  return true;
}

ProgramResult generate(std::vector<std::string> options, const std::string& input = "") {
  return run_program("generate", std::move(options), input);
}

TEST(GenerateDoor, WithoutAModelTheTinyOneWritesReadableText) {
  const ProgramResult result = generate({"--seed", "7"});
  expect_success(result);
  ASSERT_GT(result.out.size(), 40U) << result.out;
  EXPECT_TRUE(is_readable(result.out)) << result.out;
  EXPECT_EQ(result.out.back(), '\n');
  EXPECT_GT(std::count(result.out.begin(), result.out.end(), ' '), 5) << result.out;
  EXPECT_EQ(generate({"--seed", "7"}).out, result.out) << "the same seed, the same text";
  EXPECT_EQ(generate({"--seed", "7", "--quiet", "--threads", "1"}).out, result.out) << "on one thread too";
  EXPECT_EQ(generate({"--set", "seed=7"}).out, result.out);
  EXPECT_NE(generate({"--seed", "8"}).out, result.out) << "another seed, another text";
}

TEST(GenerateDoor, LengthsAndStopsCut) {
  const std::vector<std::string> greedy = {"--set", "do_sample=false", "--prompt", "And it came to pass"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), greedy.begin(), greedy.end());
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  const std::string text = with({"--max-new-tokens", "30"});
  const std::string shorter = with({"--max-new-tokens", "10"});
  EXPECT_EQ(text.substr(0, shorter.size() - 1) + "\n", shorter) << "the beginning of the longer text";
  const Json ids = Json::parse(with({"--max-new-tokens", "30", "--output-ids"}));
  EXPECT_EQ(ids.size(), 30U);
  const std::string stop = text.substr(text.find(' ', 12) + 1, 4);
  const std::string stopped = with({"--max-new-tokens", "30", "--set", "stop_strings=[" + Json(stop).dump() + "]"});
  EXPECT_EQ(stopped, text.substr(0, text.find(stop)) + "\n") << "cut before " << stop;
}

TEST(GenerateDoor, OptionsOfAFileAreOverruledByTheCommandLine) {
  const TemporaryFolder folder;
  const std::string file = folder.write("g.json", R"({"do_sample": false, "max_new_tokens": 5})").string();
  const auto count = [&](const std::vector<std::string>& more) {
    std::vector<std::string> options = {"--output-ids", "--generation-config", file};
    options.insert(options.end(), more.begin(), more.end());
    const ProgramResult result = generate(options);
    expect_success(result);
    return Json::parse(result.out).size();
  };
  EXPECT_EQ(count({}), 5U);
  EXPECT_EQ(count({"--set", "max_new_tokens=3"}), 3U);
  EXPECT_EQ(count({"--set", "max_new_tokens=3", "--max-new-tokens", "4"}), 4U);
}

TEST(GenerateDoor, BadInputIsRefused) {
  const TemporaryFolder folder;
  const std::string gpt2 = (goldens() / "decoders/gpt2").string();
  const std::string llama = (goldens() / "decoders/llama_grouped").string();
  const std::string bart = (goldens() / "seq2seq/bart").string();
  const std::string base = (goldens() / "seq2seq/bart_base").string();
  const std::string long_source = join(Json(std::vector<int>(81, 7)));
  const std::string broken = folder.write("broken.json", "{\n").string();
  const std::string list = folder.write("list.json", "[1]").string();
  const std::string bad_key = folder.write("key.json", R"({"temprature": 1})").string();
  const std::string nowhere = (folder / "nowhere").string();
  write_rows(folder / "rows.safetensors", {{1, 2, 3}});
  write_tensors(folder / "other.safetensors", {{"labels", StoredTensor::zeros(DType::i64, Shape{1, 2})}});
  write_tensors(folder / "floats.safetensors", {{"input_ids", StoredTensor::zeros(DType::f32, Shape{1, 2})}});
  write_tensors(folder / "empty.safetensors", {{"input_ids", StoredTensor::zeros(DType::i64, Shape{1, 0})}});
  write_tensors(folder / "huge.safetensors",
                {{"input_ids", StoredTensor::zeros(DType::i64, Shape{Index{1} << 60, 0})}});
  write_rows(folder / "second.safetensors", {{1, 2, 3}, {1, 1536}});
  write_rows(folder / "masked.safetensors", Json::parse("[[1, 2], []]"));
  struct Case {
    const char* name;
    std::vector<std::string> options;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"an unknown key", {"--set", "temprature=1"}, {"temprature", "temperature"}},
      {"a value out of range", {"--set", "temperature=-1"}, {"temperature", "-1"}},
      {"a value of another type", {"--set", "top_k=many"}, {"top_k", "'many'"}},
      {"no value", {"--set", "temperature"}, {"--set", "key=value", "'temperature'"}},
      {"no key", {"--set", "=1"}, {"--set", "key=value"}},
      {"a count that is none", {"--max-new-tokens", "few"}, {"max_new_tokens", "'few'"}},
      {"a negative count", {"--max-new-tokens", "-4"}, {"max_new_tokens", "-4"}},
      {"a seed that is none", {"--seed", "x"}, {"seed", "'x'"}},
      {"a broken config", {"--generation-config", broken}, {broken}},
      {"a config that is a list", {"--generation-config", list}, {list, "object"}},
      {"a config with an unknown key", {"--generation-config", bad_key}, {bad_key, "temprature"}},
      {"a config that is not there", {"--generation-config", nowhere}, {nowhere}},
      {"a model that is not there", {nowhere}, {nowhere}},
      {"ids that are none", {"--input-ids", "1,two"}, {"--input-ids", "1,two"}},
      {"a negative id", {"--input-ids", "1,-2"}, {"--input-ids", "-2"}},
      {"no ids", {"--input-ids", ""}, {"prompt", "at least one"}},
      {"an id past the vocabulary", {"--input-ids", "1,1536"}, {"1535", "1536"}},
      {"a prompt for a model without a tokenizer", {gpt2, "--prompt", "hello"}, {gpt2, "tokenizer"}},
      {"more than the learned positions",
       {gpt2, "--input-ids", "1,2,3", "--max-new-tokens", "71", "--output-ids"},
       {"72", "3 tokens"}},
      {"a source without ids", {bart, "--input-ids", "", "--output-ids"}, {"input_ids", "at least one"}},
      {"an id past the source's vocabulary", {bart, "--input-ids", "97", "--output-ids"}, {"0 to 96", "97"}},
      {"a source past the encoder's positions",
       {bart, "--input-ids", long_source, "--output-ids"},
       {"80 learned positions", "position 80"}},
      {"more than the decoder's positions",
       {bart, "--input-ids", "7", "--output-ids", "--max-new-tokens", "81"},
       {"80 learned positions", "81 new ones"}},
      {"a forced id past the vocabulary",
       {bart, "--input-ids", "7", "--output-ids", "--max-new-tokens", "4", "--set", "forced_bos_token_id=97"},
       {"forced_bos_token_id", "0 to 96", "97"}},
      {"a class without a head over the vocabulary", {base, "--input-ids", "7", "--output-ids"}, {base, "generates"}},
      {"a chat without a template", {"--chat"}, {"chat template"}},
      {"a prompt and ids", {"--prompt", "a", "--input-ids", "1"}, {"--prompt"}},
      {"rows that are not there", {"--inputs", nowhere}, {nowhere}},
      {"rows of another name", {"--inputs", (folder / "other.safetensors").string()}, {"'labels'", "input_ids"}},
      {"rows of floats", {"--inputs", (folder / "floats.safetensors").string()}, {"input_ids", "I64", "f32"}},
      {"empty rows",
       {"--inputs", (folder / "empty.safetensors").string()},
       {"empty.safetensors", "input_ids", "[1, 0]"}},
      {"countless empty rows", {"--inputs", (folder / "huge.safetensors").string()}, {"huge.safetensors", "input_ids"}},
      {"an id past the vocabulary in the second row",
       {"--inputs", (folder / "second.safetensors").string()},
       {"second.safetensors", "input_ids", "1536"}},
      {"a row that is all padding",
       {"--inputs", (folder / "masked.safetensors").string()},
       {"masked.safetensors", "at least one"}},
      {"no new tokens", {"--max-new-tokens", "0"}, {"max_new_tokens", "0"}},
      {"a prompt as long as it may be",
       {llama, "--input-ids", "5,6,7", "--output-ids", "--set", "max_length=3"},
       {"max_length", "3 tokens", "found 3"}},
      {"several answers, all the same",
       {"--set", "do_sample=false", "--set", "num_return_sequences=2"},
       {"num_return_sequences", "do_sample", "2"}},
      {"beams that are none", {"--set", "num_beams=0"}, {"num_beams", "0"}},
      {"more answers than beams",
       {"--set", "num_beams=2", "--set", "num_return_sequences=3"},
       {"num_return_sequences", "num_beams", "3"}},
      {"an end of beams that is none", {"--set", "early_stopping=soon"}, {"early_stopping", "never", "'soon'"}},
      {"beams and guidance", {"--set", "num_beams=2", "--set", "guidance_scale=2"}, {"guidance_scale", "beams"}},
      {"log-probabilities of beams", {"--set", "num_beams=2", "--logprobs", "1"}, {"n_probs", "num_beams"}},
      {"log-probabilities that are no count", {"--logprobs", "many"}, {"--logprobs", "integer"}},
      {"a negative prompt without guidance", {"--negative-prompt", "no"}, {"--negative-prompt", "guidance_scale"}},
      {"guidance over a source",
       {bart, "--input-ids", "7", "--output-ids", "--set", "guidance_scale=2"},
       {"guidance_scale", "encoder-decoder", "2"}},
      {"the best of fewer than are asked for",
       {"--set", "do_sample=true", "--set", "best_of=2", "--set", "num_return_sequences=3"},
       {"best_of", "num_return_sequences"}},
      {"groups that do not divide",
       {"--set", "num_beams=3", "--set", "num_beam_groups=2", "--set", "diversity_penalty=1"},
       {"num_beam_groups", "divisor", "2"}},
      {"a search that is not here", {"--set", "penalty_alpha=0.6"}, {"penalty_alpha", "0"}},
      {"a bias of no token", {"--set", "logit_bias=[[\"a\",1]]"}, {"logit_bias", "pairs"}},
      {"a prompt that is no text", {"--prompt", "a\xff"}, {"--prompt", "UTF-8", "byte 1"}},
      {"an unknown option", {"--beams", "4"}, {"--beams"}},
      {"a dtype that is none", {"--dtype", "q3"}, {"dtype", "'q3'"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    expect_refused(generate(item.options), item.mentions);
  }
}

TEST(GenerateDoor, TheLastLearnedPositionCanBeUsed) {
  const std::string gpt2 = (goldens() / "decoders/gpt2").string();
  const ProgramResult result =
      generate({gpt2, "--input-ids", "5,6,7", "--max-new-tokens", "70", "--output-ids", "--set", "eos_token_id=[]"});
  expect_success(result);
  EXPECT_EQ(Json::parse(result.out).size(), 70U) << "the last token needs no position of its own";
}

TEST(GenerateDoor, BeamsPrintTheirAnswersBestFirst) {
  for (const char* model : {"decoders/llama", "seq2seq/marian"}) {
    const Json cases = parse_json(Bytes::map(goldens() / model / "beams.json"));
    const Json& item = cases[1];
    const TemporaryFolder folder;
    write_rows(folder / "rows.safetensors", item["input_ids"]);
    const std::string config = folder.write("config.json", item["kwargs"].dump());
    const ProgramResult result =
        generate({(goldens() / model).string(), "--inputs", (folder / "rows.safetensors").string(),
                  "--generation-config", config, "--output-ids"});
    expect_success(result);
    std::vector<Json> expected;
    for (const Json& row : item["output_ids"]) expected.insert(expected.end(), row.begin(), row.end());
    const std::vector<std::string> lines = lines_of(result.out);
    ASSERT_EQ(lines.size(), expected.size()) << model;
    for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(Json::parse(lines[i]), expected[i]) << model << ' ' << i;
  }
}

TEST(GenerateDoor, TheBeamsOfACheckpointAreUsed) {
  const std::string marian = (goldens() / "text_to_text/marian").string();
  const auto text = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {marian, "--prompt", "Alle Menschen sind frei", "--max-new-tokens", "12"});
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  EXPECT_EQ(text({}), text({"--set", "num_beams=4"}));
  EXPECT_EQ(lines_of(text({"--set", "num_return_sequences=4"})).size(), 4U);
}

TEST(GenerateDoor, TheBestOfSeveralIsTheLikeliest) {
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--prompt", "And", "--max-new-tokens", "8", "--seed", "3", "--set", "do_sample=true"});
    const ProgramResult result = generate(more);
    expect_success(result);
    return lines_of(result.out);
  };
  const std::vector<std::string> all = with({"--set", "best_of=4", "--set", "num_return_sequences=4"});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(with({"--set", "best_of=4"}), std::vector<std::string>{all[0]});
  EXPECT_EQ(with({"--set", "best_of=4", "--threads", "1"}), std::vector<std::string>{all[0]});
}

TEST(GenerateDoor, LogProbabilitiesAreThoseOfEachToken) {
  const std::vector<std::string> greedy = {"--prompt", "And it came", "--max-new-tokens",
                                           "5",        "--set",       "do_sample=false"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), greedy.begin(), greedy.end());
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  const Json line = Json::parse(with({"--logprobs", "3"}));
  EXPECT_EQ(line["text"].get<std::string>() + '\n', with({}));
  ASSERT_EQ(line["tokens"].size(), 5U);
  EXPECT_GT(line["prompt"].size(), 0U);
  for (const Json& token : line["tokens"]) {
    ASSERT_EQ(token["top"].size(), 3U);
    EXPECT_EQ(token["top"][0]["id"], token["id"]) << "greedy takes the best";
    EXPECT_EQ(token["top"][0]["logprob"], token["logprob"]);
    EXPECT_LT(token["logprob"].get<double>(), 0);
    EXPECT_GE(token["top"][1]["logprob"].get<double>(), token["top"][2]["logprob"].get<double>());
  }
  // A token of the prompt is as likely as when it is generated after the same beginning.
  const Json ids = Json::parse(with({"--output-ids"}));
  const std::string bare =
      generate({"--prompt", "And it came", "--max-new-tokens", "1", "--set", "do_sample=false", "--logprobs", "0"}).out;
  EXPECT_EQ(Json::parse(bare)["tokens"][0]["logprob"], line["tokens"][0]["logprob"]);
  EXPECT_EQ(Json::parse(bare)["prompt"].size(), line["prompt"].size());
}

TEST(GenerateDoor, ANegativePromptLeadsAway) {
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"--prompt", "And it came to pass", "--max-new-tokens", "12", "--set", "do_sample=false"});
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  const std::string plain = with({});
  EXPECT_EQ(with({"--negative-prompt", "In those days", "--set", "guidance_scale=1"}), plain);
  EXPECT_NE(with({"--negative-prompt", "In those days", "--set", "guidance_scale=4"}), plain);
  EXPECT_NE(with({"--negative-prompt", "In those days", "--set", "guidance_scale=4"}),
            with({"--set", "guidance_scale=4"}));
}

TEST(GenerateDoor, ReadingAheadChangesNoToken) {
  for (const std::string model : {"examples", "decoders/gpt2", "decoders/gemma3", "decoders/phi4_mini"}) {
    const bool bundled = model == "examples";
    std::vector<std::string> common = {"--output-ids", "--seed", "5", "--max-new-tokens", "60"};
    if (!bundled)
      common.insert(common.end(),
                    {(goldens() / model).string(), "--input-ids", "3,4,5,3,4", "--set", "eos_token_id=[]"});
    const auto with = [&](std::vector<std::string> more) {
      more.insert(more.begin(), common.begin(), common.end());
      const ProgramResult result = generate(more);
      expect_success(result);
      return result.out;
    };
    const std::string drafting =
        bundled ? std::string(HEADFORMER_EXAMPLES_DIR "/tiny_model") : (goldens() / model).string();
    for (const std::string draw : {"do_sample=false", "do_sample=true"}) {
      const std::string plain = with({"--set", draw});
      EXPECT_EQ(with({"--set", draw, "--set", "prompt_lookup_num_tokens=5"}), plain) << model;
      EXPECT_EQ(with({"--set", draw, "--set", "assistant_early_exit=1", "--set", "num_assistant_tokens=3"}), plain);
      EXPECT_EQ(with({"--set", draw, "--draft", drafting, "--set", "num_assistant_tokens_schedule=heuristic"}), plain);
    }
  }
}

TEST(GenerateDoor, ReadingAheadThatCannotBeIsRefused) {
  expect_refused(generate({"--set", "assistant_early_exit=9"}), {"early exit", "4", "9"});
  expect_refused(generate({"--set", "prompt_lookup_num_tokens=-1"}), {"prompt_lookup_num_tokens"});
  expect_refused(generate({"--set", "prompt_lookup_num_tokens=3", "--set", "num_beams=2"}),
                 {"prompt_lookup_num_tokens", "beams"});
  expect_refused(generate({"--set", "num_assistant_tokens_schedule=fast"}),
                 {"num_assistant_tokens_schedule", "heuristic"});
  expect_refused(generate({"--draft", (goldens() / "decoders/gpt2").string()}), {"draft", "vocabulary", "gpt2"});
  expect_refused(generate({"--draft", "/nowhere"}), {"/nowhere"});
}

TEST(GenerateDoor, TextsAreHeldToAGrammar) {
  const TemporaryFolder folder;
  const std::string schema =
      folder
          .write("schema.json", R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 9},
          "age": {"type": "integer", "minimum": 18, "maximum": 120}}, "required": ["name", "age"]})")
          .string();
  const std::string gbnf = folder.write("g.gbnf", "root ::= [a-z]{2,6} (\" is \" | \" was \") \"good\"").string();
  const std::string lines = folder.write("choices.txt", "yes\nno\nperhaps\n").string();
  const std::string list = folder.write("choices.json", R"(["a\nb", "c"])").string();
  const auto text = [](std::vector<std::string> options) {
    options.insert(options.end(), {"--max-new-tokens", "200"});
    const ProgramResult result = generate(options);
    expect_success(result);
    return result.out.substr(0, result.out.size() - 1);
  };
  for (const std::string seed : {"1", "2", "3"}) {
    const std::vector<std::string> draws = {"--seed", seed, "--set", "do_sample=true", "--set", "temperature=2.0"};
    const auto drawn = [&](std::vector<std::string> options) {
      options.insert(options.end(), draws.begin(), draws.end());
      return text(options);
    };
    const Json value = Json::parse(drawn({"--json-schema", schema}));
    EXPECT_EQ(value.size(), 2U);
    EXPECT_LE(value.at("name").get<std::string>().size(), 36U);
    EXPECT_GE(value.at("age").get<int>(), 18);
    EXPECT_LE(value.at("age").get<int>(), 120);
    EXPECT_TRUE(std::regex_match(drawn({"--regex", "[A-Z][a-z]{2,9} \\d{4}"}), std::regex("[A-Z][a-z]{2,9} [0-9]{4}")));
    EXPECT_TRUE(std::regex_match(drawn({"--grammar", gbnf}), std::regex("[a-z]{2,6} (is|was) good")));
    EXPECT_TRUE(std::regex_match(drawn({"--choices", lines}), std::regex("yes|no|perhaps")));
    EXPECT_TRUE(std::regex_match(drawn({"--choices", list}), std::regex("a\nb|c")));
  }
  EXPECT_TRUE(
      std::regex_match(text({"--grammar", gbnf, "--set", "num_beams=3"}), std::regex("[a-z]{2,6} (is|was) good")))
      << "each beam has a state of its own";
  EXPECT_EQ(text({"--grammar", gbnf, "--set", "do_sample=false", "--set", "prompt_lookup_num_tokens=4"}),
            text({"--grammar", gbnf, "--set", "do_sample=false"}));

  expect_refused(generate({"--regex", "a(?=b)"}), {"--regex", "column 4", "lookaround"});
  expect_refused(generate({"--regex", "a", "--choices", lines}), {"--regex", "--choices"});
  expect_refused(generate({"--json-schema", gbnf}), {"g.gbnf"});
  expect_refused(generate({"--grammar", lines}), {"choices.txt", "line 1"});
  expect_refused(generate({"--choices", folder.write("empty", "").string()}), {"empty"});
  expect_refused(generate({"--json-schema", folder.write("never.json", R"({"enum": []})").string()}), {"never.json"});
  expect_refused(generate({"--regex", "abc", "--set", "eos_token_id=[]"}), {"eos_token_id"});
}

TEST(GenerateDoor, DryEndsRepetitions) {
  const auto ids = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--prompt", "and and and and", "--max-new-tokens", "30", "--output-ids", "--set",
                               "do_sample=false", "--set", "eos_token_id=[]"});
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  EXPECT_NE(ids({"--set", "dry_multiplier=3"}), ids({}));
  EXPECT_EQ(ids({"--set", "dry_multiplier=3", "--set", "dry_sequence_breakers=[\"a\",\"e\",\"i\",\"o\",\"u\",\" \"]"}),
            ids({}))
      << "a breaker in nearly every token leaves nothing to penalise";
}

TEST(GenerateDoor, EveryAnswerDrawsItsOwn) {
  const TemporaryFolder folder;
  write_rows(folder / "rows.safetensors", {{21, 22, 23}, {21, 22, 23}});
  const std::vector<std::string> sampled = {"--output-ids", "--set", "do_sample=true", "--max-new-tokens", "12",
                                            "--seed",       "5",     "--set",          "eos_token_id=[]"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), sampled.begin(), sampled.end());
    const ProgramResult result = generate(more);
    expect_success(result);
    return lines_of(result.out);
  };
  const std::vector<std::string> rows = with({"--inputs", (folder / "rows.safetensors").string()});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NE(rows[0], rows[1]) << "equal prompts";
  EXPECT_EQ(with({"--input-ids", "21,22,23"}), std::vector<std::string>{rows[0]});
  const std::vector<std::string> several = with({"--input-ids", "21,22,23", "--set", "num_return_sequences=3"});
  ASSERT_EQ(several.size(), 3U);
  EXPECT_EQ(several[0], rows[0]);
  EXPECT_EQ(several[1], rows[1]);
  EXPECT_NE(several[2], several[1]);
}

/// transformers 5.23, _prepare_attention_mask_for_generation.
TEST(GenerateDoor, IdsWithoutAMaskSayPaddingByTheirId) {
  const TemporaryFolder folder;
  const std::string model = (goldens() / "decoders/llama_grouped").string();
  const std::vector<std::int64_t> ids = {0, 0, 5, 6};
  const NamedTensor tensor[] = {{"input_ids", DType::i64, Shape{1, 4}, ids.data()}};
  write_safetensors(folder / "rows.safetensors", tensor);
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {model, "--output-ids", "--max-new-tokens", "6"});
    const ProgramResult result = generate(more);
    expect_success(result);
    return result.out;
  };
  const std::string rows = (folder / "rows.safetensors").string();
  const std::string padding = "pad_token_id=0";
  const std::string expected = with({"--input-ids", "5,6"});
  EXPECT_EQ(with({"--inputs", rows, "--set", padding}), expected);
  EXPECT_EQ(with({"--input-ids", "0,0,5,6", "--set", padding}), expected);
  const std::string unpadded = with({"--input-ids", "0,0,5,6", "--set", "pad_token_id=1"});
  EXPECT_NE(unpadded, expected);
  EXPECT_EQ(with({"--inputs", rows, "--set", padding, "--set", "eos_token_id=[0,150]"}), unpadded)
      << "an id that ends a text is no padding";
}

TEST(GenerateDoor, AModelWithMoreIdsThanItsTokenizerWritesText) {
  const TemporaryFolder folder;
  const std::filesystem::path tiny = std::filesystem::path(HEADFORMER_EXAMPLES_DIR) / "tiny_model";
  SmallCheckpoint padded = SmallCheckpoint::read(tiny);
  const Index extra = 1000;
  padded.config["vocab_size"] = padded.config["vocab_size"].get<Index>() + extra;
  for (auto& [name, tensor] : padded.tensors) {
    if (name != "model.embed_tokens.weight" && name != "lm_head.weight") continue;
    const std::size_t row = tensor.bytes.size() / static_cast<std::size_t>(tensor.shape[0]);
    tensor.shape = Shape{tensor.shape[0] + extra, tensor.shape[1]};
    tensor.bytes.resize(tensor.bytes.size() + static_cast<std::size_t>(extra) * row);
  }
  padded.write(folder);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"})
    std::filesystem::copy_file(tiny / name, folder / name);
  const ProgramResult result =
      generate({folder.path().string(), "--prompt", "And", "--set", "do_sample=true", "--set", "temperature=1000",
                "--set", "top_k=0", "--max-new-tokens", "60", "--seed", "1"});
  expect_success(result);
}

TEST(GenerateDoor, AStopStringEndsInANewToken) {
  const std::vector<std::string> greedy = {"--output-ids",     "--set", "do_sample=false", "--set", "eos_token_id=[]",
                                           "--max-new-tokens", "40",    "--prompt"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), greedy.begin(), greedy.end());
    const ProgramResult result = generate(more);
    expect_success(result);
    return Json::parse(result.out);
  };
  const Json whole = with({"And it came to pass"});
  const Json stopped = with({"And it came to pass", "--set", "stop_strings=[\"and\"]"});
  EXPECT_LT(stopped.size(), whole.size());
  const Json again = with({"And it came to pass and", "--set", "stop_strings=[\"and\"]"});
  EXPECT_GT(again.size(), 1U) << "one that the prompt holds has ended before";
}

}  // namespace
}  // namespace headformer::testing
