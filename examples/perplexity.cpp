// How well a decoder language model predicts a text: perplexity MODEL FILE [--context N] [--stride N]
//
// One JSON object: perplexity = exp(negative_log_likelihood), the mean over `tokens` predicted ids.
//
// The windows are those of Hugging Face's "Perplexity of fixed-length models"
// (https://huggingface.co/docs/transformers/perplexity). The file's ids, with the special tokens that the tokenizer
// adds around the whole text, are cut into windows [0, N), [S, S + N), [2 S, 2 S + N), ... for context N and stride S;
// the last is the first that reaches the end. Each window starts anew, at position 0, and predicts the ids that no
// window before it held. Its own first id has nothing before it and counts nowhere: with S < N that is one id, the
// text's first; with S = N one a window. Every predicted id weighs the same (the page weights a window's mean by the
// ids it predicts, less one), and has at most N - 1 ids before it, at least N - S but at the beginning.
#include <Eigen/Core>
#include <headformer/models/causal_lm/causal_language_model.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <headformer/text_generator.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace {

using namespace headformer;

struct Options {
  std::string model;
  std::string file;
  Index context = 0;
  Index stride = 0;
  program::ComputeOptions compute;
};

struct Sum {
  double negative_log_likelihood = 0;
  Index tokens = 0;
  Index windows = 0;
};

/// -log of the probability of an id under logits [V].
double negative_log_likelihood(const float* logits, Index vocabulary, TokenId id) {
  const Eigen::Map<const Eigen::ArrayXf> row(logits, vocabulary);
  const float greatest = row.maxCoeff();
  return std::log((row - greatest).exp().cast<double>().sum()) - static_cast<double>(logits[id] - greatest);
}

class Perplexity {
 public:
  Perplexity(const CausalLanguageModel& model, Workspace& workspace, const Options& options)
      : model_(model),
        workspace_(workspace),
        cache_(options.compute.cache()),
        context_(options.context),
        stride_(options.stride) {}

  Sum of(std::span<const TokenId> ids) {
    const auto total = static_cast<Index>(ids.size());
    Index seen = 1;  // ids before this one are predicted, or have nothing before them
    for (Index begin = 0;; begin += stride_) {
      const Index end = std::min(begin + context_, total);
      add_window(ids.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)),
                 std::max(seen - begin, Index{1}));
      seen = end;
      if (end == total) return sum_;
    }
  }

 private:
  /// Ids computed at once; bounds the memory of their logits [rows, V] and changes no bits.
  static constexpr Index rows = 64;

  /// Predicts the window's ids from `first` on.
  void add_window(std::span<const TokenId> ids, Index first) {
    ++sum_.windows;
    SequenceState state = model_.new_sequence(cache_);
    const auto total = static_cast<Index>(ids.size());
    for (Index begin = 0; begin + 1 < total;) {
      // Row i predicts id i + 1. What predicts nothing that counts goes first, without logits.
      const bool predicts = begin + 1 >= first;
      const Index end = std::min(begin + rows, predicts ? total - 1 : first - 1);
      SequenceInput input;
      input.state = &state;
      input.ids = ids.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      input.total_length = total;
      input.logits = predicts ? LogitRows::all : LogitRows::none;
      TensorView<float> logits;
      if (predicts) logits = this->logits(end - begin);
      model_.forward(workspace_, std::span(&input, 1), logits);
      if (predicts) add(logits, ids.subspan(static_cast<std::size_t>(begin + 1)));
      begin = end;
    }
  }

  void add(TensorView<const float> logits, std::span<const TokenId> targets) {
    std::vector<double> values(static_cast<std::size_t>(logits.rows()));
    parallel_for(*workspace_.executor, logits.rows(), 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const auto row = static_cast<std::size_t>(i);
        values[row] = negative_log_likelihood(logits.row(i), logits.columns(), targets[row]);
      }
    });
    for (const double value : values) sum_.negative_log_likelihood += value;
    sum_.tokens += logits.rows();
  }

  TensorView<float> logits(Index count) {
    if (logits_.data() == nullptr) logits_ = Tensor<float>(Shape{rows, model_.config().vocabulary});
    return logits_.view().slice_rows(0, count);
  }

  const CausalLanguageModel& model_;
  Workspace& workspace_;
  DType cache_;
  Index context_;
  Index stride_;
  Tensor<float> logits_;  ///< [rows, V]
  Sum sum_;
};

std::vector<TokenId> read_ids(const Tokenizer& tokenizer, const std::string& path) {
  const Bytes file = Bytes::map(path);
  std::vector<TokenId> ids;
  try {
    ids = tokenizer.encode(file.text());
  } catch (const ArgumentError& error) {
    throw ArgumentError(path + ": " + error.what());
  }
  if (ids.size() < 2)
    throw ArgumentError(path + ": expected a text of at least two ids, found " + std::to_string(ids.size()));
  return ids;
}

/// Fills in what was not given: the model's context, at most 2048, and half of the context.
void complete(Options& options, const CausalLmConfig& config) {
  const Index limit = config.learned_positions;
  if (options.context == 0) options.context = std::min<Index>(config.context_length, 2048);
  if (limit > 0 && options.context > limit)
    throw ArgumentError("context: the model has " + std::to_string(limit) + " learned positions, found " +
                        std::to_string(options.context));
  if (options.stride == 0) options.stride = (options.context + 1) / 2;
  if (options.stride > options.context)
    throw ArgumentError("stride: expected at most the context of " + std::to_string(options.context) + ", found " +
                        std::to_string(options.stride));
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Measures how well a decoder language model predicts a text");
  Options options;
  app.add_option("MODEL", options.model, "a Hugging Face folder or a .gguf file")->required();
  app.add_option("FILE", options.file, "a text in UTF-8")->required();
  app.add_option("--context", options.context, "ids of a window (the model's context, at most 2048)")
      ->check(program::range(2, 1 << 24));
  app.add_option("--stride", options.stride, "ids from one window to the next (half of the context)")
      ->check(program::range(1, 1 << 24));
  options.compute.add_to(app, "stored");
  return program::run(app, argc, argv, [&] {
    TextGeneratorOptions opening;
    opening.load = options.compute.loading();
    opening.executor = options.compute.executor();
    opening.isa = isa_from_name(options.compute.isa);
    opening.activations = options.compute.met();
    Workspace workspace(opening.executor, opening.isa, opening.activations);
    const TextGenerator generator(options.model, std::move(opening));
    const std::vector<TokenId> ids = read_ids(generator.tokenizer(), options.file);
    complete(options, generator.model().config());
    const Sum sum = Perplexity(generator.model(), workspace, options).of(ids);
    const double mean = sum.negative_log_likelihood / static_cast<double>(sum.tokens);
    nlohmann::ordered_json line;
    line["perplexity"] = std::exp(mean);
    line["negative_log_likelihood"] = mean;
    line["tokens"] = sum.tokens;
    line["windows"] = sum.windows;
    line["context"] = options.context;
    line["stride"] = options.stride;
    std::cout << line.dump() << std::endl;
  });
}
