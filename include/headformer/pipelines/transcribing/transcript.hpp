#pragma once

#include <string>
#include <vector>

namespace headformer {

/// A word and when it was said, in seconds from the beginning; of a model of windows with the space before it.
struct TranscribedWord {
  std::string word;
  double begin = 0;
  double end = 0;
};

/// A sentence or so, and when it was said, in seconds from the beginning.
struct TranscribedSegment {
  std::string text;
  double begin = 0;
  double end = 0;
};

struct Transcript {
  std::string text;
  std::string language;                      ///< its code, of a model that knows several
  std::vector<TranscribedSegment> segments;  ///< where times are asked for, and of a class for CTC
  std::vector<TranscribedWord> words;        ///< where words' times are asked for, and of a class for CTC
};

}  // namespace headformer
