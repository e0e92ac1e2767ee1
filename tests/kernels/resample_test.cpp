#include "headformer/kernels/resample.hpp"

#include <headformer/formats/json.hpp>
#include <nlohmann/json.hpp>

#include "row_kernels.hpp"

namespace headformer {
namespace {

/// tests/reference/resampling.py
TEST(Resample, FollowsTheReferenceOnAnyNumberOfThreads) {
  const auto file = std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/resampling.json";
  for (const Json& item : parse_json(Bytes::map(file))) {
    SCOPED_TRACE(item["kind"].dump() + item["antialias"].dump() + item["size"].dump() + item["wanted"].dump());
    const auto grid = [&](const char* key) { return Grid{item[key][0].get<Index>(), item[key][1].get<Index>()}; };
    const auto x = item["from"].get<std::vector<float>>();
    const auto expected = item["to"].get<std::vector<float>>();
    const auto channels = item["channels"].get<Index>();
    const auto kind = item["kind"] == "bilinear"      ? kernels::Resampling::bilinear
                      : item["antialias"].get<bool>() ? kernels::Resampling::bicubic_antialiased
                                                      : kernels::Resampling::bicubic;
    std::vector<float> first;
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      Scratch scratch;
      std::vector<float> y(expected.size());
      kernels::resample({pool}, kind, {x.data(), {grid("size").count(), channels}}, grid("size"),
                        TensorView<float>(y.data(), {grid("wanted").count(), channels}), grid("wanted"), scratch);
      EXPECT_LT(testing::difference(y, expected).greatest, 5e-6);  // the golden has six decimals
      if (first.empty()) first = y;
      EXPECT_TRUE(testing::same_bits(y, first));
    }
  }
}

}  // namespace
}  // namespace headformer
