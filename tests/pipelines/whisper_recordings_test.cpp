#include <headformer/pipelines/speech_generator.hpp>
#include <headformer/pipelines/transcriber.hpp>
#include <headformer/pipelines/transcribing/timed_text.hpp>
#include <headformer/preprocess/audio/audio_features.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "models/goldens.hpp"
#include "support/errors.hpp"

// tests/reference/make_whisper_recordings.py: tiny random Whispers over recordings of several windows of a second.
namespace headformer::testing {
namespace {

PipelineOptions exact_whisper() {
  PipelineOptions options;
  options.threads = 1;
  options.load.weights = DType::f32;
  options.activations = Activations::f32;
  return options;
}

class WhisperRecordings : public ::testing::TestWithParam<const char*> {
 protected:
  const std::filesystem::path folder_ = goldens() / "whisper_recordings" / GetParam();
  const Json cases_ = parse_json(Bytes::map(folder_ / "cases.json"));
  const NamedTensors recordings_ = read_tensors(goldens() / "audio/recordings_16000.safetensors");

  std::vector<float> samples_of(const Json& item) const {
    std::vector<float> samples;
    for (const Json& name : item["recording"]) {
      const auto& part = std::get<Tensor<float>>(recordings_.at(name.get<std::string>()));
      samples.insert(samples.end(), part.data(), part.data() + part.count());
    }
    return samples;
  }

  static TranscriptionTask task_of(const Json& item, TranscriptTimes times) {
    TranscriptionTask task;
    const Json& arguments = item["arguments"];
    task.language = arguments.value("language", "");
    task.task = arguments.value("task", "");
    task.times = times;
    for (const auto& [key, value] : arguments.items()) task.windows.read(JsonObject(arguments, "arguments"), key);
    return task;
  }
};

TEST_P(WhisperRecordings, TextsSegmentsAndWordsAreTheReferences) {
  for (const Json& item : cases_) {
    SCOPED_TRACE(item["recording"].dump() + item["arguments"].dump());
    const Transcriber transcriber(folder_, task_of(item, TranscriptTimes::words), exact_whisper());
    const Transcript found = transcriber.transcribe(samples_of(item));
    EXPECT_EQ(found.text, item["text"].get<std::string>());
    std::size_t silent = 0;
    for (const Json& known : item["segments"]) {
      bool said = false;
      for (const Json& id : known["ids"]) said = said || id.get<TokenId>() < 267;  // the first special token
      silent += said ? 0 : 1;
    }
    ASSERT_EQ(found.segments.size(), item["segments"].size() - silent);
    if (silent == 0) {
      for (std::size_t i = 0; i < found.segments.size(); ++i) {
        EXPECT_NEAR(found.segments[i].begin, item["segments"][i]["begin"].get<double>(), 1e-6);
        EXPECT_NEAR(found.segments[i].end, item["segments"][i]["end"].get<double>(), 1e-6);
      }
    }
    ASSERT_EQ(found.words.size(), item["words"].size());
    for (std::size_t i = 0; i < found.words.size(); ++i) {
      EXPECT_EQ(found.words[i].word, item["words"][i][0].get<std::string>()) << i;
      EXPECT_NEAR(found.words[i].begin, item["words"][i][1].get<double>(), 1e-6) << i;
      EXPECT_NEAR(found.words[i].end, item["words"][i][2].get<double>(), 1e-6) << i;
    }
  }
}

TEST_P(WhisperRecordings, TokensAndTheirTimesAreTheReferences) {
  const SpeechGenerator generator(folder_, exact_whisper());
  const AudioFeatures features = AudioFeatures::from_files(Checkpoint::open(folder_).files());
  const auto& log_mel = std::get<LogMelFeatures>(features.kind());
  ThreadPool threads(1);
  for (const Json& item : cases_) {
    SCOPED_TRACE(item["recording"].dump() + item["arguments"].dump());
    const std::vector<float> samples = samples_of(item);
    const bool is_long = samples.size() > 16000;
    const Tensor<float> all = log_mel(samples, is_long ? 0 : 16000, threads);
    const TranscriptionTask task = task_of(item, TranscriptTimes::words);
    SpeechPrompts prompts;
    prompts.return_timestamps = true;
    if (!task.language.empty()) prompts.language = task.language;
    if (!task.task.empty()) prompts.task = task.task;
    LongFormOptions options = task.windows;
    options.return_token_timestamps = true;
    const Index heard = is_long ? all.size(1) : (static_cast<Index>(samples.size()) + 159) / 160;
    SpeechGenerator::Writing writing = generator.write(
        [&](Index first, Index count) {
          Tensor<float> part(Shape{all.size(0), count});
          for (Index c = 0; c < all.size(0); ++c) std::copy_n(all.view().row(c) + first, count, part.view().row(c));
          return part;
        },
        all.size(1), heard, {}, prompts, options);
    std::vector<LongFormSegment> found;
    while (writing.form.seek() < all.size(1))
      for (LongFormSegment& segment : writing.form.next(all.size(1))) found.push_back(std::move(segment));
    ASSERT_EQ(found.size(), item["segments"].size());
    std::vector<TokenId> ids;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Json& known = item["segments"][i];
      EXPECT_EQ(found[i].ids, known["ids"].get<std::vector<TokenId>>()) << i;
      const auto times = known["times"].get<std::vector<double>>();
      ASSERT_EQ(found[i].times.size(), times.size());
      for (std::size_t t = 0; t < times.size(); ++t) EXPECT_NEAR(found[i].times[t], times[t], 1e-3) << i << ", " << t;
      ids.insert(ids.end(), found[i].ids.begin(), found[i].ids.end());
    }
    options.return_token_timestamps = false;
    EXPECT_EQ(generator.generate({all.view()}, {}, prompts, options), ids);
  }
}

TEST_P(WhisperRecordings, AStreamTellsSegmentsInOrderAndTakesNoneBack) {
  const Json& item = cases_.front();
  const std::vector<float> samples = samples_of(item);
  const auto run = [&](std::size_t piece) {
    std::vector<TranscribedSegment> told;
    TranscriptionTask task = task_of(item, TranscriptTimes::segments);
    task.on_segment = [&](const TranscribedSegment& segment) { told.push_back(segment); };
    const Transcriber transcriber(folder_, task, exact_whisper());
    Transcriber::Stream stream = transcriber.stream();
    std::size_t told_before_the_end = 0;
    for (std::size_t at = 0; at < samples.size(); at += piece)
      stream.append(std::span(samples).subspan(at, std::min(piece, samples.size() - at)));
    told_before_the_end = told.size();
    const Transcript whole = stream.finish();
    EXPECT_GT(told_before_the_end, 0U);
    EXPECT_EQ(whole.segments.size(), told.size());
    std::string texts;
    for (std::size_t i = 0; i < told.size(); ++i) {
      EXPECT_EQ(told[i].text, whole.segments[i].text);
      EXPECT_GE(told[i].end, told[i].begin);
      if (i > 0) {
        EXPECT_GE(told[i].begin, told[i - 1].begin);
      }
      texts += told[i].text;
    }
    EXPECT_EQ(texts, whole.text);
    return whole.text;
  };
  const std::string text = run(1600);
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(run(777), text);
  EXPECT_EQ(run(100000), text);
}

TEST_P(WhisperRecordings, ABatchIsAsEachAlone) {
  TranscriptionTask task;
  task.times = TranscriptTimes::segments;
  PipelineOptions options = exact_whisper();
  std::vector<double> progress;
  options.progress = [&](const Progress& p) {
    if (p.stage == Progress::Stage::running) progress.push_back(p.done / p.total);
  };
  const Transcriber transcriber(folder_, task, options);
  const std::vector<float> first = samples_of(cases_[0]);
  const std::vector<float> second = samples_of(cases_[1]);
  const std::vector<float> broken = {0.5F, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<std::span<const float>> all = {first, {}, broken, second};
  const std::vector<Outcome<Transcript>> found = transcriber.transcribe(all);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].value().text, transcriber.transcribe(first).text);
  EXPECT_EQ(found[3].value().text, transcriber.transcribe(second).text);
  expect_mentions(found[1].error(), {"recording", "none"});
  expect_mentions(found[2].error(), {"nan", "sample 1"});
  EXPECT_GT(progress.size(), 6U);  // windows, too
}

