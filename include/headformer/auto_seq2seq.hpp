#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "headformer/models/seq2seq/memory_estimate.hpp"
#include "headformer/models/seq2seq/sequence_to_sequence.hpp"
#include "headformer/weights/load_options.hpp"

namespace headformer {

class Checkpoint;

/// Opens an encoder-decoder of any family with the head of its class, its weights packed for the kernels.
/// Throws IoError, FormatError, ConfigError, WeightError, CancelledError.
std::unique_ptr<SequenceToSequence> open_seq2seq(const Checkpoint& checkpoint, const LoadOptions& options = {});
/// The same for a Hugging Face folder or a GGUF file.
std::unique_ptr<SequenceToSequence> open_seq2seq(const std::filesystem::path& path, const LoadOptions& options = {});

/// The bytes that an encoder-decoder will take when it is opened with these options and used so, from the headers of
/// the files alone. Throws as open_seq2seq() does.
MemoryEstimate seq2seq_memory_estimate(const Checkpoint& checkpoint, const LoadOptions& options = {},
                                       const MemoryUse& use = {});

/// Whether the checkpoint names an encoder-decoder.
bool is_seq2seq(const Checkpoint& checkpoint);
/// The names of all of them, for messages; of GGUF's architectures or of classes.
std::string seq2seq_architectures(bool gguf = false);

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/auto_seq2seq-inl.hpp"
#endif
