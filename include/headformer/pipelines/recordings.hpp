#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/pipelines/options.hpp"

namespace headformer::detail {

/// Throws ArgumentError for a sample that is no number.
inline void expect_numbers(std::span<const float> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!std::isfinite(samples[i]))
      throw ArgumentError("recording: expected numbers, found " + std::to_string(samples[i]) + " at sample " +
                          std::to_string(i));
  }
}

/// The same, and for a recording without samples.
inline void expect_recording(std::span<const float> samples) {
  if (samples.empty()) throw ArgumentError("recording: expected at least one sample, found none");
  expect_numbers(samples);
}

/// What `answer` makes of each recording; one that fails stops no other. Throws CancelledError.
template <class Value, class Answer>
std::vector<Outcome<Value>> answer_recordings(std::span<const std::span<const float>> recordings,
                                              const Cancellation& cancellation, const ProgressCallback& progress,
                                              const Answer& answer) {
  std::vector<Outcome<Value>> results;
  for (const std::span<const float> samples : recordings) {
    cancellation.throw_if_cancelled();
    try {
      expect_recording(samples);
      results.push_back(answer(samples));
    } catch (const ArgumentError& error) {
      results.push_back(Outcome<Value>::failure(error.what()));
    }
    if (progress)
      progress({Progress::Stage::running, static_cast<double>(results.size()), static_cast<double>(recordings.size())});
  }
  return results;
}

}  // namespace headformer::detail
