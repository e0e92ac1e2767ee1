#pragma once

#include <memory>
#include <string>
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
  config.tied_output = settle_tying(config.tied_output, weights);
  return config;
}

/// A decoder language model: embeddings, positions, layers, norm, and a head over the vocabulary.
template <class Positions, Block Layer, Module Norm>
class CausalLm final : public CausalLanguageModel {
 public:
  Embedding embedding;  // [V, D]
  Positions positions;
  Stack<Layer> layers;
  Norm output_norm;
  Linear output;  // [V, D]

  HEADFORMER_COLD CausalLm(CausalLmConfig config, const Weights& weights)
      : CausalLanguageModel(settle_tying(std::move(config), weights)),
        embedding({this->config().vocabulary, this->config().width, this->config().embedding_scale},
                  weights / table_of_embedding(this->config().tied_output, weights)),
        positions({this->config().learned_positions, this->config().width}, weights),
        layers(this->config().layers, weights),
        output_norm(this->config().norm, weights / "output_norm"),
        output(this->config().tied_output
                   ? Linear::tied(embedding.table)
                   : Linear({this->config().width, {{"output", this->config().vocabulary}}, this->config().output_bias},
                            weights)) {
    weights.finish();
    set_report(weights.report());
  }

 private:
  void embed(Context& context, std::span<const TokenId> ids, TensorView<float> x) const override {
    embedding(context, ids, x);
  }

  void run(Context& context, TensorView<float> x, std::span<const Index> logit_rows,
           TensorView<float> logits) const override {
    positions(context, x);
    layers(context, x);
    if (logit_rows.empty()) return;
    Scratch::Frame frame(context.scratch());
    const auto last = frame.take<float>(Shape{static_cast<Index>(logit_rows.size()), x.columns()});
    for (Index i = 0; i < last.rows(); ++i) {
      std::copy_n(x.row(logit_rows[static_cast<std::size_t>(i)]), x.columns(), last.row(i));
    }
    const auto normed = frame.take<float>(last.shape());
    output_norm(context, last, normed);
    if (config().logits_soft_cap > 0) {
      output(context, normed, logits, kernels::SoftCap{config().logits_soft_cap, context.compute().isa});
    } else {
      output(context, normed, logits);
    }
  }
};

}  // namespace headformer
