#include <gtest/gtest.h>

#include <headformer/auto_causal_lm.hpp>

#include "formats/gguf_builder.hpp"

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

}  // namespace
}  // namespace headformer::testing
