#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/pytorch/pickle_value.hpp"

namespace headformer::detail {

/// What module.name stands for; nullptr for what is not known.
HEADFORMER_COLD inline const PickleName* find_pickle_global(std::string_view module, std::string_view name) {
  struct Known {
    std::string_view module;
    std::string_view name;
    PickleName value;
  };
  using enum PickleGlobal;
  static constexpr Known all[] = {
      {"collections", "OrderedDict", {ordered_dict}},
      {"torch._utils", "_rebuild_tensor_v2", {rebuild_tensor}},
      {"torch._utils", "_rebuild_tensor_v3", {rebuild_typed_tensor}},
      {"torch._utils", "_rebuild_parameter", {rebuild_parameter}},
      {"torch", "Size", {size}},
      {"torch", "FloatStorage", {storage, DType::f32}},
      {"torch", "HalfStorage", {storage, DType::f16}},
      {"torch", "BFloat16Storage", {storage, DType::bf16}},
      {"torch", "DoubleStorage", {storage, DType::f64}},
      {"torch", "LongStorage", {storage, DType::i64}},
      {"torch", "IntStorage", {storage, DType::i32}},
      {"torch", "ShortStorage", {storage, DType::i16}},
      {"torch", "CharStorage", {storage, DType::i8}},
      {"torch", "ByteStorage", {storage, DType::u8}},
      {"torch", "BoolStorage", {storage, DType::boolean}},
      {"torch.storage", "UntypedStorage", {storage, DType::u8}},
      {"torch", "float32", {dtype, DType::f32}},
      {"torch", "float16", {dtype, DType::f16}},
      {"torch", "bfloat16", {dtype, DType::bf16}},
      {"torch", "float64", {dtype, DType::f64}},
      {"torch", "int64", {dtype, DType::i64}},
      {"torch", "int32", {dtype, DType::i32}},
      {"torch", "int16", {dtype, DType::i16}},
      {"torch", "int8", {dtype, DType::i8}},
      {"torch", "uint8", {dtype, DType::u8}},
      {"torch", "bool", {dtype, DType::boolean}},
      {"torch", "float8_e4m3fn", {dtype, DType::f8_e4m3}},
      {"torch", "float8_e5m2", {dtype, DType::f8_e5m2}},
  };
  for (const Known& known : all)
    if (known.module == module && known.name == name) return &known.value;
  return nullptr;
}

/// Makes of a pickle's references to storages, and of the calls it asks for, the values they stand for.
class Rebuild {
 public:
  /// `length` of the pickle bounds what dicts that are made of lists may hold in all: a list can be used again and
  /// again.
  Rebuild(PickleGraph& graph, const std::string& name, std::size_t length)
      : graph_(graph), name_(name), pairs_left_(length) {}

  /// A persistent id: ("storage", torch.FloatStorage, "0", "cpu", elements).
  PickleValue storage(const PickleValue& id) {
    const PickleNode* tuple = node_of(id, Kind::tuple);
    const auto* type =
        tuple != nullptr && tuple->items.size() == 5 ? std::get_if<PickleName>(&tuple->items[1]) : nullptr;
    if (type == nullptr || type->global != PickleGlobal::storage)
      fail("expected a storage as (kind, type, file, device, elements)");
    const auto* kind = std::get_if<std::string_view>(tuple->items.data());
    const auto* file = std::get_if<std::string_view>(&tuple->items[2]);
    if (kind == nullptr || *kind != "storage" || file == nullptr) fail("expected a storage by its file's name");
    PickleNode* made = make(Kind::storage);
    made->tensor.dtype = type->dtype;
    made->tensor.storage = *file;
    return PickleReference{made};
  }

