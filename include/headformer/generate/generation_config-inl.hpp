#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/generate/generation_config.hpp"

namespace headformer {
namespace detail {

constexpr Index most_tokens = Index{1} << 40;

inline TokenId read_token(const JsonObject& json, const std::string& key) {
  return static_cast<TokenId>(json.integer(key, 0, std::numeric_limits<TokenId>::max()));
}
HEADFORMER_COLD inline std::vector<TokenId> read_tokens(const JsonObject& json, const std::string& key) {
  if (!json.is_array(key)) return {read_token(json, key)};
  std::vector<TokenId> ids;
  for (const Index id : json.integers(key, 0, std::numeric_limits<TokenId>::max()))
    ids.push_back(static_cast<TokenId>(id));
  return ids;
}
HEADFORMER_COLD inline std::vector<std::vector<TokenId>> read_sequences(const JsonObject& json,
                                                                        const std::string& key) {
  std::vector<std::vector<TokenId>> sequences;
  for (const std::vector<Index>& ids : json.integer_lists(key, 0, std::numeric_limits<TokenId>::max())) {
    std::vector<TokenId>& sequence = sequences.emplace_back();
    for (const Index id : ids) sequence.push_back(static_cast<TokenId>(id));
  }
  return sequences;
}

/// [[[1, 2], 0.5], ...]; of a sequence that is there twice the later counts, as in the reference.
HEADFORMER_COLD inline GenerationConfig::Biases read_biases(const JsonObject& json, const std::string& key) {
  GenerationConfig::Biases biases;
  const auto fail = [&] { json.fail(key, "pairs of a list of ids and a number"); };
  if (!json.is_array(key) || json.find(key)->empty()) fail();
  for (const Json& item : *json.find(key)) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_array() || item[0].empty() || !item[1].is_number()) fail();
    std::vector<TokenId> ids;
    for (const Json& id : item[0]) {
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<TokenId>::max()) fail();
      ids.push_back(id.get<TokenId>());
    }
    std::erase_if(biases, [&](const auto& pair) { return pair.first == ids; });
    biases.emplace_back(std::move(ids), item[1].get<double>());
  }
  return biases;
}

/// llama.cpp's [[15043, 1.0], [7, false]], false being never; or OpenAI's {"15043": 1.0}.
HEADFORMER_COLD inline GenerationConfig::Biases read_logit_bias(const JsonObject& json, const std::string& key) {
  GenerationConfig::Biases biases;
  const auto add = [&](const Json& id, const Json& bias) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<TokenId>::max() ||
        (!bias.is_number() && bias != Json(false)))
      json.fail(key, "pairs of an id and a number or false, or an object of such");
    constexpr double never = -std::numeric_limits<double>::infinity();
    biases.emplace_back(std::vector<TokenId>{id.get<TokenId>()}, bias.is_number() ? bias.get<double>() : never);
  };
  if (json.is_object(key)) {
    for (const auto& [id, bias] : json.find(key)->items()) add(Json::parse(id, nullptr, false), bias);
  } else if (json.is_array(key)) {
    for (const Json& item : *json.find(key)) {
      const bool pair = item.is_array() && item.size() == 2;
      add(pair ? item[0] : Json(), pair ? item[1] : Json());
    }
  } else {
    add(Json(), Json());
  }
  return biases;
}

HEADFORMER_COLD inline std::pair<Index, double> read_decay(const JsonObject& json, const std::string& key) {
  const std::vector<double> values = json.is_array(key) ? json.numbers(key) : std::vector<double>{};
  if (values.size() != 2 || values[0] < 0 || values[0] != std::floor(values[0]) || values[0] > 1e12)
    json.fail(key, "a start of 0 or more tokens and a factor");
  return {static_cast<Index>(values[0]), values[1]};
}

