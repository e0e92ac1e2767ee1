#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/core/tensor.hpp"

namespace headformer {

/// A model's inputs or outputs by name; ids, masks and positions are integers, everything else f32. Batch first.
using NamedTensors = std::map<std::string, std::variant<Tensor<float>, Tensor<std::int64_t>>>;

/// Any model: named tensors in, named tensors out, under the names the reference's forward() uses.
class Model {
 public:
  virtual ~Model() = default;

  /// Throws ArgumentError for an input that is missing, unknown, or of another type or shape than the model takes.
  virtual NamedTensors forward(const NamedTensors& inputs) = 0;
};

namespace detail {

/// Reads a NamedTensors and notices what nobody knows.
class InputReader {
 public:
  explicit InputReader(const NamedTensors& inputs) : inputs_(inputs) {}

  /// Names that may be there and are going to be looked for.
  void announce(const std::string& name) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.push_back(name);
  }

  /// nullptr when there is none; throws when it holds another element type.
  template <class T>
  const Tensor<T>* find(const std::string& name) {
    announce(name);
    const auto found = inputs_.find(name);
    if (found == inputs_.end()) return nullptr;
    const auto* tensor = std::get_if<Tensor<T>>(&found->second);
    if (tensor == nullptr) {
      throw ArgumentError("input " + name + ": expected " +
                          (std::is_same_v<T, float> ? "F32, found I64" : "I64 or I32, found F32"));
    }
    return tensor;
  }

  /// Throws for a name that nobody has announced or looked for.
  void expect_all_known() const {
    for (const auto& [name, tensor] : inputs_) {
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      std::string known;
      for (const std::string& expected : known_) known += (known.empty() ? "" : ", ") + expected;
      throw ArgumentError("input " + detail::quoted(name) + ": expected one of " + known + ", found an unknown name");
    }
  }

 private:
  const NamedTensors& inputs_;
  std::vector<std::string> known_;
};

inline void expect_shape(const std::string& name, const Shape& found, const Shape& expected) {
  if (!(found == expected))
    throw ArgumentError("input " + name + ": expected " + to_string(expected) + ", found " + to_string(found));
}

}  // namespace detail
}  // namespace headformer
