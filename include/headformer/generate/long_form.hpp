#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headformer/generate/generation.hpp"
#include "headformer/generate/long_form_config.hpp"
#include "headformer/generate/timed_sequence.hpp"

namespace headformer {

/// What the long form needs of a model: to hear a window of a recording, and to decode over it.
template <class T>
concept WindowedModel = requires(T& model, Index count, std::span<const TokenId> generated) {
  model.hear(count, count);              // frames [first, first + count), which silence follows to a whole window
  { model.decoder() } -> TokenSequence;  // an empty one over what was heard last
  /// Of the last decoder: when each of the tokens behind its prompt was said, seconds from the window's begin.
  { model.times(count, generated) } -> std::convertible_to<std::vector<double>>;  // of a prompt of so many tokens
};

/// A recording of any length, window after window: each begins where the last one's finished sentences end (Radford et
/// al. 2022, section 3.8, https://arxiv.org/abs/2212.04356), and is decoded again, warmer, where its text looks wrong.
/// Token for token the reference's WhisperForConditionalGeneration.generate() of one recording; what is drawn is ours.
template <WindowedModel Model>
class LongForm {
 public:
  /// `generation` is complete: the caller's over the checkpoint's. Throws as LongFormConfig::expect_valid().
  LongForm(Model model, LongFormConfig config, GenerationConfig generation, Cancellation cancellation = {})
      : model_(std::move(model)),
        config_(std::move(config)),
        generation_(std::move(generation)),
        cancellation_(std::move(cancellation)) {
    config_.expect_valid();
    conditions_ = config_.condition_on_prev_tokens;
    if (config_.prompt_ids.empty() || config_.prompt_condition_type != PromptCondition::first_segment) return;
    written_ = config_.prompt_ids;
    if (written_.front() == config_.previous_id) written_.erase(written_.begin());
    begun_ = true;
  }

  /// The frame that the next window begins with.
  Index seek() const { return seek_; }
  const Model& model() const { return model_; }
  Model& model() { return model_; }

  /// Hears the next window of a recording of so many frames, and moves on; no segments where nothing is said. Throws
  /// ArgumentError where prompt and new tokens do not fit in the decoder, CancelledError.
  std::vector<LongFormSegment> next(Index frames) {
    cancellation_.throw_if_cancelled();
    const Index heard = std::min(frames - seek_, config_.window);
    model_.hear(seek_, heard);
    std::vector<TokenId> prompt = make_prompt();
    const Index most = most_new_tokens(static_cast<Index>(prompt.size()));
    if (conditions_ && begun_ && generation_.pad_token_id) std::erase(prompt, *generation_.pad_token_id);
    const double silence = config_.no_speech_threshold ? no_speech_probability(prompt) : 0;
    Attempt attempt;
    for (const double temperature : config_.temperatures) {
      attempt = try_at(temperature, prompt, most);
      attempt.no_speech = silence;
      conditions_ = config_.condition_on_prev_tokens && temperature < 0.5;
      if (!looks_wrong(attempt)) break;
    }
    if (is_silence(attempt)) {
      seek_ += heard;
      return {};
    }
    return split(std::move(attempt), heard);
  }

 private:
  struct Attempt {
    std::vector<TokenId> ids;
    std::vector<double> times;
    double temperature = 0;
    double log_probability = 0;
    double compression_ratio = 0;
    double no_speech = 0;
  };

  std::vector<TokenId> make_prompt() const {
    std::vector<TokenId> prompt;
    if (conditions_ && begun_) {
      if (config_.prompt_condition_type == PromptCondition::all_segments && !config_.prompt_ids.empty()) {
        prompt = config_.prompt_ids;
      } else if (config_.previous_id) {
        prompt.push_back(*config_.previous_id);
      }
      const auto most = static_cast<std::ptrdiff_t>(config_.positions / 2 - 1);
      prompt.insert(prompt.end(), written_.end() - std::min(most, std::ssize(written_)), written_.end());
    } else {
      prompt = config_.prompt_ids;
    }
    prompt.insert(prompt.end(), config_.start.begin(), config_.start.end());
    return prompt;
  }

