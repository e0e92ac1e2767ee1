#pragma once

#include "headformer/core/tensor.hpp"

namespace headformer {

/// Why a generation ended.
enum class FinishReason { none, end_of_sequence, stop_string, length, time, cancelled };

/// Seconds by the steady clock.
struct GenerationTimings {
  Index prompt_tokens = 0;
  Index reused_tokens = 0;  ///< of the prompt: those the sequence held already
  Index generated_tokens = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;  ///< of the tokens after the first
};

}  // namespace headformer
