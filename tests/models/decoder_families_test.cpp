#include "models/decoder_families.hpp"

#include <headformer/auto.hpp>
#include <set>

namespace headformer::testing {

std::shared_ptr<const CausalLanguageModel> open_decoder(const Checkpoint& checkpoint, LoadOptions options) {
  SerialExecutor executor;
  options.executor = &executor;
  return open_causal_lm(checkpoint, options);
}
MemoryEstimate estimate_decoder(const Checkpoint& checkpoint, const LoadOptions& options, const MemoryUse& use) {
  return memory_estimate(checkpoint, options, use);
}
const CausalLmFamily& family_of(const Checkpoint& checkpoint) { return find_causal_lm_family(checkpoint); }

namespace {

TEST(DecoderFamilies, EveryCheckpointOfTheGoldensFindsItsOwn) {
  std::set<std::string_view> found;
  for (const Golden& golden : read_manifest()) {
    if (golden.of_encoder() || golden.of_seq2seq() || golden.of_vision() || golden.of_dual() || golden.of_speech())
      continue;
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    const CausalLmFamily& family = family_of(checkpoint);
    found.insert(family.name);
    const std::string architecture = checkpoint.architecture();
    EXPECT_EQ(family.config(checkpoint).family,
              checkpoint.is_gguf() || architecture != "MistralForCausalLM" ? std::string(family.name) : "Mistral")
        << golden.name;
  }
  EXPECT_EQ(found.size(), std::size(causal_lm_families)) << "a family without a golden";
}

TEST(DecoderFamilies, NoTwoAnswerToTheSameName) {
  std::set<std::string_view> architectures;
  std::set<std::string_view> gguf;
  for (const CausalLmFamily* family : causal_lm_families) {
    for (const std::string_view name : family->architectures) EXPECT_TRUE(architectures.insert(name).second) << name;
    if (family->gguf_architecture.empty()) continue;
    EXPECT_TRUE(gguf.insert(family->gguf_architecture).second) << family->gguf_architecture;
  }
}

TEST(DecoderFamilies, OpeningByPathBytesOrModelIsTheSame) {
  const std::filesystem::path path = goldens() / "decoders/qwen3";
  const auto workspace = workspace_of();
  const std::shared_ptr<const CausalLanguageModel> by_path = open_causal_lm(path);
  const std::vector<TokenId> ids = random_ids(*by_path, 9);
  const Tensor<float> expected = logits_of(open_decoder("decoders/qwen3"), ids, workspace);
  EXPECT_TRUE(same_bits(logits_of(by_path, ids, workspace), expected));
  NamedTensors inputs;
  Tensor<std::int64_t> row(Shape{1, 9});
  std::copy(ids.begin(), ids.end(), row.data());
  inputs.emplace("input_ids", std::move(row));
  const NamedTensors outputs = open_model(path)->forward(inputs);
  const auto& logits = std::get<Tensor<float>>(outputs.at("logits"));
  EXPECT_TRUE(same_bits({logits.data(), static_cast<std::size_t>(logits.count())}, rows_of(expected, 0, 9)));
}

}  // namespace
}  // namespace headformer::testing
