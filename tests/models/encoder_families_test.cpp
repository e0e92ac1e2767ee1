#include <headformer/auto_encoder.hpp>
#include <set>

#include "models/encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {

std::shared_ptr<const Encoder> open_encoder_at(const std::filesystem::path& path) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_encoder(path, options);
}

namespace {

TEST(EncoderFamilies, EveryClassHasAGoldenAndEveryGoldenFindsItsFamily) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    EXPECT_EQ(is_encoder(checkpoint), golden.of_encoder()) << golden.name;
    if (!golden.of_encoder()) continue;
    if (!checkpoint.is_gguf()) classes.insert(checkpoint.architecture());
    EXPECT_EQ(detail::match_encoder(checkpoint).family->config(checkpoint).family, golden.family) << golden.name;
  }
  for (const EncoderFamily* family : encoder_families) {
    for (const EncoderClass& known : family->classes)
      EXPECT_TRUE(classes.contains(std::string(known.architecture))) << known.architecture << ": no golden";
  }
}

TEST(EncoderFamilies, NoTwoAnswerToTheSameName) {
  std::set<std::string_view> names;
  std::set<std::string_view> gguf;
  for (const EncoderFamily* family : encoder_families) {
    EXPECT_TRUE(family->gguf_architecture.empty() || gguf.insert(family->gguf_architecture).second) << family->name;
    for (const EncoderClass& known : family->classes)
      EXPECT_TRUE(names.insert(known.architecture).second) << known.architecture;
  }
}

}  // namespace
}  // namespace headformer::testing
