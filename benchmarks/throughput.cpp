// Tokens a second of a decoder, sequences, pictures or sounds a second of an encoder, on random ids, pixels or samples:
//   throughput MODEL [--prompt N] [--generate N] [--batch B] [--threads 1,2] [--repetitions R] [--lengths LO:HI]
//   [--seconds S] [--encoder-only] [--json]
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <headformer/auto_causal_lm.hpp>
#include <headformer/auto_seq2seq.hpp>
#include <headformer/auto_speech_to_text.hpp>
#include <headformer/formats/json.hpp>
#include <headformer/models/causal_lm/session.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "../examples/program.hpp"
#include "encoder_throughput.hpp"
#include "image_throughput.hpp"
#include "measuring.hpp"
#include "sound_throughput.hpp"

namespace {

using namespace headformer;

using measuring::median;
using measuring::now;
using measuring::peak_bytes;

struct Options {
  std::string model;
  Index prompt = 512;
  Index generate = 128;
  Index batch = 1;
  Index depth = 0;
  double seconds = 30;  ///< of a sound, where the model takes any length
  int repetitions = 3;
  std::vector<int> threads;
  std::string lengths;
  std::pair<Index, Index> prompts;  ///< of --lengths, else both of --prompt
  bool json = false;
  bool encoder_only = false;
  bool first_token = false;
  program::ComputeOptions compute;
};

struct Figures {
  bool encodes = false;  ///< an encoder-decoder: `prompt` is a source's
  bool prompts = true;   ///< items are texts of Options::prompt tokens; otherwise pictures or sounds
  double prompt = 0;     ///< tokens of prompts a second, or sources
  double decode = 0;
  double load = 0;  ///< seconds
  double first_token = 0;
  std::optional<double> items = std::nullopt;  ///< a second, of an encoder; the rates of tokens are none then
};

class Throughput {
 public:
  Throughput(const Options& options, int threads)
      : options_(options),
        workspace_(std::make_shared<Workspace>(std::make_shared<ThreadPool>(threads),
                                               isa_from_name(options.compute.isa), options.compute.met())) {
    const double begin = now();
    LoadOptions load = options.compute.loading();
    load.executor = workspace_->executor.get();
    const Checkpoint checkpoint = Checkpoint::open(options.model);
    if (is_speech_to_text(checkpoint)) {
      speech_ = open_speech_to_text(checkpoint, load);
      model_ = {speech_, &speech_->decoder()};
      figures_.encodes = true;
      figures_.prompts = false;
    } else if (is_seq2seq(checkpoint)) {
      seq2seq_ = open_seq2seq(checkpoint, load);
      model_ = {seq2seq_, &seq2seq_->decoder()};
      figures_.encodes = true;
    } else if (options.encoder_only) {
      throw ArgumentError(options.model + ": encoder-only: expected an encoder or an encoder-decoder, found a decoder");
    } else {
      model_ = open_causal_lm(checkpoint, load);
    }
    figures_.load = now() - begin;
    if (speech_)
      sounds_ = measuring::random_sounds(speech_->config().encoder, options_.batch, options_.seconds, random_);
  }

  /// The first id of a prompt of 5 tokens.
  TokenId first_token() {
    const std::vector<TokenId> prompt = random_ids(5);
    SequenceState state = new_sequences({prompt}).front();
    Session session(model_, workspace_, std::move(state));
    const std::span<float> logits = session.append(figures_.encodes ? random_ids(1) : prompt);
    return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }

  Figures run() {
    std::vector<double> prompt;
    std::vector<double> decode;
    for (int i = 0; i <= options_.repetitions; ++i) {  // the first warms up
      const double a = options_.prompt > 0 ? time_prompts() : 0;
      const double b = options_.generate > 0 && !options_.encoder_only ? time_decode() : 0;
      if (i == 0) continue;
      prompt.push_back(a);
      decode.push_back(b);
    }
    figures_.prompt = median(prompt);
    figures_.decode = median(decode);
    if (options_.encoder_only) figures_.items = figures_.prompt;
    return figures_;
  }

