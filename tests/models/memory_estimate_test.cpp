#include "models/decoder_families.hpp"
#include "models/seq2seq.hpp"

namespace headformer::testing {
namespace {

class MemoryEstimates : public ::testing::TestWithParam<DecoderCase> {
 protected:
  static MemoryEstimate estimate(const LoadOptions& options, const MemoryUse& use) {
    return estimate_decoder(Checkpoint::open(goldens() / GetParam().path), options, use);
  }
};

TEST_P(MemoryEstimates, WeightsAreWhatLoadingPacks) {
  for (const WeightType weights : {WeightType::stored(), WeightType(DType::f32), WeightType(DType::bf16),
                                   WeightType(DType::q8_0), WeightType(DType::q4_0), WeightType(DType::q4_k)}) {
    SCOPED_TRACE(weights.dtype() ? std::string(name_of(*weights.dtype())) : "stored");
    LoadOptions options;
    options.weights = weights;
    const auto model = open_decoder(GetParam().path, options);
    EXPECT_GT(model->report().packed_bytes, 0U);
    EXPECT_EQ(estimate(options, {}).weights, model->report().packed_bytes);
  }
}

TEST_P(MemoryEstimates, CacheIsWhatASequenceHoldsAtItsPeak) {
  const auto model = open_decoder(GetParam().path);
  const auto workspace = workspace_of();
  for (const DType cache : {DType::f32, DType::f16, DType::q8_0}) {
    for (const Index rows : {1, 64, 100, 512}) {
      MemoryUse use;
      use.context = GetParam().prompt;
      use.cache = cache;
      use.rows = rows;
      const std::size_t expected = estimate({}, use).cache;
      SequenceState state = model->new_sequence(cache);
      const std::vector<TokenId> ids = random_ids(*model, use.context);
      std::size_t peak = 0;
      const Observer observer = [&](std::string_view, TensorView<float>) { peak = std::max(peak, state.bytes()); };
      for (Index begin = 0; begin < use.context; begin += rows) {
        SequenceInput input;
        input.state = &state;
        input.ids = std::span(ids).subspan(static_cast<std::size_t>(begin),
                                           static_cast<std::size_t>(std::min(rows, use.context - begin)));
        input.logits = LogitRows::none;
        model->forward(*workspace, std::span(&input, 1), {}, &observer);
      }
      EXPECT_LE(state.bytes(), peak);
      // A windowed layer's worst case has its window end at the start of a page: two pages a layer more than here.
      std::size_t slack = 0;
      for (const KeyValueSlotConfig& slot : CausalLanguageModel::slots(model->config(), cache)) {
        if (slot.window > 0) slack += 2 * slot.layout.page_bytes();
      }
      EXPECT_LE(peak, expected) << "rows " << rows;
      EXPECT_GE(peak + slack, expected) << "rows " << rows;
    }
  }
}

TEST_P(MemoryEstimates, ScratchAndCacheGrowWithTheSequences) {
  MemoryUse use;
  use.context = GetParam().prompt;
  use.rows = GetParam().prompt;
  const MemoryEstimate one = estimate({}, use);
  EXPECT_EQ(one.total(), one.weights + one.cache + one.scratch);
  use.sequences = 3;
  const MemoryEstimate three = estimate({}, use);
  EXPECT_EQ(three.cache, 3 * one.cache);
  EXPECT_EQ(three.scratch, 3 * one.scratch);
  EXPECT_EQ(three.weights, one.weights);
}

INSTANTIATE_TEST_SUITE_P(Families, MemoryEstimates, ::testing::ValuesIn(decoder_cases()), case_name<DecoderCase>);

class Seq2SeqMemoryEstimates : public ::testing::TestWithParam<std::string> {};

TEST_P(Seq2SeqMemoryEstimates, WeightsAndCacheAreWhatThereIs) {
  const auto workspace = workspace_of();
  for (const DType cache : {DType::f32, DType::q8_0}) {
    MemoryUse use;
    use.context = 20;
    use.source = 70;  // two pages
    use.cache = cache;
    const MemoryEstimate estimate = estimate_seq2seq_of_goldens(GetParam(), {}, use);
    const auto model = open_seq2seq_of_goldens(GetParam());
    EXPECT_EQ(estimate.weights, model->report().packed_bytes);
    const std::vector<TokenId> ids = random_ids(model->encoder(), use.source, 1);
    EncoderInput input;
    input.ids = ids;
    SequenceState state = model->new_sequence(model->encode(*workspace, input, cache), cache);
    SequenceInput target;
    target.state = &state;
    target.ids = std::span(ids).first(20);
    target.logits = LogitRows::none;
    model->decoder().forward(*workspace, std::span(&target, 1), {});
    EXPECT_EQ(estimate.cache, state.bytes()) << "its source's included";
    EXPECT_EQ(estimate.total(), estimate.weights + estimate.cache + estimate.scratch);
    use.sequences = 3;
    EXPECT_EQ(estimate_seq2seq_of_goldens(GetParam(), {}, use).cache, 3 * estimate.cache);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Seq2SeqMemoryEstimates, ::testing::Values("t5", "bart", "m2m_100"),
                         [](const auto& test) { return test.param; });

TEST(MemoryEstimate, ReadsHeadersOnly) {
  // The estimate of a use that no machine could serve takes no memory itself.
  const Checkpoint checkpoint = Checkpoint::open(goldens() / "decoders/llama_grouped");
  MemoryUse use;
  use.context = Index{1} << 20;
  use.sequences = 1000;
  const MemoryEstimate estimate = estimate_decoder(checkpoint, {}, use);
  // 2 layers, 2 key/value heads of 12 with values in rows of 16: (12 + 16) * 2 * 2 floats a position.
  EXPECT_EQ(estimate.cache, std::size_t{1000} * (std::size_t{1} << 20) * 112 * sizeof(float));
  EXPECT_GT(estimate.cache, std::size_t{400} << 30) << "more than this machine could hold";
}

}  // namespace
}  // namespace headformer::testing
