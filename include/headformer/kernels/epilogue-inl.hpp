#pragma once

#include "headformer/core/compiled.hpp"
#include "headformer/kernels/element_rows.hpp"
#include "headformer/kernels/epilogue.hpp"

namespace headformer::kernels {

HEADFORMER_INLINE void AccumulateInto::operator()(TensorView<float> block, Index first_row, Index first_column) const {
  detail::ElementRows to(block);
  to.data = sum.row(first_row) + first_column;
  to.stride = sum.row_stride();
  HEADFORMER_ON_TARGET(isa, combine(PairFunction::add, to, block.data(), block.row_stride(), 0.0F));
}

HEADFORMER_INLINE void ScaleColumns::operator()(TensorView<float> block, Index /*first_row*/,
                                                Index first_column) const {
  HEADFORMER_ON_TARGET(isa,
                       combine(PairFunction::multiply, detail::ElementRows(block), factors + first_column, 0, 0.0F));
}

HEADFORMER_INLINE void Scale::operator()(TensorView<float> block, Index /*first_row*/, Index /*first_column*/) const {
  HEADFORMER_ON_TARGET(isa, scale_rows(detail::ElementRows(block), factor));
}

HEADFORMER_INLINE void SoftCap::operator()(TensorView<float> block, Index /*first_row*/, Index /*first_column*/) const {
  HEADFORMER_ON_TARGET(isa, soft_cap_rows(detail::ElementRows(block), cap));
}

HEADFORMER_INLINE void Activate::operator()(TensorView<float> block, Index /*first_row*/,
                                            Index /*first_column*/) const {
  if (activation == Activation::identity) return;
  HEADFORMER_ON_TARGET(isa, apply_activation(activation, detail::GatedRows(block)));
}

}  // namespace headformer::kernels
