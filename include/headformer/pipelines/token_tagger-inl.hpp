#pragma once

#include <algorithm>
#include <utility>

#include "headformer/core/cold.hpp"
#include "headformer/core/compiled.hpp"
#include "headformer/pipelines/labels.hpp"
#include "headformer/pipelines/scores.hpp"
#include "headformer/pipelines/tagging/entities.hpp"
#include "headformer/pipelines/token_tagger.hpp"
#include "headformer/preprocess/tokenizer/text_offsets.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer {

HEADFORMER_INLINE TokenTagger::TokenTagger(const std::filesystem::path& path, const PipelineOptions& options)
    : pipeline_(Checkpoint::open(path), options) {
  detail::expect_task(pipeline_, EncoderTask::token_classification, "token classification");
  labels_ = detail::read_labels(pipeline_.config(), pipeline_.heads().front()->output().width);
}

namespace detail {

/// The tokens of a text that are no special ones, with the labels' probabilities. `tokens` has offsets in bytes.
inline std::vector<TaggedPiece> tagged_pieces(const Tokenizer& tokenizer, std::string_view text, const Encoding& tokens,
                                              TensorView<const float> logits) {
  const bool marks_words = !tokenizer.continuing_prefix().empty();
  std::vector<TaggedPiece> pieces;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens.special_tokens_mask[i] != 0) continue;
    TaggedPiece piece;
    piece.word = tokenizer.token_text(tokens.ids[i]);
    piece.scores = softmax({logits.row(static_cast<Index>(i)), static_cast<std::size_t>(logits.columns())});
    piece.begin = tokens.offsets[i].begin;
    piece.end = tokens.offsets[i].end;
    piece.token = static_cast<Index>(i);
    const std::size_t begin = std::min<std::size_t>(piece.begin, text.size());
    const std::string_view seen = text.substr(begin, piece.end - piece.begin);
    if (marks_words) {
      piece.inside_word = unicode::utf8_length(piece.word) != unicode::utf8_length(seen);
    } else {
      // The reference's makeshift: no space before the token.
      piece.inside_word = begin > 0 && text.substr(begin - 1, 2).find(' ') == std::string_view::npos;
    }
    if (tokens.ids[i] == tokenizer.unk()) {
      piece.word = seen;
      piece.inside_word = false;
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace detail

HEADFORMER_INLINE std::vector<Outcome<TaggedText>> TokenTagger::tag(std::span<const std::string_view> texts,
                                                                    const TagOptions& options) const {
  if (options.stride >= 0 && options.aggregation == TagAggregation::none)
    throw ArgumentError("stride: expected an aggregation with it, found none");
  std::vector<TextPair> pairs;
  for (const std::string_view text : texts) pairs.push_back({text, {}});
  EncodeOptions encoding;
  encoding.offsets = OffsetUnit::bytes;
  if (pipeline_.max_length() > 0) {
    encoding.truncation = Truncation{.max_length = pipeline_.max_length(),
                                     .stride = std::max<Index>(options.stride, 0),
                                     .keep_overflowing = options.stride >= 0};
  }
  const std::vector<Outcome<Encoding>> tokens = pipeline_.tokens(pairs, encoding);

  // Where the whole text is asked for, each part is a sequence of its own.
  std::vector<const Encoding*> sequences;
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i]) continue;
    sequences.push_back(&tokens[i].value());
    for (const Encoding& part : tokens[i].value().overflowing) sequences.push_back(&part);
    items.resize(sequences.size(), i);
  }
  const detail::EntityGrouping grouping(pipeline_.tokenizer(), labels_);
  std::vector<std::vector<TaggedEntity>> found(sequences.size());
  pipeline_.run(sequences, [&](std::size_t i, std::span<const TensorView<const float>> results) {
    const std::string_view text = texts[items[i]];
    found[i] = grouping.entities(detail::tagged_pieces(pipeline_.tokenizer(), text, *sequences[i], results.front()),
                                 options.aggregation);
    std::erase_if(found[i], [&](const TaggedEntity& entity) {
      return std::find(options.ignored.begin(), options.ignored.end(), entity.label) != options.ignored.end();
    });
    if (options.offsets == OffsetUnit::bytes || found[i].empty()) return;
    const detail::TextPlaces places(text);
    for (TaggedEntity& entity : found[i]) {
      entity.begin = places.character(entity.begin);
      entity.end = places.character(entity.end);
    }
  });

  std::vector<Outcome<TaggedText>> answers;
  for (std::size_t i = 0, sequence = 0; i < tokens.size(); ++i) {
    if (!tokens[i]) {
      answers.push_back(Outcome<TaggedText>::failure(tokens[i].error()));
      continue;
    }
    TaggedText answer;
    answer.truncated = tokens[i].value().truncated && options.stride < 0;
    for (; sequence < items.size() && items[sequence] == i; ++sequence)
      std::move(found[sequence].begin(), found[sequence].end(), std::back_inserter(answer.entities));
    if (!tokens[i].value().overflowing.empty())
      answer.entities = detail::EntityGrouping::without_overlaps(std::move(answer.entities));
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace headformer
