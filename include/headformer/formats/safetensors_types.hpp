#pragma once

#include <string_view>

#include "headformer/core/dtype.hpp"

/// The dtypes of safetensors that can be read, by the names in its headers.
namespace headformer::detail {

struct SafetensorsType {
  std::string_view name;
  DType dtype;
};
inline constexpr SafetensorsType safetensors_types[] = {
    {"F32", DType::f32}, {"F16", DType::f16},      {"BF16", DType::bf16},       {"F64", DType::f64},
    {"I64", DType::i64}, {"I32", DType::i32},      {"I16", DType::i16},         {"I8", DType::i8},
    {"U8", DType::u8},   {"BOOL", DType::boolean}, {"F8_E4M3", DType::f8_e4m3}, {"F8_E5M2", DType::f8_e5m2}};

}  // namespace headformer::detail
