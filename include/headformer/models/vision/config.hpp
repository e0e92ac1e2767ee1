#pragma once

#include <optional>
#include <string>
#include <vector>

#include "headformer/blocks/layer_config.hpp"
#include "headformer/core/grid.hpp"
#include "headformer/kernels/patches.hpp"
#include "headformer/kernels/resample.hpp"
#include "headformer/models/encoders/head_config.hpp"
#include "headformer/models/vision/dense_prediction_config.hpp"
#include "headformer/nn/map_convolution.hpp"

namespace headformer {

/// What a class puts on top of an encoder of pictures.
enum class ImageTask {
  base,  ///< the hidden states themselves
  classification,
  distilled_classification,  ///< DeiT's two classifiers and their mean
  masked_pixels,             ///< SimMIM: the pixels of every patch
  masked_tokens,             ///< BEiT: the visual word of every patch
  segmentation,              ///< a class for every place of a map
  detection,                 ///< boxes and the classes of what is in them
  depth,                     ///< how far away every place of a map is
  projection,                ///< the hidden states, and a vector in the space that texts share
  shared_space,              ///< that vector alone
};

/// What an encoder of pictures is made from. C channels, D width of the layers.
struct ImageEncoderConfig {
  std::string family;
  ImageTask task = ImageTask::base;
  Index channels = 3;  ///< C
  Grid picture;        ///< pixels of the pictures it was made for
  Grid patch;          ///< pixels
  Grid stride;         ///< from one patch to the next; empty: they lie side by side
  bool patch_bias = true;
  Index width = 0;                  ///< D
  std::vector<std::string> tokens;  ///< canonical names of the learned rows before the patches
  Index registers = 0;              ///< learned rows after those, without positions
  Index detections = 0;             ///< learned rows after those, with positions: each finds a thing in the picture
  bool mask_token = false;          ///< there is a row that stands for masked patches
  bool learned_positions = true;    ///< a row for each of `tokens` and each patch
  bool any_size = false;            ///< positions are resampled for other pictures without being asked
  bool layer_positions = false;     ///< such rows are added after each layer but the last, too
  bool size_argument = true;        ///< forward() can be asked to
  bool final_norm = true;           ///< of families whose classes differ in it
  kernels::Resampling resampling = kernels::Resampling::bicubic;
  std::optional<double> masked_share;  ///< of the patches, which are left out in an order that the caller gives
  NormConfig norm;
  std::vector<LayerConfig> layers;
  std::vector<LayerConfig> decoder_layers;   ///< of a head that has layers of its own
  std::vector<Index> depths;                 ///< layers of each stage, where there are stages
  std::vector<MapConvolutionConfig> stages;  ///< what comes before the layers of each stage
  bool as_map = false;                       ///< the hidden states are put out as a feature map

  Index labels = 2;
  TransformConfig pooler;               ///< width 0: the class has none
  Pooling classified = Pooling::first;  ///< what the classifier looks at
  DensePredictionConfig dense;          ///< of classes that predict something of every place
  Index pixels = 16;                    ///< side of the square that masked_pixels makes of a patch
  Index projected = 0;                  ///< width of the shared space
  Index words = 0;                      ///< of the visual vocabulary that masked_tokens chooses from

  kernels::PatchWindow window() const { return {patch, stride.count() == 0 ? patch : stride}; }
  /// Patches of the pictures it was made for.
  Grid grid() const { return window().places(picture); }
  /// How many of some patches are among the rows.
  Index kept(Index patches) const {
    return masked_share ? static_cast<Index>(static_cast<double>(patches) * (1 - *masked_share)) : patches;
  }
  /// Rows before the patches.
  Index leading() const { return static_cast<Index>(tokens.size()) + registers + detections; }
};

}  // namespace headformer
