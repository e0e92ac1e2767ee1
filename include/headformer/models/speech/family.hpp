#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/speech/speech_to_text.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

/// A class of the reference, and whether it has a head over the vocabulary.
struct SpeechClass {
  std::string_view architecture;
  bool generates;
};

/// How `auto` finds a family and opens it, by the class name in config.json.
struct SpeechFamily {
  std::string_view name;
  std::span<const SpeechClass> classes;
  SpeechToTextConfig (*config)(const Checkpoint&);
  NameTable (*names)();
  std::unique_ptr<SpeechToText> (*make)(SpeechToTextConfig, const Weights&);
};

template <class Model>
HEADFORMER_COLD std::unique_ptr<SpeechToText> make_speech_to_text(SpeechToTextConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
