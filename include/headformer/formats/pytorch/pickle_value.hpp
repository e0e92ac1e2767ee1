#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/core/dtype.hpp"

namespace headformer::detail {

/// The few things a checkpoint's pickle may name; nothing is ever called.
enum class PickleGlobal : std::uint8_t {
  ordered_dict,          ///< collections.OrderedDict
  rebuild_tensor,        ///< torch._utils._rebuild_tensor_v2
  rebuild_typed_tensor,  ///< torch._utils._rebuild_tensor_v3, for dtypes without a storage class of their own
  rebuild_parameter,     ///< torch._utils._rebuild_parameter
  size,                  ///< torch.Size
  storage,               ///< torch.FloatStorage and its like
  dtype                  ///< torch.float32 and its like
};

struct PickleNode;

struct PickleNone {};
struct PickleMark {};
struct PickleName {
  PickleGlobal global;
  DType dtype = DType::f32;  ///< that a storage or a dtype is
};
/// A list, a tuple, a dict or a tensor, which the unpickler owns: a pickle may refer to itself.
struct PickleReference {
  PickleNode* node;
};

using PickleValue =
    std::variant<PickleNone, PickleMark, bool, std::int64_t, double, std::string_view, PickleName, PickleReference>;

/// A part of a storage, which is a file of the archive.
struct PickleTensor {
  DType dtype = DType::f32;
  std::string_view storage;  ///< the file's name in data/
  std::int64_t offset = 0;   ///< in elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements
};

struct PickleNode {
  enum class Kind : std::uint8_t { list, tuple, dict, storage, tensor };
  Kind kind = Kind::list;
  std::vector<PickleValue> items;                            ///< of a list or a tuple
  std::vector<std::pair<PickleValue, PickleValue>> entries;  ///< of a dict, in the order they were set
  PickleTensor tensor;                                       ///< of a tensor; of a storage its first two members
};

/// The value's node if it is of that kind, else nullptr.
inline PickleNode* node_of(const PickleValue& value, PickleNode::Kind kind) {
  const auto* reference = std::get_if<PickleReference>(&value);
  return reference != nullptr && reference->node->kind == kind ? reference->node : nullptr;
}

/// A pickle's result, and all that it refers to.
struct PickleGraph {
  std::deque<PickleNode> nodes;
  PickleValue root;
};

}  // namespace headformer::detail