TEST_P(WhisperRecordings, SkippedSilenceMovesTimesNotTexts) {
  const std::vector<float> sound = samples_of(cases_[1]);
  std::vector<float> late(16000, 0.0F);
  late.insert(late.end(), sound.begin(), sound.end());
  TranscriptionTask task = task_of(cases_[1], TranscriptTimes::segments);
  task.skip_silence = true;
  const Transcriber transcriber(folder_, task, exact_whisper());
  const Transcript found = transcriber.transcribe(late);
  ASSERT_FALSE(found.segments.empty());
  EXPECT_GE(found.segments.front().begin, 0.75);
  EXPECT_TRUE(transcriber.transcribe(std::vector<float>(8000)).text.empty());
  EXPECT_FALSE(Transcriber(folder_, task_of(cases_[1], TranscriptTimes::segments), exact_whisper())
                   .transcribe(late)
                   .segments.empty());
  expect_mentions(message_of<ArgumentError>([&] { transcriber.stream(); }), {"skip_silence", "whole"});
}

TEST_P(WhisperRecordings, WhatCannotBeIsRefused) {
  const auto refusal = [&](const auto& change) {
    TranscriptionTask task;
    change(task);
    return message_of<ArgumentError>([&] { Transcriber(folder_, task, exact_whisper()); });
  };
  expect_mentions(refusal([](TranscriptionTask& task) { task.beams = 3; }), {"beams", "3"});
  expect_mentions(refusal([](TranscriptionTask& task) { task.chunk_seconds = 3; }), {"chunk"});
  expect_mentions(refusal([](TranscriptionTask& task) { task.language = "xx"; }), {"language", "xx"});
  expect_mentions(refusal([](TranscriptionTask& task) { task.initial_prompt = "a <|en|> b"; }),
                  {"initial prompt", "<|en|>"});
}

INSTANTIATE_TEST_SUITE_P(Models, WhisperRecordings, ::testing::Values("model_0", "model_1"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace headformer::testing