HEADFORMER_COLD inline WatermarkingConfig read_watermark(const JsonObject& parent, const std::string& key) {
  const JsonObject json = parent.object(key);
  const bool synth_id = json.has("keys") || json.has("ngram_len");
  GreenListConfig green;
  SynthIdConfig synth;
  constexpr Index large = std::numeric_limits<std::int64_t>::max();
  for (const std::string& name : json.keys()) {
    if (synth_id) {
      if (name == "ngram_len")
        synth.ngram_len = json.integer(name, 1, most_tokens);
      else if (name == "keys")
        for (const Index value : json.integers(name)) synth.keys.push_back(value);
      else if (name == "context_history_size")
        synth.context_history_size = json.integer(name, 1, most_tokens);
      else if (name == "sampling_table_seed")
        synth.sampling_table_seed = json.integer(name, 0, large);
      else if (name == "sampling_table_size")
        synth.sampling_table_size = json.integer(name, 1, 1 << 24);
      else if (name == "skip_first_ngram_calls")
        synth.skip_first_ngram_calls = json.boolean(name);
      else if (name != "debug_mode" || json.boolean(name))
        json.fail(name, "a key of SynthID's watermark, without debug_mode");
      continue;
    }
    if (name == "greenlist_ratio") {
      green.greenlist_ratio = json.number(name, 0, 1);
      if (green.greenlist_ratio == 0 || green.greenlist_ratio == 1) json.fail(name, "a number between 0 and 1");
    } else if (name == "bias") {
      green.bias = json.number(name);
    } else if (name == "hashing_key") {
      green.hashing_key = json.integer(name, 0, large);
    } else if (name == "context_width") {
      green.context_width = json.integer(name, 1, most_tokens);
    } else if (name == "seeding_scheme") {
      const std::string scheme = json.string(name);
      if (scheme != "lefthash" && scheme != "selfhash") json.fail(name, "lefthash or selfhash");
      green.selfhash = scheme == "selfhash";
    } else {
      json.fail(name, "a key of a watermark");
    }
  }
  if (!synth_id) return green;
  if (synth.keys.empty()) json.fail("keys", "one integer or more");
  return synth;
}

HEADFORMER_COLD inline std::vector<std::string> read_samplers(const JsonObject& json, const std::string& key) {
  constexpr std::string_view known[] = {"penalties", "dry",   "top_n_sigma", "top_k",      "typ_p",
                                        "top_p",     "min_p", "xtc",         "temperature"};
  std::vector<std::string> names = json.strings(key);
  for (const std::string& name : names)
    if (std::find(std::begin(known), std::end(known), name) == std::end(known))
      json.fail(key, "any of penalties, dry, top_n_sigma, top_k, typ_p, top_p, min_p, xtc, temperature");
  return names;
}

/// Of what a key is read by. `draws`: it says something about draws only.
template <class Read>
struct KeyReader {
  Read read;
  bool draws = false;
};

