#include <gtest/gtest.h>

#include <headformer/formats/json.hpp>
#include <nlohmann/json.hpp>

#include "support/program.hpp"

// The benchmark `throughput` as anyone runs it: what it prints, and what it answers to bad input.
namespace headformer::testing {
namespace {

std::string golden(const std::string& name) {
  return (std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens" / name).string();
}
ProgramResult throughput(std::vector<std::string> options) {
  return run_program("../benchmarks/throughput", std::move(options));
}

class ThroughputDoor : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::filesystem::path(HEADFORMER_PROGRAMS_DIR) / "../benchmarks/throughput"))
      GTEST_SKIP() << "built without benchmarks";
  }
};

TEST_F(ThroughputDoor, AnEncoderDecoderEncodesItems) {
  const ProgramResult result = throughput({golden("seq2seq/t5"), "--prompt", "9", "--generate", "3", "--batch", "2",
                                           "--threads", "1", "--repetitions", "1", "--json"});
  expect_success(result);
  const Json line = Json::parse(result.out);
  for (const char* key : {"encode_items_per_second", "decode_tokens_per_second", "first_token_seconds"})
    EXPECT_GT(line[key].get<double>(), 0) << key;
  EXPECT_FALSE(line.contains("prefill_tokens_per_second"));
}

TEST_F(ThroughputDoor, PicturesAreItems) {
  for (const char* const name : {"vision/vit", "dual/clip"}) {
    SCOPED_TRACE(name);
    const ProgramResult result =
        throughput({golden(name), "--batch", "2", "--threads", "1", "--repetitions", "1", "--json"});
    expect_success(result);
    const Json line = Json::parse(result.out);
    for (const char* key : {"items_per_second", "first_token_seconds", "load_seconds", "peak_bytes"})
      EXPECT_GT(line[key].get<double>(), 0) << key;
    EXPECT_EQ(line["batch"], 2);
    EXPECT_FALSE(line.contains("prompt"));
  }
}

TEST_F(ThroughputDoor, SoundsAreItems) {
  for (const char* const name :
       {"speech/wav2vec2_ctc", "speech/hubert", "speech/whisper_classification", "speech/ast_classification"}) {
    SCOPED_TRACE(name);
    const ProgramResult result = throughput(
        {golden(name), "--batch", "2", "--threads", "1", "--repetitions", "1", "--seconds", "0.1", "--json"});
    expect_success(result);
    const Json line = Json::parse(result.out);
    for (const char* key : {"items_per_second", "first_token_seconds", "load_seconds", "peak_bytes"})
      EXPECT_GT(line[key].get<double>(), 0) << key;
    EXPECT_FALSE(line.contains("prompt"));
  }
}

TEST_F(ThroughputDoor, SoundsAreEncodedAndDecodedOver) {
  for (const char* const name : {"speech/whisper", "speech/moonshine"}) {
    SCOPED_TRACE(name);
    const ProgramResult result = throughput({golden(name), "--batch", "2", "--threads", "1", "--repetitions", "1",
                                             "--generate", "5", "--seconds", "0.2", "--json"});
    expect_success(result);
    const Json line = Json::parse(result.out);
    for (const char* key : {"encode_items_per_second", "decode_tokens_per_second", "first_token_seconds"})
      EXPECT_GT(line[key].get<double>(), 0) << key;
    EXPECT_EQ(line["generate"], 5);
    EXPECT_FALSE(line.contains("prompt"));
  }
}

TEST_F(ThroughputDoor, TheEncoderAloneIsMeasuredOnRequest) {
  for (const char* const name : {"speech/whisper", "seq2seq/t5"}) {
    SCOPED_TRACE(name);
    const ProgramResult result =
        throughput({golden(name), "--encoder-only", "--prompt", "9", "--threads", "1", "--repetitions", "1", "--json"});
    expect_success(result);
    const Json line = Json::parse(result.out);
    EXPECT_GT(line["items_per_second"].get<double>(), 0);
    EXPECT_FALSE(line.contains("decode_tokens_per_second"));
  }
  expect_refused(throughput({golden("decoders/gpt2"), "--encoder-only", "--json"}), {"encoder-only", "decoder"});
}

TEST_F(ThroughputDoor, PrintsAnObjectForEachThreadCount) {
  const ProgramResult result = throughput({golden("decoders/llama_grouped"), "--prompt", "9", "--generate", "3",
                                           "--batch", "2", "--threads", "1,2", "--repetitions", "1", "--json"});
  expect_success(result);
  std::size_t begin = 0;
  for (const int threads : {1, 2}) {
    const std::size_t end = result.out.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const Json line = Json::parse(result.out.substr(begin, end - begin));
    EXPECT_EQ(line["threads"], threads);
    EXPECT_EQ(line["batch"], 2);
    EXPECT_EQ(line["prompt"], 9);
    EXPECT_EQ(line["generate"], 3);
    for (const char* key :
         {"prefill_tokens_per_second", "decode_tokens_per_second", "load_seconds", "first_token_seconds", "peak_bytes"})
      EXPECT_GT(line[key].get<double>(), 0) << key;
    begin = end + 1;
  }
  EXPECT_EQ(begin, result.out.size());
}

TEST_F(ThroughputDoor, BadInputIsRefusedInOneLine) {
  const std::string model = golden("decoders/llama_grouped");
  struct Case {
    std::vector<std::string> options;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {{golden("nowhere")}, {golden("nowhere")}},
      {{golden("decoders/gpt2"), "--prompt", "100"}, {"72"}},
      {{model, "--dtype", "int3"}, {"dtype", "'int3'"}},
      {{model, "--isa", "sse"}, {"isa", "'sse'"}},
      {{model, "--threads", "0"}, {"threads", "0"}},
      {{model, "--threads", ""}, {"threads", "number"}},
      {{model, "--prompt", "-1"}, {"prompt", "-1"}},
      {{golden("speech/hubert"), "--seconds", "0"}, {"seconds", "0"}},
      {{golden("speech/hubert"), "--seconds", "x"}, {"seconds", "x"}},
      {{model, "--lengths", "5"}, {"lengths", "LO:HI", "'5'"}},
      {{model, "--lengths", "a:b"}, {"lengths", "'a:b'"}},
      {{model, "--lengths", "3:2"}, {"lengths", "'3:2'"}},
      {{model, "--lengths", "1:2:3"}, {"lengths", "'1:2:3'"}},
      {{model, "--lengths", "1:99999999999999"}, {"lengths", "99999999999999"}},
      {{model, "--lengths", "99999999999999999999:9"}, {"lengths", "99999999999999999999"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.options.back());
    expect_refused(throughput(item.options), item.mentions);
  }
}

}  // namespace
}  // namespace headformer::testing
