#include <gtest/gtest.h>

#include <cmath>
#include <headformer/auto_causal_lm.hpp>
#include <limits>

#include "formats/gguf_builder.hpp"
#include "support/errors.hpp"

namespace headformer::testing {
namespace {

/// Families without a GGUF of their own have an empty name there; a file with an empty name is not one of them.
TEST(GgufArchitecture, AnEmptyOrUnknownNameIsAnErrorThatNamesTheKey) {
  for (const char* name : {"", "unheard-of", "LlamaForCausalLM"}) {
    const std::string file = tests::GgufBuilder().string("general.architecture", name).bytes();
    const Bytes bytes({reinterpret_cast<const std::byte*>(file.data()), file.size()}, nullptr, "model.gguf");
    try {
      open_causal_lm(Checkpoint::from_gguf(bytes));
      FAIL() << "architecture '" << name << "' was accepted";
    } catch (const ConfigError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find("model.gguf"), std::string::npos) << message;
      EXPECT_NE(message.find("general.architecture"), std::string::npos) << message;
    }
  }
}

/// A window's key counts where the architecture has one; files of others may hold it too, and llama.cpp does not read
/// it.
TEST(GgufArchitecture, AWindowIsReadWhereTheArchitectureHasOne) {
  for (const auto& [name, windowed] : {std::pair("llama", false),
                                       {"qwen2", false},
                                       {"qwen3", false},
                                       {"smollm3", false},
                                       {"phi3", true},
                                       {"gemma2", true},
                                       {"gemma3", true}}) {
    using tests::GgufBuilder;
    GgufBuilder builder;
    builder.string("general.architecture", name);
    const std::string prefix = std::string(name) + ".";
    for (const auto& [key, value] : {std::pair("embedding_length", 64U),
                                     {"feed_forward_length", 64U},
                                     {"block_count", 2U},
                                     {"attention.head_count", 4U},
                                     {"context_length", 100U},
                                     {"attention.sliding_window", 7U}}) {
      builder.key(prefix + key, 4, GgufBuilder::raw(value));
    }
    builder.tensor("token_embd.weight", {64, 10}, 0, 0).data(64 * 10 * 4);
    const std::string file = builder.bytes();
    const Checkpoint checkpoint = Checkpoint::from_gguf(Bytes(std::as_bytes(std::span(file)), nullptr, "model.gguf"));
    const CausalLmConfig config = find_causal_lm_family(checkpoint).config(checkpoint);
    EXPECT_EQ(config.layers.front().attention.window, windowed ? 7 : 0) << name;
  }
}

/// The keys of a small Llama; and one more.
CausalLmConfig config_of(const std::string& name, std::uint32_t type, const std::string& value) {
  using tests::GgufBuilder;
  GgufBuilder builder;
  builder.string("general.architecture", "llama");
  builder.key("llama.embedding_length", 4, GgufBuilder::raw(std::uint32_t{32}));
  for (const char* key : {"block_count", "attention.head_count", "feed_forward_length"})
    builder.key(std::string("llama.") + key, 4, GgufBuilder::raw(std::uint32_t{8}));
  builder.key(name, type, value).tensor("token_embd.weight", {32, 4}, 0, 0).data(512);
  const std::string file = builder.bytes();
  const Bytes bytes({reinterpret_cast<const std::byte*>(file.data()), file.size()}, nullptr, "model.gguf");
  const Checkpoint checkpoint = Checkpoint::from_gguf(bytes);
  return find_causal_lm_family(checkpoint).config(checkpoint);
}

/// llama.cpp's reading of files that name no scaling type.
TEST(GgufArchitecture, AFactorWithoutATypeIsLinear) {
  for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
    const CausalLmConfig config = config_of(key, 6, tests::GgufBuilder::raw(4.0F));
    EXPECT_EQ(config.layers[0].attention.rotary.scaling, RotaryScaling::linear) << key;
    EXPECT_EQ(config.layers[0].attention.rotary.factor, 4) << key;
  }
  const CausalLmConfig one = config_of("llama.rope.scale_linear", 6, tests::GgufBuilder::raw(1.0F));
  EXPECT_EQ(one.layers[0].attention.rotary.scaling, RotaryScaling::none);
}

TEST(GgufArchitecture, NumbersThatNoModelCanHaveAreRefused) {
  using tests::GgufBuilder;
  constexpr std::uint32_t f32 = 6;
  EXPECT_EQ(config_of("llama.rope.freq_base", f32, GgufBuilder::raw(500.0F)).layers[0].attention.rotary.theta, 500);
  struct Case {
    const char* key;
    std::vector<float> values;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const Case table[] = {{"llama.rope.freq_base", {0, -1, std::nanf(""), infinity}},
                        {"llama.rope.scaling.factor", {0, -2, std::nanf("")}},
                        {"llama.rope.scaling.attn_factor", {0, std::nanf("")}},
                        {"llama.attention.layer_norm_rms_epsilon", {-1, 2, std::nanf("")}}};
  for (const Case& item : table) {
    for (const float value : item.values) {
      SCOPED_TRACE(item.key + std::string(" ") + std::to_string(value));
      const std::string message = message_of<ConfigError>([&] { config_of(item.key, f32, GgufBuilder::raw(value)); });
      expect_mentions(message, {"model.gguf", item.key, "expected", "found"});
    }
  }
  const std::string odd =
      message_of<ConfigError>([&] { config_of("llama.rope.dimension_count", 4, GgufBuilder::raw(std::uint32_t{3})); });
  expect_mentions(odd, {"model.gguf", "llama.rope.dimension_count", "even", "3"});
}

}  // namespace
}  // namespace headformer::testing
