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

}  // namespace
}  // namespace headformer::testing
