#pragma once

#include "headformer/kernels/activation_kind.hpp"
#include "headformer/kernels/element_functions.hpp"
#include "headformer/kernels/rows.hpp"
#include "headformer/kernels/vector_math.hpp"

// Sums, scales, activations of blocks, for every target: what elementwise, activation and the epilogues of products
// share.
#define HEADFORMER_BODY "headformer/kernels/bodies/elementwise.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
#define HEADFORMER_BODY "headformer/kernels/bodies/activation.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
