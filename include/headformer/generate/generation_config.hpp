#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/error.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"

namespace headformer {

/// What to generate and how to choose, under the names and with the meanings of Hugging Face's generation_config.json.
/// A member that is not set falls back to the checkpoint's file, then to the default named beside it.
struct GenerationConfig {
  std::optional<Index> max_new_tokens;        ///< tokens after the prompt (256 when no length key is given)
  std::optional<Index> max_length;            ///< tokens with the prompt; any max_new_tokens takes precedence
  std::optional<Index> min_new_tokens;        ///< no end before that many (0)
  std::optional<Index> min_length;            ///< the same, with the prompt (0)
  std::optional<bool> do_sample;              ///< draw from the distribution; otherwise take its top (false)
  std::optional<double> temperature;          ///< > 0; logits are divided by it (1)
  std::optional<Index> top_k;                 ///< keep the k best; 0: all (50)
  std::optional<double> top_p;                ///< keep the best whose probabilities reach p, in [0, 1] (1)
  std::optional<double> min_p;                ///< keep what has at least min_p times the best's probability, in [0, 1]
  std::optional<double> repetition_penalty;   ///< > 0; above 1 makes seen tokens less likely (1)
  std::optional<Index> no_repeat_ngram_size;  ///< so many tokens in a row come once (0: any number of times)
  std::optional<Index> encoder_no_repeat_ngram_size;  ///< and never if an encoder's source has them (0: they may)
  std::optional<std::vector<std::vector<TokenId>>> bad_words_ids;  ///< sequences that never come whole
  std::optional<std::vector<TokenId>> suppress_tokens;             ///< that never come
  std::optional<std::vector<TokenId>> begin_suppress_tokens;       ///< that do not come first
  std::optional<std::vector<TokenId>> eos_token_id;
  std::optional<TokenId> bos_token_id;  ///< what a decoder over a source begins with where nothing else is said
  std::optional<TokenId> decoder_start_token_id;            ///< what a decoder over a source begins with
  std::optional<std::vector<TokenId>> forced_bos_token_id;  ///< what follows a single first token, whatever the logits
  std::optional<std::vector<TokenId>> forced_eos_token_id;  ///< what the last token is when the length runs out
  std::optional<std::vector<std::string>> stop_strings;
  std::optional<TokenId> pad_token_id;        ///< marks padding in a batch of ids that comes without a mask
  std::optional<Index> num_return_sequences;  ///< answers to each prompt (1); more only with do_sample
  std::optional<std::uint64_t> seed;          ///< of the draws; none: from the system

  /// Reads one key. Throws ConfigError for a value of the wrong type or out of range; false for a key not known here.
  bool read(const JsonObject& json, const std::string& key) {
    constexpr Index most = Index{1} << 40;
    const auto positive = [&] { return json.positive(key); };
    if (key == "max_new_tokens")
      max_new_tokens = json.integer(key, 1, most);
    else if (key == "max_length")
      max_length = json.integer(key, 1, most);
    else if (key == "min_new_tokens")
      min_new_tokens = json.integer(key, 0, most);
    else if (key == "min_length")
      min_length = json.integer(key, 0, most);
    else if (key == "do_sample")
      do_sample = json.boolean(key);
    else if (key == "temperature")
      temperature = positive();
    else if (key == "top_k")
      top_k = json.integer(key, 0, most);
    else if (key == "top_p")
      top_p = json.number(key, 0, 1);
    else if (key == "min_p")
      min_p = json.number(key, 0, 1);
    else if (key == "repetition_penalty")
      repetition_penalty = positive();
    else if (key == "no_repeat_ngram_size")
      no_repeat_ngram_size = json.integer(key, 0, most);
    else if (key == "encoder_no_repeat_ngram_size")
      encoder_no_repeat_ngram_size = json.integer(key, 0, most);
    else if (key == "bad_words_ids")
      bad_words_ids = read_sequences(json, key);
    else if (key == "suppress_tokens")
      suppress_tokens = read_ids(json, key);
    else if (key == "begin_suppress_tokens")
      begin_suppress_tokens = read_ids(json, key);
    else if (key == "eos_token_id")
      eos_token_id = read_ids(json, key);
    else if (key == "bos_token_id")
      bos_token_id = read_id(json, key);
    else if (key == "decoder_start_token_id")
      decoder_start_token_id = read_id(json, key);
    else if (key == "forced_bos_token_id")
      forced_bos_token_id = read_ids(json, key);
    else if (key == "forced_eos_token_id")
      forced_eos_token_id = read_ids(json, key);
    else if (key == "stop_strings")
      stop_strings = json.is_string(key) ? std::vector<std::string>{json.string(key)} : json.strings(key);
    else if (key == "pad_token_id")
      pad_token_id = read_id(json, key);
    else if (key == "num_return_sequences")
      num_return_sequences = json.integer(key, 1, most);
    else if (key == "seed")
      seed = static_cast<std::uint64_t>(json.integer(key, 0));
    else
      return false;
    return true;
  }

  /// What a caller gives: an unknown key is an error that names it; null leaves a key unset. Keys of the reference that
  /// nothing here answers to are read where they ask for nothing, so that the files it writes can be given.
  static GenerationConfig from_caller(const JsonObject& json) {
    GenerationConfig config;
    for (const std::string& key : json.keys()) {
      if (json.has(key) && !config.read(json, key) && !asks_for_nothing(json, key))
        json.fail(key, std::string("one of the keys ") + known_keys);
    }
    return config;
  }

