#pragma once

#include <cmath>
#include <cstdio>
#include <headformer/pipelines/transcriber.hpp>
#include <string>

#include "program/json_lines.hpp"

// What was said, as subtitles and as JSON.
namespace program {

/// hh:mm:ss.mmm, with another point where asked for.
inline std::string clock_text(double seconds, char point) {
  const auto all = std::llround(std::max(seconds, 0.0) * 1000);
  char text[40];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld%c%03lld", all / 3600000, all / 60000 % 60, all / 1000 % 60,
                point, all % 1000);
  return text;
}

/// Without spaces around it.
inline std::string trimmed(const std::string& text) {
  const char* const blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// Cues of SubRip or WebVTT (https://www.w3.org/TR/webvtt1/), which has neither "-->" nor empty lines in a text.
class Subtitles {
 public:
  /// `format`: srt or vtt.
  explicit Subtitles(const std::string& format) : vtt_(format == "vtt") {}

  std::string head() const { return vtt_ ? "WEBVTT\n\n" : ""; }
  std::string cue(const std::string& text, double begin, double end) {
    const char point = vtt_ ? '.' : ',';
    std::string line;
    for (const char c : trimmed(text)) line += c == '\n' || c == '\r' ? ' ' : c;
    for (std::size_t at = 0; (at = line.find("-->", at)) != std::string::npos;) line.replace(at, 3, "->");
    const std::string number = vtt_ ? "" : std::to_string(++count_) + "\n";
    return number + clock_text(begin, point) + " --> " + clock_text(end, point) + "\n" + line + "\n\n";
  }

 private:
  bool vtt_;
  int count_ = 0;
};

inline OrderedJson json_of(const headformer::Transcript& transcript, bool words) {
  OrderedJson json = {{"text", transcript.text}};
  if (!transcript.language.empty()) json["language"] = transcript.language;
  json["segments"] = OrderedJson::array();
  for (const headformer::TranscribedSegment& segment : transcript.segments)
    json["segments"].push_back({{"text", segment.text}, {"start", segment.begin}, {"end", segment.end}});
  if (!words) return json;
  json["words"] = OrderedJson::array();
  for (const headformer::TranscribedWord& word : transcript.words)
    json["words"].push_back({{"word", word.word}, {"start", word.begin}, {"end", word.end}});
  return json;
}

}  // namespace program
