#pragma once

#include <sndfile.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <headformer/core/error.hpp>
#include <headformer/preprocess/audio/resampler.hpp>
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

/// Of what comes through a pipe, Hz.
inline constexpr headformer::Index pipe_rate = 16000;

/// What comes through a pipe, s16le of one channel at pipe_rate, in pieces as they arrive, until `take` wants no more.
inline void for_each_pipe_piece(const std::function<bool(std::span<const float>)>& take) {
  std::vector<unsigned char> bytes;
  std::vector<float> samples;
  while (true) {
    const std::size_t held = bytes.size();  // half a sample, or nothing
    bytes.resize(held + 16384);
    const ssize_t count = ::read(STDIN_FILENO, bytes.data() + held, bytes.size() - held);
    if (count < 0 && errno == EINTR) {
      bytes.resize(held);
      continue;
    }
    if (count < 0) throw headformer::IoError("stdin: expected a pipe to read from, found an error");
    if (count == 0) return;
    bytes.resize(held + static_cast<std::size_t>(count));
    samples.clear();
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
      samples.push_back(static_cast<float>(static_cast<std::int16_t>(bytes[i] | bytes[i + 1] << 8)) / 32768.0F);
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(2 * samples.size()));
    if (!take(samples)) return;
  }
}

/// All of it, at another rate.
inline std::vector<float> read_pipe(headformer::Index rate) {
  std::vector<float> samples;
  for_each_pipe_piece([&](std::span<const float> piece) {
    samples.insert(samples.end(), piece.begin(), piece.end());
    return true;
  });
  return at_rate(samples, pipe_rate, rate);
}

}  // namespace program
