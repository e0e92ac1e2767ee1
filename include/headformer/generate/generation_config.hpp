#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/generate/watermark_config.hpp"

namespace headformer {

class TokenConstraint;

/// When a beam search ends once it has num_beams answers: as soon as no beam is better now (no), at once (yes), or when
/// none can get better however long it becomes (never).
enum class EarlyStopping { no, yes, never };

/// What to generate and how to choose, under the names and with the meanings of Hugging Face's generation_config.json;
/// what only llama.cpp has is named as in its server's JSON. A member that is not set falls back to the checkpoint's
/// file, then to the default named beside it.
struct GenerationConfig {
  using Ids = std::vector<TokenId>;
  using Sequences = std::vector<Ids>;
  using Biases = std::vector<std::pair<Ids, double>>;
  using Strings = std::vector<std::string>;

  // How long.
  std::optional<Index> max_new_tokens;  ///< tokens after the prompt (256 when no length key is given)
  std::optional<Index> max_length;      ///< tokens with the prompt; any max_new_tokens takes precedence
  std::optional<Index> min_new_tokens;  ///< no end before that many (0)
  std::optional<Index> min_length;      ///< the same, with the prompt (0)
  std::optional<double> max_time;       ///< seconds; the token at which they are over is the last
  std::optional<Ids> eos_token_id;
  std::optional<Strings> stop_strings;
  std::optional<std::pair<Index, double>> exponential_decay_length_penalty;  ///< from when on, and the factor

  // How to search.
  std::optional<Index> num_beams;               ///< 1: no search (1)
  std::optional<EarlyStopping> early_stopping;  ///< (no)
  std::optional<double> length_penalty;         ///< of a beam's sum: over its length to that power (1)
  std::optional<Index> num_beam_groups;         ///< searches apart, of num_beams / num_beam_groups each (1)
  std::optional<double> diversity_penalty;      ///< what a token costs for each group that has chosen it

  // What is read ahead: the same tokens, sooner.
  std::optional<Index> prompt_lookup_num_tokens;  ///< so many that followed the last ones before (0)
  std::optional<Index> max_matching_ngram_size;   ///< how many those are at most (2)
  std::optional<Index> assistant_early_exit;      ///< what the first so many layers alone would choose (0)
  std::optional<Index> num_assistant_tokens;      ///< so many of a draft model's, or of the first layers' (20)
  std::optional<std::string> num_assistant_tokens_schedule;  ///< constant, heuristic, heuristic_transient (constant)
  std::optional<double> assistant_confidence_threshold;      ///< a draft ends behind what is less likely (0.4)

  // What is chosen from.
  std::optional<bool> do_sample;            ///< draw from the distribution; otherwise take its top (false)
  std::optional<double> temperature;        ///< > 0; logits are divided by it (1)
  std::optional<Index> top_k;               ///< keep the k best; 0: all (50)
  std::optional<double> top_p;              ///< keep the best whose probabilities reach p, in [0, 1] (1)
  std::optional<double> min_p;              ///< keep what has at least min_p times the best's probability, in [0, 1]
  std::optional<double> typical_p;          ///< keep the most typical whose probabilities reach it, in (0, 1] (1)
  std::optional<double> epsilon_cutoff;     ///< keep what has that probability, in [0, 1); 0: all
  std::optional<double> eta_cutoff;         ///< the same, less where the distribution is flat
  std::optional<double> top_h;              ///< keep the best that reach that part of the entropy, in (0, 1]
  std::optional<double> top_n_sigma;        ///< keep what is within n standard deviations of the best; <= 0: all
  std::optional<double> xtc_probability;    ///< of leaving out all top choices but the last, in [0, 1] (0)
  std::optional<double> xtc_threshold;      ///< what makes a top choice (0.1)
  std::optional<double> dynatemp_range;     ///< how far the temperature moves with the entropy (0)
  std::optional<double> dynatemp_exponent;  ///< (1)
  std::optional<Index> mirostat;            ///< 2: its second version in place of what is kept; 0: none
  std::optional<double> mirostat_tau;       ///< the surprise it aims at, in bits (5)
  std::optional<double> mirostat_eta;       ///< how fast (0.1)
  std::optional<Strings> samplers;          ///< what is kept and the temperature in an order of the caller's own
  std::optional<std::uint64_t> seed;        ///< of the draws; none: from the system

