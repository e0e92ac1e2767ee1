#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/function_ref.hpp"
#include "headformer/core/outcome.hpp"
#include "headformer/models/encoders/encoder.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/pipelines/options.hpp"
#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// An encoder with its tokenizer, or an encoder-decoder whose class has heads that encoders have (BART's classifiers):
/// what the pipelines over them share. Texts become tokens, cut at the checkpoint's limit; sequences run in batches
/// without padding, the longest first. One run at a time.
class EncoderPipeline {
 public:
  /// Which heads are loaded: those of the checkpoint's class, or none but those of its family's base class.
  enum class Heads { own, base };

  /// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
  EncoderPipeline(const Checkpoint& checkpoint, const PipelineOptions& options, Heads heads = Heads::own);
  /// With a tokenizer in place of the checkpoint's own.
  EncoderPipeline(const Checkpoint& checkpoint, const PipelineOptions& options, Heads heads, Tokenizer tokenizer);

  /// Of an encoder-decoder its encoder, whose heads are not those of the whole.
  const Encoder& encoder() const { return *encoder_; }
  const std::vector<std::unique_ptr<EncoderHead>>& heads() const {
    return whole_ ? whole_->heads() : encoder_->heads();
  }
  EncoderTask task() const { return whole_ ? head_task(whole_->config().task) : encoder_->config().task; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  /// Of a folder's checkpoint.
  JsonObject config() const { return checkpoint_.config(); }
  const std::string& name() const { return checkpoint_.name(); }
  /// The most tokens of a sequence, special ones included; 0: no limit.
  Index max_length() const { return max_length_; }
  Compute compute() const { return workspace_->compute(); }

  /// Special tokens, and what is longer than max_length() cut.
  EncodeOptions cut_to_fit(TruncationStrategy strategy = TruncationStrategy::longest_first) const;

  /// The tokens of texts and pairs, by all workers; one that was too long says `truncated`. One that fails (bytes that
  /// are no UTF-8) stops no other.
  std::vector<Outcome<Encoding>> tokens(std::span<const TextPair> texts, const EncodeOptions& options) const;
  std::vector<Outcome<Encoding>> tokens(std::span<const TextPair> texts) const { return tokens(texts, cut_to_fit()); }

  /// Receives an item's results: of each head a view. Shapes: [tokens or 1, the head's width].
  using Take = FunctionRef<void(std::size_t item, std::span<const TensorView<const float>> results)>;

  /// Runs sequences through encoder and heads and hands out what they make, in an order of its own. Bits do not depend
  /// on what else is there. A token that its sequence's attention_mask leaves out sees the others and has its row, but
  /// no other sees it. Throws CancelledError.
  void run(std::span<const Encoding* const> sequences, Take take) const;
  /// The same for the last layer's hidden states, whatever heads the class has. Shapes: results[0] [tokens, D].
  void run_to_hidden(std::span<const Encoding* const> sequences, Take take) const;

  /// One of the heads over chosen rows of hidden states; it makes a row of each row. Shapes: rows [R, D] -> [R, the
  /// head's width].
  Tensor<float> apply_head(const EncoderHead& head, TensorView<const float> rows) const;

  /// An answer for each sequence that there is, made by make(item, results) of what the heads put out.
  template <class Answer, class Make>
  std::vector<Outcome<Answer>> answer_each(const std::vector<Outcome<Encoding>>& tokens, const Make& make) const {
    return answer_each<Answer>(&EncoderPipeline::run, tokens, make);
  }
  /// The same of the hidden states.
  template <class Answer, class Make>
  std::vector<Outcome<Answer>> answer_each_hidden(const std::vector<Outcome<Encoding>>& tokens,
                                                  const Make& make) const {
    return answer_each<Answer>(&EncoderPipeline::run_to_hidden, tokens, make);
  }

 private:
  template <class Answer, class Run, class Make>
  std::vector<Outcome<Answer>> answer_each(Run which, const std::vector<Outcome<Encoding>>& tokens,
                                           const Make& make) const {
    std::vector<Outcome<Answer>> answers;
    std::vector<const Encoding*> sequences;
    std::vector<std::size_t> items;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      answers.push_back(Outcome<Answer>::failure(tokens[i].error()));
      if (!tokens[i]) continue;
      sequences.push_back(&tokens[i].value());
      items.push_back(i);
    }
    (this->*which)(sequences, [&](std::size_t i, std::span<const TensorView<const float>> results) {
      answers[items[i]] = make(items[i], results);
    });
    return answers;
  }

  void run_batches(std::span<const Encoding* const> sequences, std::span<const EncoderOutput> outputs,
                   FunctionRef<void(std::span<const EncoderInput>, std::span<const TensorView<float>>)> forward,
                   Take take) const;
  /// `key_bias` becomes the memory of the input's.
  EncoderInput input_of(const Encoding& tokens, std::vector<float>& key_bias) const;

  Checkpoint checkpoint_;
  std::shared_ptr<Workspace> workspace_;
  std::shared_ptr<const SequenceToSequence> whole_;  // nullptr: an encoder alone
  std::shared_ptr<const Encoder> encoder_;
  Tokenizer tokenizer_;
  Index max_length_;
  Cancellation cancellation_;
  ProgressCallback progress_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/pipelines/encoder_pipeline-inl.hpp"
#endif
