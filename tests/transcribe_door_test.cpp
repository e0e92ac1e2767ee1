#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <headformer/formats/json.hpp>
#include <headformer/formats/safetensors.hpp>
#include <nlohmann/json.hpp>

#include "models/goldens.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

// transcribe, and preprocess of recordings, as anyone runs them.
namespace headformer::testing {
namespace {

/// A recording of the goldens as a file: RIFF of 16 bits, one channel.
std::string wave_bytes(std::span<const float> samples, std::uint32_t rate) {
  std::string data;
  for (const float sample : samples) {
    const auto value = static_cast<std::int16_t>(std::clamp(std::lround(sample * 32768.0F), -32768L, 32767L));
    data += static_cast<char>(value & 0xff);
    data += static_cast<char>((value >> 8) & 0xff);
  }
  const auto number = [](std::uint32_t value, int bytes) {
    std::string result;
    for (int i = 0; i < bytes; ++i) result += static_cast<char>((value >> (8 * i)) & 0xff);
    return result;
  };
  const auto size = static_cast<std::uint32_t>(data.size());
  return "RIFF" + number(36 + size, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) + number(1, 2) + number(rate, 4) +
         number(2 * rate, 4) + number(2, 2) + number(16, 2) + "data" + number(size, 4) + data;
}

class TranscribeDoor : public ::testing::Test {
 protected:
  const std::string model_ = (goldens() / "whisper_recordings/model_0").string();
  TemporaryFolder folder_;
  std::string wave_;

  void SetUp() override {
    const NamedTensors recordings = read_tensors(goldens() / "audio/recordings_16000.safetensors");
    const auto& recording = std::get<Tensor<float>>(recordings.at("long"));
    wave_ = wave_bytes({recording.data(), static_cast<std::size_t>(recording.count())}, 16000);
    folder_.write("long.wav", wave_);
  }
  std::string file(const std::string& name = "long.wav") const { return (folder_.path() / name).string(); }

