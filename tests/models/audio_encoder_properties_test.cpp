#include "models/audio_encoders.hpp"
#include "support/errors.hpp"

// A sound's outputs follow the reference on every instruction set, and are the same bits whatever else is in the batch,
// of whatever length, on however many threads.
namespace headformer::testing {
namespace {

class AudioEncoderProperties : public ::testing::TestWithParam<const char*> {
 protected:
  AudioEncoderProperties() : encoder_(open_audio_encoder_of_goldens(GetParam())) {
    const AudioEncoderConfig& config = encoder_->config();
    for (const Index samples : {300, 1, 1700, 230, 3}) {
      const Index length = config.frames > 0 ? config.frames : std::max<Index>(samples, 210);
      const Shape shape = config.channels == 1 ? Shape{length} : Shape{config.channels, length};
      sounds_.push_back(random_sound(shape, static_cast<unsigned>(samples)));
    }
    for (const Tensor<float>& sound : sounds_) inputs_.push_back({sound.view()});
  }

  std::shared_ptr<const AudioEncoder> encoder_;
  std::vector<Tensor<float>> sounds_;
  std::vector<AudioInput> inputs_;
};

TEST_P(AudioEncoderProperties, CompanyAndThreadsChangeNoBit) {
  for (const int threads : {1, 2, 3}) {
    const std::vector<Tensor<float>> together = outputs_of(*encoder_, *workspace_of(threads), inputs_);
    Index row = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::vector<Tensor<float>> alone = outputs_of(*encoder_, *workspace_of(), {inputs_[i]});
      for (std::size_t h = 0; h < alone.size(); ++h) {
        const bool per_token = encoder_->heads()[h]->output().per_token;
        const Index first = per_token ? row : static_cast<Index>(i);
        EXPECT_TRUE(
            same_bits(rows_of(together[h], first, first + alone[h].size(0)), rows_of(alone[h], 0, alone[h].size(0))))
            << "sound " << i << ", head " << h << ", " << threads << " threads";
      }
      row += encoder_->rows(inputs_[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, AudioEncoderProperties,
                         ::testing::Values("wav2vec2", "wav2vec2_stable", "wav2vec2_ctc", "wav2vec2_classification",
                                           "wav2vec2_summed", "wav2vec2_stable_summed", "wav2vec2_speaker", "hubert",
                                           "hubert_unnormed", "wavlm", "wavlm_stable", "wavlm_frames_summed",
                                           "whisper_classification", "whisper_weighted"),
                         [](const auto& name) { return std::string(name.param); });

/// Where no norm goes over the whole row.
TEST(AudioEncoders, PaddingThatIsNotHeardChangesNoBit) {
  for (const char* name : {"wav2vec2_stable", "wav2vec2_stable_summed", "hubert_stable", "wavlm_stable"}) {
    SCOPED_TRACE(name);
    const auto encoder = open_audio_encoder_of_goldens(name);
    const Tensor<float> sound = random_sound(Shape{300}, 1);
    Tensor<float> padded(Shape{470});
    std::fill_n(padded.data(), padded.count(), 3.5F);
    std::copy_n(sound.data(), sound.count(), padded.data());
    AudioInput input{padded};
    input.length = sound.count();
    const std::vector<Tensor<float>> found = outputs_of(*encoder, *workspace_of(), {input});
    const std::vector<Tensor<float>> alone = outputs_of(*encoder, *workspace_of(), {{sound.view()}});
    for (std::size_t h = 0; h < alone.size(); ++h) EXPECT_TRUE(same_bits(found[h], alone[h])) << "head " << h;
  }
}

class SpeechIsas : public ::testing::TestWithParam<Isa> {};

TEST_P(SpeechIsas, EveryOneFollowsTheReference) {
  if (!has_isa(CpuFeatures::detect(), GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  for (const Golden& golden : read_manifest()) {
    if (!golden.of_speech() || !golden.name.ends_with("/sounds")) continue;
    SCOPED_TRACE(golden.name);
    const auto workspace = workspace_of(1, GetParam());
    std::unique_ptr<Model> model;
    if (golden.family == "AST") continue;  // an encoder of pictures, and tested as such
    if (golden.name.find("/whisper_classification") != std::string::npos || golden.family == "Wav2Vec2" ||
        golden.family == "HuBERT" || golden.family == "WavLM") {
      model = std::make_unique<AudioEncoderModel>(open_audio_encoder_at(golden.model), workspace);
    } else if (golden.name.find("/whisper_weighted") == std::string::npos) {
      model = std::make_unique<SpeechToTextModel>(open_speech_to_text_at(golden.model), workspace);
    } else {
      continue;
    }
    const NamedTensors found = model->forward(read_tensors(golden.inputs));
    for (const auto& [name, tensor] : read_tensors(golden.outputs)) {
      SCOPED_TRACE(name);
      expect_close(std::get<Tensor<float>>(found.at(name)), std::get<Tensor<float>>(tensor), golden.tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, SpeechIsas, ::testing::Values(Isa::portable, Isa::avx2, Isa::avx512),
                         [](const auto& isa) { return std::string(name_of(isa.param)); });

// --- inputs ---

NamedTensors waveform(const Shape& shape) {
  NamedTensors inputs;
  inputs.emplace("input_values", random_sound(shape, 1));
  return inputs;
}

NamedTensors with_mask(NamedTensors inputs, const Shape& shape, Index length) {
  Tensor<std::int64_t> mask(shape);
  for (Index r = 0; r < shape[0]; ++r) std::fill_n(mask.data() + r * shape[1], std::min(length, shape[1]), 1);
  inputs.emplace("attention_mask", std::move(mask));
  return inputs;
}

TEST(AudioEncoderInputs, ThoseThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    NamedTensors inputs;
    std::vector<std::string> mentions;
  };
  NamedTensors features;
  features.emplace("input_features", random_sound(Shape{1, 5, 27}, 1));
  NamedTensors unknown = waveform({1, 400});
  unknown.emplace("input_ids", Tensor<std::int64_t>(Shape{1, 4}));
  Case table[] = {
      {"wav2vec2", {}, {"input_values", "none"}},
      {"wav2vec2", waveform({400}), {"input_values", "[B, samples]", "[400]"}},
      {"wav2vec2", waveform({1, 0}), {"input_values", "[1, 0]"}},
      {"wav2vec2", waveform({1, 24}), {"input_values", "1 frames", "24"}},
      {"wav2vec2_speaker", waveform({1, 60}), {"input_values", "7 frames", "60"}},
      {"wav2vec2", with_mask(waveform({2, 400}), {1, 400}, 9), {"attention_mask", "[2, 400]", "[1, 400]"}},
      {"wav2vec2", std::move(unknown), {"'input_ids'", "attention_mask"}},
      {"whisper_classification", waveform({1, 400}), {"input_features", "none"}},
      {"whisper_classification", std::move(features), {"input_features", "28 frames", "27"}},
  };
  for (Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.mentions.back());
    AudioEncoderModel model(open_audio_encoder_of_goldens(item.golden), workspace_of());
    expect_mentions(message_of<ArgumentError>([&] { model.forward(item.inputs); }), item.mentions);
  }
}

TEST(AudioEncoderInputs, ARowOfPaddingOnlyIsZero) {
  AudioEncoderModel model(open_audio_encoder_of_goldens("wav2vec2"), workspace_of());
  NamedTensors inputs = with_mask(waveform({2, 400}), {2, 400}, 400);
  std::fill_n(std::get<Tensor<std::int64_t>>(inputs.at("attention_mask")).data() + 20, 380, 0);
  for (const auto& [name, output] : model.forward(inputs)) {
    const auto& tensor = std::get<Tensor<float>>(output);
    for (Index i = 0; i < tensor.count() / 2; ++i) EXPECT_EQ(tensor.data()[i], 0) << name;
    EXPECT_NE(tensor.data()[tensor.count() / 2], 0) << name;
  }
}

TEST(SpeechToTextInputs, ThoseThatDoNotFitAreRefused) {
  const auto model = open_speech_to_text_at(goldens() / "speech/whisper");
  const auto refusal = [&](const Shape& sound, const char* name, Tensor<std::int64_t> ids) {
    NamedTensors inputs;
    inputs.emplace("input_features", random_sound(sound, 1));
    inputs.emplace(name, std::move(ids));
    return message_of<ArgumentError>([&] { SpeechToTextModel(model, workspace_of()).forward(inputs); });
  };
  const Tensor<std::int64_t> two(Shape{2, 3});
  expect_mentions(refusal({1, 5, 140}, "decoder_input_ids", two.clone()), {"decoder inputs", "1 rows", "2"});
  expect_mentions(refusal({2, 5, 141}, "decoder_input_ids", two.clone()), {"input_features", "140 frames", "141"});
  expect_mentions(refusal({2, 6, 140}, "decoder_input_ids", two.clone()),
                  {"input_features", "[5, frames]", "[6, 140]"});
  expect_mentions(refusal({2, 5, 140}, "input_ids", two.clone()), {"'input_ids'"});
  expect_mentions(refusal({2, 5, 140}, "decoder_attention_mask", two.clone()),
                  {"decoder_input_ids", "decoder_inputs_embeds", "neither"});
  Tensor<std::int64_t> strange(Shape{2, 1});
  strange.data()[1] = 61;
  expect_mentions(refusal({2, 5, 140}, "decoder_input_ids", std::move(strange)), {"input_ids", "60", "61"});
}

TEST(SpeechToText, SoundsOfABatchAreEncodedAsAlone) {
  const auto model = open_speech_to_text_at(goldens() / "speech/moonshine");
  const Tensor<float> first = random_sound(Shape{2300}, 1);
  const Tensor<float> second = random_sound(Shape{4100}, 2);
  const std::vector<AudioInput> both = {{first.view()}, {second.view()}};
  const auto workspace = workspace_of(2);
  const std::vector<Source> together = model->encode(*workspace, both);
  for (std::size_t i = 0; i < both.size(); ++i) {
    const Source alone = model->encode(*workspace, both[i]);
    std::vector<Tensor<float>> logits;
    for (const Source& source : {alone, together[i]}) {
      SequenceState state = model->new_sequence(source);
      const std::vector<TokenId> ids = {1, 7, 9};
      SequenceInput input;
      input.state = &state;
      input.ids = ids;
      logits.emplace_back(Shape{1, model->decoder().config().vocabulary});
      model->decoder().forward(*workspace, std::span(&input, 1), logits.back());
    }
    EXPECT_TRUE(same_bits(logits[0], logits[1])) << "sound " << i;
  }
}

}  // namespace
}  // namespace headformer::testing