/// The one place that knows the keys: calls visit(name, member, reader) for each.
template <class Visit>
void each_generation_key(Visit visit) {
  using Config = GenerationConfig;
  using J = const JsonObject&;
  using K = const std::string&;
  const auto whole = [](Index least) {
    return KeyReader{[least](J json, K key) { return json.integer(key, least, most_tokens); }};
  };
  const auto range = [](double lo, double hi) {
    return KeyReader{[lo, hi](J json, K key) { return json.number(key, lo, hi); }};
  };
  const auto above = [](double hi) {  // in (0, hi]
    return KeyReader{[hi](J json, K key) {
      const double value = json.number(key, 0, hi);
      if (value == 0) json.fail(key, "a number > 0");
      return value;
    }};
  };
  const auto below_one = KeyReader{[](J json, K key) {
    const double value = json.number(key, 0, 1);
    if (value == 1) json.fail(key, "a number in [0, 1)");
    return value;
  }};
  const auto positive = KeyReader{[](J json, K key) { return json.positive(key); }};
  const auto finite = KeyReader{[](J json, K key) { return json.number(key, -1e30, 1e30); }};
  const auto flag = KeyReader{[](J json, K key) { return json.boolean(key); }};
  const auto ids = KeyReader{read_tokens};
  const auto id = KeyReader{read_token};
  const auto sequences = KeyReader{read_sequences};
  const auto strings = KeyReader{[](J json, K key) {
    return json.is_string(key) ? std::vector<std::string>{json.string(key)} : json.strings(key);
  }};
  const auto draws = [](auto reader) {
    reader.draws = true;
    return reader;
  };

  visit("max_new_tokens", &Config::max_new_tokens, whole(1));
  visit("max_length", &Config::max_length, whole(1));
  visit("min_new_tokens", &Config::min_new_tokens, whole(0));
  visit("min_length", &Config::min_length, whole(0));
  visit("max_time", &Config::max_time, positive);
  visit("eos_token_id", &Config::eos_token_id, ids);
  visit("stop_strings", &Config::stop_strings, strings);
  visit("exponential_decay_length_penalty", &Config::exponential_decay_length_penalty, KeyReader{read_decay});

  visit("num_beams", &Config::num_beams, whole(1));
  visit("early_stopping", &Config::early_stopping, KeyReader{[](J json, K key) {
          if (json.is_string(key) && json.string(key) == "never") return EarlyStopping::never;
          if (json.is_string(key)) json.fail(key, "true, false or 'never'");
          return json.boolean(key) ? EarlyStopping::yes : EarlyStopping::no;
        }});
  visit("length_penalty", &Config::length_penalty, finite);
  visit("num_beam_groups", &Config::num_beam_groups, whole(1));
  visit("diversity_penalty", &Config::diversity_penalty, range(0, 1e30));

  visit("prompt_lookup_num_tokens", &Config::prompt_lookup_num_tokens, whole(0));
  visit("max_matching_ngram_size", &Config::max_matching_ngram_size, whole(1));
  visit("assistant_early_exit", &Config::assistant_early_exit, whole(1));
  visit("num_assistant_tokens", &Config::num_assistant_tokens, whole(1));
  visit("num_assistant_tokens_schedule", &Config::num_assistant_tokens_schedule, KeyReader{[](J json, K key) {
          const std::string schedule = json.string(key);
          if (schedule != "constant" && schedule != "heuristic" && schedule != "heuristic_transient")
            json.fail(key, "constant, heuristic or heuristic_transient");
          return schedule;
        }});
  visit("assistant_confidence_threshold", &Config::assistant_confidence_threshold, range(0, 1));

  visit("do_sample", &Config::do_sample, flag);
  visit("temperature", &Config::temperature, draws(positive));
  visit("top_k", &Config::top_k, draws(whole(0)));
  visit("top_p", &Config::top_p, draws(range(0, 1)));
  visit("min_p", &Config::min_p, draws(range(0, 1)));
  visit("typical_p", &Config::typical_p, draws(above(1)));
  visit("epsilon_cutoff", &Config::epsilon_cutoff, draws(below_one));
  visit("eta_cutoff", &Config::eta_cutoff, draws(below_one));
  visit("top_h", &Config::top_h, draws(above(1)));
  visit("top_n_sigma", &Config::top_n_sigma, draws(finite));
  visit("xtc_probability", &Config::xtc_probability, draws(range(0, 1)));
  visit("xtc_threshold", &Config::xtc_threshold, draws(range(0, 1)));
  visit("dynatemp_range", &Config::dynatemp_range, draws(range(0, 1e30)));
  visit("dynatemp_exponent", &Config::dynatemp_exponent, draws(finite));
  visit("mirostat", &Config::mirostat, draws(KeyReader{[](J json, K key) {
          const Index version = json.integer(key, 0, 2);
          if (version == 1) json.fail(key, "0 or 2");
          return version;
        }}));
  visit("mirostat_tau", &Config::mirostat_tau, draws(range(0, 1e30)));
  visit("mirostat_eta", &Config::mirostat_eta, draws(range(0, 1e30)));
  visit("samplers", &Config::samplers, draws(KeyReader{read_samplers}));
  visit("seed", &Config::seed,
        KeyReader{[](J json, K key) { return static_cast<std::uint64_t>(json.integer(key, 0)); }});

  visit("repetition_penalty", &Config::repetition_penalty, positive);
  visit("encoder_repetition_penalty", &Config::encoder_repetition_penalty, positive);
  visit("presence_penalty", &Config::presence_penalty, finite);
  visit("frequency_penalty", &Config::frequency_penalty, finite);
  visit("repeat_last_n", &Config::repeat_last_n, whole(-1));
  visit("dry_multiplier", &Config::dry_multiplier, range(0, 1e30));
  visit("dry_base", &Config::dry_base, KeyReader{[](J json, K key) { return json.number(key, 1, 1e30); }});
  visit("dry_allowed_length", &Config::dry_allowed_length, whole(1));
  visit("dry_penalty_last_n", &Config::dry_penalty_last_n, whole(-1));
  visit("dry_sequence_breakers", &Config::dry_sequence_breakers, strings);
  visit("no_repeat_ngram_size", &Config::no_repeat_ngram_size, whole(0));
  visit("encoder_no_repeat_ngram_size", &Config::encoder_no_repeat_ngram_size, whole(0));
  visit("bad_words_ids", &Config::bad_words_ids, sequences);
  visit("sequence_bias", &Config::sequence_bias, KeyReader{read_biases});
  visit("logit_bias", &Config::logit_bias, KeyReader{read_logit_bias});
  visit("suppress_tokens", &Config::suppress_tokens, ids);
  visit("begin_suppress_tokens", &Config::begin_suppress_tokens, ids);
  visit("forced_bos_token_id", &Config::forced_bos_token_id, ids);
  visit("forced_eos_token_id", &Config::forced_eos_token_id, ids);
  visit("remove_invalid_values", &Config::remove_invalid_values, flag);
  visit("renormalize_logits", &Config::renormalize_logits, flag);
  visit("watermarking_config", &Config::watermarking_config, KeyReader{read_watermark});
  visit("guidance_scale", &Config::guidance_scale, finite);

  visit("bos_token_id", &Config::bos_token_id, id);
  visit("decoder_start_token_id", &Config::decoder_start_token_id, id);
  visit("pad_token_id", &Config::pad_token_id, id);
  visit("num_return_sequences", &Config::num_return_sequences, whole(1));
  visit("best_of", &Config::best_of, whole(1));
  visit("n_probs", &Config::n_probs, whole(0));
}