  PickleValue call(const PickleValue& callee, const PickleValue& arguments) {
    const auto* name = std::get_if<PickleName>(&callee);
    const PickleNode* tuple = node_of(arguments, Kind::tuple);
    if (name == nullptr || tuple == nullptr) fail("expected a call of a known name");
    const std::vector<PickleValue>& given = tuple->items;
    switch (name->global) {
      case PickleGlobal::ordered_dict:
        return ordered_dict(given);
      case PickleGlobal::rebuild_tensor:
        return PickleReference{tensor(given)};
      case PickleGlobal::rebuild_typed_tensor:
        return typed_tensor(given);
      case PickleGlobal::rebuild_parameter:
        if (given.empty() || node_of(given[0], Kind::tensor) == nullptr) fail("expected a parameter's tensor");
        return given[0];
      case PickleGlobal::size:
        if (given.size() != 1 || node_of(given[0], Kind::tuple) == nullptr) fail("expected a size's tuple");
        return given[0];
      case PickleGlobal::storage:
      case PickleGlobal::dtype:
        break;
    }
    fail("expected a call of a known name");
  }

 private:
  using Kind = PickleNode::Kind;

  [[noreturn]] HEADFORMER_COLD void fail(const std::string& message) const {
    throw FormatError(name_ + ": pickle: " + message);
  }
  PickleNode* make(Kind kind) {
    graph_.nodes.emplace_back().kind = kind;
    return &graph_.nodes.back();
  }
  std::int64_t integer(const PickleValue& value, const char* what) const {
    const auto* found = std::get_if<std::int64_t>(&value);
    if (found == nullptr || *found < 0) fail(std::string("expected ") + what + " as an integer of 0 or more");
    return *found;
  }
  std::vector<std::int64_t> integers(const PickleValue& value, const char* what) const {
    const PickleNode* tuple = node_of(value, Kind::tuple);
    constexpr std::size_t most = 64;  // no tensor has so many dimensions
    if (tuple == nullptr || tuple->items.size() > most) fail(std::string("expected ") + what + " as a short tuple");
    std::vector<std::int64_t> result;
    for (const PickleValue& item : tuple->items) result.push_back(integer(item, what));
    return result;
  }

  /// OrderedDict(), or OrderedDict([(key, value), ...]).
  PickleValue ordered_dict(const std::vector<PickleValue>& given) {
    PickleNode* dict = make(Kind::dict);
    if (given.empty()) return PickleReference{dict};
    const PickleNode* list = node_of(given[0], Kind::list);
    if (list == nullptr || given.size() != 1 || list->items.size() > pairs_left_)
      fail("expected an ordered dict's list of pairs");
    pairs_left_ -= list->items.size();
    for (const PickleValue& item : list->items) {
      const PickleNode* pair = node_of(item, Kind::tuple);
      if (pair == nullptr) pair = node_of(item, Kind::list);
      if (pair == nullptr || pair->items.size() != 2) fail("expected an ordered dict's pairs");
      dict->entries.emplace_back(pair->items[0], pair->items[1]);
    }
    return PickleReference{dict};
  }

  /// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks).
  PickleNode* tensor(const std::vector<PickleValue>& given) {
    const PickleNode* storage = given.size() >= 4 ? node_of(given[0], Kind::storage) : nullptr;
    if (storage == nullptr) fail("expected a tensor as (storage, offset, shape, strides, ...)");
    PickleNode* made = make(Kind::tensor);
    made->tensor = storage->tensor;
    made->tensor.offset = integer(given[1], "a tensor's offset");
    made->tensor.shape = integers(given[2], "a tensor's shape");
    made->tensor.strides = integers(given[3], "a tensor's strides");
    return made;
  }
  /// _rebuild_tensor_v3(storage of bytes, offset, shape, strides, requires_grad, hooks, dtype, ...).
  PickleValue typed_tensor(const std::vector<PickleValue>& given) {
    const auto* type = given.size() >= 7 ? std::get_if<PickleName>(&given[6]) : nullptr;
    if (type == nullptr || type->global != PickleGlobal::dtype) fail("expected a tensor's dtype");
    PickleNode* made = tensor(given);
    made->tensor.dtype = type->dtype;
    return PickleReference{made};
  }

  PickleGraph& graph_;
  std::string name_;
  std::size_t pairs_left_;
};

}  // namespace headformer::detail