  /// The reference's rule, by which max_length grows with every prompt.
  Index most_new_tokens(Index prompt) {
    const Index wanted = generation_.max_new_tokens.value_or(0);
    if (prompt + wanted > config_.positions) {
      throw ArgumentError("max_new_tokens: expected with a prompt of " + std::to_string(prompt) + " tokens at most " +
                          std::to_string(config_.positions) + " positions, found " + std::to_string(wanted));
    }
    if (generation_.max_new_tokens) return wanted;
    if (!generation_.max_length) return std::min<Index>(256, config_.positions - prompt);
    Index& length = *generation_.max_length;
    length = std::min(length + std::min(config_.positions / 2 - 1, prompt), config_.positions);
    if (length <= prompt) {
      throw ArgumentError("max_length: expected more than the " + std::to_string(prompt) +
                          " tokens of the prompt, found " + std::to_string(length));
    }
    return length - prompt;
  }

  /// Of the token before the times', after the start.
  double no_speech_probability(std::span<const TokenId> prompt) {
    auto sequence = model_.decoder();
    const std::span<const float> logits = sequence.append(prompt.first(prompt.size() - config_.start.size() + 1));
    return std::exp(log_softmax(logits, static_cast<std::size_t>(config_.rules.no_timestamps - 1)));
  }

  Attempt try_at(double temperature, const std::vector<TokenId>& prompt, Index most) {
    GenerationConfig config = generation_;
    config.max_length.reset();
    config.max_new_tokens = most;
    config.do_sample = temperature > 0;
    if (temperature > 0) config.temperature = temperature;
    if (config.seed) config.seed = nth_seed(*config.seed, draws_++);
    TokenScores scores(config);
    const TimedRules rules(config, config_.writes_times ? std::optional(config_.rules) : std::nullopt, prompt.size());
    TimedRules::release(config);
    Generation generation(TimedSequence(model_.decoder(), rules, scores), prompt, config, cancellation_);
    while (const std::optional<TokenId> id = generation.next()) scores.choose(*id);
    cancellation_.throw_if_cancelled();
    Attempt attempt;
    attempt.temperature = temperature;
    attempt.ids.assign(generation.generated().begin(), generation.generated().end());
    if (config_.token_times) attempt.times = model_.times(static_cast<Index>(prompt.size()), attempt.ids);
    drop_padding(attempt.ids);
    attempt.log_probability = scores.mean(attempt.ids.size());
    if (config_.compression_ratio_threshold) attempt.compression_ratio = compression_ratio(attempt.ids);
    if (!attempt.ids.empty() && generation.is_end(attempt.ids.back())) attempt.ids.pop_back();
    return attempt;
  }

  /// As the reference counts it: wherever it is.
  void drop_padding(std::vector<TokenId>& ids) const {
    if (!generation_.pad_token_id || ids.empty() || ids.back() != *generation_.pad_token_id) return;
    const TokenId padding = *generation_.pad_token_id;
    std::ptrdiff_t count = std::count(ids.begin(), ids.end(), padding);
    if (generation_.eos_token_id && generation_.eos_token_id->front() == padding) --count;
    ids.erase(ids.end() - count, ids.end());
  }

  double compression_ratio(std::span<const TokenId> ids) const {
    const int bytes = static_cast<int>(std::log2(static_cast<double>(config_.vocabulary)) / 8) + 1;
    std::vector<unsigned char> text;
    for (const TokenId id : ids)
      for (int i = 0; i < bytes; ++i) text.push_back(static_cast<unsigned char>(id >> (8 * i)));
    return static_cast<double>(text.size()) / static_cast<double>(config_.compressed_size(text));
  }

