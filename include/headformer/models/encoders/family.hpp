#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/models/encoders/encoder.hpp"
#include "headformer/weights/weights.hpp"

namespace headformer {

struct CausalLmFamily;

/// A class of the reference and what it puts on top of its family's encoder.
struct EncoderClass {
  std::string_view architecture;
  EncoderTask task;
};

/// How `auto` finds a family and opens it: by the class name in config.json, or by its model type, or
/// by GGUF's architecture.
struct EncoderFamily {
  std::string_view name;
  std::string_view model_type;         ///< what a config without `architectures` names: the base class
  std::string_view gguf_architecture;  ///< empty: none of its own
  std::span<const EncoderClass> classes;
  EncoderConfig (*config)(const Checkpoint&);
  NameTable (*names)();
  std::unique_ptr<Encoder> (*make)(EncoderConfig, const Weights&);
  const CausalLmFamily* decoder = nullptr;  ///< with the same layers: its checkpoints hold the base class, too
};

template <class Model>
HEADFORMER_COLD std::unique_ptr<Encoder> make_encoder(EncoderConfig config, const Weights& weights) {
  return std::make_unique<Model>(std::move(config), weights);
}

}  // namespace headformer
