#include "models/decoder_families.hpp"

// What may differ in bits stays close: narrower caches, other instruction sets.
namespace headformer::testing {
namespace {

class CacheTypes : public ::testing::TestWithParam<DecoderCase> {};

TEST_P(CacheTypes, NarrowCachesStayCloseAndTheirBitsTheSame) {
  const auto model = open_decoder(GetParam().path);
  const auto workspace = workspace_of();
  const std::vector<TokenId> ids = random_ids(*model, GetParam().prompt);
  const RotaryConfig& rotary = model->config().layers.front().attention.rotary;
  const Index first = rotary.depends_on_length() ? rotary.original_maximum_positions : 0;
  const Tensor<float> wide = logits_of(model, ids, workspace);
  struct Narrow {
    DType dtype;
    double tolerance;  // of the greatest magnitude: the tiny random models amplify a rounding error ten times or more
  };
  for (const auto [dtype, tolerance] :
       {Narrow{DType::f16, 0.02}, Narrow{DType::bf16, 0.15}, Narrow{DType::q8_0, 0.15}}) {
    SCOPED_TRACE(name_of(dtype));
    SessionOptions options;
    options.cache = dtype;
    const Tensor<float> narrow = logits_of(model, ids, workspace, options);
    const double difference = relative_difference(narrow, wide);
    EXPECT_LE(difference, tolerance);
    EXPECT_GT(difference, 0) << "the cache was not narrower";
    EXPECT_TRUE(same_bits(logits_of(model, ids, workspace_of(2), options), narrow)) << "two threads";
    for (const Index piece : {1, 7, 65}) {
      Session session(model, workspace, options);
      for (Index begin = 0; begin < GetParam().prompt; begin += piece) {
        const Index end = std::min(begin + piece, GetParam().prompt);
        const auto last = session.append(
            std::span(ids).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
        if (end <= first) continue;
        ASSERT_TRUE(same_bits(last, row_of(narrow, end - 1))) << "pieces of " << piece << ", position " << end - 1;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, CacheTypes, ::testing::ValuesIn(decoder_cases()), case_name<DecoderCase>);

class InstructionSets : public ::testing::TestWithParam<Isa> {};

TEST_P(InstructionSets, EveryOneFollowsTheReference) {
  if (!has_isa(CpuFeatures::detect(), GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  for (const Golden& golden : read_manifest()) {
    const std::string chosen[] = {"gpt2/left_padded",
                                  "llama_grouped/plain",
                                  "llama_dynamic/long",
                                  "mistral/holes",
                                  "qwen3_4/plain",
                                  "gemma2/long",
                                  "gemma3_4/long",
                                  "phi4_mini/long",
                                  "smollm3_window/long",
                                  "llama_f16/plain",
                                  "gguf/llama_f16/plain",
                                  "gguf/llama_q4_k_m/plain",
                                  "gguf/llama_q8_0_wide/plain",
                                  "gguf/llama_q5_k_wide/plain"};
    if (std::find(std::begin(chosen), std::end(chosen), golden.name) == std::end(chosen)) continue;
    for (const WeightType weights : {WeightType(DType::f32), WeightType::stored()}) {
      SCOPED_TRACE(golden.name + (weights.dtype() ? " as f32" : " as stored"));
      LoadOptions options;
      options.weights = weights;
      CausalLmModel model(open_decoder(Checkpoint::open(golden.model), options), workspace_of(1, GetParam()));
      const NamedTensors expected = read_tensors(golden.outputs);
      const NamedTensors found = model.forward(read_tensors(golden.inputs));
      expect_close(std::get<Tensor<float>>(found.at("logits")), std::get<Tensor<float>>(expected.at("logits")),
                   golden.tolerance);
    }
  }
}

TEST_P(InstructionSets, EveryOneStepsAsItPrefills) {
  if (!has_isa(CpuFeatures::detect(), GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  for (const DecoderCase& decoder : decoder_cases()) {
    SCOPED_TRACE(decoder.name);
    const auto model = open_decoder(decoder.path);
    if (model->config().layers.front().attention.rotary.depends_on_length()) continue;
    const auto workspace = workspace_of(1, GetParam());
    const std::vector<TokenId> ids = random_ids(*model, std::min<Index>(decoder.prompt, 70));
    const Tensor<float> expected = logits_of(model, ids, workspace);
    Session session(model, workspace);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      ASSERT_TRUE(same_bits(session.append(std::span(&ids[i], 1)), row_of(expected, static_cast<Index>(i)))) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, InstructionSets,
                         ::testing::Values(Isa::portable, Isa::neon_dot, Isa::neon_i8mm, Isa::avx2, Isa::avx512),
                         [](const auto& isa) { return std::string(name_of(isa.param)); });

}  // namespace
}  // namespace headformer::testing
