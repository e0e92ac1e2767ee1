// What decoding's helpers give and cost, each in turns with plain greedy decoding in one process; a JSON object a line:
//   decoding MODEL [--generate N] [--lookup K] [--schema F] [--chats N] [--threads 1,2] [--repetitions R]
//   {"threads": 1, "lookup": {"plain_tokens_per_second": x, "tokens_per_second": x, "ratio": x, "same_tokens": true}}
//   {"threads": 1, "schema": {"plain_seconds": x, "seconds": x, "cost": x, "first_seconds": x}}  # of a step; ratio - 1
//   {"threads": 1, "chats": {"tokens_per_second": x, "one_tokens_per_second": x, "over_one": x,
//                            "prefill_tokens_per_second": x, "of_prefill": x}}
// Chats: so many at once, of 8 tokens and then N more, beside one of them and beside prompts of as many tokens.
// Greedy decoding of random weights runs into a loop soon, which is the repetitive text that lookup reads ahead. A
// model without a tokenizer is given random tokens of letters, JSON's punctuation and single bytes.
#include <headformer/auto_causal_lm.hpp>
#include <headformer/formats/json.hpp>
#include <headformer/generate/constrained/json_schema.hpp>
#include <headformer/generate/constrained/token_constraint.hpp>
#include <headformer/generate/generation.hpp>
#include <headformer/generate/prompt_lookup.hpp>
#include <headformer/generate/speculative_sequence.hpp>
#include <headformer/models/causal_lm/batch_scheduler.hpp>
#include <headformer/models/causal_lm/session.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <headformer/text_generator.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "../examples/program.hpp"
#include "measuring.hpp"

namespace {

using namespace headformer;

struct Options {
  std::string model;
  std::string schema;
  Index generate = 128;
  Index lookup = 0;
  Index chats = 0;
  int repetitions = 3;
  std::vector<int> threads;
  program::ComputeOptions compute;
};

class Measurement {
 public:
  Measurement(const Options& options, int threads)
      : options_(options),
        workspace_(std::make_shared<Workspace>(std::make_shared<ThreadPool>(threads),
                                               isa_from_name(options.compute.isa), options.compute.met())),
        checkpoint_(Checkpoint::open(options.model)),
        model_(open_causal_lm(checkpoint_, options.compute.loading())) {}

  nlohmann::ordered_json lookup() {
    std::vector<double> plain;
    std::vector<double> ahead;
    std::vector<TokenId> expected;
    std::vector<TokenId> found;
    const std::vector<TokenId> prompt = this->prompt();
    for (int i = 0; i < options_.repetitions; ++i) {
      plain.push_back(rate(SharedSession(session()), prompt, expected));
      ahead.push_back(
          rate(SpeculativeSequence(SharedSession(session()), PromptLookup{options_.lookup, 3}), prompt, found));
    }
    nlohmann::ordered_json result;
    result["plain_tokens_per_second"] = measuring::median(plain);
    result["tokens_per_second"] = measuring::median(ahead);
    result["ratio"] = measuring::median(ahead) / measuring::median(plain);
    result["same_tokens"] = expected == found;
    return result;
  }

  nlohmann::ordered_json schema() {
    GenerationConfig config = greedy();
    const double begin = measuring::now();
    const std::string text(Bytes::map(options_.schema).text());
    config.constraint =
        std::make_shared<const TokenConstraint>(grammar_of_json_schema(text, options_.schema), texts(), end_ids());
    std::vector<TokenId> ids;
    const std::vector<TokenId> prompt = this->prompt();
    rate(SharedSession(session()), prompt, ids, config);
    const double first = measuring::now() - begin;
    std::vector<double> free;
    std::vector<double> held;
    for (int i = 0; i < options_.repetitions; ++i) {
      free.push_back(1 / rate(SharedSession(session()), prompt, ids));
      held.push_back(1 / rate(SharedSession(session()), prompt, ids, config));
    }
    nlohmann::ordered_json result;
    result["plain_seconds"] = measuring::median(free);
    result["seconds"] = measuring::median(held);
    result["cost"] = measuring::median(held) / measuring::median(free) - 1;
    result["first_seconds"] = first;
    return result;
  }

  nlohmann::ordered_json chats() {
    std::vector<double> one;
    std::vector<double> all;
    std::vector<double> prompts;
    for (int i = 0; i < options_.repetitions; ++i) {
      one.push_back(chat_rate(1));
      all.push_back(chat_rate(options_.chats));
      prompts.push_back(prefill_rate(options_.chats));
    }
    nlohmann::ordered_json result;
    result["tokens_per_second"] = measuring::median(all);
    result["one_tokens_per_second"] = measuring::median(one);
    result["over_one"] = measuring::median(all) / measuring::median(one);
    result["prefill_tokens_per_second"] = measuring::median(prompts);
    result["of_prefill"] = measuring::median(all) / measuring::median(prompts);
    return result;
  }