  bool is_silence(const Attempt& attempt) const {
    return config_.no_speech_threshold && is_guess(attempt) && attempt.no_speech > *config_.no_speech_threshold;
  }
  bool looks_wrong(const Attempt& attempt) const {
    if (is_silence(attempt)) return false;
    return (config_.compression_ratio_threshold && attempt.compression_ratio > *config_.compression_ratio_threshold) ||
           is_guess(attempt);
  }
  bool is_guess(const Attempt& attempt) const {
    return config_.logprob_threshold && (attempt.log_probability < *config_.logprob_threshold);
  }

  Index time_of(TokenId id) const { return id - config_.rules.first_time(); }
  bool is_time_at(const std::vector<TokenId>& ids, std::size_t i) const { return config_.rules.is_time(ids[i]); }

  /// Cuts between two times, and moves to where the last finished segment ends.
  std::vector<LongFormSegment> split(Attempt attempt, Index heard) {
    const std::vector<TokenId>& ids = attempt.ids;
    const double offset = static_cast<double>(seek_) * config_.time_seconds / static_cast<double>(frames_per_time());
    const bool single_end = ids.size() >= 2 && !is_time_at(ids, ids.size() - 2) && is_time_at(ids, ids.size() - 1);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < ids.size(); ++i)
      if (is_time_at(ids, i - 1) && is_time_at(ids, i)) cuts.push_back(i);
    std::vector<LongFormSegment> segments;
    const auto add = [&](std::size_t first, std::size_t last, double begin, double end) {
      LongFormSegment& segment = segments.emplace_back();
      segment.begin = offset + begin * config_.time_seconds;
      segment.end = offset + end * config_.time_seconds;
      segment.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(first),
                         ids.begin() + static_cast<std::ptrdiff_t>(last));
      segment.temperature = attempt.temperature;
      segment.log_probability = attempt.log_probability;
      segment.compression_ratio = attempt.compression_ratio;
      segment.no_speech = attempt.no_speech;
      if (config_.token_times)
        for (std::size_t i = first; i < last; ++i) segment.times.push_back(attempt.times[i] + offset);
      remember(segment.ids);
    };
    if (cuts.empty()) {
      const auto last = std::find_if(ids.rbegin(), ids.rend(), [&](TokenId id) { return config_.rules.is_time(id); });
      // In f32, as the reference has it: a whole time may come out as one less.
      const auto frame_seconds = static_cast<float>(config_.time_seconds / static_cast<double>(frames_per_time()));
      auto end =
          static_cast<Index>(static_cast<float>(heard) * frame_seconds / static_cast<float>(config_.time_seconds));
      if (last != ids.rend() && *last != config_.rules.first_time()) end = time_of(*last);
      add(0, ids.size(), 0, static_cast<double>(end));
      seek_ += heard;
      return segments;
    }
    if (single_end) {
      cuts.push_back(ids.size());
    } else {
      ++cuts.back();  // the last segment keeps both times, by which it is known to be no single end
    }
    std::size_t first = 0;
    for (const std::size_t cut : cuts) {
      const std::size_t end = cut == cuts.back() && !single_end ? cut - 2 : cut - 1;
      add(first, cut, static_cast<double>(time_of(ids[first])), static_cast<double>(time_of(ids[end])));
      first = cut;
    }
    const Index moved = single_end ? heard : time_of(ids[first - 2]) * frames_per_time();
    seek_ += moved > 0 ? moved : heard;  // a window of which nothing is finished is not heard for ever
    return segments;
  }

  Index frames_per_time() const { return config_.frames_per_time; }

  /// For the next window, which is told one of two times at the end.
  void remember(const std::vector<TokenId>& ids) {
    const bool twice = ids.size() > 2 && is_time_at(ids, ids.size() - 2);
    written_.insert(written_.end(), ids.begin(), ids.end() - (twice ? 1 : 0));
    begun_ = true;
  }

  Model model_;
  LongFormConfig config_;
  GenerationConfig generation_;
  Cancellation cancellation_;
  Index seek_ = 0;  ///< frames
  bool conditions_ = false;
  bool begun_ = false;  ///< there are segments, perhaps empty ones
  std::vector<TokenId> written_;
  std::uint64_t draws_ = 0;
};

}  // namespace headformer
