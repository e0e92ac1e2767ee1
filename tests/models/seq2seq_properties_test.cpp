#include "models/seq2seq.hpp"

// A sequence's logits are the same bits however it and its source are computed: at once or step by step, in whatever
// company, on however many threads, padded or not.
namespace headformer::testing {
namespace {

class Seq2SeqProperties : public ::testing::TestWithParam<Seq2SeqCase> {
 protected:
  Seq2SeqProperties() : model_(open_seq2seq_of_goldens(GetParam().name)), workspace_(workspace_of()) {
    const Index longest = GetParam().longest;
    for (const Index length : {Index{1}, longest, Index{17}, longest - 3})
      sources_.push_back(random_ids(model_->encoder(), length, 100 + static_cast<unsigned>(length)));
    for (const Index length : {longest, Index{3}, longest - 2, Index{1}})
      targets_.push_back(random_ids(model_->encoder(), length, 200 + static_cast<unsigned>(length)));  // no padding
  }

  Tensor<float> alone(std::size_t i, const std::shared_ptr<Workspace>& workspace) const {
    return session_over(model_, workspace, sources_[i]).append_all(targets_[i]);
  }
  Tensor<float> alone(std::size_t i) const { return alone(i, workspace_); }

  std::shared_ptr<const SequenceToSequence> model_;
  std::shared_ptr<Workspace> workspace_;
  std::vector<std::vector<TokenId>> sources_;
  std::vector<std::vector<TokenId>> targets_;
};

TEST_P(Seq2SeqProperties, StepByStepGivesTheSameBits) {
  const Tensor<float> expected = alone(0);
  for (const std::size_t piece : {1U, 2U, 5U, 64U}) {
    Session session = session_over(model_, workspace_, sources_[0]);
    for (std::size_t begin = 0; begin < targets_[0].size(); begin += piece) {
      const std::size_t end = std::min(begin + piece, targets_[0].size());
      const auto last = session.append(std::span(targets_[0]).subspan(begin, end - begin));
      ASSERT_TRUE(same_bits(last, row_of(expected, static_cast<Index>(end) - 1))) << "pieces of " << piece;
    }
  }
}

TEST_P(Seq2SeqProperties, CompanyAndThreadsChangeNoBit) {
  for (const int threads : {1, 2, 3}) {
    const auto workspace = workspace_of(threads);
    std::vector<EncoderInput> inputs(sources_.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].ids = sources_[i];
    const std::vector<Source> together = model_->encode(*workspace, inputs);
    std::vector<SequenceState> states;
    Index rows = 0;
    for (std::size_t i = 0; i < together.size(); ++i) {
      states.push_back(model_->new_sequence(together[i]));
      rows += static_cast<Index>(targets_[i].size());
    }
    std::vector<SequenceInput> asked(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) {
      asked[i].state = &states[i];
      asked[i].ids = targets_[i];
      asked[i].logits = LogitRows::all;
    }
    Tensor<float> logits(Shape{rows, model_->config().decoder.vocabulary});
    model_->decoder().forward(*workspace, asked, logits);
    Index row = 0;
    for (std::size_t i = 0; i < states.size(); ++i) {
      const auto length = static_cast<Index>(targets_[i].size());
      EXPECT_TRUE(same_bits(rows_of(logits, row, row + length), rows_of(alone(i), 0, length)))
          << "sequence " << i << ", " << threads << " threads";
      row += length;
    }
  }
}

TEST_P(Seq2SeqProperties, AKeptEncoderOutputGivesTheSameSource) {
  EncoderInput input;
  input.ids = sources_[2];
  Tensor<float> hidden(Shape{input.rows(), model_->config().encoder.width});
  model_->encoder().encode(*workspace_, std::span(&input, 1), hidden);
  const Index length = input.rows();
  const Source source = model_->remember(*workspace_, hidden, std::span(&length, 1)).front();
  Session session(decoder_of(model_), workspace_, model_->new_sequence(source));
  EXPECT_TRUE(same_bits(session.append_all(targets_[2]), alone(2)));
}

TEST_P(Seq2SeqProperties, ForksAndTruncatedSequencesKeepTheirSource) {
  const Tensor<float> expected = alone(2);
  Session session = session_over(model_, workspace_, sources_[2]);
  const SequenceState* const source = session.state().source();
  EXPECT_EQ(session.state().bytes(), source->bytes());
  session.append(std::span(targets_[2]).first(9));
  EXPECT_GT(session.state().bytes(), source->bytes());
  Session fork = session.fork(5);
  EXPECT_EQ(fork.state().source(), source) << "a copy of the source";
  session.truncate(0);
  EXPECT_EQ(session.length(), 0);
  EXPECT_TRUE(same_bits(session.append(targets_[2]), row_of(expected, expected.size(0) - 1)));
  EXPECT_TRUE(same_bits(fork.append(std::span(targets_[2]).subspan(5)), row_of(expected, expected.size(0) - 1)));
}

TEST_P(Seq2SeqProperties, PaddingOnTheRightChangesNoBit) {
  Seq2SeqModel model(model_, workspace_);
  const auto batch = static_cast<Index>(sources_.size());
  const Index width = GetParam().longest;
  NamedTensors inputs;
  const auto add = [&](const char* ids_name, const char* mask_name, const std::vector<std::vector<TokenId>>& rows) {
    Tensor<std::int64_t> ids(Shape{batch, width});
    Tensor<std::int64_t> mask(Shape{batch, width});
    std::fill_n(ids.data(), ids.count(), model_->config().padding_id);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i].begin(), rows[i].end(), ids.data() + static_cast<Index>(i) * width);
      std::fill_n(mask.data() + static_cast<Index>(i) * width, rows[i].size(), 1);
    }
    inputs.emplace(ids_name, std::move(ids));
    inputs.emplace(mask_name, std::move(mask));
  };
  add("input_ids", "attention_mask", sources_);
  add("decoder_input_ids", "decoder_attention_mask", targets_);
  const NamedTensors padded = model.forward(inputs);
  const auto& logits = std::get<Tensor<float>>(padded.at("logits"));
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Tensor<float> expected = alone(i);
    const Index vocabulary = expected.size(1);
    const std::span<const float> row(logits.data() + static_cast<Index>(i) * width * vocabulary,
                                     static_cast<std::size_t>(width * vocabulary));
    const auto used = static_cast<std::size_t>(expected.count());
    EXPECT_TRUE(same_bits(row.first(used), rows_of(expected, 0, expected.size(0)))) << "sequence " << i;
    for (const float value : row.subspan(used)) ASSERT_EQ(value, 0) << "a masked row";
  }
}

