#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "headformer/pipelines/speech_generator.hpp"
#include "headformer/pipelines/transcribing/timed_text.hpp"
#include "headformer/pipelines/transcribing/transcript.hpp"

namespace headformer {

/// A recording that a model of windows writes down, window by window.
class WindowTranscript {
 public:
  /// `first_time`: the id of the time 0; past the vocabulary of a model without times.
  WindowTranscript(const Tokenizer& tokenizer, SpeechGenerator::Writing writing, TokenId first_time)
      : tokenizer_(&tokenizer), writing_(std::move(writing)), first_time_(first_time) {}

  Index seek() const { return writing_.form.seek(); }

  /// The segments of the next window of a recording of so many frames.
  std::vector<TranscribedSegment> next(Index frames) {
    std::vector<TranscribedSegment> fresh;
    for (LongFormSegment& segment : writing_.form.next(frames)) {
      std::vector<TokenId> said;
      for (const TokenId id : segment.ids)
        if (id < first_time_ && !tokenizer_->is_special(id)) said.push_back(id);
      ids_.insert(ids_.end(), segment.ids.begin(), segment.ids.end());
      times_.insert(times_.end(), segment.times.begin(), segment.times.end());
      if (!said.empty()) fresh.push_back({tokenizer_->decode(said), segment.begin, segment.end});
    }
    segments_.insert(segments_.end(), fresh.begin(), fresh.end());
    return fresh;
  }

  /// Of what has been written.
  Transcript read() const {
    Transcript result;
    result.language = writing_.language;
    result.segments = segments_;
    for (const TimedChunk& chunk : timed_chunks(*tokenizer_, ids_, times_, first_time_)) {
      result.text += tokenizer_->decode(chunk.ids);
      if (chunk.spans.empty()) continue;
      for (TokenWord& word : token_words(*tokenizer_, chunk.ids, writing_.language))
        result.words.push_back(
            {std::move(word.text), chunk.spans[word.tokens.front()].first, chunk.spans[word.tokens.back()].second});
    }
    return result;
  }

 private:
  const Tokenizer* tokenizer_;
  SpeechGenerator::Writing writing_;
  TokenId first_time_;
  std::vector<TokenId> ids_;
  std::vector<double> times_;
  std::vector<TranscribedSegment> segments_;
};

}  // namespace headformer