HEADFORMER_COLD inline std::string generation_keys() {
  std::string names;
  each_generation_key(
      [&](const char* name, auto, const auto&) { names += (names.empty() ? "" : ", ") + std::string(name); });
  return names;
}

HEADFORMER_COLD inline bool is_about_draws(std::string_view key) {
  bool found = false;
  each_generation_key(
      [&](const char* name, auto, const auto& reader) { found = found || (reader.draws && key == name); });
  return found;
}

/// Bookkeeping, keys that change no token here, and others at the value that switches them off.
HEADFORMER_COLD inline bool asks_for_nothing(const JsonObject& json, const std::string& key) {
  constexpr std::string_view idle[] = {
      "transformers_version",    "_from_model_config",   "_commit_hash",  "use_cache",
      "cache_implementation",    "cache_config",         "max_cache_len", "prefill_chunk_size",
      "compile_config",          "disable_compile",      "output_scores", "output_logits",
      "output_attentions",       "output_hidden_states",
      "return_dict_in_generate",  // Of an assistant with another tokenizer.
      "assistant_lookbehind",    "target_lookbehind"};
  constexpr std::pair<std::string_view, double> off[] = {{"penalty_alpha", 0}};
  constexpr std::string_view no[] = {"token_healing", "use_mtp", "is_assistant", "low_memory"};
  for (const std::string_view name : idle)
    if (key == name) return true;
  for (const auto& [name, value] : off) {
    if (key != name) continue;
    if (json.number(key) != value) json.fail(key, number_text(value) + ", as others are not supported");
    return true;
  }
  for (const std::string_view name : no) {
    if (key != name) continue;
    if (json.boolean(key)) json.fail(key, "false, as it is not supported");
    return true;
  }
  return false;
}

