#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include "headformer/core/thread_pool.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/preprocess/audio/audio_features.hpp"
#include "headformer/preprocess/audio/resampler.hpp"

namespace headformer {
namespace {

namespace fs = std::filesystem;

const fs::path sounds = fs::path(HEADFORMER_TESTS_DIR) / "goldens/audio";

Safetensors open(const fs::path& path) { return Safetensors::parse(Bytes::map(path)); }

std::span<const float> numbers(const Safetensors& file, std::string_view name) {
  const TensorEntry* entry = file.find(name);
  if (entry == nullptr) throw ArgumentError("golden without " + std::string(name));
  return {reinterpret_cast<const float*>(entry->bytes.data()), static_cast<std::size_t>(entry->shape.count())};
}

TEST(Audio, FeaturesAreTheReferences) {
  ThreadPool pool(2);
  std::size_t cases = 0;
  for (const fs::directory_entry& folder : fs::directory_iterator(sounds)) {
    if (!folder.is_directory()) continue;
    const AudioFeatures features = AudioFeatures::from_files(folder_reader(folder.path()));
    const Safetensors recordings =
        open(sounds / ("recordings_" + std::to_string(features.sample_rate()) + ".safetensors"));
    const Safetensors expected = open(folder.path() / "expected.safetensors");
    for (const TensorEntry& entry : expected.tensors()) {
      const Tensor<float> found = features(numbers(recordings, entry.name), pool);
      const std::string place = folder.path().filename().string() + " " + entry.name;
      ASSERT_EQ(found.shape(), entry.shape) << place;
      const std::span<const float> wanted = numbers(expected, entry.name);
      float greatest = 0;
      for (std::size_t i = 0; i < wanted.size(); ++i)
        greatest = std::max(greatest, std::abs(found.data()[i] - wanted[i]));
      EXPECT_LE(greatest, 1e-4F) << place;
      ++cases;
    }
  }
  EXPECT_GE(cases, 30U);
}

TEST(Audio, ThreadsChangeNoBit) {
  ThreadPool three(3);
  SerialExecutor serial;
  const Safetensors recordings = open(sounds / "recordings_16000.safetensors");
  const LogMelFeatures features({.chunk = 2});
  const Tensor<float> alone = features(numbers(recordings, "long"), 32000, serial);
  const Tensor<float> together = features(numbers(recordings, "long"), 32000, three);
  EXPECT_TRUE(std::equal(alone.data(), alone.data() + alone.count(), together.data()));
  // As long as it is: what the first frames see does not depend on what follows, but for the greatest value.
  EXPECT_EQ(features(numbers(recordings, "speech"), 0, serial).shape(), (Shape{80, 100}));
}

TEST(Audio, SoundsOfNoLengthAreFeaturesOfSilenceOrNone) {
  SerialExecutor serial;
  EXPECT_EQ(LogMelFeatures({.chunk = 1})({}, 16000, serial).shape(), (Shape{80, 100}));
  EXPECT_EQ(LogMelFeatures({.chunk = 1})({}, 0, serial).shape(), (Shape{80, 0}));
  EXPECT_EQ(FilterBankFeatures({.frames = 12})({}, serial).shape(), (Shape{12, 128}));
  EXPECT_EQ(WaveformFeatures()({}).shape(), (Shape{0}));
  const float one[] = {0.5F};
  EXPECT_EQ(LogMelFeatures({.chunk = 1})(one, 0, serial).shape(), (Shape{80, 0}));
  const Tensor<float> as_it_is = WaveformFeatures{16000, false}(one);
  EXPECT_EQ(as_it_is.data()[0], 0.5F);
}

TEST(Audio, ResamplingIsTorchaudios) {
  const Safetensors file = open(sounds / "resampling.safetensors");
  std::size_t cases = 0;
  for (const TensorEntry& entry : file.tensors()) {
    const std::size_t dot = entry.name.find(".samples");
    if (dot == std::string::npos) continue;
    const std::size_t bar = entry.name.find('_');
    const Index from = std::stol(entry.name.substr(0, bar));
    const Index to = std::stol(entry.name.substr(bar + 1, dot - bar - 1));
    const std::vector<float> found = Resampler(from, to)(numbers(file, entry.name));
    const std::span<const float> wanted = numbers(file, entry.name.substr(0, dot) + ".resampled");
    ASSERT_EQ(found.size(), wanted.size()) << entry.name;
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 5e-6F) << entry.name << " " << i;
    ++cases;
  }
  EXPECT_EQ(cases, 8U);
  EXPECT_THROW(Resampler(0, 16000), ArgumentError);
  EXPECT_THROW(Resampler(16000, 2'000'000), ArgumentError);
  const std::vector<float> same = Resampler(16000, 16000)(std::vector<float>{1, 2, 3});
  EXPECT_EQ(same, (std::vector<float>{1, 2, 3}));
  EXPECT_TRUE(Resampler(44100, 16000)({}).empty());
}

TEST(Audio, ChannelsAreMixedToTheirMean) {
  EXPECT_EQ(mixed_down(std::vector<float>{1, 3, -2, 4}, 2), (std::vector<float>{2, 1}));
  EXPECT_THROW(mixed_down(std::vector<float>{1, 2, 3}, 2), ArgumentError);
  EXPECT_THROW(mixed_down({}, 0), ArgumentError);
}

TEST(Audio, ConfigsThatAreNoneSayWhere) {
  const auto files = [](const std::string& text) -> FileReader {
    const auto kept = std::make_shared<const std::string>(text);
    return [kept](const std::string& name) {
      return name == "preprocessor_config.json" ? Bytes(std::as_bytes(std::span(*kept)), kept, name) : Bytes();
    };
  };
  const auto error = [&](const std::string& text) -> std::string {
    try {
      AudioFeatures::from_files(files(text));
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_EQ(error(R"({"feature_extractor_type": "ClapFeatureExtractor"})"),
            "preprocessor_config.json: feature_extractor_type: expected WhisperFeatureExtractor, "
            "Wav2Vec2FeatureExtractor or ASTFeatureExtractor, found 'ClapFeatureExtractor'");
  EXPECT_NE(error(R"({"feature_extractor_type": "WhisperFeatureExtractor", "hop_length": 0})").find("hop_length"),
            std::string::npos);
  EXPECT_NE(error("{}").find("feature_extractor_type"), std::string::npos);
  EXPECT_THROW(AudioFeatures::from_files([](const std::string&) { return Bytes(); }), ConfigError);
}

}  // namespace
}  // namespace headformer
