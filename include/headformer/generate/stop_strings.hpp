#pragma once

#include <algorithm>
#include <cstddef>
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

/// Whether tokens have come to a stop string, by the reference's rule: it may begin anywhere, in the prompt too, and
/// ends in the last token. What tokens are is given as their bytes; a special token's are its name.
class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> strings = {}) : strings_(std::move(strings)) {
    std::erase_if(strings_, [](const std::string& s) { return s.empty(); });
    for (const std::string& s : strings_) longest_ = std::max(longest_, s.size());
  }

  /// Bytes of the longest string; no more of a prompt can matter.
  std::size_t longest() const { return longest_; }

  /// Adds a token; whether a stop string ends in it.
  bool push(std::string_view bytes) {
    const std::size_t before = tail_.size();
    tail_ += bytes;
    const bool found = std::any_of(strings_.begin(), strings_.end(), [&](const std::string& s) {
      return tail_.find(s, before < s.size() ? 0 : before - s.size() + 1) != std::string::npos;
    });
    if (tail_.size() >= longest_) tail_.erase(0, tail_.size() - (longest_ == 0 ? 0 : longest_ - 1));
    return found;
  }

 private:
  std::vector<std::string> strings_;
  std::size_t longest_ = 0;
  std::string tail_;  ///< the last bytes, in which a stop string may have begun
};

}  // namespace headformer
