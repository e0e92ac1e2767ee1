// Generates text from any decoder checkpoint; without one, from the bundled tiny model.
#include <unistd.h>

#include <headformer/auto_speech_to_text.hpp>
#include <headformer/chat_generator.hpp>
#include <headformer/formats/safetensors.hpp>
#include <headformer/generate/constrained/gbnf.hpp>
#include <headformer/generate/constrained/json_schema.hpp>
#include <headformer/generate/constrained/regular_expression.hpp>
#include <headformer/generate/sampler.hpp>
#include <headformer/models/audio/sound_rows.hpp>
#include <headformer/pipelines/speech_generator.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "program.hpp"
#include "program/json_lines.hpp"
#include "tensors.hpp"

namespace {

using namespace headformer;

/// Progress and timings are for a person: on stderr, and only when that is a terminal.
class Display {
 public:
  explicit Display(bool quiet) : shown_(!quiet && ::isatty(STDERR_FILENO) != 0) {}

  void progress(const Progress& progress) const {
    if (!shown_ || progress.total <= 0) return;
    constexpr int width = 40;
    const double part = std::min(1.0, progress.done / progress.total);
    const auto filled = static_cast<int>(part * width);
    std::fprintf(stderr, "\r%s [%s%s] %3d %%", progress.stage == Progress::Stage::loading ? "loading   " : "prefilling",
                 std::string(static_cast<std::size_t>(filled), '=').c_str(),
                 std::string(static_cast<std::size_t>(width - filled), ' ').c_str(), static_cast<int>(part * 100));
    if (part >= 1) std::fprintf(stderr, "\r\033[K");
    std::fflush(stderr);
  }
  void timings(const GenerationTimings& t) const {
    if (!shown_) return;
    const auto rate = [](Index tokens, double seconds) {
      return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
    };
    const Index fresh = t.prompt_tokens - t.reused_tokens;
    std::fprintf(stderr, "prompt %td tokens, %.1f tokens/s; generated %td tokens, %.1f tokens/s\n", fresh,
                 rate(fresh, t.prefill_seconds), t.generated_tokens, rate(t.generated_tokens - 1, t.decode_seconds));
  }
  /// What surrounds the turns that are typed.
  void surround(const char* text) const {
    if (shown_) std::fputs(text, stderr);
  }

 private:
  bool shown_;
};

struct Options {
  std::string model;
  std::string prompt;
  std::optional<std::string> input_ids;
  std::string inputs;
  std::string generation_config;
  std::vector<std::string> set;
  std::string max_new_tokens;
  std::string seed;
  std::string negative_prompt;
  std::string logprobs;
  std::string draft;
  std::string json_schema;
  std::string regex;
  std::string grammar;
  std::string choices;
  bool chat = false;
  bool output_ids = false;
  bool quiet = false;
  program::ComputeOptions compute;
};

/// What the caller says about generating, and where that comes from.
struct Given {
  Json keys = Json::object();
  std::string source = "--set";
};

/// --generation-config, then --set, then the options of their own; a later one wins.
Given read_given(const Options& options) {
  Given result;
  auto& [given, source] = result;
  if (!options.generation_config.empty()) {
    given = parse_json(Bytes::map(options.generation_config));
    source = options.generation_config;
    JsonObject(given, source);  // an object, or an error that names the file
  }
  const auto set = [&](const std::string& key, const std::string& text) {
    const Json value = Json::parse(text, nullptr, false);
    given[key] = value.is_discarded() ? Json(text) : value;
  };
  for (const std::string& pair : options.set) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw ArgumentError("--set: expected key=value, found " + detail::quoted(pair));
    set(pair.substr(0, equals), pair.substr(equals + 1));
  }
  if (!options.max_new_tokens.empty()) set("max_new_tokens", options.max_new_tokens);
  if (!options.seed.empty()) set("seed", options.seed);
  return result;
}
GenerationConfig read_config(const Options& options) {
  const Given given = read_given(options);
  return GenerationConfig::from_caller(JsonObject(given.keys, given.source));
}

void print_ids(std::span<const TokenId> ids) {
  std::cout << Json(std::vector<TokenId>(ids.begin(), ids.end())).dump() << '\n' << std::flush;
}

