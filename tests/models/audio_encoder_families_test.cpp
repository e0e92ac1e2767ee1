#include <algorithm>
#include <headformer/auto_audio_encoder.hpp>
#include <headformer/auto_speech_to_text.hpp>
#include <headformer/models/audio/audio_encoder_model.hpp>
#include <headformer/models/audio/language_adapter.hpp>
#include <headformer/models/audio/spectrogram_model.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "models/audio_encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {

std::shared_ptr<const AudioEncoder> open_audio_encoder_at(const std::filesystem::path& path) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_audio_encoder(path, options);
}
std::shared_ptr<const SpeechToText> open_speech_to_text_at(const std::filesystem::path& path) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_speech_to_text(path, options);
}

namespace {

std::string family_of_speech(const Checkpoint& checkpoint) {
  if (is_audio_encoder(checkpoint)) {
    const detail::AudioMatch match = detail::match_audio_encoder(checkpoint);
    return match.family->config(checkpoint, match.task).family;
  }
  if (is_spectrogram_encoder(checkpoint))
    return audio_spectrogram_transformer::config(checkpoint, *detail::match_spectrogram_encoder(checkpoint)).family;
  return detail::match_speech_to_text(checkpoint).family->config(checkpoint).family;
}

TEST(SpeechFamilies, EveryClassHasAGoldenAndEveryGoldenFindsItsFamily) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    const bool doors[] = {is_audio_encoder(checkpoint), is_spectrogram_encoder(checkpoint),
                          is_speech_to_text(checkpoint)};
    EXPECT_EQ(std::count(std::begin(doors), std::end(doors), true), golden.of_speech() ? 1 : 0) << golden.name;
    if (!golden.of_speech()) continue;
    classes.insert(checkpoint.architecture());
    EXPECT_EQ(family_of_speech(checkpoint), golden.family) << golden.name;
  }
  const auto expect_golden = [&](std::string_view architecture) {
    EXPECT_TRUE(classes.contains(std::string(architecture))) << architecture << ": no golden";
  };
  for (const AudioFamily* family : audio_families)
    for (const AudioClass& known : family->classes) expect_golden(known.architecture);
  for (const SpeechFamily* family : speech_families)
    for (const SpeechClass& known : family->classes) expect_golden(known.architecture);
  for (const ImageClass& known : audio_spectrogram_transformer::classes) expect_golden(known.architecture);
}

TEST(SpeechFamilies, ConfigsAndTensorsThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"wav2vec2", "feat_extract_norm", "batch", {"config.json", "feat_extract_norm", "group or layer", "batch"}},
      {"wav2vec2", "conv_stride", Json::array({5, 2}), {"conv_stride", "3 sizes", "array of 2"}},
      {"wav2vec2", "conv_dim", Json::array(), {"conv_dim", "at least one"}},
      {"wav2vec2", "num_conv_pos_embedding_groups", 5, {"num_conv_pos_embedding_groups", "divisor", "36"}},
      {"wav2vec2", "num_conv_pos_embeddings", 9, {"weight.original1", "[36, 12, 9]", "[36, 12, 8]"}},
      {"wav2vec2_stable", "num_conv_pos_embeddings", 9, {"weight_v", "[36, 12, 9]", "[36, 12, 8]"}},
      {"wav2vec2", "add_adapter", true, {"add_adapter", "false", "true"}},
      {"wav2vec2_adapted", "adapter_attn_dim", 4, {"adapter_layer.linear_1.weight", "[4, 24]", "[7, 24]"}},
      {"wav2vec2_stable", "adapter_attn_dim", 4, {"layers.0.adapter_layer.norm.weight", "none"}},
      {"wavlm", "adapter_attn_dim", 4, {"adapter_attn_dim", "4"}},
      {"wav2vec2", "conv_kernel", Json::array({9, 3, 2}), {"conv_layers.0.conv.weight", "[10, 9]", "[10, 1, 10]"}},
      {"hubert", "conv_pos_batch_norm", true, {"conv_pos_batch_norm"}},
      {"wavlm", "max_bucket_distance", 5, {"max_bucket_distance", "num_buckets 20", "5"}},
      {"wavlm", "num_buckets", 24, {"rel_attn_embed.weight", "[24, 4]", "[20, 4]"}},
      {"wav2vec2_speaker", "tdnn_kernel", Json::array({3}), {"tdnn_kernel", "3 sizes"}},
      {"whisper_classification", "num_mel_bins", 6, {"conv1.weight", "[24, 18]", "[24, 5, 3]"}},
      {"whisper_classification", "max_source_positions", 15, {"embed_positions.weight", "[15, 24]", "[14, 24]"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.key);
    SmallCheckpoint small = SmallCheckpoint::read(goldens() / "speech" / item.golden);
    small.config[item.key] = item.value;
    const TemporaryFolder folder;
    small.write(folder);
    expect_mentions(message_of<Error>([&] { open_audio_encoder_at(folder.path()); }), item.mentions);
  }
}

