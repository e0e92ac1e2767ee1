#pragma once

#include <string>

#include "headformer/preprocess/tokenizer.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"

namespace headformer {

/// Token ids to text while they are generated. Each call answers the text that is now certain: never a part of a UTF-8
/// character, and joined together exactly what Tokenizer::decode answers for all ids. One object for one sequence.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer, bool skip_special_tokens = true)
      : run_(tokenizer.pipeline_, skip_special_tokens) {}

  /// The text that this id makes certain; often empty, for instance inside a character of several bytes, or in a run of
  /// single bytes of a SentencePiece-style model, whose meaning is known when the run ends. Throws ArgumentError when
  /// the id is none of the vocabulary's.
  std::string push(TokenId id) {
    std::string text;
    run_.push(id, text);
    return text;
  }

  /// The rest. After it the object is as new.
  std::string finish() {
    std::string text;
    run_.finish(text);
    return text;
  }

 private:
  detail::TextRun run_;
};

}  // namespace headformer
