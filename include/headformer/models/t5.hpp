#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/family.hpp"
#include "headformer/models/readers/gguf_t5.hpp"
#include "headformer/models/readers/json_t5.hpp"
#include "headformer/models/readers/t5_names.hpp"
#include "headformer/models/seq2seq/family.hpp"
#include "headformer/models/seq2seq/transformer_sequence_to_sequence.hpp"
#include "headformer/nn/relative_bias.hpp"

namespace headformer {

/// T5 (Raffel et al. 2020, https://arxiv.org/abs/1910.10683), by its feed-forwards: relative biases in place of
/// positions, RMS norms before the sub-layers, no biases, scores that are not scaled.
template <Module FeedForward>
using T5Encoder =
    SourceEncoder<NoPositions, PreNormBlock<RmsNorm, SelfAttention<Bidirectional, RelativeBias>, FeedForward>, RmsNorm>;
template <Module FeedForward>
using T5 = TransformerSequenceToSequence<
    T5Encoder<FeedForward>,
    CausalLm<NoPositions, PreNormCrossBlock<RmsNorm, SelfAttention<Causal, RelativeBias>, FeedForward>, RmsNorm>>;

namespace t5 {

HEADFORMER_COLD inline std::unique_ptr<SequenceToSequence> make(Seq2SeqConfig config, const Weights& weights) {
  if (config.encoder.gated_feed_forward) return make_seq2seq<T5<GatedMlp>>(std::move(config), weights);
  return make_seq2seq<T5<Mlp>>(std::move(config), weights);
}
HEADFORMER_COLD inline std::unique_ptr<Encoder> make_encoder_alone(EncoderConfig config, const Weights& weights) {
  const Weights below = weights / "encoder";
  const bool gated = config.gated_feed_forward;
  std::unique_ptr<Encoder> encoder = gated ? make_encoder<T5Encoder<GatedMlp>>(std::move(config), below)
                                           : make_encoder<T5Encoder<Mlp>>(std::move(config), below);
  weights.finish();
  return encoder;
}

/// Versions 1.0, 1.1, Flan and UL2. The first scales its output; the later ones said so by not tying their tables.
HEADFORMER_COLD inline Seq2SeqConfig config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_t5(checkpoint, "t5");
  const JsonObject json = checkpoint.config();
  Seq2SeqConfig config = read_t5(json, "T5");
  if (json.boolean_or("scale_decoder_outputs", json.boolean_or("tie_word_embeddings", true))) scale_output(config);
  return config;
}
HEADFORMER_COLD inline EncoderConfig encoder_config(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return read_t5(checkpoint, "t5encoder").encoder;
  return read_t5(checkpoint.config(), "T5").encoder;
}

/// mT5 (Xue et al. 2020, https://arxiv.org/abs/2010.11934) and what has its defaults.
inline T5Defaults multilingual() { return {250112, 8, 6, 1024, "gated-gelu", 0}; }

HEADFORMER_COLD inline Seq2SeqConfig mt5_config(const Checkpoint& checkpoint) {
  return read_t5(checkpoint.config(), "mT5", multilingual());
}
HEADFORMER_COLD inline EncoderConfig mt5_encoder_config(const Checkpoint& checkpoint) {
  return mt5_config(checkpoint).encoder;
}

inline constexpr Seq2SeqClass classes[] = {
    {"T5Model", Seq2SeqTask::base, DecoderInputs::required},
    {"T5ForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
    {"T5ForSequenceClassification", Seq2SeqTask::sequence_classification, DecoderInputs::shifted_right},
    {"T5ForQuestionAnswering", Seq2SeqTask::question_answering, DecoderInputs::shifted_right},
};
inline constexpr EncoderClass encoder_classes[] = {
    {"T5EncoderModel", EncoderTask::base},
    {"T5ForTokenClassification", EncoderTask::token_classification},
};
inline constexpr Seq2SeqClass mt5_classes[] = {
    {"MT5Model", Seq2SeqTask::base, DecoderInputs::required},
    {"MT5ForConditionalGeneration", Seq2SeqTask::generation, DecoderInputs::required},
    {"MT5ForSequenceClassification", Seq2SeqTask::sequence_classification, DecoderInputs::shifted_right},
    {"MT5ForQuestionAnswering", Seq2SeqTask::question_answering, DecoderInputs::shifted_right},
};
inline constexpr EncoderClass mt5_encoder_classes[] = {
    {"MT5EncoderModel", EncoderTask::base},
    {"MT5ForTokenClassification", EncoderTask::token_classification},
};
inline constexpr Seq2SeqFamily family = {"T5", classes, config, t5_names, make, "t5"};
inline constexpr Seq2SeqFamily mt5_family = {"mT5", mt5_classes, mt5_config, t5_names, make};
inline constexpr EncoderFamily encoder_family = {
    "T5", "", "t5encoder", encoder_classes, encoder_config, t5_encoder_names, make_encoder_alone};
inline constexpr EncoderFamily mt5_encoder_family = {
    "mT5", "", "", mt5_encoder_classes, mt5_encoder_config, t5_encoder_names, make_encoder_alone};

}  // namespace t5
}  // namespace headformer
