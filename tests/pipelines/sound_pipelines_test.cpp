#include <cmath>
#include <headformer/pipelines/audio_classifier.hpp>
#include <headformer/pipelines/transcriber.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "models/goldens.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace headformer::testing {
namespace {

PipelineOptions exact() {
  PipelineOptions options;
  options.threads = 1;
  options.load.weights = DType::f32;
  options.activations = Activations::f32;
  return options;
}

/// A golden of a speech model with the files of a feature extractor and a tokenizer beside its own.
class SoundFolder {
 public:
  SoundFolder(const std::string& golden, const Json& files) {
    for (const char* name : {"config.json", "model.safetensors"})
      std::filesystem::copy(goldens() / "speech" / golden / name, folder_ / name);
    for (const auto& [name, content] : files.items()) folder_.write(name, content.dump());
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

void expect_words(const std::vector<TranscribedWord>& found, const Json& words) {
  ASSERT_EQ(found.size(), words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(found[i].word, words[i][0].get<std::string>());
    EXPECT_NEAR(found[i].begin, words[i][1].get<double>(), 1e-9);
    EXPECT_NEAR(found[i].end, words[i][2].get<double>(), 1e-9);
  }
}

/// tests/reference/speech_pipelines.py
class SoundPipelines : public ::testing::Test {
 protected:
  const Json cases_ = parse_json(Bytes::map(goldens() / "speech_pipelines.json"));
  const NamedTensors recordings_ = read_tensors(goldens() / "audio/recordings_16000.safetensors");

  std::span<const float> part(const Json& known, const Json& item) const {
    const auto& whole = std::get<Tensor<float>>(recordings_.at(known["recording"].get<std::string>()));
    return {whole.data() + known["first"].get<Index>(), item["samples"].get<std::size_t>()};
  }
};

TEST_F(SoundPipelines, TextsAndWordsAreTheReferences) {
  int seen = 0;
  for (const Json& item : cases_) {
    const auto name = item["model"].get<std::string>();
    if (!name.ends_with("ctc")) continue;
    SCOPED_TRACE(name);
    const SoundFolder folder(name, item["files"]);
    const Transcriber transcriber(folder.path(), {}, exact());
    EXPECT_EQ(transcriber.sample_rate(), 16000);
    for (const Json& known : item["answers"]) {
      SCOPED_TRACE(known["recording"].get<std::string>());
      const Transcript found = transcriber.transcribe(part(known, item));
      EXPECT_EQ(found.text, known["answer"]["text"].get<std::string>());
      expect_words(found.words, known["answer"]["words"]);
      ++seen;
    }
  }
  EXPECT_GE(seen, 6);
}

TEST_F(SoundPipelines, ChunksArePutTogetherAsTheReferenceDoes) {
  int seen = 0;
  for (const Json& item : cases_) {
    for (const Json& known : item["answers"]) {
      if (!known.contains("chunked")) continue;
      const SoundFolder folder(item["model"].get<std::string>(), item["files"]);
      for (const Json& chunked : known["chunked"]) {
        SCOPED_TRACE(item["model"].dump() + known["recording"].dump() + chunked["options"].dump());
        TranscriptionTask task;
        task.chunk_seconds = 0.05;
        if (chunked["options"].contains("stride_length_s"))
          task.stride_seconds = chunked["options"]["stride_length_s"].get<double>();
        const Transcriber transcriber(folder.path(), task, exact());
        const std::span<const float> samples = part(known, item);
        const Transcript found = transcriber.transcribe(samples);
        EXPECT_EQ(found.text, chunked["text"].get<std::string>());
        expect_words(found.words, chunked["words"]);
        // A stream hears the same chunks, whatever it comes in.
        for (const std::size_t piece : {std::size_t{300}, std::size_t{5000}}) {
          Transcriber::Stream stream = transcriber.stream();
          for (std::size_t at = 0; at < samples.size(); at += piece)
            stream.append(samples.subspan(at, std::min(piece, samples.size() - at)));
          expect_words(stream.finish().words, chunked["words"]);
        }
        ++seen;
      }
    }
  }
  EXPECT_GE(seen, 16);
}

TEST_F(SoundPipelines, OneBeamOfManyIsTheBestPathOrBetter) {
  for (const Json& item : cases_) {
    const auto name = item["model"].get<std::string>();
    if (!name.ends_with("ctc")) continue;
    const SoundFolder folder(name, item["files"]);
    TranscriptionTask task;
    task.beams = 8;
    const Transcriber transcriber(folder.path(), task, exact());
    for (const Json& known : item["answers"]) {
      const Transcript found = transcriber.transcribe(part(known, item));
      EXPECT_FALSE(found.text.empty());
      std::string words;
      for (const TranscribedWord& word : found.words) {
        words += (words.empty() ? "" : " ") + word.word;
        EXPECT_LT(word.begin, word.end);
      }
      EXPECT_EQ(words, found.text);
    }
  }
}

TEST_F(SoundPipelines, ScoresAreTheReferences) {
  int seen = 0;
  for (const Json& item : cases_) {
    const auto name = item["model"].get<std::string>();
    if (name.ends_with("ctc")) continue;
    SCOPED_TRACE(name);
    const SoundFolder folder(name, item["files"]);
    const AudioClassifier classifier(folder.path(), exact());
    for (const Json& known : item["answers"]) {
      SCOPED_TRACE(known["recording"].get<std::string>());
      const std::vector<LabelScore> found = classifier.classify(part(known, item));
      ASSERT_EQ(found.size(), known["answer"].size());
      for (const LabelScore& label : found)
        EXPECT_NEAR(label.score, known["answer"][label.label].get<float>(), 2e-4F) << label.label;
      EXPECT_GE(found[0].score, found[1].score);
      ++seen;
    }
  }
  EXPECT_GE(seen, 6);
}

TEST_F(SoundPipelines, ABadRecordingStopsNoOther) {
  const Json& item = cases_.front();
  const SoundFolder folder(item["model"].get<std::string>(), item["files"]);
  const Transcriber transcriber(folder.path(), {}, exact());
  const std::span<const float> good = part(item["answers"].front(), item);
  const std::vector<float> silent(2000);
  const std::vector<float> broken = {0.5F, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<std::span<const float>> all = {good, {}, broken, std::span(silent).first(5), silent, good};
  const std::vector<Outcome<Transcript>> found = transcriber.transcribe(all);
  ASSERT_EQ(found.size(), all.size());
  EXPECT_EQ(found[0].value().text, item["answers"].front()["answer"]["text"].get<std::string>());
  expect_mentions(found[1].error(), {"recording", "none"});
  expect_mentions(found[2].error(), {"recording", "nan", "sample 1"});
  expect_mentions(found[3].error(), {"input_values", "5"});
  EXPECT_TRUE(found[4]) << found[4].error();
  EXPECT_EQ(found[5].value().text, found[0].value().text);
}

TEST_F(SoundPipelines, ModelsOfAnotherKindAreRefused) {
  const Json& item = cases_.front();
  const SoundFolder hidden("hubert", item["files"]);
  expect_mentions(message_of<ConfigError>([&] { Transcriber(hidden.path(), {}, exact()); }), {"CTC", "HubertModel"});
  expect_mentions(message_of<ConfigError>([&] { AudioClassifier(hidden.path(), exact()); }),
                  {"HubertForSequenceClassification", "'HubertModel'"});
  const SoundFolder characters("wav2vec2_ctc", item["files"]);
  TranscriptionTask translate;
  translate.task = "translate";
  expect_mentions(message_of<ArgumentError>([&] { Transcriber(characters.path(), translate, exact()); }),
                  {"task", "'translate'"});
  TranscriptionTask wide;
  wide.chunk_seconds = 0.05;
  wide.stride_seconds = 0.03;
  const std::vector<float> samples(2000);
  expect_mentions(message_of<ArgumentError>([&] { Transcriber(characters.path(), wide, exact()).transcribe(samples); }),
                  {"stride", "0.03"});
  TranscriptionTask prompted;
  prompted.initial_prompt = "a";
  expect_mentions(message_of<ArgumentError>([&] { Transcriber(characters.path(), prompted, exact()); }), {"prompt"});
}

}  // namespace
}  // namespace headformer::testing
