#include <headformer/auto_encoder.hpp>
#include <nlohmann/json.hpp>
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

TEST(EncoderFamilies, EveryCheckpointOpensAsItsBaseClass) {
  std::filesystem::path known;
  for (const Golden& golden : read_manifest()) {
    if (!golden.of_encoder() || golden.model == known) continue;
    known = golden.model;
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    SerialExecutor executor;
    LoadOptions options;
    options.executor = &executor;
    const std::unique_ptr<Encoder> encoder = open_base_encoder(checkpoint, options);
    EXPECT_EQ(encoder->heads().front()->output().names.front(), "last_hidden_state") << golden.name;
  }
}

class DecodersAsEncoders : public ::testing::TestWithParam<DecoderCase> {};

TEST_P(DecodersAsEncoders, HiddenStatesAreTheDecodersToTheBit) {
  const Checkpoint checkpoint = Checkpoint::open(goldens() / GetParam().path);
  EXPECT_FALSE(is_encoder(checkpoint));
  SerialExecutor executor;
  LoadOptions options;
  options.executor = &executor;
  const std::unique_ptr<Encoder> encoder = open_base_encoder(checkpoint, options);
  const auto decoder = open_decoder(checkpoint);
  const auto workspace = workspace_of();
  const std::vector<TokenId> ids = random_ids(*encoder, GetParam().prompt, 7);
  const Shape shape{GetParam().prompt, encoder->config().width};
  Tensor<float> found(shape), expected(shape);
  EncoderInput input;
  input.ids = ids;
  encoder->encode(*workspace, std::span(&input, 1), found);
  SequenceState state = decoder->new_sequence();
  SequenceInput sequence;
  sequence.state = &state;
  sequence.ids = ids;
  sequence.logits = LogitRows::all;
  decoder->hidden_states(*workspace, std::span(&sequence, 1), expected);
  EXPECT_TRUE(same_bits(found, expected));
}

INSTANTIATE_TEST_SUITE_P(Families, DecodersAsEncoders, ::testing::ValuesIn(decoder_cases()), case_name<DecoderCase>);

TEST(EncoderFamilies, AClassWhoseHeadIsLostOpensAsItsBaseClassOnly) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "encoders/mpnet");
  small.config["architectures"] = {"MPNetForMaskedLM"};
  const TemporaryFolder folder;
  small.write(folder);
  const Checkpoint checkpoint = Checkpoint::open(folder.path());
  EXPECT_NO_THROW(open_base_encoder(checkpoint));
  expect_mentions(message_of<WeightError>([&] { open_encoder(checkpoint); }), {"lm_head"});
  const Checkpoint decoder = Checkpoint::open(goldens() / "decoders/gpt2");
  EXPECT_NO_THROW(open_base_encoder(decoder));
  expect_mentions(message_of<ConfigError>([&] { open_encoder(decoder); }), {"'GPT2LMHeadModel'", "BertModel"});
  const Checkpoint pair = Checkpoint::open(goldens() / "seq2seq/bart");
  expect_mentions(message_of<ConfigError>([&] { open_base_encoder(pair); }), {"'Bart", "BertModel"});
}

}  // namespace
}  // namespace headformer::testing
