#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/dtype.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/core/log.hpp"

namespace headformer {

/// The type weights are held in: as the file stores each, or one for all of them (every Linear and Embedding; norms,
/// biases and positions stay f32).
class WeightType {
 public:
  /// Each tensor as in the file.
  static WeightType stored() { return WeightType(); }
  WeightType() = default;
  WeightType(DType dtype) : dtype_(dtype) {}  // NOLINT(google-explicit-constructor)

  /// "stored", "f32", "bf16", "f16", "q8_0", "q4_0", "q5_0", "q4_k", "q6_k". Throws ArgumentError.
  static WeightType from_name(std::string_view name) {
    if (name == "stored") return stored();
    for (const DType dtype :
         {DType::f32, DType::bf16, DType::f16, DType::q8_0, DType::q4_0, DType::q5_0, DType::q4_k, DType::q6_k}) {
      if (name == name_of(dtype)) return dtype;
    }
    throw ArgumentError("dtype: expected stored, f32, bf16, f16, q8_0, q4_0, q5_0, q4_k or q6_k, found " +
                        detail::quoted(name));
  }

  std::optional<DType> dtype() const { return dtype_; }

 private:
  std::optional<DType> dtype_;
};

/// How a checkpoint is opened.
struct LoadOptions {
  WeightType weights = WeightType::stored();
  Executor* executor = nullptr;  ///< packs the weights; none: a pool of all processors for the time of loading
  /// A file that keeps the packed weights between starts: what it holds of this checkpoint in this type is mapped in
  /// place of packing, and it is written, as a whole, when something was missing. Empty: none.
  std::filesystem::path packed_cache;
  Log log;
  ProgressCallback progress;
  Cancellation cancellation;
};

/// What loading did.
struct LoadReport {
  std::size_t packed_bytes = 0;    ///< weights as the kernels hold them
  Index widest_quantised = 0;      ///< inputs of the widest quantised matrix; 0: there is none
  std::size_t cached_bytes = 0;    ///< of packed_bytes: mapped from the packed cache
  std::vector<std::string> notes;  ///< a line for each tensor that could not take the type asked for, and what was
                                   ///< wrong with the packed cache
};

}  // namespace headformer
