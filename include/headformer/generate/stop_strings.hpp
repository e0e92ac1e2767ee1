#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headformer {

/// Cuts a stream of text at the string that is complete first (of those that end together, the longest), however the
/// text is split. Text that might be the beginning of one is held back until it is known, so nothing of a stop string
/// is ever given out.
class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> strings = {}) : strings_(std::move(strings)) {
    std::erase_if(strings_, [](const std::string& s) { return s.empty(); });
  }

  /// Adds new text and returns what may be shown. After stopped() it returns nothing.
  std::string push(std::string_view text) {
    if (stopped_) return {};
    held_ += text;
    std::size_t first = std::string::npos;
    std::size_t last = std::string::npos;
    for (const std::string& s : strings_) {
      const std::size_t begin = held_.find(s);
      if (begin == std::string::npos || std::pair(begin + s.size(), begin) >= std::pair(last, first)) continue;
      first = begin;
      last = begin + s.size();
    }
    if (first != std::string::npos) {
      stopped_ = true;
      return std::exchange(held_, {}).substr(0, first);
    }
    std::size_t keep = 0;
    for (const std::string& s : strings_) keep = std::max(keep, partial_match(s));
    std::string shown = held_.substr(0, held_.size() - keep);
    held_.erase(0, shown.size());
    return shown;
  }

  /// The text is over: what was held back after all.
  std::string finish() { return stopped_ ? std::string() : std::exchange(held_, {}); }

  bool stopped() const { return stopped_; }

 private:
  /// Length of the longest end of held_ that begins `s`.
  std::size_t partial_match(const std::string& s) const {
    for (std::size_t length = std::min(s.size() - 1, held_.size()); length > 0; --length) {
      if (std::string_view(held_).substr(held_.size() - length) == std::string_view(s).substr(0, length)) return length;
    }
    return 0;
  }

  std::vector<std::string> strings_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace headformer
