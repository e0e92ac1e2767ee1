#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/generate/banned_tokens.hpp"
#include "headformer/generate/constrained/token_constraint.hpp"
#include "headformer/generate/filters.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/generate/penalties.hpp"
#include "headformer/generate/watermark.hpp"

namespace headformer {

/// Changes scores, or takes tokens out, by what has come. It keeps the candidates' order and nothing between calls: the
/// same step gives the same result, whatever came in between (beams go back and forth).
template <class T>
concept LogitsProcessor = requires(const T& processor, Candidates& candidates, const DecodingStep& step) {
  { processor(candidates, step) };
};

/// Processors in an order. The reference's, from a config:
///
///     headformer::LogitsChain chain = headformer::reference_chain(config, prompt_length);
///
/// or the caller's own:
///
///     chain.then(headformer::TopK{40}).then(headformer::Temperature{0.8}).then(my_own_processor);
class LogitsChain {
 public:
  LogitsChain() = default;

  template <LogitsProcessor Processor>
  LogitsChain& then(Processor processor) {
    processors_.emplace_back(std::move(processor));
    return *this;
  }

  bool empty() const { return processors_.empty(); }
  void operator()(Candidates& candidates, const DecodingStep& step) const {
    for (const auto& processor : processors_) processor(candidates, step);
  }