/// tests/reference/speech_languages.py
TEST(LanguageAdapters, AnotherLanguageIsTheReferences) {
  const std::filesystem::path folder = goldens() / "speech/wav2vec2_adapted";
  const Checkpoint checkpoint = Checkpoint::open(folder);
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  AudioEncoderModel model(open_audio_encoder(with_language_adapter(checkpoint, "deu"), options), workspace_of());
  const NamedTensors known = read_tensors(folder / "deu.outputs.safetensors");
  const NamedTensors found = model.forward(read_tensors(folder / "sound.inputs.safetensors"));
  const auto& expected = std::get<Tensor<float>>(known.at("logits"));
  const auto& logits = std::get<Tensor<float>>(found.at("logits"));
  ASSERT_EQ(logits.shape(), expected.shape());
  EXPECT_EQ(logits.size(2), 25);  // a head of its own size
  float scale = 0;
  float difference = 0;
  for (Index i = 0; i < logits.count(); ++i) {
    scale = std::max(scale, std::abs(expected.data()[i]));
    difference = std::max(difference, std::abs(logits.data()[i] - expected.data()[i]));
  }
  EXPECT_LE(difference, 2e-4F * scale) << "greatest difference " << difference << " of " << scale;
}

TEST(LanguageAdapters, FilesThatDoNotFitAreRefused) {
  const Checkpoint adapted = Checkpoint::open(goldens() / "speech/wav2vec2_adapted");
  const Checkpoint plain = Checkpoint::open(goldens() / "speech/wav2vec2_ctc");
  expect_mentions(message_of<IoError>([&] { with_language_adapter(adapted, "fra"); }),
                  {"wav2vec2_adapted", "adapter.fra.safetensors", "none"});
  expect_mentions(message_of<IoError>([&] { with_language_adapter(adapted, "../deu"); }), {"'../deu'"});
  const Safetensors file =
      Safetensors::parse(Bytes::map(goldens() / "speech/wav2vec2_adapted/adapter.deu.safetensors"));
  expect_mentions(message_of<WeightError>([&] { plain.with_tensors(file.tensors()); }),
                  {"adapter.deu.safetensors", "adapter_layer", "model.safetensors"});
}

TEST(SpeechFamilies, DecodersThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"whisper", "decoder_attention_heads", 5, {"decoder_attention_heads", "divisor", "24"}},
      {"whisper", "decoder_layers", 3, {"decoder.layers.2.self_attn_layer_norm.weight", "none"}},
      {"whisper", "max_target_positions", 41, {"decoder.embed_positions.weight", "[41, 24]", "[40, 24]"}},
      {"moonshine", "encoder_num_attention_heads", 3, {"encoder_num_key_value_heads", "3", "2"}},
      {"moonshine", "rope_parameters", {{"partial_rotary_factor", 0.8}}, {"partial_rotary_factor", "even", "12"}},
      {"moonshine", "decoder_num_key_value_heads", 1, {"decoder_num_key_value_heads", "2", "1"}},
      {"moonshine", "intermediate_size", 27, {"encoder.layers.0.mlp.fc1.weight", "[27, 24]", "[28, 24]"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.key);
    SmallCheckpoint small = SmallCheckpoint::read(goldens() / "speech" / item.golden);
    small.config[item.key] = item.value;
    const TemporaryFolder folder;
    small.write(folder);
    expect_mentions(message_of<Error>([&] { open_speech_to_text_at(folder.path()); }), item.mentions);
  }
}

TEST(SpectrogramEncoders, InputsOfAnotherSizeAreRefused) {
  SpectrogramModel model(open_spectrogram_encoder(goldens() / "speech/ast"), workspace_of());
  const auto refusal = [&](const Shape& shape) {
    NamedTensors inputs;
    inputs.emplace("input_values", random_sound(shape, 1));
    return message_of<ArgumentError>([&] { model.forward(inputs); });
  };
  expect_mentions(refusal({1, 37, 12}), {"input_values", "[B, 37, 13]", "[1, 37, 12]"});
  expect_mentions(refusal({37, 13}), {"input_values", "[37, 13]"});
  expect_mentions(refusal({0, 37, 13}), {"input_values", "[0, 37, 13]"});
  expect_mentions(message_of<ArgumentError>([&] { model.forward({}); }), {"input_values", "none"});
}

}  // namespace
}  // namespace headformer::testing