std::vector<TokenId> parse_ids(const std::string& text) {
  const Json array = Json::parse("[" + text + "]", nullptr, false);
  if (!array.is_array())
    throw ArgumentError("--input-ids: expected numbers with commas between them, found " + detail::quoted(text));
  const Json object = {{"--input-ids", array}};
  std::vector<TokenId> ids;
  for (const Index id :
       JsonObject(object, "command line").integers("--input-ids", 0, std::numeric_limits<TokenId>::max())) {
    ids.push_back(static_cast<TokenId>(id));
  }
  return ids;
}

/// What an id that stands for padding looks like; a batch that says so in its mask needs none.
using Padding = std::optional<TokenId>;

/// The ids of each row of input_ids [B, T] that are no padding.
std::vector<std::vector<TokenId>> read_rows(const std::string& path, Padding padding) {
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  const auto read = [&](const char* name) {
    const TensorEntry* entry = file.find(name);
    if (entry == nullptr) return std::vector<std::int64_t>();
    if (entry->shape.rank() != 2 || entry->shape.count() == 0 || !program::is_integers(*entry)) {
      throw ArgumentError(path + ": tensor " + name + ": expected I64 or I32 [B, T], found " +
                          std::string(name_of(entry->dtype)) + " " + to_string(entry->shape));
    }
    return program::integers(*entry);
  };
  for (const TensorEntry& entry : file.tensors()) {
    if (entry.name != "input_ids" && entry.name != "attention_mask") {
      throw ArgumentError(path + ": tensor " + detail::quoted(entry.name) +
                          ": expected input_ids and attention_mask only");
    }
  }
  const TensorEntry* ids_entry = file.find("input_ids");
  if (ids_entry == nullptr) throw ArgumentError(path + ": tensor input_ids: expected, found none");
  const std::vector<std::int64_t> ids = read("input_ids");
  const std::vector<std::int64_t> mask = read("attention_mask");
  if (!mask.empty() && !(file.find("attention_mask")->shape == ids_entry->shape)) {
    throw ArgumentError(path + ": tensor attention_mask: expected " + to_string(ids_entry->shape) + ", found " +
                        to_string(file.find("attention_mask")->shape));
  }
  const auto columns = static_cast<std::size_t>(ids_entry->shape[1]);
  std::vector<std::vector<TokenId>> rows(static_cast<std::size_t>(ids_entry->shape[0]));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (mask.empty() ? ids[i] == padding : mask[i] == 0) continue;
    if (ids[i] < 0 || ids[i] > std::numeric_limits<TokenId>::max())
      throw ArgumentError(path + ": tensor input_ids: expected 0 or more, found " + std::to_string(ids[i]));
    rows[i / columns].push_back(static_cast<TokenId>(ids[i]));
  }
  return rows;
}

/// What the text is held to, if anything.
std::optional<Grammar> read_grammar(const Options& options) {
  const auto text = [](const std::string& path) { return std::string(Bytes::map(path).text()); };
  if (!options.json_schema.empty()) return grammar_of_json_schema(text(options.json_schema), options.json_schema);
  if (!options.regex.empty()) return grammar_of_regular_expression(options.regex, "--regex");
  if (!options.grammar.empty()) return parse_gbnf(text(options.grammar), options.grammar);
  if (options.choices.empty()) return std::nullopt;
  // A JSON list of strings, or a text a line.
  const std::string file = text(options.choices);
  std::vector<std::string> choices;
  if (file.starts_with('[')) {
    const Json object = {{"choices", parse_json(file, options.choices)}};
    choices = JsonObject(object, options.choices).strings("choices");
  } else {
    std::istringstream lines(file);
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) choices.push_back(line);
  }
  return grammar_of_choices(choices, options.choices);
}

class Program {
 public:
  explicit Program(const Options& options) : options_(options), display_(options.quiet), config_(read_config(options)) {
    TextGeneratorOptions opening;
    opening.load = options.compute.loading();
    opening.session.cache = options.compute.cache();
    opening.executor = options.compute.executor();
    opening.isa = isa_from_name(options.compute.isa);
    opening.activations = options.compute.met();
    opening.progress = [this](const Progress& progress) { display_.progress(progress); };
    opening.draft = options.draft;
    generator_ = std::make_unique<ChatGenerator>(options.model, std::move(opening));
    if (!options.negative_prompt.empty()) {
      if (!config_.guidance_scale)
        throw ArgumentError(
            "--negative-prompt: expected a guidance_scale with it (--set guidance_scale=1.5), found none");
      config_.negative_prompt_ids =
          program::about("--negative-prompt", [&] { return generator_->tokenizer().encode(options.negative_prompt); });
    }
    if (!options.logprobs.empty()) config_.n_probs = logprobs(options.logprobs);
    if (auto grammar = read_grammar(options)) config_.constraint = generator_->constraint(std::move(*grammar), config_);
    // A conversation is streamed: beams of the checkpoint's file rest there, the caller's are an error.
    if (options.chat && !config_.num_beams) config_.num_beams = 1;
    if (options.chat && config_.n_probs)
      throw ArgumentError("--logprobs: expected --prompt, --input-ids or --inputs, found --chat");
    config_ = config_.over(generator_->defaults());
    if (!config_.do_sample.value_or(false) && config_.num_beams.value_or(1) == 1 && !given_answers_)
      config_.num_return_sequences = 1;  // which came with the checkpoint's beams
  }

