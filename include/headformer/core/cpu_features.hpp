#pragma once

#include <cstdint>
#include <string_view>

#include "headformer/core/error.hpp"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define HEADFORMER_X86 1
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#else
#define HEADFORMER_X86 0
#endif
#if defined(__aarch64__) && defined(__linux__) && (defined(__GNUC__) || defined(__clang__))
#define HEADFORMER_ARM 1
#include <sys/auxv.h>
#else
#define HEADFORMER_ARM 0
#endif

namespace headformer {

/// What the processor and the operating system offer; read once by each caller, no global.
struct CpuFeatures {
  bool avx2 = false;         ///< AVX2, FMA and F16C
  bool avx512 = false;       ///< AVX-512 F, BW, DQ, VL (and everything of avx2)
  bool avx512_vnni = false;  ///< int8 dot products, 512 bits wide
  bool avx512_bf16 = false;  ///< bf16 dot products
  bool amx_bf16 = false;     ///< bf16 products of tiles, which a process may use when may_use_tiles() says so
  bool avx_vnni = false;     ///< int8 dot products, 256 bits wide
  bool neon_dot = false;     ///< ARM's dot products of signed bytes (NEON itself is there on every 64-bit ARM)
  bool neon_i8mm = false;    ///< and of unsigned by signed bytes

  static CpuFeatures detect() {
    CpuFeatures features;
#if HEADFORMER_X86
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid_count(1, 0, &a, &b, &c, &d) == 0) return features;
    const bool os_saves = (c >> 27) & 1U;
    const bool fma = (c >> 12) & 1U;
    const bool f16c = (c >> 29) & 1U;
    if (!os_saves) return features;
    std::uint32_t xcr0 = 0;
    std::uint32_t xcr0_high = 0;
    __asm__("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
    const bool saves_ymm = (xcr0 & 0x06U) == 0x06U;
    const bool saves_zmm = (xcr0 & 0xe6U) == 0xe6U;
    const bool saves_tiles = (xcr0 & 0x60000U) == 0x60000U;
    if (!saves_ymm || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return features;
    features.avx2 = ((b >> 5) & 1U) && fma && f16c;
    const bool f = (b >> 16) & 1U;
    const bool dq = (b >> 17) & 1U;
    const bool bw = (b >> 30) & 1U;
    const bool vl = (b >> 31) & 1U;
    features.avx512 = features.avx2 && saves_zmm && f && dq && bw && vl;
    features.avx512_vnni = features.avx512 && ((c >> 11) & 1U);
    const bool tiles = saves_tiles && ((d >> 24) & 1U) && ((d >> 22) & 1U);
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
      features.avx_vnni = features.avx2 && ((a >> 4) & 1U);
      features.avx512_bf16 = features.avx512 && ((a >> 5) & 1U);
      features.amx_bf16 = tiles && features.avx512_vnni && features.avx512_bf16;
    }
#elif HEADFORMER_ARM
    // Linux names the bits HWCAP_ASIMDDP and HWCAP2_I8MM; old headers lack the second.
    features.neon_dot = (getauxval(AT_HWCAP) >> 20) & 1U;
    features.neon_i8mm = features.neon_dot && ((getauxval(AT_HWCAP2) >> 13) & 1U);
#endif
    return features;
  }
};

/// Asks Linux to let this process use AMX's tile registers, whose 8 KB it saves only for those that ask; true when it
/// may. (It may not where a thread's alternate stack for signals is too small to save them.) Asking again is a quick
/// system call, so nothing need be remembered.
inline bool may_use_tiles() {
#if HEADFORMER_X86 && defined(__linux__)
  constexpr int request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int tile_data = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

/// The instruction set that kernels are chosen for at run time, in ascending order; each has all of those before it of
/// its family. `portable` is Eigen's packets at the width that the compiler's flags allow: on 64-bit ARM, NEON.
enum class Isa : std::uint8_t {
  portable,
  neon_dot,     ///< with dot products of signed bytes
  neon_i8mm,    ///< and of unsigned by signed bytes
  avx2,         ///< with FMA and F16C
  avx2_vnni,    ///< and int8 dot products of 256 bits
  avx512,       ///< F, BW, DQ, VL
  avx512_vnni,  ///< and int8 dot products of 512 bits
  avx512_bf16,  ///< and bf16 dot products
  amx_bf16,     ///< and bf16 products of tiles
};

constexpr std::string_view name_of(Isa isa) {
  constexpr std::string_view names[] = {"portable", "neon_dot",    "neon_i8mm",   "avx2",    "avx2_vnni",
                                        "avx512",   "avx512_vnni", "avx512_bf16", "amx_bf16"};
  return names[static_cast<int>(isa)];
}

/// Whether these features are enough for it.
constexpr bool has_isa(const CpuFeatures& features, Isa isa) {
  switch (isa) {
    case Isa::portable:
      return true;
    case Isa::neon_dot:
      return features.neon_dot;
    case Isa::neon_i8mm:
      return features.neon_i8mm;
    case Isa::avx2:
      return features.avx2;
    case Isa::avx2_vnni:
      return features.avx_vnni;
    case Isa::avx512:
      return features.avx512;
    case Isa::avx512_vnni:
      return features.avx512_vnni;
    case Isa::avx512_bf16:
      return features.avx512_vnni && features.avx512_bf16;
    default:
      return features.amx_bf16;
  }
}

/// The best one of this machine that is not above `limit`.
inline Isa best_isa(Isa limit = Isa::amx_bf16) {
  const CpuFeatures features = CpuFeatures::detect();
  int isa = static_cast<int>(limit);
  while (!has_isa(features, static_cast<Isa>(isa))) --isa;
  return static_cast<Isa>(isa);
}

/// "auto", "avx512", "avx2" or "portable": the best one of this machine, at all or of that family. Throws ArgumentError
/// for another name and for a family this machine lacks.
inline Isa isa_from_name(std::string_view name) {
  if (name == "auto") return best_isa();
  if (name == "portable") return Isa::portable;
  if (name != "avx2" && name != "avx512")
    throw ArgumentError("isa: expected auto, avx512, avx2 or portable, found " + detail::quoted(name));
  const bool wide = name == "avx512";
  const Isa best = best_isa(wide ? Isa::avx512_bf16 : Isa::avx2_vnni);
  if (best < (wide ? Isa::avx512 : Isa::avx2))
    throw ArgumentError("isa: this machine has no " + std::string(name) + ", its best is " +
                        std::string(name_of(best_isa())));
  return best;
}

}  // namespace headformer
