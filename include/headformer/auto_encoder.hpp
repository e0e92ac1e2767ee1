#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/encoders/encoder.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens an encoder of any family with the heads of its class, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<Encoder> open_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder or a GGUF file, which holds a base model.
std::unique_ptr<Encoder> open_encoder(const std::filesystem::path& path, const LoadOptions& options = {});

/// The base class of the checkpoint's family, whatever head its own class has: hidden states, and what a pooler makes
/// of them. Published encoders may name a class whose head they have lost, and embedders that are decoders the class
/// with a head over the vocabulary; of a decoder's GGUF it is the decoder without that head; of Stanford's HF_ColBERT
/// the encoder without the projection. Throws as open_encoder().
std::unique_ptr<Encoder> open_base_encoder(const Checkpoint& checkpoint, const LoadOptions& options = {});

/// Whether the checkpoint names an encoder.
bool is_encoder(const Checkpoint& checkpoint);
/// The names of all of them, in folders or in GGUF files, for messages.
std::string encoder_architectures(bool gguf);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_encoder-inl.hpp"
#endif