  /// A checkpoint's generation_config.json: read leniently, what is not known here is left alone.
  static GenerationConfig from_checkpoint(const JsonObject& json) {
    GenerationConfig config;
    for (const std::string& key : json.keys()) {
      // Published files hold sampling values that their own greedy default never uses, some of them out of range, and
      // a pad_token_id or bos_token_id of -1 for none.
      if (!json.has(key)) continue;
      try {
        config.read(json, key);
      } catch (const ConfigError&) {
        const bool rests = key == "pad_token_id" || key == "bos_token_id" ||
                           (is_sampling_key(key) && !json.boolean_or("do_sample", false));
        if (!rests) throw;
      }
    }
    return config;
  }

  /// This, with what it leaves unset taken from `base`.
  GenerationConfig over(const GenerationConfig& base) const {
    GenerationConfig merged = *this;
    const auto fill = [](auto& value, const auto& fallback) {
      if (!value) value = fallback;
    };
    fill(merged.max_new_tokens, base.max_new_tokens);
    fill(merged.max_length, base.max_length);
    fill(merged.min_new_tokens, base.min_new_tokens);
    fill(merged.min_length, base.min_length);
    fill(merged.do_sample, base.do_sample);
    fill(merged.temperature, base.temperature);
    fill(merged.top_k, base.top_k);
    fill(merged.top_p, base.top_p);
    fill(merged.min_p, base.min_p);
    fill(merged.repetition_penalty, base.repetition_penalty);
    fill(merged.no_repeat_ngram_size, base.no_repeat_ngram_size);
    fill(merged.encoder_no_repeat_ngram_size, base.encoder_no_repeat_ngram_size);
    fill(merged.bad_words_ids, base.bad_words_ids);
    fill(merged.suppress_tokens, base.suppress_tokens);
    fill(merged.begin_suppress_tokens, base.begin_suppress_tokens);
    fill(merged.eos_token_id, base.eos_token_id);
    fill(merged.bos_token_id, base.bos_token_id);
    fill(merged.decoder_start_token_id, base.decoder_start_token_id);
    fill(merged.forced_bos_token_id, base.forced_bos_token_id);
    fill(merged.forced_eos_token_id, base.forced_eos_token_id);
    fill(merged.stop_strings, base.stop_strings);
    fill(merged.pad_token_id, base.pad_token_id);
    fill(merged.num_return_sequences, base.num_return_sequences);
    fill(merged.seed, base.seed);
    return merged;
  }

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

  static constexpr const char* known_keys =
      "max_new_tokens, max_length, min_new_tokens, min_length, do_sample, temperature, top_k, top_p, min_p, "
      "repetition_penalty, no_repeat_ngram_size, encoder_no_repeat_ngram_size, bad_words_ids, suppress_tokens, "
      "begin_suppress_tokens, eos_token_id, bos_token_id, decoder_start_token_id, forced_bos_token_id, "
      "forced_eos_token_id, stop_strings, pad_token_id, "
      "num_return_sequences, seed";

 private:
  /// Bookkeeping, keys that change no token here, and others at the value that switches them off.
  static bool asks_for_nothing(const JsonObject& json, const std::string& key) {
    constexpr std::string_view idle[] = {"transformers_version", "_from_model_config",   "use_cache",
                                         "cache_implementation", "output_scores",        "output_logits",
                                         "output_attentions",    "output_hidden_states", "early_stopping",
                                         "length_penalty",       "renormalize_logits",   "return_dict_in_generate"};
    constexpr std::pair<std::string_view, double> off[] = {
        {"num_beams", 1}, {"num_beam_groups", 1}, {"diversity_penalty", 0}, {"encoder_repetition_penalty", 1},
        {"typical_p", 1}, {"epsilon_cutoff", 0},  {"eta_cutoff", 0},        {"guidance_scale", 1}};
    for (const std::string_view name : idle)
      if (key == name) return true;
    for (const auto& [name, value] : off) {
      if (key != name) continue;
      if (json.number(key) != value) json.fail(key, detail::number_text(value) + ", as others are not supported");
      return true;
    }
    return false;
  }
  static bool is_sampling_key(std::string_view key) {
    return key == "temperature" || key == "top_k" || key == "top_p" || key == "min_p";
  }
  static TokenId read_id(const JsonObject& json, const std::string& key) {
    return static_cast<TokenId>(json.integer(key, 0, std::numeric_limits<TokenId>::max()));
  }
  static std::vector<std::vector<TokenId>> read_sequences(const JsonObject& json, const std::string& key) {
    std::vector<std::vector<TokenId>> sequences;
    for (const std::vector<Index>& ids : json.integer_lists(key, 0, std::numeric_limits<TokenId>::max())) {
      std::vector<TokenId>& sequence = sequences.emplace_back();
      for (const Index id : ids) sequence.push_back(static_cast<TokenId>(id));
    }
    return sequences;
  }
  static std::vector<TokenId> read_ids(const JsonObject& json, const std::string& key) {
    constexpr Index most = std::numeric_limits<TokenId>::max();
    if (!json.is_array(key)) return {read_id(json, key)};
    std::vector<TokenId> ids;
    for (const Index id : json.integers(key, 0, most)) ids.push_back(static_cast<TokenId>(id));
    return ids;
  }
};

}  // namespace headformer
