#pragma once

#include <string_view>

#include "headformer/weights/name_table.hpp"

namespace headformer {

/// The numbers of a tensor's name are the stage's and the layer's. The first patches are of a picture, which lies in
/// memory otherwise than maps do.
inline constexpr NameRow segformer_rows[] = {
    {"embedding.patches", "encoder.patch_embeddings.0.proj", "", Transform::flattened},
    {"stages.#.embedding.patches", "encoder.patch_embeddings.#.proj", "", Transform::windows},
    {"stages.#.embedding.norm", "encoder.patch_embeddings.#.layer_norm", ""},
    {"stages.#.norm", "encoder.layer_norm.#", ""},
    {"stages.#.layers.#.attn.query", "encoder.block.#.#.attention.self.query", ""},
    {"stages.#.layers.#.attn.key", "encoder.block.#.#.attention.self.key", ""},
    {"stages.#.layers.#.attn.value", "encoder.block.#.#.attention.self.value", ""},
    {"stages.#.layers.#.attn.reduction", "encoder.block.#.#.attention.self.sr", "", Transform::windows},
    {"stages.#.layers.#.attn.reduction.norm", "encoder.block.#.#.attention.self.layer_norm", ""},
    {"stages.#.layers.#.attn.output", "encoder.block.#.#.attention.output.dense", ""},
    {"stages.#.layers.#.attn_norm", "encoder.block.#.#.layer_norm_1", ""},
    {"stages.#.layers.#.ff.up", "encoder.block.#.#.mlp.dense1", ""},
    {"stages.#.layers.#.ff.convolution", "encoder.block.#.#.mlp.dwconv.dwconv", ""},
    {"stages.#.layers.#.ff.down", "encoder.block.#.#.mlp.dense2", ""},
    {"stages.#.layers.#.ff_norm", "encoder.block.#.#.layer_norm_2", ""},
    {"stages.#.projection", ".decode_head.linear_c.#.proj", ""},
    {"segmentation.fuse", ".decode_head.linear_fuse", "", Transform::flattened},
    {"segmentation.norm", ".decode_head.batch_norm", ""},
    {"segmentation.output", ".decode_head.classifier", "", Transform::flattened},
    {"classifier.output", "classifier", ""},
};
inline constexpr std::string_view segformer_ignored[] = {"classifier.", "decode_head.", "num_batches_tracked"};
inline NameTable segformer_names() {
  NameTable table{segformer_rows, segformer_ignored};
  table.base = "segformer";
  return table;
}

}  // namespace headformer
