#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/pipelines/transcribing/transcript.hpp"
#include "headformer/preprocess/ctc_beam_search.hpp"
#include "headformer/preprocess/ctc_decoder.hpp"

namespace headformer {

/// Frames of characters that have been heard, and what they say: words with their times, in segments.
class FramedTranscript {
 public:
  /// `frame_seconds`: from one frame to the next. `beams`: 1 takes the best character of every frame.
  FramedTranscript(const CtcDecoder& decoder, double frame_seconds, Index beams)
      : decoder_(&decoder), frame_seconds_(frame_seconds), beams_(beams) {}

  /// Shapes: logits [frames, V].
  void append(TensorView<const float> logits) {
    width_ = logits.columns();
    for (Index t = 0; t < logits.rows(); ++t) rows_.insert(rows_.end(), logits.row(t), logits.row(t) + width_);
  }

  /// Of all frames that are there.
  Transcript read() const {
    const CtcText heard = decoder_->decode(ids());
    Transcript result;
    result.text = heard.text;
    for (const FramedWord& word : heard.words)
      result.words.push_back({word.word, seconds(word.begin), seconds(word.end)});
    result.segments = segments_of(result.words);
    return result;
  }

  /// The segments that nothing to come changes, whose frames are let go.
  Transcript take_certain() {
    Transcript all = read();
    const double now = seconds(frames());
    if (all.segments.empty() || now - all.segments.back().end < pause) {
      if (all.segments.size() < 2) return {};
      all.segments.pop_back();
    }
    const double end = all.segments.back().end;
    std::erase_if(all.words, [&](const TranscribedWord& word) { return word.begin >= end; });
    const auto gone = static_cast<Index>(end / frame_seconds_ + 0.5) - first_;
    rows_.erase(rows_.begin(), rows_.begin() + gone * width_);
    first_ += gone;
    return all;
  }

 private:
  static constexpr double pause = 0.8;   ///< seconds between segments
  static constexpr double longest = 10;  ///< seconds of a segment, a word more

  Index frames() const { return width_ == 0 ? 0 : static_cast<Index>(rows_.size()) / width_; }
  double seconds(Index frame) const { return static_cast<double>(first_ + frame) * frame_seconds_; }

  std::vector<TokenId> ids() const {
    const TensorView<const float> logits(rows_.data(), Shape{frames(), width_});
    if (frames() == 0) return {};
    if (beams_ > 1)
      return ctc_align(logits, ctc_beam_search(logits, decoder_->blank(), beams_).front().ids, decoder_->blank());
    std::vector<TokenId> best;
    for (Index t = 0; t < frames(); ++t)
      best.push_back(static_cast<TokenId>(std::max_element(logits.row(t), logits.row(t) + width_) - logits.row(t)));
    return best;
  }

  static std::vector<TranscribedSegment> segments_of(const std::vector<TranscribedWord>& words) {
    std::vector<TranscribedSegment> segments;
    for (const TranscribedWord& word : words) {
      const bool next =
          segments.empty() || word.begin - segments.back().end >= pause || word.end - segments.back().begin > longest;
      if (next) {
        segments.push_back({word.word, word.begin, word.end});
      } else {
        segments.back().text += " " + word.word;
        segments.back().end = word.end;
      }
    }
    return segments;
  }

  const CtcDecoder* decoder_;
  double frame_seconds_;
  Index beams_;
  Index width_ = 0;
  Index first_ = 0;          ///< frame of the first row that is left
  std::vector<float> rows_;  ///< [frames, V]
};

}  // namespace headformer
