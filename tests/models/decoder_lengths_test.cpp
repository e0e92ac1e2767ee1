#include "models/decoder_families.hpp"

// Rotary frequencies that depend on the sequence's own length: dynamic NTK and LongRoPE.
namespace headformer::testing {
namespace {

std::span<const TokenId> first(const std::vector<TokenId>& ids, Index count) {
  return std::span(ids).first(static_cast<std::size_t>(count));
}

/// Where the frequencies begin to change.
Index threshold_of(const CausalLanguageModel& model) {
  const RotaryConfig& rotary = model.config().layers.front().attention.rotary;
  return rotary.scaling == RotaryScaling::dynamic ? rotary.maximum_positions : rotary.original_maximum_positions;
}

class LengthDependent : public ::testing::TestWithParam<DecoderCase> {
 protected:
  std::shared_ptr<const CausalLanguageModel> model_ = open_decoder(GetParam().path);
  std::shared_ptr<Workspace> workspace_ = workspace_of();
  Index threshold_ = threshold_of(*model_);
  std::vector<TokenId> ids_ = random_ids(*model_, GetParam().prompt);
};

TEST_P(LengthDependent, UpToTheThresholdStepsEqualPrefill) {
  ASSERT_TRUE(model_->config().layers.front().attention.rotary.depends_on_length());
  const Tensor<float> expected = logits_of(model_, first(ids_, threshold_), workspace_);
  Session session(model_, workspace_);
  for (Index i = 0; i < threshold_; ++i) {
    ASSERT_TRUE(same_bits(session.append(std::span(&ids_[static_cast<std::size_t>(i)], 1)), row_of(expected, i))) << i;
  }
}

TEST_P(LengthDependent, ALongPromptHasOneLengthInWhateverPiecesItIsComputed) {
  const Tensor<float> expected = logits_of(model_, ids_, workspace_);
  for (const Index rows : {Index{3}, threshold_, threshold_ + 1}) {
    SessionOptions options;
    options.rows = rows;
    EXPECT_TRUE(same_bits(logits_of(model_, ids_, workspace_, options), expected)) << "pieces of " << rows;
  }
  const Tensor<float> shorter = logits_of(model_, first(ids_, threshold_), workspace_);
  EXPECT_FALSE(same_bits(rows_of(expected, 0, threshold_), rows_of(shorter, 0, threshold_)))
      << "the prompt is not long enough for the frequencies to change";
}

TEST_P(LengthDependent, EachSequenceOfABatchHasItsOwnLength) {
  const Index lengths[] = {threshold_ - 2, GetParam().prompt, threshold_ + 1, threshold_};
  std::vector<SequenceState> states;
  std::vector<SequenceInput> inputs;
  Index rows = 0;
  states.reserve(std::size(lengths));
  for (const Index length : lengths) {
    states.push_back(model_->new_sequence());
    inputs.push_back({&states.back(), first(ids_, length), {}, {}, LogitRows::all, {}});
    rows += length;
  }
  Tensor<float> logits(Shape{rows, model_->config().vocabulary});
  model_->forward(*workspace_, inputs, logits);
  Index row = 0;
  for (const Index length : lengths) {
    const Tensor<float> alone = logits_of(model_, first(ids_, length), workspace_);
    EXPECT_TRUE(same_bits(rows_of(logits, row, row + length), rows_of(alone, 0, length))) << "length " << length;
    row += length;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, LengthDependent,
                         ::testing::Values(DecoderCase{"llama_dynamic", "decoders/llama_dynamic", 40},
                                           DecoderCase{"phi3_longrope", "decoders/phi3_longrope", 40},
                                           DecoderCase{"phi4_mini", "decoders/phi4_mini", 90},
                                           DecoderCase{"gguf_phi3_longrope", "gguf/phi3_longrope/phi3_longrope.gguf",
                                                       90}),
                         case_name<DecoderCase>);

/// Phi-3 computes its cache again when the factors change, so a session's logits are those of a prefill everywhere.
class LongRope : public LengthDependent {};

TEST_P(LongRope, StepsAcrossTheThresholdEqualPrefillOfTheirLength) {
  Session session(model_, workspace_);
  for (Index i = 0; i < GetParam().prompt; ++i) {
    const std::span<const float> last = session.append(std::span(&ids_[static_cast<std::size_t>(i)], 1));
    const Tensor<float> expected = logits_of(model_, first(ids_, i + 1), workspace_);
    ASSERT_TRUE(same_bits(last, row_of(expected, i))) << "length " << i + 1 << ", threshold " << threshold_;
  }
}

TEST_P(LongRope, GoingBackBelowTheThresholdIsNeverHavingPassedIt) {
  for (const Index back : {Index{1}, threshold_ - 2, threshold_ - 1}) {
    Session session(model_, workspace_);
    session.append(ids_);
    session.truncate(back);
    const std::size_t at = static_cast<std::size_t>(back);
    const Tensor<float> expected = logits_of(model_, first(ids_, back + 1), workspace_);
    EXPECT_TRUE(same_bits(session.append(std::span(&ids_[at], 1)), row_of(expected, back))) << "back to " << back;
    Session fork = session.fork();  // a fork knows what its cache was rotated for
    const std::vector<TokenId> more(ids_.begin() + back + 1, ids_.end());
    const Tensor<float> whole = logits_of(model_, ids_, workspace_);
    EXPECT_TRUE(same_bits(fork.append(more), row_of(whole, GetParam().prompt - 1))) << "and on again from " << back;
    EXPECT_EQ(fork.length(), GetParam().prompt);
    EXPECT_EQ(session.length(), back + 1);
  }
}

TEST_P(LongRope, AWrongIdAtTheThresholdChangesNothing) {
  Session session(model_, workspace_);
  session.append(first(ids_, threshold_));
  const TokenId outside[] = {-1};
  EXPECT_THROW(session.append(outside), ArgumentError);
  ASSERT_EQ(session.length(), threshold_);
  const Tensor<float> expected = logits_of(model_, first(ids_, threshold_ + 1), workspace_);
  const TokenId next[] = {ids_[static_cast<std::size_t>(threshold_)]};
  EXPECT_TRUE(same_bits(session.append(next), row_of(expected, threshold_)));
}

TEST_P(LongRope, ALoadOfPiecesThatIsCancelledCanGoOn) {
  SessionOptions options;
  options.rows = 10;
  Session session(model_, workspace_, options);
  session.progress = [&](const Progress& progress) {
    if (progress.done >= 20) session.cancellation.cancel();
  };
  EXPECT_THROW(session.append(ids_), CancelledError);
  ASSERT_EQ(session.length(), 20) << "the pieces that were done";
  session.cancellation.reset();
  session.progress = nullptr;
  session.append(std::span(ids_).subspan(20));
  session.truncate(4);
  const Tensor<float> expected = logits_of(model_, first(ids_, 6), workspace_);
  EXPECT_TRUE(same_bits(session.append(std::span(ids_).subspan(4, 2)), row_of(expected, 5)));
}

INSTANTIATE_TEST_SUITE_P(Phi3, LongRope,
                         ::testing::Values(DecoderCase{"phi3_longrope", "decoders/phi3_longrope", 40},
                                           DecoderCase{"phi4_mini", "decoders/phi4_mini", 70},
                                           DecoderCase{"gguf_phi4_mini", "gguf/phi4_mini/phi4_mini.gguf", 70}),
                         case_name<DecoderCase>);

TEST(DynamicScaling, PastTheThresholdCachedKeysKeepTheirRotation) {
  // As in the reference: a step past the threshold is rotated for the new length, the keys before it are not.
  const auto model = open_decoder("decoders/llama_dynamic");
  const auto workspace = workspace_of();
  const Index threshold = threshold_of(*model);
  const std::vector<TokenId> ids = random_ids(*model, threshold + 6);
  Session one_by_one(model, workspace);
  Session in_two(model, workspace);
  std::vector<float> last;
  for (const TokenId id : ids) {
    const auto logits = one_by_one.append(std::span(&id, 1));
    last.assign(logits.begin(), logits.end());
  }
  in_two.append(first(ids, threshold));
  in_two.append(std::span(ids).subspan(static_cast<std::size_t>(threshold), 6));
  const Tensor<float> prefill = logits_of(model, ids, workspace);
  EXPECT_FALSE(same_bits(last, row_of(prefill, threshold + 5)));
  Session again(model, workspace);  // the same steps give the same bits
  std::vector<float> repeated;
  for (const TokenId id : ids) {
    const auto logits = again.append(std::span(&id, 1));
    repeated.assign(logits.begin(), logits.end());
  }
  EXPECT_TRUE(same_bits(repeated, last));
}

}  // namespace
}  // namespace headformer::testing
