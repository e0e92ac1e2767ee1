#pragma once

#include <span>
#include <vector>

#include "headformer/core/executor.hpp"
#include "headformer/core/function_ref.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer {

/// How a waveform is cut into frames, and what is done to each before its Fourier transform.
struct FramesConfig {
  Index length = 400;     ///< samples of a frame
  Index hop = 160;        ///< samples from one frame's begin to the next
  Index transform = 400;  ///< samples of the Fourier transform: the frame, then zeros
  bool centered =
      true;  ///< frame i lies around sample i * hop, the waveform's ends mirrored; otherwise it begins there
  bool periodic = true;       ///< the Hann window is one period of a cosine; otherwise it ends as it begins
  bool removes_mean = false;  ///< each frame's
  double preemphasis = 0;     ///< x[i] - preemphasis * x[i - 1]
};

/// The squared magnitudes of short-time Fourier transforms under a Hann window, in double precision.
class PowerSpectrum {
 public:
  /// Throws ArgumentError unless 0 < hop, 1 < length <= transform.
  explicit PowerSpectrum(const FramesConfig& config);

  Index bins() const { return config_.transform / 2 + 1; }
  /// Of a waveform of so many samples; a centred one needs more than half a transform for any.
  Index frames(Index samples) const;

  /// Calls take(frame, spectrum [bins]) for the frames [0, count), from several workers at once.
  void operator()(std::span<const float> samples, Index count, Executor& executor,
                  FunctionRef<void(Index frame, const double* spectrum)> take) const;

 private:
  FramesConfig config_;
  std::vector<double> window_;  // [length]
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/audio/power_spectrum-inl.hpp"
#endif
