#pragma once

#include <gtest/gtest.h>

#include <headformer/models/seq2seq/seq2seq_model.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <memory>
#include <string>
#include <vector>

#include "models/decoder_families.hpp"
#include "models/encoders.hpp"

namespace headformer::testing {

/// A checkpoint of the goldens that stands for what its layers do.
struct Seq2SeqCase {
  std::string name;    ///< below goldens/seq2seq
  Index longest = 70;  ///< ids on either side: across the pages of 64 where there are positions for it
};
inline std::ostream& operator<<(std::ostream& out, const Seq2SeqCase& model) { return out << model.name; }

/// Compiled once (seq2seq_families_test.cpp).
std::shared_ptr<const SequenceToSequence> open_seq2seq_of_goldens(const std::string& name, LoadOptions options = {});

MemoryEstimate estimate_seq2seq_of_goldens(const std::string& name, const LoadOptions& options, const MemoryUse& use);

inline std::shared_ptr<const CausalLanguageModel> decoder_of(const std::shared_ptr<const SequenceToSequence>& model) {
  return {model, &model->decoder()};
}

/// A session over a source that is encoded for it alone.
inline Session session_over(const std::shared_ptr<const SequenceToSequence>& model,
                            const std::shared_ptr<Workspace>& workspace, std::span<const TokenId> source,
                            const SessionOptions& options = {}) {
  EncoderInput input;
  input.ids = source;
  return Session(decoder_of(model), workspace,
                 model->new_sequence(model->encode(*workspace, input, options.cache), options.cache), options);
}

}  // namespace headformer::testing
