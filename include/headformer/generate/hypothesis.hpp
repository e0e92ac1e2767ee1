#pragma once

#include <vector>

#include "headformer/core/token_id.hpp"
#include "headformer/generate/finish_reason.hpp"

namespace headformer {

/// One of several answers.
struct Hypothesis {
  std::vector<TokenId> ids;  ///< after the prompt, an ending one included
  float score = 0;           ///< what it has been ranked by
  FinishReason reason = FinishReason::none;
};

}  // namespace headformer
