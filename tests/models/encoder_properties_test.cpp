#include "models/encoders.hpp"

// A sequence's outputs follow the reference on every instruction set, and are the same bits whatever else is in the
// batch, on however many threads, padded or not.
namespace headformer::testing {
namespace {

class EncoderProperties : public ::testing::TestWithParam<EncoderCase> {
 protected:
  EncoderProperties() : encoder_(open_encoder_of_goldens(GetParam().name)), workspace_(workspace_of()) {
    for (const Index length : {Index{1}, GetParam().longest, Index{17}, Index{5}, GetParam().longest - 3})
      texts_.push_back(random_ids(*encoder_, length, 100 + static_cast<unsigned>(length)));
  }

  std::shared_ptr<const Encoder> encoder_;
  std::shared_ptr<Workspace> workspace_;
  std::vector<std::vector<TokenId>> texts_;
};

TEST_P(EncoderProperties, CompanyAndThreadsChangeNoBit) {
  for (const int threads : {1, 2, 3}) {
    const std::vector<Tensor<float>> together = outputs_of(*encoder_, *workspace_of(threads), texts_);
    Index row = 0;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      const std::vector<Tensor<float>> alone = outputs_of(*encoder_, *workspace_, {texts_[i]});
      const auto length = static_cast<Index>(texts_[i].size());
      for (std::size_t h = 0; h < alone.size(); ++h) {
        const bool per_token = encoder_->heads()[h]->output().per_token;
        const Index first = per_token ? row : static_cast<Index>(i);
        EXPECT_TRUE(same_bits(rows_of(together[h], first, first + (per_token ? length : 1)),
                              rows_of(alone[h], 0, alone[h].size(0))))
            << "sequence " << i << ", head " << h << ", " << threads << " threads";
      }
      row += length;
    }
  }
}

TEST_P(EncoderProperties, PaddingOnTheRightChangesNoBit) {
  EncoderModel model(encoder_, workspace_);
  const Index width = GetParam().longest;
  const auto batch = static_cast<Index>(texts_.size());
  Tensor<std::int64_t> ids(Shape{batch, width});
  Tensor<std::int64_t> mask(Shape{batch, width});
  std::fill_n(ids.data(), ids.count(), encoder_->config().padding_id);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::copy(texts_[i].begin(), texts_[i].end(), ids.data() + static_cast<Index>(i) * width);
    std::fill_n(mask.data() + static_cast<Index>(i) * width, texts_[i].size(), 1);
  }
  NamedTensors inputs;
  inputs.emplace("input_ids", std::move(ids));
  inputs.emplace("attention_mask", std::move(mask));
  const NamedTensors padded = model.forward(inputs);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto length = static_cast<Index>(texts_[i].size());
    NamedTensors one;
    one.emplace("input_ids", integers(Shape{1, length}, {texts_[i].begin(), texts_[i].end()}));
    for (const auto& [name, output] : model.forward(one)) {
      const auto& alone = std::get<Tensor<float>>(output);
      const auto& all = std::get<Tensor<float>>(padded.at(name));
      const Index stride = all.count() / batch;
      const std::span<const float> row(all.data() + static_cast<Index>(i) * stride, static_cast<std::size_t>(stride));
      const auto used = static_cast<std::size_t>(alone.count());
      EXPECT_TRUE(same_bits(row.first(used), {alone.data(), used})) << name << " of sequence " << i;
      for (const float value : row.subspan(used)) EXPECT_EQ(value, 0) << "a masked row of " << name;
    }
  }
}

TEST_P(EncoderProperties, ARowOfPaddingOnlyIsZero) {
  EncoderModel model(encoder_, workspace_);
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{2, 3}, {7, 8, 9, 7, 8, 9}));
  inputs.emplace("attention_mask", integers(Shape{2, 3}, {0, 0, 0, 1, 1, 1}));
  for (const auto& [name, output] : model.forward(inputs)) {
    const auto& tensor = std::get<Tensor<float>>(output);
    for (Index i = 0; i < tensor.count() / 2; ++i) EXPECT_EQ(tensor.data()[i], 0) << name;
    EXPECT_NE(tensor.data()[tensor.count() / 2], 0) << name;
  }
}

class EncoderIsas : public ::testing::TestWithParam<Isa> {};

TEST_P(EncoderIsas, EveryOneFollowsTheReference) {
  if (!has_isa(CpuFeatures::detect(), GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  for (const Golden& golden : read_manifest()) {
    const std::string chosen[] = {"bert/long",         "roberta/padding_inside", "mpnet/longer",
                                  "mpnet/holes",       "modernbert/holes",       "deberta_v3/long",
                                  "deberta_v3/holes",  "albert/plain",           "nomic_bert/long",
                                  "bert_bf16/plain",   "gguf/bert_q8_0/plain",   "gemma3_embedding/long",
                                  "llama_model/holes", "llama_reward_bf16/plain"};
    const bool wanted = std::any_of(std::begin(chosen), std::end(chosen),
                                    [&](const std::string& name) { return golden.name == "encoders/" + name; });
    if (!wanted) continue;
    SCOPED_TRACE(golden.name);
    EncoderModel model(open_encoder_at(golden.model), workspace_of(1, GetParam()));
    const NamedTensors found = model.forward(read_tensors(golden.inputs));
    for (const auto& [name, tensor] : read_tensors(golden.outputs)) {
      SCOPED_TRACE(name);
      expect_close(std::get<Tensor<float>>(found.at(name)), std::get<Tensor<float>>(tensor), golden.tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, EncoderIsas,
                         ::testing::Values(Isa::portable, Isa::neon_dot, Isa::neon_i8mm, Isa::avx2, Isa::avx512),
                         [](const auto& isa) { return std::string(name_of(isa.param)); });

INSTANTIATE_TEST_SUITE_P(
    Families, EncoderProperties,
    ::testing::Values(EncoderCase{"bert"}, EncoderCase{"bert_pre_training", 30}, EncoderCase{"bert_decoder", 30},
                      EncoderCase{"bert_answer", 30}, EncoderCase{"roberta"}, EncoderCase{"distilbert"},
                      EncoderCase{"albert"}, EncoderCase{"albert_pre_training", 30}, EncoderCase{"electra"},
                      EncoderCase{"electra_discriminator", 30}, EncoderCase{"mpnet", 150},
                      EncoderCase{"modernbert", 100}, EncoderCase{"modernbert_mean"}, EncoderCase{"nomic_bert"},
                      EncoderCase{"deberta_v3"}, EncoderCase{"deberta_v2_convolution", 30},
                      EncoderCase{"deberta_v2_masked_lm", 30}, EncoderCase{"gpt2_classification"},
                      EncoderCase{"llama_model"}, EncoderCase{"llama_bidirectional"},
                      EncoderCase{"mistral_classification"}, EncoderCase{"mistral_bidirectional"},
                      EncoderCase{"qwen2_model"}, EncoderCase{"qwen3_answer"}, EncoderCase{"gemma2_classification"},
                      EncoderCase{"gemma3_embedding", 100}, EncoderCase{"phi3_tokens"}, EncoderCase{"smollm3_model"}),
    case_name<EncoderCase>);

}  // namespace
}  // namespace headformer::testing