 private:
  /// Empty sequences, an encoder-decoder's over the prompts, or over as many sounds.
  std::vector<SequenceState> new_sequences(const std::vector<std::vector<TokenId>>& prompts) {
    const DType cache = options_.compute.cache();
    std::vector<SequenceState> states;
    if (speech_) {
      std::vector<AudioInput> inputs = measuring::inputs_of(sounds_);
      inputs.resize(std::min(inputs.size(), prompts.size()));
      for (const Source& source : speech_->encode(*workspace_, inputs, cache))
        states.push_back(speech_->new_sequence(source, cache));
      return states;
    }
    if (!seq2seq_) {
      for (std::size_t b = 0; b < prompts.size(); ++b) states.push_back(model_->new_sequence(cache));
      return states;
    }
    for (const Source& source : seq2seq_->encode(*workspace_, inputs_of(prompts), cache))
      states.push_back(seq2seq_->new_sequence(source, cache));
    return states;
  }

  /// Prompts or sounds to hidden states, of which no decoder makes anything.
  void encode(const std::vector<std::vector<TokenId>>& prompts) {
    const auto run = [&](const auto& encoder, const auto& inputs) {
      Index rows = 0;
      for (const auto& input : inputs) rows += encoder.rows(input);
      Tensor<float> hidden(Shape{rows, encoder.config().width});
      encoder.encode(*workspace_, inputs, hidden);
    };
    if (speech_) return run(speech_->encoder(), measuring::inputs_of(sounds_));
    run(seq2seq_->encoder(), inputs_of(prompts));
  }

  static std::vector<EncoderInput> inputs_of(const std::vector<std::vector<TokenId>>& prompts) {
    std::vector<EncoderInput> inputs(prompts.size());
    for (std::size_t b = 0; b < prompts.size(); ++b) inputs[b].ids = prompts[b];
    return inputs;
  }

  std::vector<TokenId> random_ids(Index count) {
    Index vocabulary = model_->config().vocabulary;
    if (seq2seq_) vocabulary = std::min(vocabulary, seq2seq_->config().encoder.vocabulary);
    std::uniform_int_distribution<TokenId> id(0, static_cast<TokenId>(vocabulary - 1));
    std::vector<TokenId> ids(static_cast<std::size_t>(count));
    for (TokenId& value : ids) value = id(random_);
    return ids;
  }

  Index prompt_length() {
    return std::uniform_int_distribution<Index>(options_.prompts.first, options_.prompts.second)(random_);
  }

  std::vector<std::vector<TokenId>> random_prompts() {
    std::vector<std::vector<TokenId>> prompts;
    for (Index b = 0; b < options_.batch; ++b) prompts.push_back(random_ids(std::max<Index>(prompt_length(), 1)));
    return prompts;
  }

  /// Tokens a second; of an encoder-decoder, sources.
  double time_prompts() {
    const std::vector<std::vector<TokenId>> prompts = random_prompts();
    if (figures_.encodes) {
      const double begin = now();
      if (options_.encoder_only) {
        encode(prompts);
      } else {
        new_sequences(prompts);
      }
      return static_cast<double>(options_.batch) / (now() - begin);
    }
    Index total = 0;
    std::vector<Session> sessions;
    for (SequenceState& state : new_sequences(prompts)) sessions.emplace_back(model_, workspace_, std::move(state));
    const double begin = now();
    for (std::size_t b = 0; b < sessions.size(); ++b) {
      sessions[b].append(prompts[b]);
      total += static_cast<Index>(prompts[b].size());
    }
    return static_cast<double>(total) / (now() - begin);
  }

  double time_decode() {
    std::vector<SequenceState> states = new_sequences(random_prompts());
    Tensor<float> logits(Shape{options_.batch, model_->config().vocabulary});
    const auto append = [&](const std::vector<std::vector<TokenId>>& ids, LogitRows rows) {
      std::vector<SequenceInput> inputs(states.size());
      for (std::size_t b = 0; b < states.size(); ++b) {
        inputs[b].state = &states[b];
        inputs[b].ids = ids[b];
        inputs[b].logits = rows;
      }
      model_->forward(*workspace_, inputs, rows == LogitRows::none ? TensorView<float>() : logits.view());
    };
    const auto random_rows = [&](Index count) {
      std::vector<std::vector<TokenId>> ids;
      for (Index b = 0; b < options_.batch; ++b) ids.push_back(random_ids(count));
      return ids;
    };
    if (options_.depth > 0) append(random_rows(options_.depth), LogitRows::none);
    std::vector<std::vector<std::vector<TokenId>>> steps;
    for (Index i = 0; i < options_.generate; ++i) steps.push_back(random_rows(1));
    const double begin = now();
    for (const auto& ids : steps) append(ids, LogitRows::last);
    return static_cast<double>(options_.generate * options_.batch) / (now() - begin);
  }

