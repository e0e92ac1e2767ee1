#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/outcome.hpp"
#include "headformer/core/tensor.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace headformer {

/// A text's vector.
struct TextVector {
  std::vector<float> values;
  bool truncated = false;  ///< the text was longer than the model's maximum, and its end does not count
};

/// What makes vectors of texts, before the modules over vectors. Immutable but for its workspace: one call at a time.
class VectorSource {
 public:
  VectorSource() = default;
  virtual ~VectorSource() = default;
  VectorSource(const VectorSource&) = delete;
  VectorSource& operator=(const VectorSource&) = delete;

  virtual Index width() const = 0;
  /// The most tokens of a text that count; 0: no limit.
  virtual Index max_length() const = 0;
  /// A vector for each text, `prompt` before it; one that fails stops no other.
  virtual std::vector<Outcome<TextVector>> vectors(std::span<const std::string_view> texts,
                                                   const std::string& prompt) const = 0;

 protected:
  /// The texts with the prompt before each.
  static std::vector<std::string> prompted(std::span<const std::string_view> texts, const std::string& prompt) {
    std::vector<std::string> result;
    for (const std::string_view text : texts) result.push_back(prompt + std::string(text));
    return result;
  }
  static std::vector<TextPair> pairs_of(const std::vector<std::string>& texts) {
    std::vector<TextPair> pairs;
    for (const std::string& text : texts) pairs.push_back({text, {}});
    return pairs;
  }
};

}  // namespace headformer
