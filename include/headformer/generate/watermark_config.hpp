#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// The green list's (Kirchenbauer et al. 2023, https://arxiv.org/abs/2306.04634), by generation_config.json's names.
struct GreenListConfig {
  double greenlist_ratio = 0.25;  ///< of the vocabulary, in (0, 1)
  double bias = 2;                ///< what a green token's logit gets
  std::int64_t hashing_key = 15485863;
  bool selfhash = false;  ///< seeding_scheme: by the token itself, too ("selfhash"), or the last one ("lefthash")
  Index context_width = 1;
};

/// SynthID-Text's (Dathathri et al. 2024, https://doi.org/10.1038/s41586-024-08025-4), likewise.
struct SynthIdConfig {
  Index ngram_len = 5;
  std::vector<std::int64_t> keys;  ///< one for each layer of the tournament
  Index context_history_size = 1024;
  std::int64_t sampling_table_seed = 0;
  Index sampling_table_size = 65536;
  bool skip_first_ngram_calls = false;
};

using WatermarkingConfig = std::variant<GreenListConfig, SynthIdConfig>;

}  // namespace headformer
