#pragma once

#include "headformer/core/cold.hpp"
#include "headformer/models/roberta.hpp"
#include "headformer/nn/relative_bias.hpp"

namespace headformer {

/// MPNet (Song et al. 2020, https://arxiv.org/abs/2004.09297): BERT's layers with a relative position bias, which all
/// of them share; positions as RoBERTa's.
using Mpnet = TransformerEncoder<InputEmbeddings<NormThenProjection>,
                                 Stack<PostNormBlock<LayerNorm, SelfAttention<Bidirectional, RelativeBias>, Mlp>>,
                                 NoNorm, HeadMaker<NoTransform, DenseTransform>>;

namespace mpnet {

inline constexpr auto rows = with_rows({{"layers.#.attn.query", "encoder.layer.#.attention.attn.q", ""},
                                        {"layers.#.attn.key", "encoder.layer.#.attention.attn.k", ""},
                                        {"layers.#.attn.value", "encoder.layer.#.attention.attn.v", ""},
                                        {"layers.#.attn.output", "encoder.layer.#.attention.attn.o", ""},
                                        {"layers.#.attn.relative_bias", "encoder.relative_attention_bias", ""},
                                        {"layers.#.attn_norm", "encoder.layer.#.attention.LayerNorm", ""}},
                                       roberta::rows);
inline NameTable names() {
  NameTable table{rows, roberta::ignored};
  table.base = "mpnet";
  return table;
}

HEADFORMER_COLD inline EncoderConfig config(const Checkpoint& checkpoint) {
  EncoderDefaults defaults;
  defaults.vocabulary = 30527;
  const JsonObject json = checkpoint.config();
  EncoderConfig config = read_encoder(json, "MPNet", defaults);
  config.padding_id = 1;  // whatever the config says
  config.numbering = PositionNumbering::after_padding;
  config.counts_columns = true;
  config.heads.masked_lm.activation = kernels::Activation::gelu;
  for (LayerConfig& layer : config.layers) {
    RelativeBucketConfig& relative = layer.attention.relative;
    // The class numbers 32 buckets, however many rows there are.
    relative.rows = json.integer_or("relative_attention_num_buckets", 32, relative.buckets, detail::most_width);
  }
  return config;
}

inline constexpr EncoderClass classes[] = {
    {"MPNetModel", EncoderTask::base},
    {"MPNetForMaskedLM", EncoderTask::masked_lm},
    {"MPNetForSequenceClassification", EncoderTask::sequence_classification},
    {"MPNetForMultipleChoice", EncoderTask::multiple_choice},
    {"MPNetForTokenClassification", EncoderTask::token_classification},
    {"MPNetForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily family = {"MPNet", "mpnet", "", classes, config, names, make_encoder<Mpnet>};

}  // namespace mpnet
}  // namespace headformer
