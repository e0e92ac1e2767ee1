#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// Names of wav2vec 2.0 and of the families whose files call things as its do; what comes before them is the table's
/// base.
inline constexpr NameRow waveform_rows[] = {
    {"embedding.features.#.convolution", "feature_extractor.conv_layers.#.conv", "", Transform::windows},
    {"embedding.features.#.norm", "feature_extractor.conv_layers.#.layer_norm", ""},
    {"embedding.norm", "feature_projection.layer_norm", ""},
    {"embedding.projection", "feature_projection.projection", ""},
    {"embedding.positions.length",
     "encoder.pos_conv_embed.conv.parametrizations.weight.original0|encoder.pos_conv_embed.conv.weight_g", ""},
    {"embedding.positions.direction",
     "encoder.pos_conv_embed.conv.parametrizations.weight.original1|encoder.pos_conv_embed.conv.weight_v", ""},
    {"embedding.positions.bias", "encoder.pos_conv_embed.conv.bias", ""},
    {"first_norm", "encoder.layer_norm", ""},
    {"layers.#.attn.query", "encoder.layers.#.attention.q_proj", ""},
    {"layers.#.attn.key", "encoder.layers.#.attention.k_proj", ""},
    {"layers.#.attn.value", "encoder.layers.#.attention.v_proj", ""},
    {"layers.#.attn.output", "encoder.layers.#.attention.out_proj", ""},
    {"layers.#.attn.relative_bias", "encoder.layers.0.attention.rel_attn_embed", ""},
    {"layers.#.attn.gate", "encoder.layers.#.attention.gru_rel_pos_linear", ""},
    {"layers.#.attn.gate_scales", "encoder.layers.#.attention.gru_rel_pos_const", "", Transform::flattened},
    {"layers.#.attn_norm", "encoder.layers.#.layer_norm", ""},
    {"layers.#.ff.up", "encoder.layers.#.feed_forward.intermediate_dense", ""},
    {"layers.#.ff.down", "encoder.layers.#.feed_forward.output_dense", ""},
    {"layers.#.ff_norm", "encoder.layers.#.final_layer_norm", ""},
    {"layers.#.adapter_norm", "encoder.layers.#.adapter_layer.norm", ""},
    {"layers.#.adapter.up", "encoder.layers.#.adapter_layer.linear_1", ""},
    {"layers.#.adapter.down", "encoder.layers.#.adapter_layer.linear_2", ""},
    {"final_norm", "encoder.layer_norm", ""},
    {"layer_weights", "layer_weights", ""},
    {"ctc.output", "lm_head", ""},
    {"frames.output", "classifier", ""},
    {"classifier.dense", "projector", ""},
    {"classifier.output", "classifier", ""},
    {"speaker.projection", "projector", ""},
    {"speaker.delays.#", "tdnn.#.kernel", ""},
    {"speaker.embedding", "feature_extractor", ""},
    {"speaker.output", "classifier", ""},
};
/// What only training uses; heads of other classes; the last norm, where all layers' outputs are summed before it.
inline constexpr std::string_view waveform_ignored[] = {
    "masked_spec_embed", "objective.", "lm_head.",    "quantizer.", "project_hid.",
    "project_q.",        "projector.", "classifier.", "tdnn.",      "encoder.layer_norm."};

}  // namespace headformer
