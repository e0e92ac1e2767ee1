// What a model would be given: preprocess MODEL (--image F | --audio F | --text T) OUT.safetensors
#include <headformer/core/thread_pool.hpp>
#include <headformer/formats/safetensors_writer.hpp>
#include <headformer/models/model.hpp>
#include <headformer/preprocess/audio/audio_features.hpp>
#include <headformer/preprocess/image/open_image_processor.hpp>
#include <headformer/preprocess/tokenizer.hpp>

#include "image_files.hpp"
#include "program.hpp"
#include "recording.hpp"
#include "tensors.hpp"

namespace {

using namespace headformer;

/// pixel_values [1, 3, H, W]
NamedTensors of_image(const std::string& model, const std::string& file) {
  const ImageProcessor processor = open_image_processor(model);
  const Tensor<float> pixels = program::about(file, [&] { return processor(program::read_picture(file)); });
  const Shape& shape = pixels.shape();
  Tensor<float> batch(Shape{1, shape[0], shape[1], shape[2]});
  std::copy_n(pixels.data(), pixels.count(), batch.data());
  NamedTensors result;
  result.emplace("pixel_values", std::move(batch));
  return result;
}

/// input_features [1, C, frames] or input_values [1, samples] ([1, frames, bins] of spectrograms)
NamedTensors of_audio(const std::string& model, const std::string& file) {
  const AudioFeatures features = AudioFeatures::from_files(folder_reader(model));
  const std::vector<float> samples = program::read_recording(file, features.sample_rate());
  if (samples.empty()) throw ArgumentError(file + ": expected at least one sample, found none");
  ThreadPool threads;
  const Tensor<float> heard = features(samples, threads);
  const Shape& shape = heard.shape();
  Tensor<float> batch(shape.rank() == 1 ? Shape{1, shape[0]} : Shape{1, shape[0], shape[1]});
  std::copy_n(heard.data(), heard.count(), batch.data());
  NamedTensors result;
  result.emplace(std::string(features.input_name()), std::move(batch));
  return result;
}

/// input_ids and attention_mask [1, T]
NamedTensors of_text(const std::string& model, const std::string& text) {
  const std::vector<TokenId> ids = Tokenizer::from(model).encode(text);
  const Shape shape{1, static_cast<Index>(ids.size())};
  Tensor<std::int64_t> input_ids(shape);
  Tensor<std::int64_t> mask(shape);
  std::copy(ids.begin(), ids.end(), input_ids.data());
  std::fill_n(mask.data(), mask.count(), 1);
  NamedTensors result;
  result.emplace("input_ids", std::move(input_ids));
  result.emplace("attention_mask", std::move(mask));
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Writes what a model would be given of a picture, a recording or a text");
  std::string model;
  std::string output;
  std::string image;
  std::string audio;
  std::string text;
  app.add_option("MODEL", model, "a Hugging Face folder; with --text a .gguf file too")->required();
  app.add_option("OUT", output, "safetensors to write")->required();
  auto* picture = app.add_option("--image", image, "a picture, to pixel_values");
  auto* sound = app.add_option("--audio", audio, "a recording, to input_features or input_values")->excludes(picture);
  auto* words = app.add_option("--text", text, "a text, to input_ids and attention_mask")->excludes(picture);
  words->excludes(sound);
  return program::run(app, argc, argv, [&] {
    if (picture->count() + sound->count() + words->count() == 0)
      throw headformer::ArgumentError("command line: expected --image, --audio or --text, found none");
    program::write_tensors(output, picture->count() > 0 ? of_image(model, image)
                                   : sound->count() > 0 ? of_audio(model, audio)
                                                        : of_text(model, text));
  });
}
