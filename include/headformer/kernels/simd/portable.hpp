#pragma once

// The vector vocabulary, and what each function promises. This version is over Eigen's packets, at the width that the
// compiler's flags allow (SSE2, AVX, AVX-512, NEON, ...), with integers in the compilers' generic vectors of that
// width. Included by kernels/targets.hpp.
#include <Eigen/Core>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "headformer/kernels/targets.hpp"

// Two translation units compiled with different flags have different packets: the namespace's name tells them apart.
#if defined(EIGEN_VECTORIZE_AVX512)
#define HEADFORMER_PORTABLE_WIDTH 16
#elif defined(EIGEN_VECTORIZE_AVX)
#define HEADFORMER_PORTABLE_WIDTH 8
#elif defined(EIGEN_VECTORIZE)
#define HEADFORMER_PORTABLE_WIDTH 4
#else
#define HEADFORMER_PORTABLE_WIDTH 1
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define HEADFORMER_PORTABLE_FUSED 1
#define HEADFORMER_PORTABLE_SUFFIX _fma
#else
#define HEADFORMER_PORTABLE_FUSED 0
#define HEADFORMER_PORTABLE_SUFFIX _no_fma
#endif
// Four lanes of NEON, which every 64-bit ARM has: what Eigen has no packet operation for is done by its intrinsics.
#if defined(__aarch64__) && HEADFORMER_PORTABLE_WIDTH == 4
#define HEADFORMER_NEON 1
#include <arm_neon.h>
#else
#define HEADFORMER_NEON 0
#endif
#define HEADFORMER_JOIN_EXPANDED(a, b, c) a##b##c
#define HEADFORMER_JOIN(a, b, c) HEADFORMER_JOIN_EXPANDED(a, b, c)
#define HEADFORMER_PORTABLE HEADFORMER_JOIN(portable_, HEADFORMER_PORTABLE_WIDTH, HEADFORMER_PORTABLE_SUFFIX)

