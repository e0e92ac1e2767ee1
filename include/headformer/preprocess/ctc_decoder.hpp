#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/mapped_file.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/core/token_id.hpp"

namespace headformer {

/// A word and the frames it was heard in, [begin, end).
struct FramedWord {
  std::string word;
  Index begin = 0;
  Index end = 0;
};

/// What frames say, put together.
struct CtcText {
  std::string text;
  std::vector<FramedWord> words;
};

/// Texts of the ids of frames, one each (connectionist temporal classification, Graves et al. 2006): equal ones in a
/// row count once, blanks not at all, and words end at a delimiter. What the reference's Wav2Vec2CTCTokenizer decodes.
class CtcDecoder {
 public:
  /// Of a folder's vocab.json and tokenizer_config.json. `language`: of a vocabulary of several languages, the
  /// tokenizer's own where it is empty. Throws IoError where there is no vocab.json, FormatError and ConfigError for
  /// one that is no vocabulary or that lacks the blank.
  static CtcDecoder from_files(const FileReader& files, const std::string& language = "");

  /// Shapes: ids [frames]. Throws ArgumentError for an id that the vocabulary does not have.
  CtcText decode(std::span<const TokenId> ids) const;

  TokenId blank() const { return blank_; }

 private:
  std::map<TokenId, std::string> tokens_;
  TokenId blank_ = 0;
  std::string delimiter_ = "|";
  std::string space_ = " ";
  bool lower_case_ = false;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/preprocess/ctc_decoder-inl.hpp"
#endif