/// Keys of one file that cannot all be meant.
HEADFORMER_COLD inline void expect_no_contradiction(const JsonObject& json, const GenerationConfig& config) {
  const auto unlike = [&](const char* key, double neutral) { return json.has(key) && json.number(key) != neutral; };
  if (config.do_sample == false) {
    constexpr std::pair<const char*, double> neutral[] = {
        {"temperature", 1}, {"top_k", 50},         {"top_p", 1},           {"min_p", 0},          {"typical_p", 1},
        {"eta_cutoff", 0},  {"epsilon_cutoff", 0}, {"xtc_probability", 0}, {"dynatemp_range", 0}, {"mirostat", 0}};
    for (const auto& [key, value] : neutral)
      if (unlike(key, value) && unlike(key, 0)) json.fail(key, number_text(value) + " where do_sample is false");
  }
  const Index beams = config.num_beams.value_or(1);
  const Index answers = config.num_return_sequences.value_or(1);
  if (json.has("num_beams") && beams > 1 && answers > beams)
    json.fail("num_return_sequences", "at most num_beams, " + std::to_string(beams));
  if (json.has("num_beams") && beams == 1 && answers > 1 && config.do_sample == false)
    json.fail("num_return_sequences", "1 without do_sample and beams");
  if (const Index groups = config.num_beam_groups.value_or(1); groups > 1) {
    if (json.has("num_beams") && beams % groups != 0)
      json.fail("num_beam_groups", "a divisor of num_beams, " + std::to_string(beams));
    if (!(config.diversity_penalty.value_or(0) > 0))
      json.fail("diversity_penalty", "a number > 0 with num_beam_groups");
    if (config.do_sample.value_or(false)) json.fail("num_beam_groups", "1 with do_sample");
    if (config.stop_strings) json.fail("stop_strings", "none with num_beam_groups");
  }
  if (beams > 1) {
    if (config.mirostat == 2) json.fail("mirostat", "0 with beams");
    if (config.guidance_scale.value_or(1) != 1) json.fail("guidance_scale", "1 with beams");
    if (config.n_probs) json.fail("n_probs", "nothing with beams");
    if (config.best_of) json.fail("best_of", "nothing with beams, of which the best are taken anyway");
  }
  if (const bool looks_up = config.prompt_lookup_num_tokens.value_or(0) > 0; looks_up || config.assistant_early_exit) {
    const char* const key = looks_up ? "prompt_lookup_num_tokens" : "assistant_early_exit";
    if (looks_up && config.assistant_early_exit) json.fail(key, "nothing beside assistant_early_exit");
    if (beams > 1) json.fail(key, "nothing with beams");
    if (config.guidance_scale.value_or(1) != 1) json.fail(key, "nothing with guidance_scale");
  }
  if (config.best_of && *config.best_of < answers)
    json.fail("best_of", "at least num_return_sequences, " + std::to_string(answers));
  if (config.best_of.value_or(1) > 1 && config.do_sample == false) json.fail("best_of", "1 without do_sample");
  if (config.mirostat == 2) {
    for (const char* key : {"top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h",
                            "top_n_sigma", "xtc_probability", "samplers"})
      if (json.has(key)) json.fail(key, "nothing beside mirostat, which takes its place");
  }
  for (const char* key : {"forced_bos_token_id", "forced_eos_token_id"}) {
    const auto& forced =
        key == std::string_view("forced_bos_token_id") ? config.forced_bos_token_id : config.forced_eos_token_id;
    if (!forced || !config.suppress_tokens || forced->empty()) continue;
    const auto suppressed = [&](TokenId id) {
      return std::find(config.suppress_tokens->begin(), config.suppress_tokens->end(), id) !=
             config.suppress_tokens->end();
    };
    if (std::all_of(forced->begin(), forced->end(), suppressed)) json.fail(key, "an id that suppress_tokens leaves");
  }
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool GenerationConfig::read(const JsonObject& json, const std::string& key) {
  bool known = false;
  detail::each_generation_key([&](const char* name, auto member, const auto& reader) {
    if (known || key != name) return;
    known = true;
    this->*member = reader.read(json, key);
  });
  return known;
}

HEADFORMER_COLD HEADFORMER_INLINE GenerationConfig GenerationConfig::from_caller(const JsonObject& json) {
  GenerationConfig config;
  for (const std::string& key : json.keys()) {
    if (json.has(key) && !config.read(json, key) && !detail::asks_for_nothing(json, key))
      json.fail(key, "one of the keys " + detail::generation_keys());
  }
  detail::expect_no_contradiction(json, config);
  return config;
}

HEADFORMER_COLD HEADFORMER_INLINE GenerationConfig GenerationConfig::from_checkpoint(const JsonObject& json) {
  GenerationConfig config;
  for (const std::string& key : json.keys()) {
    // Published files hold sampling values that their own greedy default never uses, some of them out of range, and
    // a pad_token_id or bos_token_id of -1 for none.
    if (!json.has(key)) continue;
    try {
      config.read(json, key);
    } catch (const ConfigError&) {
      const bool rests = key == "pad_token_id" || key == "bos_token_id" ||
                         (detail::is_about_draws(key) && !json.boolean_or("do_sample", false));
      if (!rests) throw;
    }
  }
  return config;
}

HEADFORMER_COLD HEADFORMER_INLINE GenerationConfig GenerationConfig::over(const GenerationConfig& base) const {
  GenerationConfig merged = *this;
  detail::each_generation_key([&](const char*, auto member, const auto&) {
    if (!(merged.*member)) merged.*member = base.*member;
  });
  if (!merged.negative_prompt_ids) merged.negative_prompt_ids = base.negative_prompt_ids;
  if (!merged.constraint) merged.constraint = base.constraint;
  if (!merged.dry_breaker_ids) merged.dry_breaker_ids = base.dry_breaker_ids;
  return merged;
}

}  // namespace headformer
