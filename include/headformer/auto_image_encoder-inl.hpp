#pragma once

#include <memory>
#include <string>
#include <utility>

#include "headformer/auto_image_encoder.hpp"
#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/models/architecture_error.hpp"
#include "headformer/models/beit.hpp"
#include "headformer/models/clip.hpp"
#include "headformer/models/deit.hpp"
#include "headformer/models/depth_anything.hpp"
#include "headformer/models/dinov2.hpp"
#include "headformer/models/dpt.hpp"
#include "headformer/models/segformer.hpp"
#include "headformer/models/siglip.hpp"
#include "headformer/models/swin.hpp"
#include "headformer/models/vit.hpp"
#include "headformer/models/vit_mae.hpp"
#include "headformer/models/yolos.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_workers.hpp"

namespace headformer {

/// Every family of encoders of pictures that can be opened by name.
inline constexpr const ImageFamily* image_families[] = {
    &vit::family,
    &beit::family,
    &deit::family,
    &dinov2::family,
    &dinov2::family_with_registers,
    &clip::image_family,
    &siglip::image_family,
    &swin::family,
    &vit_mae::family,
    &segformer::family,
    &yolos::family,
    &dpt::family,
    &depth_anything::family,
};

namespace detail {

/// A family and what one of its classes puts on top of it.
struct ImageMatch {
  const ImageFamily* family = nullptr;
  ImageTask task = ImageTask::base;
};

/// No family where the checkpoint names none of them.
HEADFORMER_COLD inline ImageMatch match_image_encoder(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) return {};
  const std::string architecture = checkpoint.architecture();
  for (const ImageFamily* family : image_families) {
    for (const ImageClass& known : family->classes) {
      if (known.architecture == architecture) return {family, known.task};
    }
  }
  return {};
}

}  // namespace detail

HEADFORMER_COLD HEADFORMER_INLINE bool is_image_encoder(const Checkpoint& checkpoint) {
  return detail::match_image_encoder(checkpoint).family != nullptr;
}

HEADFORMER_COLD HEADFORMER_INLINE std::string image_encoder_architectures() {
  std::string names;
  for (const ImageFamily* family : image_families) {
    for (const ImageClass& known : family->classes) detail::add_name(names, known.architecture);
  }
  return names;
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<ImageEncoder> open_image_encoder(const Checkpoint& checkpoint,
                                                                                   const LoadOptions& options) {
  const detail::ImageMatch match = detail::match_image_encoder(checkpoint);
  if (match.family == nullptr) detail::fail_architecture(checkpoint, image_encoder_architectures());
  const NameTable names = match.family->names();
  const LoadWorkers workers(options);
  return match.family->make(match.family->config(checkpoint, match.task),
                            Weights(checkpoint, names, options, workers.executor()));
}

HEADFORMER_COLD HEADFORMER_INLINE std::unique_ptr<ImageEncoder> open_image_encoder(const std::filesystem::path& path,
                                                                                   const LoadOptions& options) {
  return open_image_encoder(Checkpoint::open(path), options);
}

}  // namespace headformer
