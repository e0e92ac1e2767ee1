#pragma once

#include <algorithm>

#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/mask_filler.hpp"
#include "headformer/pipelines/scores.hpp"

namespace headformer {

HEADFORMER_INLINE MaskFiller::MaskFiller(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_task(pipeline_, EncoderTask::masked_lm, "masked language modelling");
  if (!pipeline_.tokenizer().mask())
    throw ConfigError(pipeline_.name() + ": tokenizer: mask_token: expected a token, found none");
}

HEADFORMER_INLINE std::string MaskFiller::mask() const {
  return pipeline_.tokenizer().token_text(*pipeline_.tokenizer().mask());
}

HEADFORMER_INLINE std::vector<MaskFill> MaskFiller::best(std::span<const float> logits, Index count) const {
  const std::vector<float> scores = detail::softmax(logits);
  std::vector<TokenId> ids(scores.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>(i);
  const auto kept = static_cast<std::ptrdiff_t>(std::min<Index>(count, static_cast<Index>(ids.size())));
  const auto score = [&](TokenId id) { return scores[static_cast<std::size_t>(id)]; };
  std::partial_sort(ids.begin(), ids.begin() + kept, ids.end(),
                    [&](TokenId a, TokenId b) { return score(a) != score(b) ? score(a) > score(b) : a < b; });
  std::vector<MaskFill> fills;
  for (auto id = ids.begin(); id != ids.begin() + kept; ++id) {
    // A vocabulary padded to a round size has rows that no token has.
    const bool known = *id < pipeline_.tokenizer().size();
    fills.push_back({*id, known ? pipeline_.tokenizer().decode(std::span(&*id, 1)) : std::string(), score(*id)});
  }
  return fills;
}

HEADFORMER_INLINE std::vector<Outcome<std::vector<std::vector<MaskFill>>>> MaskFiller::fill(
    std::span<const std::string_view> texts, Index count) const {
  if (count < 1) throw ArgumentError("count: expected at least 1, found " + std::to_string(count));
  std::vector<TextPair> pairs;
  for (const std::string_view text : texts) pairs.push_back({text, {}});
  std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(pairs);
  const TokenId mask_id = *pipeline_.tokenizer().mask();
  for (Outcome<Encoding>& outcome : tokens) {
    if (outcome && std::count(outcome.value().ids.begin(), outcome.value().ids.end(), mask_id) == 0)
      outcome = Outcome<Encoding>::failure("text: expected at least one " + mask() + ", found none");
  }
  return pipeline_.answer_each_hidden<std::vector<std::vector<MaskFill>>>(
      tokens, [&](std::size_t i, std::span<const TensorView<const float>> hidden) {
        const std::vector<TokenId>& ids = tokens[i].value().ids;
        std::vector<std::vector<MaskFill>> fills;
        for (std::size_t at = 0; at < ids.size(); ++at) {
          if (ids[at] != mask_id) continue;
          const auto row = static_cast<Index>(at);
          const Tensor<float> logits =
              pipeline_.apply_head(*pipeline_.heads().front(), hidden.front().slice_rows(row, row + 1));
          fills.push_back(best({logits.data(), static_cast<std::size_t>(logits.count())}, count));
        }
        return fills;
      });
}

}  // namespace headformer
