#pragma once

#include <string>

#include "headformer/core/cold.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

/// A checkpoint that hears another language: with its adapter.LANGUAGE.safetensors in the place of the tensors of that
/// name (MMS, Pratap et al. 2023, https://arxiv.org/abs/2305.13516). Throws IoError where there is no such file,
/// FormatError, WeightError for a tensor that the checkpoint does not have.
HEADFORMER_COLD inline Checkpoint with_language_adapter(const Checkpoint& checkpoint, const std::string& language) {
  const std::string file = "adapter." + language + ".safetensors";
  const bool is_name = language.find_first_of("/\\") == std::string::npos;
  const Bytes bytes = is_name ? checkpoint.files()(file) : Bytes();
  if (bytes.name().empty())
    throw IoError(checkpoint.name() + ": expected " + file + " for the language " + detail::quoted(language) +
                  ", found none");
  return checkpoint.with_tensors(Safetensors::parse(bytes).tensors());
}

}  // namespace headformer