 private:
  std::vector<std::function<void(Candidates&, const DecodingStep&)>> processors_;
};

namespace detail {

inline bool other_than(const std::optional<double>& value, double neutral) { return value && *value != neutral; }

/// What llama.cpp has beside the reference's penalties.
inline void add_penalties(LogitsChain& chain, const GenerationConfig& config) {
  const double presence = config.presence_penalty.value_or(0);
  const double frequency = config.frequency_penalty.value_or(0);
  if (presence != 0 || frequency != 0)
    chain.then(PresencePenalty{presence, frequency, config.repeat_last_n.value_or(64)});
}
inline void add_dry(LogitsChain& chain, const GenerationConfig& config) {
  if (config.dry_multiplier.value_or(0) > 0)
    chain.then(DryPenalty{*config.dry_multiplier, config.dry_base.value_or(1.75), config.dry_allowed_length.value_or(2),
                          config.dry_penalty_last_n.value_or(-1),
                          config.dry_breaker_ids.value_or(GenerationConfig::Sequences{})});
}
inline void add_temperature(LogitsChain& chain, const GenerationConfig& config) {
  const double temperature = config.temperature.value_or(1);
  if (const double range = config.dynatemp_range.value_or(0); range > 0)
    chain.then(DynamicTemperature{temperature, range, config.dynatemp_exponent.value_or(1)});
  else if (temperature != 1)
    chain.then(Temperature{temperature});
}
inline void add_top_n_sigma(LogitsChain& chain, const GenerationConfig& config) {
  if (config.top_n_sigma.value_or(0) > 0) chain.then(TopNSigma{*config.top_n_sigma});
}
inline void add_xtc(LogitsChain& chain, const GenerationConfig& config) {
  if (config.xtc_probability.value_or(0) > 0)
    chain.then(ExcludeTopChoices{*config.xtc_probability, config.xtc_threshold.value_or(0.1)});
}

/// What the reference changes before anything is left out.
inline void add_processors(LogitsChain& chain, const GenerationConfig& config, Index prompt_length,
                           const std::function<void(Candidates&, const DecodingStep&)>& behind_biases) {
  using Ids = GenerationConfig::Ids;
  const Ids ends = config.eos_token_id.value_or(Ids{});
  if (config.sequence_bias) chain.then(SequenceBias{*config.sequence_bias});
  if (config.logit_bias) chain.then(SequenceBias{*config.logit_bias});
  if (behind_biases) chain.then(behind_biases);
  if (other_than(config.encoder_repetition_penalty, 1))
    chain.then(EncoderRepetitionPenalty{*config.encoder_repetition_penalty});
  if (other_than(config.repetition_penalty, 1)) chain.then(RepetitionPenalty{*config.repetition_penalty});
  if (!config.samplers) {
    add_penalties(chain, config);
    add_dry(chain, config);
  }
  if (const Index n = config.no_repeat_ngram_size.value_or(0); n > 0)
    chain.then(NoRepeatedNgrams{static_cast<std::size_t>(n)});
  if (const Index n = config.encoder_no_repeat_ngram_size.value_or(0); n > 0)
    chain.then(NoNgramsOfSource{static_cast<std::size_t>(n)});
  if (config.bad_words_ids) chain.then(NoBadWords(*config.bad_words_ids, ends));
  if (const Index least = config.least_new_tokens(prompt_length); least > 0 && !ends.empty())
    chain.then(LeastNewTokens{least, ends});
  const bool forced_first = config.forced_bos_token_id && !config.forced_bos_token_id->empty();
  if (forced_first) chain.then(ForcedFirst{*config.forced_bos_token_id});
  if (config.forced_eos_token_id && !config.forced_eos_token_id->empty())
    chain.then(ForcedLast{*config.forced_eos_token_id, config.new_tokens(prompt_length) - 1});
  if (config.remove_invalid_values.value_or(false)) chain.then(RemoveInvalidValues{});
  if (const auto& decay = config.exponential_decay_length_penalty)
    chain.then(ExponentialDecayLengthPenalty{decay->first, decay->second, ends});
  if (config.suppress_tokens) chain.then(SuppressTokens{*config.suppress_tokens});
  if (config.begin_suppress_tokens)  // the first that is free to choose: after one that is forced to follow a first
    chain.then(SuppressTokensAt{*config.begin_suppress_tokens, prompt_length == 1 && forced_first ? 1 : 0});
  if (config.constraint)
    chain.then([constraint = config.constraint](Candidates& candidates, const DecodingStep& step) {
      constraint->keep(candidates, step);
    });
}

/// What it keeps of the rest for a draw.
inline void add_filters(LogitsChain& chain, const GenerationConfig& config, std::size_t least) {
  add_temperature(chain, config);
  add_top_n_sigma(chain, config);
  if (config.top_h) chain.then(TopH{*config.top_h});
  chain.then(TopK{config.top_k.value_or(50), least});
  if (other_than(config.top_p, 1)) chain.then(TopP{*config.top_p, least});
  if (config.min_p) chain.then(MinP{*config.min_p, least});
  if (other_than(config.typical_p, 1)) chain.then(TypicalP{*config.typical_p, least});
  if (other_than(config.epsilon_cutoff, 0)) chain.then(EpsilonCutoff{*config.epsilon_cutoff, least});
  if (other_than(config.eta_cutoff, 0)) chain.then(EtaCutoff{*config.eta_cutoff, least});
  add_xtc(chain, config);
}

/// The same in the order of llama.cpp's key "samplers": what it does not name is left out.
inline void add_samplers(LogitsChain& chain, const GenerationConfig& config) {
  for (const std::string& name : *config.samplers) {
    if (name == "penalties") add_penalties(chain, config);
    if (name == "dry") add_dry(chain, config);
    if (name == "top_n_sigma") add_top_n_sigma(chain, config);
    if (name == "top_k") chain.then(TopK{config.top_k.value_or(50)});
    if (name == "typ_p") chain.then(TypicalP{config.typical_p.value_or(1)});
    if (name == "top_p") chain.then(TopP{config.top_p.value_or(1)});
    if (name == "min_p") chain.then(MinP{config.min_p.value_or(0)});
    if (name == "xtc") add_xtc(chain, config);
    if (name == "temperature") add_temperature(chain, config);
  }
}

}  // namespace detail

/// What a config asks for, in the reference's order (transformers 5.23, GenerationMixin._get_logits_processor):
/// biases, penalties, bans, forced tokens; when drawing, temperature and what is kept; watermark and normalisation at
/// the end. llama.cpp's stand beside what they are like: logit_bias after sequence_bias, presence and frequency
/// penalties and DRY after repetition_penalty, dynamic temperature in the temperature's place, top_n_sigma behind it,
/// XTC after all that is kept. `config` is complete; `least` tokens stay, whatever is kept (beams need some);
/// `behind_biases` is where the reference has what a search adds of its own.
inline LogitsChain reference_chain(const GenerationConfig& config, Index prompt_length, std::size_t least = 1,
                                   const std::function<void(Candidates&, const DecodingStep&)>& behind_biases = {}) {
  LogitsChain chain;
  detail::add_processors(chain, config, prompt_length, behind_biases);
  if (config.do_sample.value_or(false)) {
    chain.then(DropImpossible{});
    if (config.mirostat.value_or(0) != 0)
      detail::add_temperature(chain, config);
    else if (config.samplers)
      detail::add_samplers(chain, config);
    else
      detail::add_filters(chain, config, least);
  }
  if (config.watermarking_config) {
    if (const auto* green = std::get_if<GreenListConfig>(&*config.watermarking_config))
      chain.then(GreenList(*green));
    else
      chain.then(SynthId(std::get<SynthIdConfig>(*config.watermarking_config)));
  }
  if (config.renormalize_logits.value_or(false)) chain.then(Renormalise{});
  return chain;
}

}  // namespace headformer
