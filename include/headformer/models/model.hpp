#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>

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

/// Reads a NamedTensors and notices what nobody read.
class InputReader {
 public:
  explicit InputReader(const NamedTensors& inputs) : inputs_(inputs) {}

  /// nullptr when there is none; throws when it holds another element type.
  template <class T>
  const Tensor<T>* find(const std::string& name) {
    known_ += (known_.empty() ? "" : ", ") + name;
    const auto found = inputs_.find(name);
    if (found == inputs_.end()) return nullptr;
    ++read_;
    const auto* tensor = std::get_if<Tensor<T>>(&found->second);
    if (tensor == nullptr) {
      throw ArgumentError("input " + name + ": expected " +
                          (std::is_same_v<T, float> ? "F32, found I64" : "I64 or I32, found F32"));
    }
    return tensor;
  }

  void expect_all_read() const {
    if (read_ == inputs_.size()) return;
    for (const auto& [name, tensor] : inputs_) {
      if ((", " + known_ + ",").find(" " + name + ",") == std::string::npos) {
        throw ArgumentError("input " + detail::quoted(name) + ": expected one of " + known_ +
                            ", found an unknown name");
      }
    }
  }

 private:
  const NamedTensors& inputs_;
  std::string known_;
  std::size_t read_ = 0;
};

inline void expect_shape(const std::string& name, const Shape& found, const Shape& expected) {
  if (!(found == expected))
    throw ArgumentError("input " + name + ": expected " + to_string(expected) + ", found " + to_string(found));
}

}  // namespace detail
}  // namespace headformer
