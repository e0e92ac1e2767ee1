#include "headformer/core/cpu_features.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace headformer {
namespace {

TEST(CpuFeatures, WiderSetsIncludeNarrowerOnes) {
  const CpuFeatures features = CpuFeatures::detect();
  EXPECT_TRUE(features.avx2 || !features.avx512);
  EXPECT_TRUE(features.avx2 || !features.avx_vnni);
  EXPECT_TRUE(features.avx512 || !features.avx512_vnni);
  EXPECT_TRUE(features.avx512 || !features.avx512_bf16);
  EXPECT_TRUE(features.avx512_bf16 || !features.amx_bf16);
  EXPECT_TRUE(features.neon_dot || !features.neon_i8mm);
}

#if defined(__linux__) && (HEADFORMER_X86 || HEADFORMER_ARM)
TEST(CpuFeatures, AgreeWithTheKernel) {
  const std::string key = HEADFORMER_X86 ? "flags" : "Features";
  std::ifstream file("/proc/cpuinfo");
  std::string flags;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) {
      flags = line + " ";
      break;
    }
  }
  if (flags.empty()) GTEST_SKIP() << "no " << key << " in /proc/cpuinfo";
  const auto has = [&](const std::string& flag) { return flags.find(" " + flag + " ") != std::string::npos; };
  const CpuFeatures features = CpuFeatures::detect();
  EXPECT_EQ(features.avx2, has("avx2") && has("fma") && has("f16c"));
  const bool avx512 = features.avx2 && has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  EXPECT_EQ(features.avx512, avx512);
  EXPECT_EQ(features.avx512_vnni, avx512 && has("avx512_vnni"));
  EXPECT_EQ(features.avx512_bf16, avx512 && has("avx512_bf16"));
  EXPECT_EQ(features.amx_bf16, features.avx512_bf16 && features.avx512_vnni && has("amx_tile") && has("amx_bf16"));
  EXPECT_EQ(features.avx_vnni, features.avx2 && has("avx_vnni"));
  EXPECT_EQ(features.neon_dot, has("asimddp"));
  EXPECT_EQ(features.neon_i8mm, has("asimddp") && has("i8mm"));
}
#endif

TEST(CpuFeatures, TilesAreAskedForAgainAndAgain) {
  const bool first = may_use_tiles();
  EXPECT_EQ(may_use_tiles(), first);
  EXPECT_TRUE(!first || CpuFeatures::detect().amx_bf16);
}

TEST(Isa, ANameIsTheBestOfItsFamily) {
  EXPECT_EQ(isa_from_name("auto"), best_isa());
  EXPECT_EQ(isa_from_name("portable"), Isa::portable);
  const CpuFeatures features = CpuFeatures::detect();
  for (const char* name : {"avx2", "avx512"}) {
    const bool wide = std::string(name) == "avx512";
    if (wide ? features.avx512 : features.avx2) {
      const Isa isa = isa_from_name(name);
      EXPECT_TRUE(has_isa(features, isa));
      EXPECT_TRUE(name_of(isa).starts_with(name)) << name_of(isa);
      EXPECT_EQ(isa, best_isa(wide ? Isa::avx512_bf16 : Isa::avx2_vnni));
    } else {
      EXPECT_THROW(isa_from_name(name), ArgumentError);
    }
  }
}

TEST(Isa, EachNeedsItsFeatures) {
  CpuFeatures features;
  EXPECT_TRUE(has_isa(features, Isa::portable));
  for (const Isa isa : {Isa::neon_dot, Isa::neon_i8mm, Isa::avx2, Isa::avx2_vnni, Isa::avx512, Isa::avx512_vnni,
                        Isa::avx512_bf16, Isa::amx_bf16}) {
    EXPECT_FALSE(has_isa(features, isa)) << name_of(isa);
  }
  features.avx2 = features.avx512 = features.avx512_bf16 = true;
  EXPECT_TRUE(has_isa(features, Isa::avx512));
  EXPECT_FALSE(has_isa(features, Isa::avx512_vnni));
  EXPECT_FALSE(has_isa(features, Isa::avx512_bf16));
  features.avx512_vnni = true;
  EXPECT_TRUE(has_isa(features, Isa::avx512_bf16));
  EXPECT_FALSE(has_isa(features, Isa::amx_bf16));
  features.amx_bf16 = true;
  EXPECT_TRUE(has_isa(features, Isa::amx_bf16));
  features.neon_dot = true;
  EXPECT_TRUE(has_isa(features, Isa::neon_dot));
  EXPECT_FALSE(has_isa(features, Isa::neon_i8mm));
}

TEST(Isa, NamesAreTheirOwn) {
  EXPECT_EQ(name_of(Isa::portable), "portable");
  EXPECT_EQ(name_of(Isa::neon_dot), "neon_dot");
  EXPECT_EQ(name_of(Isa::neon_i8mm), "neon_i8mm");
  EXPECT_EQ(name_of(Isa::avx2), "avx2");
  EXPECT_EQ(name_of(Isa::avx2_vnni), "avx2_vnni");
  EXPECT_EQ(name_of(Isa::avx512), "avx512");
  EXPECT_EQ(name_of(Isa::avx512_vnni), "avx512_vnni");
  EXPECT_EQ(name_of(Isa::avx512_bf16), "avx512_bf16");
  EXPECT_EQ(name_of(Isa::amx_bf16), "amx_bf16");
}

TEST(Isa, UnknownNamesAreRefused) {
  for (const char* name : {"", "sse9", "AVX2", "avx2 ", "portable\n"}) {
    EXPECT_THROW(isa_from_name(name), ArgumentError) << name;
  }
  try {
    isa_from_name("sse\n9");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(), "isa: expected auto, avx512, avx2 or portable, found 'sse?9'");
  }
}

}  // namespace
}  // namespace headformer