  ProgramResult transcribe(std::vector<std::string> options, const std::string& input = "") const {
    options.insert(options.begin(), model_);
    options.insert(options.end(), {"--dtype", "f32", "--threads", "1"});
    return run_program("transcribe", options, input);
  }
};

TEST_F(TranscribeDoor, JsonHasSegmentsAndWordsAndTextIsTheirs) {
  const ProgramResult result = transcribe({file(), "--format", "json", "--words"});
  expect_success(result);
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["language"], "en");
  ASSERT_GT(json["segments"].size(), 3U);
  std::string texts;
  double last = 0;
  for (const Json& segment : json["segments"]) {
    texts += segment["text"].get<std::string>();
    EXPECT_GE(segment["end"].get<double>(), segment["start"].get<double>());
    EXPECT_GE(segment["start"].get<double>(), last);
    last = segment["start"].get<double>();
  }
  EXPECT_EQ(texts, json["text"].get<std::string>());
  std::string words;
  for (const Json& word : json["words"]) words += word["word"].get<std::string>();
  EXPECT_EQ(words, texts);
  const ProgramResult text = transcribe({file()});
  expect_success(text);
  EXPECT_EQ(text.out, texts + "\n");
}

TEST_F(TranscribeDoor, SubtitlesAreCuesOfTheSegments) {
  const Json json = Json::parse(transcribe({file(), "--format", "json"}).out);
  const ProgramResult srt = transcribe({file(), "--format", "srt"});
  const ProgramResult vtt = transcribe({file(), "--format", "vtt"});
  expect_success(srt);
  expect_success(vtt);
  EXPECT_TRUE(srt.out.starts_with("1\n00:00:00,180 --> 00:00:00,460\n")) << srt.out.substr(0, 60);
  EXPECT_TRUE(vtt.out.starts_with("WEBVTT\n\n00:00:00.180 --> 00:00:00.460\n")) << vtt.out.substr(0, 60);
  const auto count = [](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(" --> ", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count(srt.out), json["segments"].size());
  EXPECT_EQ(count(vtt.out), json["segments"].size());
  const ProgramResult words = transcribe({file(), "--format", "srt", "--words"});
  expect_success(words);
  EXPECT_GT(count(words.out), json["segments"].size());
}

TEST_F(TranscribeDoor, APipeSaysWhatItsSegmentsSay) {
  const std::string raw = wave_.substr(44);
  const ProgramResult srt = transcribe({"-", "--format", "srt"}, raw);
  expect_success(srt);
  EXPECT_TRUE(srt.out.starts_with("1\n")) << srt.out.substr(0, 40);
  const Json json = Json::parse(transcribe({"-", "--format", "json"}, raw).out);
  const ProgramResult text = transcribe({"-"}, raw + "x");  // half a sample is none
  expect_success(text);
  EXPECT_GT(text.out.size(), json["segments"].size());
  for (const char* format : {"text", "json", "vtt"}) {
    const ProgramResult nothing = transcribe({"-", "--format", format});
    expect_success(nothing);
    EXPECT_LT(nothing.out.size(), 40U);
  }
}

TEST_F(TranscribeDoor, StartAndDurationAreOfTheWhole) {
  const ProgramResult result = transcribe({file(), "--format", "json", "--start", "1", "--duration", "0.5"});
  expect_success(result);
  const Json json = Json::parse(result.out);
  for (const Json& segment : json["segments"]) EXPECT_GE(segment["start"].get<double>(), 1);
  const std::string raw = wave_.substr(44);
  const Json piped = Json::parse(transcribe({"-", "--format", "json", "--start", "2"}, raw).out);
  for (const Json& segment : piped["segments"]) EXPECT_GE(segment["start"].get<double>(), 2);
}

TEST_F(TranscribeDoor, ASeedAndColderTextsRepeatThemselves) {
  const std::vector<std::string> options = {file(), "--temperature", "0,0.5,1", "--logprob-threshold",
                                            "-0.1", "--seed",        "7"};
  const ProgramResult first = transcribe(options);
  expect_success(first);
  EXPECT_EQ(first.out, transcribe(options).out);
  EXPECT_NE(first.out, transcribe({file()}).out);
  EXPECT_NE(transcribe({file(), "--initial-prompt", "the word is"}).out, transcribe({file()}).out);
}

TEST_F(TranscribeDoor, BadInputIsRefusedInOneLine) {
  folder_.write("empty.wav", wave_bytes({}, 16000));
  folder_.write("cut.wav", wave_.substr(0, 20));
  folder_.write("garbage.wav", std::string(1000, 'x'));
  struct Case {
    std::vector<std::string> options;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {{file("nowhere.wav")}, {"nowhere.wav"}},
      {{file("empty.wav")}, {"empty.wav", "one sample", "none"}},
      {{file("cut.wav")}, {"cut.wav"}},
      {{file("garbage.wav")}, {"garbage.wav", "recording"}},
      {{file(), "--words"}, {"words", "text"}},
      {{file(), "--format", "doc"}, {"format", "doc"}},
      {{file(), "--start", "9"}, {"9", "2.5"}},
      {{file(), "--duration", "-1"}, {"duration", "-1"}},
      {{file(), "--language", "Klingon"}, {"language", "'Klingon'"}},
      {{file(), "--task", "sing"}, {"task", "'sing'"}},
      {{file(), "--beams", "2"}, {"beams", "2"}},
      {{file(), "--chunk", "2"}, {"chunk"}},
      {{file(), "--no-speech-threshold", "0.5"}, {"no_speech_threshold", "logprob_threshold"}},
      {{file(), "--temperature", "0,-1"}, {"temperature", "-1"}},
      {{file(), "--initial-prompt", "<|en|>"}, {"initial prompt", "<|en|>"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.options.back());
    expect_refused(transcribe(item.options), item.mentions);
  }
}

TEST_F(TranscribeDoor, PreprocessWritesWhatTheModelIsGiven) {
  const ProgramResult result = run_program("preprocess", {model_, "--audio", file(), file("out.safetensors")});
  expect_success(result);
  const NamedTensors given = read_tensors(file("out.safetensors"));
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(std::get<Tensor<float>>(given.at("input_features")).shape(), (Shape{1, 20, 100}));
  expect_refused(run_program("preprocess", {model_, "--audio", file(), "--text", "a", file("two.safetensors")}),
                 {"audio"});
  expect_refused(run_program("preprocess", {model_, "--audio", file("nowhere"), file("three.safetensors")}),
                 {"nowhere"});
  EXPECT_FALSE(std::filesystem::exists(file("three.safetensors")));
}

}  // namespace
}  // namespace headformer::testing
