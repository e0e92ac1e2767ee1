#include "headformer/nn/rotary.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "headformer/models/readers/json_rotary.hpp"
#include "headformer/nn/context.hpp"

namespace headformer::testing {
namespace {

TEST(Rotary, FrequenciesAreTheReferences) {
  const Json cases =
      parse_json(Bytes::map(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/rotary_frequencies.json"));
  ASSERT_FALSE(cases.empty());
  for (const Json& item : cases) {
    const auto expected = item["frequencies"].get<std::vector<double>>();
    // Both manners: all in rope_parameters (transformers 5), or rope_theta beside rope_scaling (4).
    Json older = item["config"];
    older["rope_theta"] = older["rope_parameters"]["rope_theta"];
    older["rope_scaling"] = older["rope_parameters"];
    older["rope_scaling"].erase("rope_theta");
    older.erase("rope_parameters");
    for (const Json& config : {item["config"], older}) {
      SCOPED_TRACE(config.dump() + ", length " + item["length"].dump());
      const RotaryConfig rotary = read_rotary(JsonObject(config, "config.json"), 16, RotaryDefaults{1234, 2048, 0});
      EXPECT_EQ(rotary.width, 16);
      EXPECT_NEAR(rotary.attention_factor, item["attention_factor"].get<double>(), 1e-12);
      const std::vector<float> found = inverse_frequencies(rotary, item["length"].get<Index>());
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(static_cast<double>(found[i]) / expected[i], 1, 3e-7) << "component " << i;
    }
  }
}

/// transformers 5.23, convert_rope_params_to_dict and standardize_rope_params.
TEST(Rotary, WhatIsGivenTwiceOrNotAtAll) {
  const auto read = [](const char* text, const RotaryDefaults& defaults) {
    const Json config = Json::parse(text);
    return read_rotary(JsonObject(config, "config.json"), 16, defaults);
  };
  const char* twice = R"({"rope_scaling": {"type": "linear", "factor": 4.0},
                          "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5.0}})";
  EXPECT_EQ(read(twice, {}).factor, 4) << "rope_scaling goes first";
  EXPECT_EQ(read(twice, {}).theta, 10000);
  EXPECT_EQ(read(R"({"rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 2.0}})", {}).factor, 2);
  const char* dynamic = R"({"rope_scaling": {"rope_type": "dynamic", "factor": 4.0}})";
  EXPECT_EQ(read(dynamic, RotaryDefaults{10000, 77, 0}).maximum_positions, 77) << "the class's";
  const char* yarn = R"({"max_position_embeddings": 64, "rope_parameters": {"rope_type": "yarn", "factor": 4.0,
                         "original_max_position_embeddings": 16}})";
  EXPECT_EQ(read(yarn, {}).original_maximum_positions, 16);
  EXPECT_EQ(read(yarn, RotaryDefaults{10000, 2048, 4096}).original_maximum_positions, 4096) << "Phi-3's own key";
  const Json nested = Json::parse(R"({"rope_parameters": {"full_attention": {"rope_type": "yarn", "factor": 4.0,
                                      "original_max_position_embeddings": 16, "truncate": false}}})");
  EXPECT_TRUE(read_rotary(JsonObject(nested, "config.json"), 16, {}, "full_attention").truncate);
}

TEST(Rotary, LengthsOfOneClassHaveTheSameFrequencies) {
  RotaryConfig config = RotaryConfig::plain(8, 10000);
  config.factor = 2;
  config.maximum_positions = 10;
  config.original_maximum_positions = 10;
  config.short_factors = {1, 1, 1, 1};
  config.long_factors = {2, 3, 4, 5};
  for (const RotaryScaling scaling : {RotaryScaling::none, RotaryScaling::linear, RotaryScaling::dynamic,
                                      RotaryScaling::yarn, RotaryScaling::longrope, RotaryScaling::llama3}) {
    config.scaling = scaling;
    for (Index a = 1; a < 25; ++a) {
      for (Index b = 1; b < 25; ++b) {
        const bool same = inverse_frequencies(config, a) == inverse_frequencies(config, b);
        EXPECT_EQ(config.length_class(a) == config.length_class(b), same)
            << "scaling " << static_cast<int>(scaling) << ", lengths " << a << " and " << b;
      }
    }
    const bool changes = inverse_frequencies(config, 1) != inverse_frequencies(config, 20);
    EXPECT_EQ(config.depends_on_length(), changes);
  }
}

TEST(Rotary, DivisorsDivideWhateverTheScaling) {
  RotaryConfig config = RotaryConfig::plain(4, 100);
  const std::vector<float> plain = inverse_frequencies(config, 1);
  config.divisors = {2, 8};
  EXPECT_EQ(inverse_frequencies(config, 1), (std::vector<float>{plain[0] / 2, plain[1] / 8}));
  EXPECT_TRUE(inverse_frequencies(RotaryConfig{}, 1).empty()) << "width 0: none";
}

TEST(Rotary, TablesHoldCosinesAndSinesOfEveryRowsPosition) {
  SerialExecutor executor;
  Scratch scratch;
  Scratch tables;
  Batch batch;
  batch.sequences = {{0, 3, 3, nullptr, {}}, {3, 2, 1002, nullptr, {}}};
  batch.positions = {0, 1, 2, 1000, 1001};
  Context context({executor}, scratch, tables, batch);
  RotaryConfig config = RotaryConfig::plain(6, 10000);
  config.attention_factor = 1.5;
  const Context::RotaryTable& table = context.rotary_table(config);
  ASSERT_EQ(table.cosines.shape(), (Shape{5, 3}));
  for (Index r = 0; r < 5; ++r) {
    for (Index i = 0; i < 3; ++i) {
      const double angle =
          batch.positions[static_cast<std::size_t>(r)] * std::pow(10000.0, -2.0 * static_cast<double>(i) / 6);
      EXPECT_NEAR(static_cast<double>(table.cosines.row(r)[i]), 1.5 * std::cos(angle), 2e-4) << r << ", " << i;
      EXPECT_NEAR(static_cast<double>(table.sines.row(r)[i]), 1.5 * std::sin(angle), 2e-4) << r << ", " << i;
    }
  }
  const RotaryConfig equal = config;
  EXPECT_EQ(context.rotary_table(equal).cosines.data(), table.cosines.data()) << "equal configs share a table";
}

}  // namespace
}  // namespace headformer::testing