  // What changes scores.
  std::optional<double> repetition_penalty;           ///< > 0; above 1 makes seen tokens less likely (1)
  std::optional<double> encoder_repetition_penalty;   ///< > 0; above 1 makes the source's more likely (1)
  std::optional<double> presence_penalty;             ///< what a seen token's logit loses (0)
  std::optional<double> frequency_penalty;            ///< what it loses each time (0)
  std::optional<Index> repeat_last_n;                 ///< in how many tokens it has been seen; -1: in all (64)
  std::optional<double> dry_multiplier;               ///< of the penalty of repetitions; 0: none
  std::optional<double> dry_base;                     ///< (1.75)
  std::optional<Index> dry_allowed_length;            ///< tokens that may be repeated (2)
  std::optional<Index> dry_penalty_last_n;            ///< where repetitions are looked for; -1: everywhere (-1)
  std::optional<Strings> dry_sequence_breakers;       ///< what none reaches across (newline, ":", "\"", "*")
  std::optional<Sequences> dry_breaker_ids;           ///< the same as tokens; no key: whoever has the tokenizer knows
  std::optional<Index> no_repeat_ngram_size;          ///< so many tokens in a row come once (0: any number of times)
  std::optional<Index> encoder_no_repeat_ngram_size;  ///< and never if an encoder's source has them (0: they may)
  std::optional<Sequences> bad_words_ids;             ///< sequences that never come whole
  std::optional<Biases> sequence_bias;                ///< added to the last token of a sequence that is coming
  std::optional<Biases> logit_bias;                   ///< added to single tokens
  std::optional<Ids> suppress_tokens;                 ///< that never come
  std::optional<Ids> begin_suppress_tokens;           ///< that do not come first
  std::optional<Ids> forced_bos_token_id;             ///< what follows a single first token, whatever the logits
  std::optional<Ids> forced_eos_token_id;             ///< what the last token is when the length runs out
  std::optional<bool> remove_invalid_values;          ///< not-a-number is 0, infinities are finite (false)
  std::optional<bool> renormalize_logits;             ///< processed scores are log-probabilities (false)
  std::optional<WatermarkingConfig> watermarking_config;
  std::optional<double> guidance_scale;    ///< away from what follows a negative prompt, or none (1: not at all)
  std::optional<Ids> negative_prompt_ids;  ///< that prompt; no key
  std::shared_ptr<const TokenConstraint> constraint;  ///< a grammar that the text keeps to; no key

  // Beginnings, and how many.
  std::optional<TokenId> bos_token_id;  ///< what a decoder over a source begins with where nothing else is said
  std::optional<TokenId> decoder_start_token_id;  ///< what a decoder over a source begins with
  std::optional<TokenId> pad_token_id;            ///< marks padding in a batch of ids that comes without a mask
  std::optional<Index> num_return_sequences;      ///< answers to each prompt (1); more only when drawn or of beams
  std::optional<Index> best_of;                   ///< draws of which the likeliest answers are taken (as many as those)
  std::optional<Index> n_probs;                   ///< note log-probabilities, with so many alternatives

  /// Reads one key. Throws ConfigError for a value of the wrong type or out of range; false for a key not known here.
  bool read(const JsonObject& json, const std::string& key);

  /// What a caller gives: an unknown key is an error that names it, as are keys that contradict each other; null leaves
  /// a key unset. Keys of the reference that nothing here answers to are read where they ask for nothing, so that the
  /// files it writes can be given.
  static GenerationConfig from_caller(const JsonObject& json);

  /// A checkpoint's generation_config.json: read leniently, what is not known here is left alone.
  static GenerationConfig from_checkpoint(const JsonObject& json);

  /// This, with what it leaves unset taken from `base`.
  GenerationConfig over(const GenerationConfig& base) const;

  /// Unsets what asks for several beams, draws or answers, which rests in a checkpoint's file where one sequence is
  /// wanted.
  void forget_search() { num_beams = num_beam_groups = best_of = num_return_sequences = std::nullopt; }

  /// How many tokens may follow a prompt of this length.
  Index new_tokens(Index prompt_length) const {
    if (max_new_tokens) return *max_new_tokens;
    if (max_length) return std::max<Index>(0, *max_length - prompt_length);
    return 256;
  }
  /// How many must.
  Index least_new_tokens(Index prompt_length) const {
    if (min_new_tokens) return *min_new_tokens;
    return std::max<Index>(0, min_length.value_or(0) - prompt_length);
  }
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/generate/generation_config-inl.hpp"
#endif