 private:
  /// Tokens a second of some chats at once, their prompts' pass left out.
  double chat_rate(Index count) const {
    BatchSchedulerOptions batch;
    batch.most_running = count;
    batch.cache = options_.compute.cache();
    BatchScheduler scheduler(model_, workspace_, batch);
    for (Index i = 0; i < count; ++i) {
      BatchRequest request;
      request.prompt = prompt(static_cast<unsigned>(i));
      request.config = greedy();
      scheduler.submit(std::move(request));
    }
    scheduler.step();
    const double begin = measuring::now();
    scheduler.run();
    return static_cast<double>(count * (options_.generate - 1)) / (measuring::now() - begin);
  }
  /// Of prompts of so many tokens, one after another.
  double prefill_rate(Index rows) const {
    const std::vector<TokenId> ids = prompt(1, rows);
    const auto session = this->session();
    session->append(ids);
    const Index passes = std::max<Index>(2, options_.generate / 4);
    const double begin = measuring::now();
    for (Index i = 0; i < passes; ++i) {
      session->truncate(0);
      session->append(ids);
    }
    return static_cast<double>(rows * passes) / (measuring::now() - begin);
  }

  GenerationConfig greedy() const {
    GenerationConfig config;
    config.max_new_tokens = options_.generate;
    return config;
  }
  std::shared_ptr<Session> session() const {
    return std::make_shared<Session>(model_, workspace_, model_->new_sequence(options_.compute.cache()));
  }
  std::vector<TokenId> prompt(unsigned seed = 1, Index count = 8) const {
    std::mt19937 random(seed);
    std::vector<TokenId> ids;
    for (Index i = 0; i < count; ++i)
      ids.push_back(static_cast<TokenId>(random() % static_cast<unsigned>(model_->config().vocabulary)));
    return ids;
  }
  std::vector<TokenId> end_ids() const { return {static_cast<TokenId>(model_->config().vocabulary - 1)}; }

  /// Tokens a second, the prompt's pass left out.
  template <class Sequence>
  double rate(Sequence sequence, const std::vector<TokenId>& prompt, std::vector<TokenId>& ids) const {
    return rate(std::move(sequence), prompt, ids, greedy());
  }
  template <class Sequence>
  double rate(Sequence sequence, const std::vector<TokenId>& prompt, std::vector<TokenId>& ids,
              const GenerationConfig& config) const {
    Generation<Sequence> generation(std::move(sequence), prompt, config);
    while (generation.next()) continue;
    ids.assign(generation.generated().begin(), generation.generated().end());
    return static_cast<double>(generation.timings().generated_tokens - 1) / generation.timings().decode_seconds;
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> texts(static_cast<std::size_t>(model_->config().vocabulary));
    if (const auto tokenizer = TextGenerator::open_tokenizer(checkpoint_)) {
      for (TokenId id = 0; id < std::min<Index>(tokenizer->size(), model_->config().vocabulary); ++id)
        if (!tokenizer->is_special(id)) texts[static_cast<std::size_t>(id)] = tokenizer->text_bytes(id);
      return texts;
    }
    std::mt19937 random(2);
    const std::string letters = " etaoinshrdlucmfwypvbgkETAOINSHRDLU";
    const std::string punctuation = "{}[]\":,0123456789.\\";
    for (std::size_t id = 0; id < texts.size(); ++id) {
      if (id < 256) {
        texts[id] = std::string(1, static_cast<char>(id));
        continue;
      }
      for (unsigned long length = 2 + random() % 8; length > 0; --length) {
        const std::string& from = random() % 12 == 0 ? punctuation : letters;
        texts[id].push_back(from[random() % from.size()]);
      }
    }
    return texts;
  }

  const Options& options_;
  std::shared_ptr<Workspace> workspace_;
  Checkpoint checkpoint_;
  std::shared_ptr<const CausalLanguageModel> model_;
};

}  // namespace

int main(int argc, char** argv) {
  program::App app("Measures reading ahead and constraints beside plain decoding");
  Options options;
  app.add_option("MODEL", options.model, "a decoder: a Hugging Face folder or a .gguf file")->required();
  app.add_option("--generate", options.generate, "tokens")->capture_default_str()->check(program::range(2, 1 << 20));
  app.add_option("--lookup", options.lookup, "prompt lookup, with so many guesses")->check(program::range(1, 63));
  app.add_option("--chats", options.chats, "so many sequences at once")->check(program::range(1, 1024));
  app.add_option("--schema", options.schema, "a constraint: a file with a JSON schema");
  app.add_option("--repetitions", options.repetitions, "in turns; medians are printed")
      ->capture_default_str()
      ->check(program::range(1, 1000));
  options.compute.add_to(app, "stored");
  app.remove_option("--threads");
  app.add_option("--threads", options.threads, "thread counts, e.g. 1,2 (one for each processor)")
      ->delimiter(',')
      ->check(program::range(1, 1024));
  return program::run(app, argc, argv, [&] {
    if (options.threads.empty()) options.threads.push_back(ThreadPool::available_processors());
    for (const int threads : options.threads) {
      Measurement measurement(options, threads);
      nlohmann::ordered_json line = {{"threads", threads}};
      if (options.lookup > 0) line["lookup"] = measurement.lookup();
      if (options.chats > 0) line["chats"] = measurement.chats();
      if (!options.schema.empty()) line["schema"] = measurement.schema();
      std::cout << line.dump() << std::endl;
    }
  });
}
