#pragma once

/// Elementary functions over the vector vocabulary, for kernel bodies: exp, exp2, sigmoid, tanh, erf of a Vec.
///
/// Greatest error, in units in the last place of the f32 result, over a sweep of floats (tests/kernels):
///
/// | exp | exp2 | erf | sigmoid | tanh | with |
/// | --- | --- | --- | --- | --- | --- |
/// | 0.9 | 0.8 | 0.9 | 2.1 | 2.1 | fused multiply-add: AVX-512, AVX2 |
/// | 1.1 | 1.1 | 1.1 | 2.1 | 2.1 | portable vectors without it |
///
/// exp2(0) is exactly 1. A NaN stays a NaN; results below the smallest normal number are rounded to denormals, not
/// flushed.

#include "headformer/kernels/targets.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/vector_math.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
