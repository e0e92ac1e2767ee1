#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/models/audio/speaker_head.hpp"
#include "headformer/models/encoders/heads.hpp"

namespace headformer {

/// The heads of a class, bound below the names "ctc", "classifier", "frames" and "speaker".
HEADFORMER_COLD inline std::vector<std::unique_ptr<EncoderHead>> make_audio_heads(const AudioEncoderConfig& config,
                                                                                  const Weights& root) {
  std::vector<std::unique_ptr<EncoderHead>> result;
  const auto tokens = [&](const char* name, Index width) {
    const Weights weights = root / name;
    return std::make_unique<TokenHead<NoTransform>>(EncoderOutput{{"logits"}, width, true},
                                                    NoTransform(config.width, {}, weights),
                                                    Linear({config.width, {{"output", width}}, true}, weights));
  };
  switch (config.task) {
    case AudioTask::base:
      result.push_back(std::make_unique<HiddenStates>(config.width));
      break;
    case AudioTask::ctc:
      result.push_back(tokens("ctc", config.words));
      break;
    case AudioTask::frame_classification:
      result.push_back(tokens("frames", config.labels));
      break;
    case AudioTask::classification: {
      // The reference's mean of what a matrix makes of every frame is what it makes of their mean.
      const Weights weights = root / "classifier";
      Linear output({config.classifier.width, {{"output", config.labels}}, true}, weights);
      result.push_back(std::make_unique<ClassificationHead<DenseTransform>>(
          EncoderOutput{{"logits"}, config.labels}, config.classifier,
          DenseTransform(config.width, config.classifier, weights), std::move(output)));
      break;
    }
    case AudioTask::speaker_vector:
      result.push_back(std::make_unique<SpeakerHead>(config, root / "speaker"));
      break;
  }
  return result;
}

}  // namespace headformer