  void run() {
    if (options_.chat) {
      ::isatty(STDIN_FILENO) != 0 ? chat_on_terminal() : chat_on_pipe();
    } else if (!options_.inputs.empty()) {
      answer_rows();
    } else if (options_.input_ids) {
      answer_each(without_padding(parse_ids(*options_.input_ids)));
    } else {
      answer_each(program::about("--prompt", [&] { return generator_->tokenizer().encode(options_.prompt); }));
    }
  }

 private:
  /// The id that marks padding in ids without a mask, by the reference's rule: not where it also ends a text.
  Padding padding() const {
    const Padding id = config_.pad_token_id;
    const std::vector<TokenId> ends = config_.eos_token_id.value_or(std::vector<TokenId>{});
    return id && std::find(ends.begin(), ends.end(), *id) != ends.end() ? Padding() : id;
  }
  std::vector<TokenId> without_padding(std::vector<TokenId> ids) const {
    if (const Padding id = padding()) std::erase(ids, *id);
    return ids;
  }

  /// All rows are looked at before the first is answered: an error comes alone.
  void answer_rows() {
    const std::vector<std::vector<TokenId>> rows = read_rows(options_.inputs, padding());
    program::about(options_.inputs, [&] {
      for (const std::vector<TokenId>& row : rows) generator_->expect_runnable(row, config_);
    });
    for (const std::vector<TokenId>& row : rows) answer_each(row);
  }

  /// As many answers as num_return_sequences asks for.
  void answer_each(const std::vector<TokenId>& prompt) {
    if (config_.num_beams.value_or(1) > 1 || config_.best_of.value_or(1) > 1) return answer_at_once(prompt);
    for (Index i = 0; i < config_.num_return_sequences.value_or(1); ++i) answer(prompt);
  }

  /// Of a search nothing is known before its end.
  void answer_at_once(const std::vector<TokenId>& prompt) {
    GenerationConfig config = config_;
    if (config.seed) config.seed = nth_seed(*config.seed, answers_++);
    for (const Hypothesis& answer : generator_->answer_ids(prompt, config)) {
      if (options_.output_ids) {
        print_ids(answer.ids);
      } else {
        std::cout << generator_->text_of(answer.ids, config) << '\n' << std::flush;
      }
    }
  }

  /// A JSON object a line: the text, its tokens and, of a decoder, the prompt's, with their log-probabilities.
  void print_log_probabilities(const std::vector<TokenId>& prompt, const GenerationConfig& config) {
    TextStream stream = generator_->stream_ids(prompt, config);
    while (stream.advance()) continue;
    const Tokenizer& tokenizer = generator_->tokenizer();
    const auto number = [](float value) {
      return std::isfinite(value) ? program::OrderedJson(value) : program::OrderedJson(nullptr);
    };
    const auto token_json = [&](TokenId id, float value) {
      program::OrderedJson json = {{"id", id}};
      json["token"] = id < tokenizer.size() ? tokenizer.token_text(id) : std::string();
      json["logprob"] = number(value);
      return json;
    };
    const auto list = [&](std::span<const TokenLogProbability> tokens) {
      program::OrderedJson array = program::OrderedJson::array();
      for (const TokenLogProbability& token : tokens) {
        program::OrderedJson json = token_json(token.id, token.log_probability);
        json["top"] = program::OrderedJson::array();
        for (const auto& [id, value] : token.top) json["top"].push_back(token_json(id, value));
        array.push_back(std::move(json));
      }
      return array;
    };
    program::OrderedJson line = {{"text", stream.text()}};
    if (generator_->sequence_to_sequence() == nullptr)
      line["prompt"] = list(generator_->score_ids(prompt, *config.n_probs));
    line["tokens"] = list(stream.log_probabilities());
    std::cout << line.dump(-1, ' ', false, program::OrderedJson::error_handler_t::replace) << '\n' << std::flush;
  }