TEST_P(Seq2SeqProperties, EveryCacheTypeIsCloseToF32) {
  const Tensor<float> expected = alone(1);
  for (const auto& [cache, tolerance] :
       {std::pair{DType::f16, 5e-3}, std::pair{DType::bf16, 5e-2}, std::pair{DType::q8_0, 1e-1}}) {
    SessionOptions options;
    options.cache = cache;
    const Tensor<float> found = session_over(model_, workspace_, sources_[1], options).append_all(targets_[1]);
    EXPECT_LT(relative_difference(found, expected), tolerance) << name_of(cache);
  }
}

TEST_P(Seq2SeqProperties, ARowOfPaddingOnlyIsZero) {
  Seq2SeqModel model(model_, workspace_);
  for (const char* masked : {"attention_mask", "decoder_attention_mask"}) {
    NamedTensors inputs;
    inputs.emplace("input_ids", integers(Shape{2, 3}, {7, 8, 9, 7, 8, 9}));
    inputs.emplace("decoder_input_ids", integers(Shape{2, 3}, {7, 8, 9, 7, 8, 9}));
    inputs.emplace(masked, integers(Shape{2, 3}, {0, 0, 0, 1, 1, 1}));
    const NamedTensors outputs = model.forward(inputs);
    const auto& logits = std::get<Tensor<float>>(outputs.at("logits"));
    for (Index i = 0; i < logits.count() / 2; ++i) ASSERT_EQ(logits.data()[i], 0) << masked;
    EXPECT_NE(logits.data()[logits.count() / 2], 0) << masked;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Seq2SeqProperties,
                         ::testing::Values(Seq2SeqCase{"bart"}, Seq2SeqCase{"mbart"}, Seq2SeqCase{"pegasus"},
                                           Seq2SeqCase{"marian_two_vocabularies", 30}, Seq2SeqCase{"m2m_100"},
                                           Seq2SeqCase{"blenderbot"}, Seq2SeqCase{"blenderbot_small"},
                                           Seq2SeqCase{"t5"}, Seq2SeqCase{"mt5"}, Seq2SeqCase{"umt5"}),
                         case_name<Seq2SeqCase>);

}  // namespace
}  // namespace headformer::testing
