#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/models/model.hpp"
#include "headformer/models/seq2seq/config.hpp"

namespace headformer::detail {

/// The decoder's ids of the b-th row by the class's own rule, where the caller gives none. `from` and `to` are as long;
/// Id counts in any integers. Throws ArgumentError where the row is all padding and the class looks for what is not,
/// ConfigError where its config lacks the start id.
template <class Id>
void shift_into_decoder(const Seq2SeqConfig& config, std::span<const Id> from, std::span<Id> to, Index b) {
  if (from.empty()) return;
  std::copy(from.begin(), from.end() - 1, to.begin() + 1);
  if (config.decoder_inputs == DecoderInputs::shifted_right) {
    if (!config.start_id) throw ConfigError("decoder_start_token_id: expected in config.json, found none");
    to.front() = *config.start_id;
    return;
  }
  const auto padding = std::count(from.begin(), from.end(), Id{config.padding_id});
  if (padding == static_cast<std::ptrdiff_t>(from.size()))
    throw ArgumentError("input input_ids: expected an id other than padding in each row, found none in row " +
                        std::to_string(b));
  to.front() = from[from.size() - static_cast<std::size_t>(padding) - 1];
}

/// The same of a padded batch. Shapes: source [B, S] -> [B, S]. Throws ArgumentError where the class has no rule too.
inline Tensor<std::int64_t> own_decoder_ids(const Seq2SeqConfig& config, const Tensor<std::int64_t>* source) {
  if (config.decoder_inputs == DecoderInputs::required || source == nullptr || source->shape().rank() != 2)
    throw ArgumentError("inputs: expected either decoder_input_ids or decoder_inputs_embeds, found neither");
  Tensor<std::int64_t> result(source->shape());
  const auto length = static_cast<std::size_t>(source->size(1));
  for (Index b = 0; b < source->size(0); ++b) {
    shift_into_decoder<std::int64_t>(config, {source->data() + b * source->size(1), length},
                                     {result.data() + b * source->size(1), length}, b);
  }
  return result;
}

/// The same of a row without padding.
inline std::vector<TokenId> own_decoder_ids(const Seq2SeqConfig& config, std::span<const TokenId> source) {
  if (config.decoder_inputs == DecoderInputs::required || source.empty())
    throw ArgumentError("inputs: expected ids, and a class that has the source for its decoder's too");
  std::vector<TokenId> ids(source.size());
  shift_into_decoder<TokenId>(config, source, ids, 0);
  return ids;
}

/// One past the last place of the end id in a row of the source. Throws ArgumentError when there is none.
inline Index end_of_source(std::span<const TokenId> ids, std::optional<TokenId> end_id) {
  if (!end_id) throw ConfigError("eos_token_id: expected in config.json, found none");
  const auto found = std::find(ids.rbegin(), ids.rend(), *end_id);
  if (found == ids.rend())
    throw ArgumentError("input input_ids: expected the end id " + std::to_string(*end_id) +
                        " in each row, found a row without");
  return ids.rend() - found;
}

}  // namespace headformer::detail