  /// Prints what follows the prompt: its text as it is made, or its ids. Every answer has draws of its own.
  void answer(std::vector<TokenId> prompt) {
    GenerationConfig config = config_;
    if (config.seed) config.seed = nth_seed(*config.seed, answers_++);
    if (config.n_probs) return print_log_probabilities(prompt, config);
    if (options_.output_ids && !config.stop_strings) {
      IdStream generation = generator_->generate_ids(std::move(prompt), config);
      while (generation.next()) continue;
      print_ids(generation.ids());
      display_.timings(generation.timings());
      return;
    }
    TextStream stream = generator_->stream_ids(std::move(prompt), config);
    print(stream);
  }

  void print(TextStream& stream) const {
    for (const std::string_view piece : stream) {
      if (!options_.output_ids) std::cout << piece << std::flush;
    }
    if (options_.output_ids) {
      print_ids(stream.ids());
    } else {
      std::cout << '\n' << std::flush;
    }
    display_.timings(stream.timings());
  }

  void chat_on_terminal() {
    Conversation conversation(*generator_, config_);
    std::string line;
    while (display_.surround("> "), std::getline(std::cin, line)) {
      if (!line.empty()) print(conversation.say(line));
    }
    display_.surround("\n");
  }

  /// A line is a turn of the user, or, when it begins with a bracket, a conversation so far.
  void chat_on_pipe() {
    Conversation conversation(*generator_, config_);
    std::string line;
    while (std::getline(std::cin, line)) {
      if (line.empty()) continue;
      print(line.front() == '[' ? conversation.answer_to(read_messages(line)) : conversation.say(line));
    }
  }

  /// A JSON list of messages; one that goes over several lines is all that is left of the input.
  static std::vector<ChatMessage> read_messages(std::string text) {
    Json list = Json::parse(text, nullptr, false);
    if (list.is_discarded()) {
      text.append("\n").append(std::istreambuf_iterator<char>(std::cin), {});
      list = Json::parse(text, nullptr, false);
    }
    if (!list.is_array())
      throw ArgumentError("--chat: expected a JSON list of messages, found " + detail::quoted(text, 80));
    std::vector<ChatMessage> messages;
    for (const Json& item : list) {
      const JsonObject message(item, "--chat");
      for (const auto& [key, value] : item.items()) {
        if (key != "role" && key != "content")
          throw ArgumentError("--chat: message key " + detail::quoted(key, 80) + ": expected role and content only");
      }
      messages.push_back({message.string("role"), message.string("content")});
    }
    return messages;
  }

  static Index logprobs(const std::string& text) {
    const Json count = Json::parse(text, nullptr, false);
    const Json object = {{"--logprobs", count.is_discarded() ? Json(text) : count}};
    return JsonObject(object, "command line").integer("--logprobs", 0, 1000);
  }

  const Options& options_;
  Display display_;
  GenerationConfig config_;                                        ///< the caller's over the checkpoint's
  bool given_answers_ = config_.num_return_sequences.has_value();  ///< by the caller
  std::uint64_t answers_ = 0;                                      ///< so far, of one seed
  std::unique_ptr<ChatGenerator> generator_;
};

/// What a speech-to-text model writes of the sounds of --inputs, a line each.
class SpeechProgram {
 public:
  explicit SpeechProgram(const Options& options) : options_(options) {
    if (options.inputs.empty())
      throw ArgumentError(options.model + ": expected --inputs with a sound for a speech-to-text model, found none");
    PipelineOptions opening;
    opening.load = options.compute.loading();
    opening.executor = options.compute.executor();
    opening.isa = isa_from_name(options.compute.isa);
    opening.activations = options.compute.met();
    generator_ = std::make_unique<SpeechGenerator>(options.model, opening, options.compute.cache());
    read_options(read_given(options));
    if (!options.output_ids) tokenizer_ = Tokenizer::find(Checkpoint::open(options.model).files());
    if (!options.output_ids && !tokenizer_)
      throw IoError(options.model + ": expected a tokenizer (tokenizer.json) or --output-ids, found none");
  }

