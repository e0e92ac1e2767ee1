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
}

#if defined(__linux__) && HEADFORMER_X86
TEST(CpuFeatures, AgreeWithTheKernel) {
  std::ifstream file("/proc/cpuinfo");
  std::string flags;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags")) {
      flags = line + " ";
      break;
    }
  }
  if (flags.empty()) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  const auto has = [&](const std::string& flag) { return flags.find(" " + flag + " ") != std::string::npos; };
  const CpuFeatures features = CpuFeatures::detect();
  EXPECT_EQ(features.avx2, has("avx2") && has("fma") && has("f16c"));
  const bool avx512 = features.avx2 && has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  EXPECT_EQ(features.avx512, avx512);
  EXPECT_EQ(features.avx512_vnni, avx512 && has("avx512_vnni"));
  EXPECT_EQ(features.avx512_bf16, avx512 && has("avx512_bf16"));
  EXPECT_EQ(features.avx_vnni, features.avx2 && has("avx_vnni"));
}
#endif

TEST(Isa, NamesAndBack) {
  EXPECT_EQ(isa_from_name("auto"), best_isa());
  EXPECT_EQ(isa_from_name("portable"), Isa::portable);
  EXPECT_EQ(name_of(Isa::portable), "portable");
  EXPECT_EQ(name_of(Isa::avx2), "avx2");
  EXPECT_EQ(name_of(Isa::avx512), "avx512");
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (isa <= best_isa()) {
      EXPECT_EQ(isa_from_name(name_of(isa)), isa);
    } else {
      EXPECT_THROW(isa_from_name(name_of(isa)), ArgumentError);
    }
  }
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
