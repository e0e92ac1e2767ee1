#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/token_id.hpp"
#include "headformer/generate/candidates.hpp"

namespace headformer {

struct Grammar;

/// Holds generated text to a grammar: of the candidates it keeps the tokens with which the text can still become one
/// that the grammar matches, and the ends only where it is one now. A token may cross any border of the grammar. Made
/// once for a grammar and a vocabulary; what it finds out it remembers, for all sequences, and any number of threads
/// may use it at once.
class TokenConstraint {
 public:
  /// texts[id]: the bytes that a token adds to a text; empty for special ones, which are none. `ends`: what ends a
  /// text. Throws ArgumentError for none, as a text could then not end.
  TokenConstraint(Grammar grammar, std::vector<std::string> texts, std::vector<TokenId> ends);
  ~TokenConstraint();
  TokenConstraint(const TokenConstraint&) = delete;
  TokenConstraint& operator=(const TokenConstraint&) = delete;

  /// Throws ArgumentError where nothing can follow: the text so far, or none of the tokens that other options leave,
  /// fits the grammar.
  void keep(Candidates& candidates, const DecodingStep& step) const;
  void operator()(Candidates& candidates, const DecodingStep& step) const { keep(candidates, step); }

  /// Whether a text of these tokens is one that the grammar matches.
  bool accepts(std::span<const TokenId> generated) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/generate/constrained/token_constraint-inl.hpp"
#endif