namespace headformer::kernels {
namespace HEADFORMER_PORTABLE {

using Packet = Eigen::internal::packet_traits<float>::type;

/// Lanes of a Vec.
inline constexpr int width = Eigen::internal::packet_traits<float>::size;
static_assert(width == HEADFORMER_PORTABLE_WIDTH, "headformer: unexpected Eigen packet");
/// Vector registers: how many accumulators a body may hold.
#if defined(EIGEN_VECTORIZE_AVX512) || defined(EIGEN_VECTORIZE_NEON)
inline constexpr int registers = 32;
#else
inline constexpr int registers = 16;
#endif
/// Whether fma rounds once.
inline constexpr bool fused = HEADFORMER_PORTABLE_FUSED != 0;
/// Whether vectors of f16, bf16 and int8 become f32 about as fast as they are loaded.
inline constexpr bool fast_widening = false;
/// Whether lookup is as cheap as a shift.
inline constexpr bool fast_lookup = false;

typedef float FloatPacket __attribute__((vector_size(sizeof(float) * width)));
typedef std::int32_t IntPacket __attribute__((vector_size(sizeof(float) * width)));
typedef std::uint32_t UintPacket __attribute__((vector_size(sizeof(float) * width)));

/// `width` floats.
struct Vec {
  Packet v;
};
/// `width` 32-bit integers; arithmetic wraps.
struct IntVec {
  IntPacket v;
};
/// A truth value a lane.
struct Mask {
  IntPacket m;
};

HEADFORMER_SIMD FloatPacket generic(Vec a) { return std::bit_cast<FloatPacket>(a.v); }
HEADFORMER_SIMD Vec from_generic(FloatPacket a) { return {std::bit_cast<Packet>(a)}; }

HEADFORMER_SIMD Vec zero() { return {Eigen::internal::pset1<Packet>(0.0F)}; }
HEADFORMER_SIMD Vec broadcast(float x) { return {Eigen::internal::pset1<Packet>(x)}; }
/// Pointers need no alignment.
HEADFORMER_SIMD Vec load(const float* p) { return {Eigen::internal::ploadu<Packet>(p)}; }
HEADFORMER_SIMD void store(float* p, Vec a) { Eigen::internal::pstoreu(p, a.v); }
/// The first `count` lanes, 0 <= count < width; the others are zero and their memory is not touched.
HEADFORMER_SIMD Vec load_partial(const float* p, std::ptrdiff_t count) {
  float lanes[width] = {};
  for (std::ptrdiff_t i = 0; i < count; ++i) lanes[i] = p[i];
  return load(lanes);
}
HEADFORMER_SIMD void store_partial(float* p, Vec a, std::ptrdiff_t count) {
  float lanes[width];
  store(lanes, a);
  for (std::ptrdiff_t i = 0; i < count; ++i) p[i] = lanes[i];
}

HEADFORMER_SIMD Vec add(Vec a, Vec b) { return {Eigen::internal::padd(a.v, b.v)}; }
HEADFORMER_SIMD Vec sub(Vec a, Vec b) { return {Eigen::internal::psub(a.v, b.v)}; }
/// Rounded by itself: the empty statement keeps the compiler from fusing it with a sum that follows.
HEADFORMER_SIMD Vec mul(Vec a, Vec b) {
  Packet product = Eigen::internal::pmul(a.v, b.v);
#if HEADFORMER_PORTABLE_FUSED && HEADFORMER_X86
  __asm__("" : "+v"(product));
#elif HEADFORMER_PORTABLE_FUSED && defined(__aarch64__)
  __asm__("" : "+w"(product));
#elif HEADFORMER_PORTABLE_FUSED
  __asm__("" : "+m"(product));
#endif
  return {product};
}
HEADFORMER_SIMD Vec div(Vec a, Vec b) { return {Eigen::internal::pdiv(a.v, b.v)}; }
/// a * b + c, rounded once where `fused`.
HEADFORMER_SIMD Vec fma(Vec a, Vec b, Vec c) { return {Eigen::internal::pmadd(a.v, b.v, c.v)}; }
/// c - a * b, rounded once where `fused`.
HEADFORMER_SIMD Vec fnma(Vec a, Vec b, Vec c) {
  return {Eigen::internal::pmadd(Eigen::internal::pnegate(a.v), b.v, c.v)};
}
/// On x86 the second one where either is NaN; elsewhere one of the two.
HEADFORMER_SIMD Vec max(Vec a, Vec b) { return {Eigen::internal::pmax(b.v, a.v)}; }
HEADFORMER_SIMD Vec min(Vec a, Vec b) { return {Eigen::internal::pmin(b.v, a.v)}; }
/// Correctly rounded (Eigen's own is an approximation where the flags allow AVX).
HEADFORMER_SIMD Vec sqrt(Vec a) {
#if HEADFORMER_NEON
  return {vsqrtq_f32(a.v)};
#else
  FloatPacket lanes = generic(a);
  for (int i = 0; i < width; ++i) lanes[i] = __builtin_sqrtf(lanes[i]);
  return from_generic(lanes);
#endif
}
HEADFORMER_SIMD Vec abs(Vec a) { return {Eigen::internal::pabs(a.v)}; }

HEADFORMER_SIMD IntVec broadcast_int(std::int32_t x) { return {IntPacket{} + x}; }
HEADFORMER_SIMD IntVec load_int(const void* p) {
  IntVec a;
  std::memcpy(&a.v, p, sizeof a.v);
  return a;
}
HEADFORMER_SIMD void store_int(void* p, IntVec a) { std::memcpy(p, &a.v, sizeof a.v); }
/// `width` bytes, widened.
HEADFORMER_SIMD IntVec load_u8(const void* p) {
  typedef std::uint8_t Bytes __attribute__((vector_size(width)));
  Bytes bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return {__builtin_convertvector(bytes, IntPacket)};
}
HEADFORMER_SIMD IntVec load_i8(const void* p) {
  typedef std::int8_t Bytes __attribute__((vector_size(width)));
  Bytes bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return {__builtin_convertvector(bytes, IntPacket)};
}
/// The lanes as bytes; they must fit.
HEADFORMER_SIMD void store_i8(void* p, IntVec a) {
  typedef std::int8_t Bytes __attribute__((vector_size(width)));
  const Bytes bytes = __builtin_convertvector(a.v, Bytes);
  std::memcpy(p, &bytes, sizeof bytes);
}
/// The lanes' lower 16 bits.
HEADFORMER_SIMD void store_i16(void* p, IntVec a) {
  typedef std::int16_t Halves __attribute__((vector_size(width * 2)));
  const Halves halves = __builtin_convertvector(a.v, Halves);
  std::memcpy(p, &halves, sizeof halves);
}
HEADFORMER_SIMD IntVec load_u16(const void* p) {
  typedef std::uint16_t Halves __attribute__((vector_size(width * 2)));
  Halves halves;
  std::memcpy(&halves, p, sizeof halves);
  return {__builtin_convertvector(halves, IntPacket)};
}
HEADFORMER_SIMD IntVec add(IntVec a, IntVec b) {
  return {std::bit_cast<IntPacket>(std::bit_cast<UintPacket>(a.v) + std::bit_cast<UintPacket>(b.v))};
}
HEADFORMER_SIMD IntVec sub(IntVec a, IntVec b) {
  return {std::bit_cast<IntPacket>(std::bit_cast<UintPacket>(a.v) - std::bit_cast<UintPacket>(b.v))};
}
HEADFORMER_SIMD IntVec bit_and(IntVec a, IntVec b) { return {a.v & b.v}; }
HEADFORMER_SIMD IntVec bit_or(IntVec a, IntVec b) { return {a.v | b.v}; }
HEADFORMER_SIMD IntVec bit_xor(IntVec a, IntVec b) { return {a.v ^ b.v}; }
template <int Bits>
HEADFORMER_SIMD IntVec shift_left(IntVec a) {
  return {std::bit_cast<IntPacket>(std::bit_cast<UintPacket>(a.v) << Bits)};
}
/// Zeros come in from the left.
template <int Bits>
HEADFORMER_SIMD IntVec shift_right(IntVec a) {
  return {std::bit_cast<IntPacket>(std::bit_cast<UintPacket>(a.v) >> Bits)};
}
/// The same, 0 <= bits < 32.
HEADFORMER_SIMD IntVec shift_right_by(IntVec a, int bits) {
  return {std::bit_cast<IntPacket>(std::bit_cast<UintPacket>(a.v) >> static_cast<std::uint32_t>(bits))};
}
template <int Bits>
HEADFORMER_SIMD IntVec shift_right_signed(IntVec a) {
  return {a.v >> Bits};
}
/// The same, 0 <= bits < 32.
HEADFORMER_SIMD IntVec shift_right_signed_by(IntVec a, int bits) { return {a.v >> bits}; }

HEADFORMER_SIMD Vec to_float(IntVec a) { return from_generic(__builtin_convertvector(a.v, FloatPacket)); }
HEADFORMER_SIMD Vec as_float(IntVec a) { return {std::bit_cast<Packet>(a.v)}; }
HEADFORMER_SIMD IntVec as_int(Vec a) { return {std::bit_cast<IntPacket>(a.v)}; }
/// Nearest integer, ties to even. |a| <= 2^22.
HEADFORMER_SIMD IntVec to_int(Vec a) {
  const Vec magic = broadcast(0x1.8p23F);
  return sub(as_int(add(a, magic)), as_int(magic));
}
HEADFORMER_SIMD Vec round(Vec a) {
  const Vec magic = broadcast(0x1.8p23F);
  return sub(add(a, magic), magic);
}

/// `width` halves (IEEE binary16), widened exactly.
HEADFORMER_SIMD Vec load_f16(const void* p) {
#if HEADFORMER_NEON
  float16x4_t halves;
  std::memcpy(&halves, p, sizeof halves);
  return {vcvt_f32_f16(halves)};
#else
  const IntVec half = load_u16(p);
  const IntVec magnitude = shift_left<13>(bit_and(half, broadcast_int(0x7fff)));
  // Denormals come right by themselves in the multiplication; infinity and NaN keep the largest exponent.
  const IntVec finite = as_int(mul(as_float(magnitude), broadcast(0x1p112F)));
  const IntVec special = IntVec{magnitude.v >= broadcast_int(0x0f800000).v};
  const IntVec exponent = bit_and(special, broadcast_int(0x7f800000));
  const IntVec sign = shift_left<16>(bit_and(half, broadcast_int(0x8000)));
  return as_float(bit_or(bit_or(finite, exponent), sign));
#endif
}
/// One f16 in all lanes, widened exactly.
HEADFORMER_SIMD Vec broadcast_f16(const void* p) {
#if HEADFORMER_NEON
  __fp16 half;
  std::memcpy(&half, p, sizeof half);
  return broadcast(half);
#else
  Eigen::half half;
  std::memcpy(&half, p, sizeof half);
  return broadcast(static_cast<float>(half));
#endif
}
/// `width` bf16, widened exactly.
HEADFORMER_SIMD Vec load_bf16(const void* p) { return as_float(shift_left<16>(load_u16(p))); }
/// Rounded to nearest, ties to even.
HEADFORMER_SIMD void store_f16(void* p, Vec a) {
#if HEADFORMER_NEON
  const float16x4_t halves = vcvt_f16_f32(a.v);
  std::memcpy(p, &halves, sizeof halves);
#else
  float lanes[width];
  Eigen::half halves[width];
  store(lanes, a);
  for (int i = 0; i < width; ++i) halves[i] = Eigen::half(lanes[i]);
  std::memcpy(p, halves, sizeof halves);
#endif
}

/// False for NaN.
HEADFORMER_SIMD Mask less(Vec a, Vec b) { return {generic(a) < generic(b)}; }
HEADFORMER_SIMD Mask less_equal(Vec a, Vec b) { return {generic(a) <= generic(b)}; }
HEADFORMER_SIMD Mask equal(Vec a, Vec b) { return {generic(a) == generic(b)}; }
HEADFORMER_SIMD Mask less(IntVec a, IntVec b) { return {a.v < b.v}; }
HEADFORMER_SIMD Mask equal(IntVec a, IntVec b) { return {a.v == b.v}; }
HEADFORMER_SIMD Mask mask_and(Mask a, Mask b) { return {a.m & b.m}; }
HEADFORMER_SIMD Mask mask_or(Mask a, Mask b) { return {a.m | b.m}; }
HEADFORMER_SIMD bool any(Mask a) {
  std::int32_t bits = 0;
  for (int i = 0; i < width; ++i) bits |= a.m[i];
  return bits != 0;
}
/// a where the mask is true, else b.
HEADFORMER_SIMD IntVec select(Mask m, IntVec a, IntVec b) { return {(m.m & a.v) | (~m.m & b.v)}; }
HEADFORMER_SIMD Vec select(Mask m, Vec a, Vec b) { return as_float(select(m, as_int(a), as_int(b))); }

/// Sum of the lanes, by halves: the order depends on the width only.
HEADFORMER_SIMD float sum(Vec a) {
  float lanes[width];
  store(lanes, a);
  for (int half = width / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}
/// Greatest lane.
HEADFORMER_SIMD float greatest(Vec a) {
  float lanes[width];
  store(lanes, a);
  float result = lanes[0];
  for (int i = 1; i < width; ++i) result = result < lanes[i] ? lanes[i] : result;
  return result;
}

/// a * 2^n for integral n and 0.5 <= |a| <= 2 (or a = 0), rounded once; far below the smallest denormal it is 0, far
/// above the largest number infinity. In two factors, each a normal number.
HEADFORMER_SIMD Vec scale_by_power_of_two(Vec a, Vec n) {
  const IntVec power = to_int(max(min(n, broadcast(252.0F)), broadcast(-252.0F)));
  const IntVec half = shift_right_signed<1>(power);
  const IntVec bias = broadcast_int(127);
  const Vec first = as_float(shift_left<23>(add(half, bias)));
  const Vec second = as_float(shift_left<23>(add(sub(power, half), bias)));
  return mul(mul(a, first), second);
}

/// Sixteen floats to look up from.
struct Table16 {
  const float* values;
};
HEADFORMER_SIMD Table16 load_table(const float* values) { return {values}; }
/// values[index & 15] in each lane.
HEADFORMER_SIMD Vec lookup(const Table16& table, IntVec index) {
  float lanes[width];
  for (int i = 0; i < width; ++i) lanes[i] = table.values[index.v[i] & 15];
  return load(lanes);
}

/// A square of `width` rows becomes its columns.
HEADFORMER_SIMD void transpose(Vec (&rows)[width]) {
  float square[width][width];
  for (int i = 0; i < width; ++i) store(square[i], rows[i]);
  for (int i = 0; i < width; ++i) {
    float column[width];
    for (int j = 0; j < width; ++j) column[j] = square[j][i];
    rows[i] = load(column);
  }
}

}  // namespace HEADFORMER_PORTABLE

namespace portable = HEADFORMER_PORTABLE;

/// Asks for a cache line; any address will do.
HEADFORMER_SIMD void prefetch_to_l1(const void* p) { __builtin_prefetch(p, 0, 3); }
HEADFORMER_SIMD void prefetch_to_l2(const void* p) { __builtin_prefetch(p, 0, 2); }

}  // namespace headformer::kernels
