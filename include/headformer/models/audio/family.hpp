#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/audio_encoder.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A class of the reference and what it puts on top of its family's encoder.
struct AudioClass {
  std::string_view architecture;
  AudioTask task;
};

/// How `auto` finds a family of encoders of sound and opens it, by the class name in config.json.
struct AudioFamily {
  std::string_view name;
  std::span<const AudioClass> classes;
  AudioEncoderConfig (*config)(const Checkpoint&, AudioTask);
  NameTable (*names)();
  std::unique_ptr<AudioEncoder> (*make)(AudioEncoderConfig, const Weights&);
};

template <class Model>
HEADFORMER_COLD std::unique_ptr<AudioEncoder> make_audio_encoder(AudioEncoderConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
