#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/stable_sort.hpp"
#include "headformer/pipelines/tagging/tagged_entity.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer::detail {

/// A token, or a word, on its way to an entity.
struct TaggedPiece {
  std::string word;           ///< as the vocabulary spells it
  std::vector<float> scores;  ///< of all labels; empty once a word has its tag
  std::uint32_t begin = 0, end = 0;
  Index token = -1;
  bool inside_word = false;
  std::string label;
  float score = 0;
};

/// Puts pieces together as transformers' pipeline for token classification does.
class EntityGrouping {
 public:
  EntityGrouping(const Tokenizer& tokenizer, std::span<const std::string> labels)
      : tokenizer_(tokenizer), labels_(labels) {}

  std::vector<TaggedEntity> entities(std::vector<TaggedPiece> pieces, TagAggregation aggregation) const {
    const bool of_words = aggregation != TagAggregation::none && aggregation != TagAggregation::simple;
    if (of_words) {
      pieces = words_of(pieces, aggregation);
    } else {
      for (TaggedPiece& piece : pieces) take_best(piece, piece.scores);
    }
    std::vector<TaggedEntity> result;
    if (aggregation == TagAggregation::none) {
      for (const TaggedPiece& piece : pieces)
        result.push_back({piece.label, piece.score, piece.word, piece.begin, piece.end, piece.token});
      return result;
    }
    for (std::size_t begin = 0, end = 0; begin < pieces.size(); begin = end) {
      for (end = begin + 1; end < pieces.size() && continues(pieces[end], pieces[end - 1]);) ++end;
      result.push_back(group(std::span(pieces).subspan(begin, end - begin)));
    }
    return result;
  }

  /// Of entities that overlap, in parts of one text, the longest, then the surest.
  static std::vector<TaggedEntity> without_overlaps(std::vector<TaggedEntity> entities) {
    detail::stable_sort(entities.begin(), entities.end(),
                        [](const TaggedEntity& a, const TaggedEntity& b) { return a.begin < b.begin; });
    std::vector<TaggedEntity> result;
    for (TaggedEntity& entity : entities) {
      if (result.empty() || entity.begin >= result.back().end || entity.begin < result.back().begin) {
        result.push_back(std::move(entity));
        continue;
      }
      TaggedEntity& previous = result.back();
      const auto length = entity.end - entity.begin;
      const auto previous_length = previous.end - previous.begin;
      if (length > previous_length || (length == previous_length && entity.score > previous.score))
        previous = std::move(entity);
    }
    return result;
  }

 private:
  void take_best(TaggedPiece& piece, std::span<const float> scores) const {
    const auto best = std::max_element(scores.begin(), scores.end());
    piece.label = labels_[static_cast<std::size_t>(best - scores.begin())];
    piece.score = *best;
  }

  std::vector<TaggedPiece> words_of(std::span<const TaggedPiece> pieces, TagAggregation aggregation) const {
    std::vector<TaggedPiece> words;
    for (std::size_t begin = 0, end = 0; begin < pieces.size(); begin = end) {
      for (end = begin + 1; end < pieces.size() && pieces[end].inside_word;) ++end;
      words.push_back(word_of(pieces.subspan(begin, end - begin), aggregation));
    }
    return words;
  }

  TaggedPiece word_of(std::span<const TaggedPiece> pieces, TagAggregation aggregation) const {
    TaggedPiece word;
    word.word = joined(pieces);
    word.begin = pieces.front().begin;
    word.end = pieces.back().end;
    if (aggregation == TagAggregation::first) {
      take_best(word, pieces.front().scores);
    } else if (aggregation == TagAggregation::max) {
      const auto greatest = [](const TaggedPiece& p) { return *std::max_element(p.scores.begin(), p.scores.end()); };
      take_best(word, std::max_element(pieces.begin(), pieces.end(), [&](const TaggedPiece& a, const TaggedPiece& b) {
                        return greatest(a) < greatest(b);
                      })->scores);
    } else {
      std::vector<float> mean(labels_.size(), 0.0F);
      for (const TaggedPiece& piece : pieces)
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += piece.scores[i];
      for (float& value : mean) value /= static_cast<float>(pieces.size());
      take_best(word, mean);
    }
    return word;
  }

  /// Whether a label begins an entity, and the label without that.
  static std::pair<bool, std::string_view> tag_of(std::string_view label) {
    if (label.starts_with("B-")) return {true, label.substr(2)};
    return {false, label.starts_with("I-") ? label.substr(2) : label};
  }
  static bool continues(const TaggedPiece& piece, const TaggedPiece& previous) {
    const auto [begins, tag] = tag_of(piece.label);
    return !begins && tag == tag_of(previous.label).second;
  }

  TaggedEntity group(std::span<const TaggedPiece> pieces) const {
    const std::string& label = pieces.front().label;
    const std::size_t dash = label.find('-');
    double sum = 0;
    for (const TaggedPiece& piece : pieces) sum += piece.score;
    return {dash == std::string::npos ? label : label.substr(dash + 1),
            static_cast<float>(sum / static_cast<double>(pieces.size())), joined(pieces), pieces.front().begin,
            pieces.back().end};
  }

  std::string joined(std::span<const TaggedPiece> pieces) const {
    std::vector<std::string> words;
    for (const TaggedPiece& piece : pieces) words.push_back(piece.word);
    return tokenizer_.join_pieces(words);
  }

  const Tokenizer& tokenizer_;
  std::span<const std::string> labels_;
};

}  // namespace headformer::detail