  const Options& options_;
  std::shared_ptr<Workspace> workspace_;
  std::shared_ptr<const SequenceToSequence> seq2seq_;  ///< or
  std::shared_ptr<const SpeechToText> speech_;         ///< or the model is a decoder alone
  std::shared_ptr<const CausalLanguageModel> model_;
  std::mt19937 random_{42};
  std::vector<Tensor<float>> sounds_;  ///< of a speech-to-text model
  Figures figures_;
};

constexpr Index most_tokens = Index{1} << 24;

/// LO:HI.
std::pair<Index, Index> parse_lengths(const std::string& text) {
  const auto fail = [&] {
    throw ArgumentError("lengths: expected LO:HI, 1 <= LO <= HI <= " + std::to_string(most_tokens) + ", found " +
                        detail::quoted(text));
  };
  Index low = 0;
  Index high = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, low);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') fail();
  const auto second = std::from_chars(first.ptr + 1, end, high);
  if (second.ec != std::errc{} || second.ptr != end || low < 1 || high < low || high > most_tokens) fail();
  return {low, high};
}

/// Seconds from the start of a fresh process of this program to its first id. What that process has to say against its
/// input is left to this one, which reads the same: an error is one line.
double time_first_token(int argc, char** argv, int threads) {
  int ends[2];
  if (::pipe(ends) != 0) throw IoError("pipe: cannot create");
  const double begin = now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
    ::close(ends[0]);
    std::vector<char*> arguments(argv, argv + argc);
    std::string flag = "--first-token";
    std::string option = "--threads";
    std::string value = std::to_string(threads);
    arguments.insert(arguments.end(), {flag.data(), option.data(), value.data(), nullptr});
    ::execv("/proc/self/exe", arguments.data());
    ::_exit(9);
  }
  ::close(ends[1]);
  char byte = 0;
  const bool answered = child > 0 && ::read(ends[0], &byte, 1) == 1;
  const double seconds = now() - begin;
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  if (!answered)
    throw Error(
        "first token: expected an id for a prompt of 5 tokens from a fresh process of this program, found none");
  return seconds;
}

void print(const Options& options, int threads, const Figures& f) {
  if (options.json) {
    Json line;
    line["threads"] = threads;
    line["batch"] = options.batch;
    if (f.prompts) line["prompt"] = options.prompt;
    if (f.prompts || f.encodes) line["generate"] = options.generate;
    if (f.items) {
      line["items_per_second"] = *f.items;
    } else {
      line[f.encodes ? "encode_items_per_second" : "prefill_tokens_per_second"] = f.prompt;
      line["decode_tokens_per_second"] = f.decode;
    }
    line["load_seconds"] = f.load;
    line["first_token_seconds"] = f.first_token;
    line["peak_bytes"] = peak_bytes();
    std::cout << line.dump() << std::endl;
    return;
  }
  if (f.items) {
    const std::string tokens = f.prompts ? " (" + std::to_string(options.prompt) + " tokens)" : "";
    std::printf("%d threads, batch %td: %.1f items/s%s, load %.3f s, first item %.3f s, peak %.1f MB\n", threads,
                options.batch, *f.items, tokens.c_str(), f.load, f.first_token,
                static_cast<double>(peak_bytes()) * 1e-6);
    std::fflush(stdout);
    return;
  }
  const std::string prompt = f.prompts ? " (prompt " + std::to_string(options.prompt) + ")" : "";
  std::printf(
      "%d threads, batch %td: %s %.1f %s/s%s, decode %.1f tokens/s (%td tokens), load %.3f s, first token %.3f s, "
      "peak %.1f MB\n",
      threads, options.batch, f.encodes ? "encode" : "prefill", f.prompt, f.encodes ? "items" : "tokens",
      prompt.c_str(), f.decode, options.generate, f.load, f.first_token, static_cast<double>(peak_bytes()) * 1e-6);
  std::fflush(stdout);
}