  void run() {
    const NamedTensors tensors = program::read_tensors(options_.inputs);
    program::about(options_.inputs, [&] {
      detail::InputReader reader(tensors);
      const detail::SoundRows sounds(reader, generator_->model().config().encoder);
      reader.expect_all_known();
      for (Index b = 0; b < sounds.count(); ++b) answer(sounds.input(b));
    });
  }

 private:
  /// What the decoder is told, how a recording is gone through where the model has windows, and how tokens are chosen.
  void read_options(Given given) {
    const bool windows = generator_->model().config().encoder.frames > 0;
    const JsonObject json(given.keys, given.source);
    std::vector<std::string> own;
    for (const std::string& key : json.keys())
      if (json.has(key) && (prompts_.read(json, key) || (windows && long_form_.read(json, key)))) own.push_back(key);
    for (const std::string& key : own) given.keys.erase(key);
    config_ = GenerationConfig::from_caller(JsonObject(given.keys, given.source));
  }

  void answer(const AudioInput& sound) {
    for (Index i = 0; i < config_.num_return_sequences.value_or(1); ++i) {
      GenerationConfig config = config_;
      if (config.seed) config.seed = nth_seed(*config.seed, answers_++);
      const std::vector<TokenId> ids = generator_->generate(sound, config, prompts_, long_form_);
      if (options_.output_ids) {
        print_ids(ids);
      } else {
        std::cout << tokenizer_->decode(ids, true) << '\n' << std::flush;
      }
    }
  }

  const Options& options_;
  SpeechPrompts prompts_;
  LongFormOptions long_form_;
  GenerationConfig config_;
  std::uint64_t answers_ = 0;  ///< so far, of one seed
  std::unique_ptr<SpeechGenerator> generator_;
  std::optional<Tokenizer> tokenizer_;
};

}  // namespace

int main(int argc, char** argv) {
  program::App app("Generates text with a decoder language model");
  Options options;
  options.model = HEADFORMER_EXAMPLES_DIR "/tiny_model";
  options.prompt = "Once upon a time";
  app.add_option("MODEL", options.model, "a Hugging Face folder or a .gguf file")->capture_default_str();
  auto* prompt = app.add_option("--prompt", options.prompt, "text to go on from")->capture_default_str();
  auto* chat = app.add_flag("--chat", options.chat, "converse: a turn a line, or a JSON list of messages a line")
                   ->excludes(prompt);
  auto* ids =
      app.add_option("--input-ids", options.input_ids, "ids to go on from: 1,2,3")->excludes(prompt)->excludes(chat);
  app.add_option("--inputs", options.inputs,
                 "safetensors with input_ids and attention_mask [B, T], or the sounds of a speech model")
      ->excludes(prompt)
      ->excludes(chat)
      ->excludes(ids);
  app.add_option("--generation-config", options.generation_config, "JSON with the keys of generation_config.json");
  app.add_option("--set", options.set, "key=value of the generation config; may repeat")->allow_extra_args(false);
  app.add_option("--max-new-tokens", options.max_new_tokens, "at most that many tokens (256)");
  app.add_option("--seed", options.seed, "of the draws, to repeat a run");
  app.add_option("--negative-prompt", options.negative_prompt, "text to lead away from, by guidance_scale");
  app.add_option("--draft", options.draft, "a smaller model of the same vocabulary, to guess what follows with");
  auto* schema =
      app.add_option("--json-schema", options.json_schema, "a file: the text is JSON that this schema allows");
  auto* regex = app.add_option("--regex", options.regex, "the text is what this expression matches")->excludes(schema);
  auto* grammar = app.add_option("--grammar", options.grammar, "a file: the text is what this GBNF describes")
                      ->excludes(schema)
                      ->excludes(regex);
  app.add_option("--choices", options.choices, "a file: the text is one of its lines, or of its JSON list's strings")
      ->excludes(schema)
      ->excludes(regex)
      ->excludes(grammar);
  app.add_option("--logprobs", options.logprobs, "print JSON: each token's log-probability and so many alternatives");
  app.add_flag("--output-ids", options.output_ids, "print JSON arrays of ids in place of text");
  app.add_flag("--quiet", options.quiet, "only the text");
  options.compute.add_to(app, "stored");
  return program::run(app, argc, argv, [&] {
    if (is_speech_to_text(Checkpoint::open(options.model))) {
      SpeechProgram(options).run();
    } else {
      Program(options).run();
    }
  });
}
