#pragma once

#include <sndfile.h>

#include <headformer/core/error.hpp>
#include <headformer/preprocess/audio/resampler.hpp>
#include <iostream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

// Recordings of files, decoded by libsndfile.
namespace program {

/// One channel at another rate. Shapes: samples [n] -> [n * to / from].
inline std::vector<float> at_rate(const std::vector<float>& samples, headformer::Index from, headformer::Index to) {
  if (from == to || samples.empty()) return samples;
  return headformer::Resampler(from, to)(samples);
}

/// A file's samples, -1 to 1, its channels' mean, at `rate` Hz. Throws IoError for one that is no recording.
inline std::vector<float> read_recording(const std::string& path, headformer::Index rate) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open(path.c_str(), SFM_READ, &info), sf_close);
  if (file == nullptr)
    throw headformer::IoError(path + ": expected a recording, found: " + std::string(sf_strerror(nullptr)));
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> mono;
  // In pieces, as a header may promise any length.
  std::vector<float> piece(channels * 65536);
  for (sf_count_t frames = 1; frames > 0;) {
    frames = sf_readf_float(file.get(), piece.data(), 65536);
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
      float sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += piece[i * channels + c];
      mono.push_back(sum / static_cast<float>(channels));
    }
  }
  return at_rate(mono, info.samplerate, rate);
}

/// What comes through a pipe: s16le, one channel, 16 kHz.
inline std::vector<float> read_pipe(headformer::Index rate) {
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
  std::vector<float> samples;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto low = static_cast<unsigned char>(bytes[i]);
    const auto high = static_cast<unsigned char>(bytes[i + 1]);
    samples.push_back(static_cast<float>(static_cast<std::int16_t>(low | high << 8)) / 32768.0F);
  }
  return at_rate(samples, 16000, rate);
}

}  // namespace program
