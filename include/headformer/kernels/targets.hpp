#pragma once

/// Kernels for instruction sets that the compiler was not told about.
///
/// A kernel's body is one file under kernels/bodies/, written over the small vector vocabulary of kernels/simd/ and
/// included once for each target by kernels/for_each_target.inc:
///
///     #include "headformer/kernels/targets.hpp"
///     #define HEADFORMER_BODY "headformer/kernels/bodies/softmax.inc"
///     #include "headformer/kernels/for_each_target.inc"
///     #undef HEADFORMER_BODY
///     ...
///     HEADFORMER_ON_TARGET(compute.isa, softmax_rows(data, rows, columns));
///
/// This makes headformer::kernels::avx512::softmax_rows, ::avx2:: and ::portable::. Inside a target region g++ and
/// clang compile for that target whatever the command line says, so a plain -O2 build runs at the processor's full
/// width.
///
/// Rules for a body, each for a reason met:
/// - plain pointers, integers and structs of them only; nothing from std, Eigen or another class template. A template
///   first instantiated inside a region would be compiled for that target and might be the copy the linker keeps.
/// - no lambdas (clang's region does not reach them), no recursion of always_inline functions.
/// - every multiply-add is an explicit fma(): compilers fuse a product and a sum as they please, and then bits depend
///   on the optimiser. mul() is never fused with what follows it.
/// - an array of Vec is touched by fully unrolled loops only (HEADFORMER_UNROLL), or it lives in memory.
/// - anything of some size is a noinline template or function; helpers are HEADFORMER_SIMD.

#include "headformer/core/cpu_features.hpp"

#if HEADFORMER_X86
#include <immintrin.h>
#endif

/// A function of the vocabulary or a helper of a body: always inlined, so it takes vectors by value for free.
#define HEADFORMER_SIMD inline __attribute__((always_inline))
#define HEADFORMER_NOINLINE __attribute__((noinline))

#define HEADFORMER_PRAGMA(text) _Pragma(#text)
#define HEADFORMER_UNROLL HEADFORMER_PRAGMA(GCC unroll 32)
#define HEADFORMER_NO_UNROLL HEADFORMER_PRAGMA(GCC unroll 1)

// A region's functions are compiled for its target. Headers must not be included inside one.
#if defined(__clang__)
#define HEADFORMER_BEGIN_TARGET(features) \
  HEADFORMER_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define HEADFORMER_END_TARGET HEADFORMER_PRAGMA(clang attribute pop)
#else
#define HEADFORMER_BEGIN_TARGET(features) \
  HEADFORMER_PRAGMA(GCC push_options)     \
  HEADFORMER_PRAGMA(GCC target(features))
#define HEADFORMER_END_TARGET HEADFORMER_PRAGMA(GCC pop_options)
#endif

#define HEADFORMER_BEGIN_AVX2 HEADFORMER_BEGIN_TARGET("avx2,fma,f16c")
#define HEADFORMER_BEGIN_AVX2_VNNI HEADFORMER_BEGIN_TARGET("avx2,fma,f16c,avxvnni")
#define HEADFORMER_BEGIN_AVX512 HEADFORMER_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")
#define HEADFORMER_BEGIN_AVX512_VNNI \
  HEADFORMER_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")
#define HEADFORMER_BEGIN_AVX512_BF16 \
  HEADFORMER_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c")
#define HEADFORMER_BEGIN_AMX_BF16 \
  HEADFORMER_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,amx-tile,amx-bf16,avx2,fma,f16c")

// Each adds to the command line's target, so that a region may inline what is compiled for that one. g++ hands these
// extensions to the assembler, which has them from Armv8.2 on only: what is below is raised.
#if defined(__clang__)
#define HEADFORMER_BEGIN_NEON_DOT HEADFORMER_BEGIN_TARGET("dotprod")
#define HEADFORMER_BEGIN_NEON_I8MM HEADFORMER_BEGIN_TARGET("dotprod,i8mm")
#elif defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC) || defined(__ARM_FEATURE_COMPLEX)
#define HEADFORMER_BEGIN_NEON_DOT HEADFORMER_BEGIN_TARGET("+dotprod")
#define HEADFORMER_BEGIN_NEON_I8MM HEADFORMER_BEGIN_TARGET("+dotprod+i8mm")
#elif defined(__ARM_FEATURE_CRYPTO)
#define HEADFORMER_BEGIN_NEON_DOT HEADFORMER_BEGIN_TARGET("arch=armv8.2-a+crypto+dotprod")
#define HEADFORMER_BEGIN_NEON_I8MM HEADFORMER_BEGIN_TARGET("arch=armv8.2-a+crypto+dotprod+i8mm")
#else
#define HEADFORMER_BEGIN_NEON_DOT HEADFORMER_BEGIN_TARGET("arch=armv8.2-a+dotprod")
#define HEADFORMER_BEGIN_NEON_I8MM HEADFORMER_BEGIN_TARGET("arch=armv8.2-a+dotprod+i8mm")
#endif

#include "headformer/kernels/simd/portable.hpp"
#if HEADFORMER_X86
#include "headformer/kernels/simd/avx2.hpp"
#include "headformer/kernels/simd/avx512.hpp"
#endif

/// Calls a function that a body defined, in the version for `isa`; the value is what the function returns.
#if HEADFORMER_X86
#define HEADFORMER_ON_TARGET(isa, ...)                                             \
  ((isa) >= ::headformer::Isa::avx512 ? ::headformer::kernels::avx512::__VA_ARGS__ \
   : (isa) >= ::headformer::Isa::avx2 ? ::headformer::kernels::avx2::__VA_ARGS__   \
                                      : ::headformer::kernels::portable::__VA_ARGS__)
#else
#define HEADFORMER_ON_TARGET(isa, ...) (static_cast<void>(isa), ::headformer::kernels::portable::__VA_ARGS__)
#endif