/// `open(threads)`: what measures an encoder, of texts, pictures or sounds.
template <class Open>
void measure_encoder(const Options& options, int argc, char** argv, const Open& open) {
  for (const int threads : options.first_token ? std::vector{options.threads.back()} : options.threads) {
    auto throughput = open(threads);
    if (options.first_token) {
      throughput.first();
      std::cout << 0 << std::endl;
      return;
    }
    Figures figures;
    figures.items = throughput.items_per_second(options.repetitions);
    figures.prompts = std::is_same_v<decltype(throughput), EncoderThroughput>;
    figures.load = throughput.load_seconds();
    figures.first_token = time_first_token(argc, argv, threads);
    print(options, threads, figures);
  }
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Measures a model's speed on random ids, pixels or samples");
  Options options;
  app.add_option("MODEL", options.model, "a Hugging Face folder or a .gguf file")->required();
  app.add_option("--prompt", options.prompt, "tokens of the prompt")
      ->check(program::range(Index{0}, most_tokens))
      ->capture_default_str();
  app.add_option("--generate", options.generate, "tokens to decode")
      ->check(program::range(Index{0}, most_tokens))
      ->capture_default_str();
  app.add_option("--batch", options.batch, "sequences, pictures or sounds at once")
      ->check(program::range(1, 4096))
      ->capture_default_str();
  app.add_option("--depth", options.depth, "tokens in the context before decoding")
      ->check(program::range(Index{0}, most_tokens))
      ->capture_default_str();
  app.add_option("--repetitions", options.repetitions, "medians over that many")
      ->check(program::range(1, 1000))
      ->capture_default_str();
  app.add_option("--lengths", options.lengths, "LO:HI: prompts of uniformly drawn lengths");
  app.add_option("--seconds", options.seconds, "of a sound, where the model takes any length")
      ->check(program::a_number())
      ->capture_default_str();
  app.add_flag("--encoder-only", options.encoder_only, "of an encoder-decoder: its encoder alone");
  app.add_flag("--json", options.json, "one JSON object a line");
  app.add_flag("--first-token", options.first_token)->hidden();
  options.compute.add_to(app, "stored");
  app.remove_option("--threads");
  app.add_option("--threads", options.threads, "thread counts, e.g. 1,2 (one for each processor)")
      ->delimiter(',')
      ->check(program::a_number())
      ->take_all();
  return program::run(app, argc, argv, [&] {
    if (options.threads.empty()) options.threads.push_back(ThreadPool::available_processors());
    for (const int threads : options.threads) {
      if (threads < 1 || threads > 1024)
        throw ArgumentError("threads: expected 1 to 1024, found " + std::to_string(threads));
    }
    if (!(options.seconds >= 0.05 && options.seconds <= 3600))
      throw ArgumentError("seconds: expected 0.05 to 3600, found " + std::to_string(options.seconds));
    options.prompts =
        options.lengths.empty() ? std::pair(options.prompt, options.prompt) : parse_lengths(options.lengths);
    const Checkpoint checkpoint = Checkpoint::open(options.model);
    if (is_encoder(checkpoint)) {
      return measure_encoder(options, argc, argv, [&](int threads) {
        return EncoderThroughput(options.model, options.compute, threads, options.batch, options.prompts);
      });
    }
    if (is_image_encoder(checkpoint) || is_dual_encoder(checkpoint) || is_spectrogram_encoder(checkpoint)) {
      return measure_encoder(options, argc, argv, [&](int threads) {
        return ImageThroughput(checkpoint, options.compute, threads, options.batch);
      });
    }
    if (is_audio_encoder(checkpoint)) {
      return measure_encoder(options, argc, argv, [&](int threads) {
        return SoundThroughput(checkpoint, options.compute, threads, options.batch, options.seconds);
      });
    }
    if (options.first_token) {
      std::cout << Throughput(options, options.threads.back()).first_token() << std::endl;
      return;
    }
    for (const int threads : options.threads) {
      Throughput throughput(options, threads);
      Figures figures = throughput.run();
      figures.first_token = time_first_token(argc, argv, threads);
      print(options, threads, figures);
    }
  });
}
