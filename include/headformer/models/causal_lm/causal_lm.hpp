#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "headformer/blocks/pre_norm_block.hpp"
#include "headformer/blocks/stack.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/tied_output.hpp"
#include "headformer/nn/attention.hpp"
#include "headformer/nn/embedding.hpp"
#include "headformer/nn/feed_forward.hpp"
#include "headformer/nn/norm.hpp"

namespace headformer {

inline CausalLmConfig settle_tying(CausalLmConfig config, const Weights& weights) {
  config.tied_output = config.has_output && settle_tying(config.tied_output, weights);
  return config;
}

inline EmbeddingConfig position_config(const CausalLmConfig& config) {
  return {config.learned_positions, config.width, 1, config.skipped_positions, config.numbering.padding_id};
}

/// A decoder language model: embeddings, positions, layers, norm, and a head over the vocabulary.
template <class Positions, Block Layer, Module Norm>
class CausalLm final : public CausalLanguageModel {
 public:
  Embedding embedding;  // [V, D]
  Positions positions;
  Stack<Layer> layers;
  Norm output_norm;
  std::optional<Linear> output;  // [V, D]

  /// `shared`: a table [V, D] that is another's too, in place of one of the model's own.
  HEADFORMER_COLD CausalLm(CausalLmConfig given, const Weights& weights, const kernels::PackedMatrix* shared = nullptr)
      : CausalLanguageModel(settle_tying(std::move(given), weights)),
        embedding(shared != nullptr ? Embedding(*shared, config().embedding_scale)
                                    : Embedding({config().vocabulary, config().width, config().embedding_scale},
                                                weights / table_of_embedding(config().tied_output, weights))),
        positions(position_config(config()), weights),
        layers(config().layers, weights),
        output_norm(config().norm, weights / "output_norm") {
    if (config().has_output) output.emplace(make_output(weights));
    weights.finish();
    set_report(weights.report());
  }

 private:
  void embed(Context& context, std::span<const TokenId> ids, TensorView<float> x) const override {
    embedding(context, ids, x);
  }

  void run(Context& context, TensorView<float> x, std::span<const Index> rows,
           TensorView<float> hidden) const override {
    positions(context, x);
    layers(context, x);
    if (rows.empty()) return;
    Scratch::Frame frame(context.scratch());
    const auto last = frame.take<float>(Shape{static_cast<Index>(rows.size()), x.columns()});
    for (Index i = 0; i < last.rows(); ++i)
      std::copy_n(x.row(rows[static_cast<std::size_t>(i)]), x.columns(), last.row(i));
    output_norm(context, last, hidden);
  }

  void head(Context& context, TensorView<float> hidden, TensorView<float> logits) const override {
    if (const float scale = config().output_scale; scale != 1) {
      for (Index r = 0; r < hidden.rows(); ++r) {
        for (float& value : hidden.row_span(r)) value *= scale;
      }
    }
    if (config().logits_soft_cap > 0) {
      (*output)(context, hidden, logits, kernels::SoftCap{config().logits_soft_cap, context.compute().isa});
    } else {
      (*output)(context, hidden, logits);
    }
  }

  HEADFORMER_COLD Linear make_output(const Weights& weights) const {
    const LinearConfig linear{config().width, {{"output", config().vocabulary}}, config().output_bias};
    if (!config().tied_output) return Linear(linear, weights);
    return Linear::tied(embedding.table, config().output_bias ? weights.bias(linear.parts) : Tensor<float>());
  }
};

}  // namespace headformer
