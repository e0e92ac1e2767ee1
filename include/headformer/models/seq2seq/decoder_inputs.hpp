#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "headformer/models/model.hpp"
#include "headformer/models/seq2seq/config.hpp"

namespace headformer::detail {

/// The decoder's ids by the class's own rule, where the caller gives none. Shapes: source [B, S] -> [B, S].
/// Throws ArgumentError where the class has no rule, ConfigError where its config lacks the start id.
inline Tensor<std::int64_t> own_decoder_ids(const Seq2SeqConfig& config, const Tensor<std::int64_t>* source) {
  if (config.decoder_inputs == DecoderInputs::required || source == nullptr || source->shape().rank() != 2)
    throw ArgumentError("inputs: expected either decoder_input_ids or decoder_inputs_embeds, found neither");
  Tensor<std::int64_t> result(source->shape());
  const Index length = source->size(1);
  for (Index b = 0; b < source->size(0); ++b) {
    const std::int64_t* const from = source->data() + b * length;
    std::int64_t* const to = result.data() + b * length;
    if (length == 0) continue;
    std::copy_n(from, length - 1, to + 1);
    if (config.decoder_inputs == DecoderInputs::shifted_right) {
      if (!config.start_id) throw ConfigError("decoder_start_token_id: expected in config.json, found none");
      to[0] = *config.start_id;
      continue;
    }
    const Index used = length - std::count(from, from + length, config.padding_id);
    if (used == 0)
      throw ArgumentError("input input_ids: expected an id other than padding in each row, found none in row " +
                          std::to_string(b));
    to[0] = from[used - 1];
  }
  return result;
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
