#pragma once

#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/kernels/activation_kind.hpp"

namespace headformer::detail {

/// An activation by its name in the reference's ACT2FN; `key` is what the error is about.
HEADFORMER_COLD inline kernels::Activation activation_of(const JsonObject& config, const char* key,
                                                         std::string_view name) {
  if (name == "silu" || name == "swish") return kernels::Activation::silu;
  if (name == "gelu" || name == "gelu_python") return kernels::Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast" || name == "gelu_python_tanh" ||
      name == "gelu_accurate")
    return kernels::Activation::gelu_tanh;
  if (name == "quick_gelu") return kernels::Activation::quick_gelu;
  if (name == "relu") return kernels::Activation::relu;
  if (name == "relu2") return kernels::Activation::relu_squared;
  if (name == "tanh") return kernels::Activation::tanh;
  if (name == "sigmoid") return kernels::Activation::sigmoid;
  if (name == "linear") return kernels::Activation::identity;
  config.fail(key, "silu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, relu2, tanh, sigmoid or linear");
}
HEADFORMER_COLD inline kernels::Activation read_activation(const JsonObject& config, const char* key,
                                                           std::string_view fallback) {
  return activation_of(config, key, config.string_or(key, fallback));
}

}  // namespace headformer::detail
