#include <headformer/auto_encoder.hpp>
#include <set>

#include "models/encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {

std::shared_ptr<const Encoder> open_encoder_of_goldens(const std::string& name) {
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  return open_encoder(goldens() / "encoders" / name, options);
}

namespace {

TEST(EncoderFamilies, EveryClassHasAGoldenAndEveryGoldenFindsItsFamily) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    EXPECT_EQ(is_encoder(checkpoint), golden.of_encoder()) << golden.name;
    if (!golden.of_encoder()) continue;
    classes.insert(checkpoint.architecture());
    EXPECT_EQ(detail::match_encoder(checkpoint).family->config(checkpoint).family, golden.family) << golden.name;
  }
  for (const EncoderFamily* family : encoder_families) {
    for (const EncoderClass& known : family->classes)
      EXPECT_TRUE(classes.contains(std::string(known.architecture))) << known.architecture << ": no golden";
  }
}

TEST(EncoderFamilies, NoTwoAnswerToTheSameName) {
  std::set<std::string_view> names;
  for (const EncoderFamily* family : encoder_families) {
    for (const EncoderClass& known : family->classes)
      EXPECT_TRUE(names.insert(known.architecture).second) << known.architecture;
  }
}

}  // namespace
}  // namespace headformer::testing
