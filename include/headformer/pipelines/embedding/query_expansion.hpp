#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json.hpp"

namespace headformer::detail {

/// How a query is filled up to a length by tokens whose vectors score as the query's own do (Khattab and Zaharia 2020,
/// https://arxiv.org/abs/2004.12832): sentence-transformers' `query_expansion`.
struct QueryExpansion {
  Index length = 32;
  bool cuts = true;                  ///< longer queries to that length (`fixed`); otherwise they stay (`min`)
  bool attended = false;             ///< all tokens see the filling ones; otherwise these see the others only
  std::optional<std::string> token;  ///< none: the tokenizer's [MASK], else the one that ends a text
};

/// Which part of a text counts, by what it is.
struct RetrievalLengths {
  Index query = 0;  ///< tokens, special ones included; 0: as many as of any text
  Index document = 0;
  std::optional<QueryExpansion> expansion;
};

HEADFORMER_COLD inline QueryExpansion read_query_expansion(const JsonObject& json) {
  static constexpr std::string_view known[] = {"strategy", "attend", "token", "length"};
  for (const std::string& key : json.keys())
    if (std::find(std::begin(known), std::end(known), key) == std::end(known))
      json.fail(key, "none but strategy, attend, token and length");
  QueryExpansion expansion;
  const std::string strategy = json.string("strategy");
  if (strategy != "fixed" && strategy != "min") json.fail("strategy", "fixed or min");
  expansion.cuts = strategy == "fixed";
  expansion.attended = json.boolean_or("attend", false);
  if (json.has("token")) expansion.token = json.string("token");
  expansion.length = json.integer("length", 1, Index{1} << 20);
  return expansion;
}

/// Of config_sentence_transformers.json, where PyLate keeps what the encoder's file says otherwise: there queries are
/// expanded wherever it says anything of them and not that they are not.
HEADFORMER_COLD inline RetrievalLengths read_pylate_lengths(const JsonObject& json) {
  RetrievalLengths lengths{json.integer_or("query_length", 0, 1), json.integer_or("document_length", 0, 1), {}};
  if (json.mentions("query_expansion")) {
    if (json.has("query_expansion")) lengths.expansion = read_query_expansion(json.object("query_expansion"));
    return lengths;
  }
  static constexpr std::string_view pylate[] = {
      "query_length",          "document_length", "do_query_expansion", "attend_to_expansion_tokens",
      "attend_to_mask_tokens", "query_prefix",    "document_prefix",    "skiplist_words"};
  const bool any = std::any_of(std::begin(pylate), std::end(pylate), [&](auto key) { return json.mentions(key); });
  if (!any || !json.boolean_or("do_query_expansion", true)) return lengths;
  const char* const attend =
      json.mentions("attend_to_expansion_tokens") ? "attend_to_expansion_tokens" : "attend_to_mask_tokens";
  lengths.expansion = {lengths.query > 0 ? lengths.query : 32, true, json.boolean_or(attend, false), {}};
  lengths.query = 0;
  return lengths;
}

/// Of sentence_bert_config.json, which comes before `otherwise`.
HEADFORMER_COLD inline RetrievalLengths read_retrieval_lengths(const JsonObject& json,
                                                               const RetrievalLengths& otherwise) {
  RetrievalLengths lengths = otherwise;
  if (json.mentions("query_length")) lengths.query = json.integer_or("query_length", 0, 1);
  if (json.mentions("document_length")) lengths.document = json.integer_or("document_length", 0, 1);
  if (json.mentions("query_expansion")) {
    lengths.expansion.reset();
    if (json.has("query_expansion")) lengths.expansion = read_query_expansion(json.object("query_expansion"));
  }
  if (lengths.expansion && lengths.query > 0 && lengths.query < lengths.expansion->length)
    json.fail("query_length", "at least the " + std::to_string(lengths.expansion->length) + " of query_expansion");
  return lengths;
}

}  // namespace headformer::detail
