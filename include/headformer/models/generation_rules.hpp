#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/weights/checkpoint.hpp"

// What a checkpoint says about generating, and what its model cannot.
namespace headformer::detail {

/// A folder's generation_config.json; where there is none, the keys that config.json held before it existed.
HEADFORMER_COLD inline GenerationConfig read_generation_config(const Checkpoint& checkpoint) {
  const JsonFile file(checkpoint.files(), "generation_config.json");
  return GenerationConfig::from_checkpoint(file.found ? file.object() : checkpoint.config());
}

/// The same of an encoder-decoder, whose class has a say where the files have none.
HEADFORMER_COLD inline GenerationConfig read_generation_config(const Checkpoint& checkpoint,
                                                               std::optional<TokenId> start_id,
                                                               std::optional<TokenId> end_id,
                                                               std::optional<TokenId> forced_end_id = {}) {
  const bool files = !checkpoint.is_gguf();
  GenerationConfig config = files ? read_generation_config(checkpoint) : GenerationConfig();
  if (!config.decoder_start_token_id) config.decoder_start_token_id = config.bos_token_id;
  if (!config.decoder_start_token_id) config.decoder_start_token_id = start_id;
  if (files && JsonFile(checkpoint.files(), "generation_config.json").found) return config;
  if (!config.eos_token_id && end_id) config.eos_token_id = {*end_id};
  if (!config.forced_eos_token_id && forced_end_id) config.forced_eos_token_id = {*forced_end_id};
  return config;
}
HEADFORMER_COLD inline GenerationConfig read_generation_config(const Checkpoint& checkpoint,
                                                               const Seq2SeqConfig& model) {
  return read_generation_config(checkpoint, model.start_id, model.end_id, model.forced_end_id);
}

/// What a decoder's ids begin with over a source. Throws ArgumentError when nothing says so.
inline std::vector<TokenId> decoder_prompt(const GenerationConfig& config) {
  if (!config.decoder_start_token_id)
    throw ArgumentError("decoder_start_token_id: expected in the generation config, found none");
  return {*config.decoder_start_token_id};
}

/// Throws ArgumentError where generating from this prompt would, or give nothing. `config` is complete: the caller's
/// over the checkpoint's, whose name is `name`.
HEADFORMER_COLD inline void expect_answers(const CausalLanguageModel& model, const std::string& name,
                                           std::span<const TokenId> prompt, const GenerationConfig& config) {
  const auto length = static_cast<Index>(prompt.size());
  if (length == 0) throw ArgumentError("prompt: expected at least one token, found none");
  model.expect_in_vocabulary(prompt);
  const CausalLmConfig& shape = model.config();
  if (!shape.has_output)
    throw ArgumentError(name + ": expected a class that generates, found one without a head over the vocabulary");
  for (const auto& [key, ids] : {std::pair{"forced_bos_token_id", config.forced_bos_token_id},
                                 std::pair{"forced_eos_token_id", config.forced_eos_token_id}}) {
    if (ids) expect_below(key, *ids, shape.vocabulary);
  }
  for (const std::vector<TokenId>& words : config.bad_words_ids.value_or(std::vector<std::vector<TokenId>>{}))
    expect_below("bad_words_ids", words, shape.vocabulary);
  if (!config.max_new_tokens && config.max_length && *config.max_length <= length) {
    throw ArgumentError("max_length: expected more than the " + std::to_string(length) +
                        " tokens of the prompt, found " + std::to_string(*config.max_length));
  }
  if (config.num_beams.value_or(1) > 1) {
    const auto expect_none = [](const char* key, bool given) {
      if (given) throw ArgumentError(std::string(key) + ": expected none with beams (num_beams), found one");
    };
    expect_none("guidance_scale", config.guidance_scale.value_or(1) != 1);
    expect_none("n_probs", config.n_probs.has_value());
    expect_none("mirostat", config.mirostat.value_or(0) != 0);
    expect_none("best_of", config.best_of.value_or(1) > 1);
  }
  if (const Index groups = config.num_beam_groups.value_or(1); groups > 1 && config.num_beams.value_or(1) % groups != 0)
    throw ArgumentError("num_beam_groups: expected a divisor of num_beams, " +
                        std::to_string(config.num_beams.value_or(1)) + ", found " + std::to_string(groups));
  const Index answers = config.num_return_sequences.value_or(1);
  if (const Index beams = config.num_beams.value_or(1); beams > 1 && answers > beams) {
    throw ArgumentError("num_return_sequences: expected at most num_beams, " + std::to_string(beams) + ", found " +
                        std::to_string(answers));
  } else if (beams == 1 && answers > 1 && !config.do_sample.value_or(false)) {
    throw ArgumentError("num_return_sequences: expected 1 without do_sample and beams, found " +
                        std::to_string(answers));
  }
  if (config.best_of.value_or(answers) < answers ||
      (config.best_of.value_or(1) > 1 && !config.do_sample.value_or(false)))
    throw ArgumentError("best_of: expected draws (do_sample), and as many as num_return_sequences at least, found " +
                        std::to_string(*config.best_of));
  const Index limit = shape.learned_positions;
  if (limit > 0 && length + std::max<Index>(config.new_tokens(length), 1) - 1 > limit) {
    throw ArgumentError("prompt: expected tokens and new ones within the model's " + std::to_string(limit) +
                        " learned positions, found " + std::to_string(length) + " tokens and " +
                        std::to_string(config.new_tokens(length)) + " new ones");
  }
}

/// The same for a single generation that comes token by token and of which nothing but the tokens is wanted.
HEADFORMER_COLD inline void expect_generation(const CausalLanguageModel& model, const std::string& name,
                                              std::span<const TokenId> prompt, const GenerationConfig& config) {
  const auto expect_one = [](const char* key, Index found) {
    if (found > 1) throw ArgumentError(std::string(key) + ": expected 1 here, found " + std::to_string(found));
  };
  expect_one("num_beams", config.num_beams.value_or(1));
  expect_one("best_of", config.best_of.value_or(1));
  if (config.guidance_scale.value_or(1) != 1)
    throw ArgumentError("guidance_scale: expected 1 here, found " + number_text(*config.guidance_scale));
  if (config.n_probs) throw ArgumentError("n_probs: expected none here, found " + std::to_string(*config.n_probs));
  expect_answers(model, name, prompt, config);
}

}  // namespace headformer::detail
