#pragma once

#include <algorithm>
#include <utility>

#include "headformer/auto_dual_encoder.hpp"
#include "headformer/auto_image_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/image_pipeline.hpp"
#include "headformer/pipelines/machinery.hpp"
#include "headformer/preprocess/image/open_image_processor.hpp"

namespace headformer {

HEADFORMER_COLD HEADFORMER_INLINE ImagePipeline::ImagePipeline(const Checkpoint& checkpoint,
                                                               const PipelineOptions& options)
    : checkpoint_(checkpoint),
      workspace_(detail::pipeline_workspace(options)),
      towers_(is_dual_encoder(checkpoint)
                  ? open_dual_encoder(checkpoint, detail::pipeline_loading(options, *workspace_->executor))
                  : nullptr),
      encoder_(towers_ ? std::shared_ptr<const ImageEncoder>(towers_, &towers_->image())
                       : open_image_encoder(checkpoint, detail::pipeline_loading(options, *workspace_->executor))),
      processor_(open_image_processor(checkpoint.files(), checkpoint.name())),
      cancellation_(options.cancellation),
      progress_(options.progress) {
  if (encoder_->config().masked_share)
    throw ConfigError(name() + ": architectures: expected an encoder of whole pictures, found the masked autoencoder " +
                      detail::quoted(checkpoint.architecture()));
}

HEADFORMER_INLINE std::optional<std::size_t> ImagePipeline::head(const std::string& name) const {
  const auto& heads = encoder_->heads();
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const std::vector<std::string>& names = heads[i]->output().names;
    if (std::find(names.begin(), names.end(), name) != names.end()) return i;
  }
  return std::nullopt;
}

HEADFORMER_INLINE void ImagePipeline::run(bool hidden, std::span<const Picture> pictures, Take take, Fail fail) const {
  constexpr std::size_t at_once = 16;  // as many as keep the workers busy; their pixels wait together
  for (std::size_t begin = 0; begin < pictures.size(); begin += at_once) {
    cancellation_.throw_if_cancelled();
    const std::size_t count = std::min(at_once, pictures.size() - begin);
    std::vector<Tensor<float>> pixels(count);
    std::vector<std::string> errors(count);
    parallel_for(*workspace_->executor, static_cast<Index>(count), 1, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
        try {
          pixels[i] = processor_(pictures[begin + i]);
          ImageInput input;
          input.pixels = pixels[i].view();
          encoder_->rows(input);
        } catch (const ArgumentError& error) {
          errors[i] = error.what();
        }
      }
    });
    std::vector<ImageInput> inputs;
    std::vector<std::size_t> items;
    for (std::size_t i = 0; i < count; ++i) {
      if (!errors[i].empty()) {
        fail(begin + i, errors[i]);
        continue;
      }
      inputs.emplace_back().pixels = pixels[i].view();
      items.push_back(begin + i);
    }
    run_batch(hidden, inputs, items, take);
    if (progress_)
      progress_({Progress::Stage::running, static_cast<double>(begin + count), static_cast<double>(pictures.size())});
  }
}

HEADFORMER_INLINE void ImagePipeline::run_batch(bool hidden, std::span<const ImageInput> inputs,
                                                std::span<const std::size_t> items, Take take) const {
  const auto& heads = encoder_->heads();
  const std::size_t count = hidden ? 1 : heads.size();
  const auto rows_of = [&](std::size_t output, const ImageInput& input) {
    return hidden ? encoder_->rows(input) : encoder_->head_rows(*heads[output], input);
  };
  std::vector<Tensor<float>> results;
  std::vector<TensorView<float>> views;
  for (std::size_t i = 0; i < count; ++i) {
    Index rows = 0;
    for (const ImageInput& input : inputs) rows += rows_of(i, input);
    results.emplace_back(Shape{rows, hidden ? encoder_->config().width : heads[i]->output().width});
    views.push_back(results.back());
  }
  if (hidden) {
    encoder_->encode(*workspace_, inputs, views.front());
  } else {
    encoder_->forward(*workspace_, inputs, views);
  }
  std::vector<TensorView<const float>> parts(views.size());
  std::vector<Index> done(count, 0);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t output = 0; output < count; ++output) {
      const Index first = done[output];
      done[output] += rows_of(output, inputs[i]);
      parts[output] = views[output].slice_rows(first, done[output]);
    }
    take(items[i], {parts, encoder_->output_grid(encoder_->grid(inputs[i]))});
  }
}

}  // namespace headformer
