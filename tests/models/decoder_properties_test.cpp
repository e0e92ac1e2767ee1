#include "models/decoder_families.hpp"

// A sequence's logits are the same bits however it is computed: in which pieces, on how many threads, in which company,
// and whatever happened to the sequence before.
namespace headformer::testing {
namespace {

class DecoderProperties : public ::testing::TestWithParam<DecoderCase> {
 protected:
  DecoderProperties()
      : model_(open_decoder(GetParam().path)),
        workspace_(workspace_of()),
        ids_(random_ids(*model_, GetParam().prompt)) {
    const RotaryConfig& rotary = model_->config().layers.front().attention.rotary;
    // A longer prompt has other frequencies: rows before the threshold are those of another computation.
    if (rotary.depends_on_length()) first_ = rotary.original_maximum_positions;
  }

  std::span<const TokenId> ids(Index begin, Index end) const {
    return std::span(ids_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  }
  Session session() const { return Session(model_, workspace_); }
  Index count() const { return static_cast<Index>(ids_.size()); }
  Tensor<float> whole() const { return logits_of(model_, ids_, workspace_); }

  std::shared_ptr<const CausalLanguageModel> model_;
  std::shared_ptr<Workspace> workspace_;
  std::vector<TokenId> ids_;
  Index first_ = 0;  ///< rows from here on do not depend on what follows them
};

TEST_P(DecoderProperties, PiecesOfAnyLengthGiveTheSameBits) {
  const Tensor<float> expected = whole();
  for (const Index piece : {1, 2, 3, 4, 5, 6, 7, 64, 65}) {
    Session session = this->session();
    for (Index begin = 0; begin < count(); begin += piece) {
      const Index end = std::min(begin + piece, count());
      const std::span<const float> last = session.append(ids(begin, end));
      if (end <= first_) continue;
      ASSERT_TRUE(same_bits(last, row_of(expected, end - 1)))
          << "pieces of " << piece << ", after position " << end - 1;
    }
    ASSERT_EQ(session.length(), count());
  }
}

TEST_P(DecoderProperties, ASessionsOwnPiecesGiveTheSameBits) {
  const Tensor<float> expected = whole();
  for (const Index rows : {1, 5, 64, 100}) {
    SessionOptions options;
    options.rows = rows;
    EXPECT_TRUE(same_bits(logits_of(model_, ids_, workspace_, options), expected)) << "append_all, rows " << rows;
    Session session(model_, workspace_, options);
    EXPECT_TRUE(same_bits(session.append(ids_), row_of(expected, count() - 1))) << "append, rows " << rows;
  }
}

TEST_P(DecoderProperties, ThreadsGiveTheSameBits) {
  const Tensor<float> expected = whole();
  for (const int threads : {2, 3}) {
    const auto several = workspace_of(threads);
    EXPECT_TRUE(same_bits(logits_of(model_, ids_, several), expected)) << threads << " threads, prefill";
    Session session(model_, several);
    for (Index i = 0; i < count(); ++i) {
      const std::span<const float> last = session.append(ids(i, i + 1));
      if (i < first_) continue;
      ASSERT_TRUE(same_bits(last, row_of(expected, i))) << threads << " threads, step " << i;
    }
  }
}

TEST_P(DecoderProperties, CompanyInABatchGivesTheSameBits) {
  const Index lengths[] = {1, count(), 17, 65, 3};
  std::vector<std::vector<TokenId>> prompts;
  std::vector<SequenceState> states;
  std::vector<SequenceInput> inputs;
  Index rows = 0;
  for (const Index length : lengths) {
    prompts.push_back(random_ids(*model_, length, 100 + static_cast<unsigned>(length)));
    states.push_back(model_->new_sequence());
    rows += length;
  }
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    inputs.push_back({&states[i], prompts[i], {}, {}, LogitRows::all, {}});
  }
  Tensor<float> logits(Shape{rows, model_->config().vocabulary});
  model_->forward(*workspace_of(2), inputs, logits);
  Index row = 0;
  for (const std::vector<TokenId>& prompt : prompts) {
    const auto length = static_cast<Index>(prompt.size());
    const Tensor<float> alone = logits_of(model_, prompt, workspace_);
    EXPECT_TRUE(same_bits(rows_of(logits, row, row + length), rows_of(alone, 0, length))) << "prompt of " << length;
    row += length;
  }

  // One step more for three of them; one asks for no logits, one appends several ids.
  const Index room = model_->config().learned_positions;
  if (room > 0) return;  // the longest is at the end of the learned positions
  const std::vector<TokenId> next = random_ids(*model_, 5, 7);
  const std::span<const TokenId> some(next);
  std::vector<SequenceInput> step = {{&states[1], some.first(1), {}, {}, LogitRows::last, {}},
                                     {&states[2], some.first(1), {}, {}, LogitRows::none, {}},
                                     {&states[3], some, {}, {}, LogitRows::last, {}}};
  Tensor<float> step_logits(Shape{2, model_->config().vocabulary});
  model_->forward(*workspace_, step, step_logits);
  for (const Index i : {0, 1}) {
    std::vector<TokenId> all = prompts[i == 0 ? 1 : 3];
    all.insert(all.end(), next.begin(), i == 0 ? next.begin() + 1 : next.end());
    const Tensor<float> alone = logits_of(model_, all, workspace_);
    EXPECT_TRUE(same_bits(row_of(step_logits, i), row_of(alone, alone.size(0) - 1))) << "step of sequence " << i;
  }
}

TEST_P(DecoderProperties, AForkGoesItsOwnWay) {
  const Index at = std::min<Index>(first_ + 67, count() - 3);
  const Index last = count() - 1;
  Session parent = session();
  parent.append(ids(0, at));
  Session child = parent.fork();
  ASSERT_EQ(child.length(), at);

  std::vector<TokenId> other(ids_.begin(), ids_.begin() + at);
  const std::vector<TokenId> tail = random_ids(*model_, count() - at, 99);
  other.insert(other.end(), tail.begin(), tail.end());
  const Tensor<float> expected_parent = whole();
  const Tensor<float> expected_child = logits_of(model_, other, workspace_);
  // Step by step in turns, so that each would see what the other writes.
  for (Index i = at; i <= last; ++i) {
    const auto child_id = static_cast<std::size_t>(i);
    ASSERT_TRUE(same_bits(child.append(std::span(other).subspan(child_id, 1)), row_of(expected_child, i))) << i;
    ASSERT_TRUE(same_bits(parent.append(ids(i, i + 1)), row_of(expected_parent, i))) << i;
  }
}

TEST_P(DecoderProperties, AForkOfAnEarlierPositionIsThatSequence) {
  Session parent = session();
  parent.append(ids_);
  const Index back = count() - 5;  // within every window
  Session child = parent.fork(back);
  ASSERT_EQ(child.length(), back);
  const Tensor<float> expected = whole();
  EXPECT_TRUE(same_bits(child.append(ids(back, count())), row_of(expected, count() - 1)));
  EXPECT_EQ(parent.length(), count());
  if (model_->config().learned_positions > 0) return;
  const TokenId next[] = {3};
  std::vector<TokenId> all = ids_;
  all.push_back(3);
  EXPECT_TRUE(same_bits(parent.append(next), row_of(logits_of(model_, all, workspace_), count()))) << "the parent";
}

TEST_P(DecoderProperties, TruncatingIsNeverHavingGoneOn) {
  const Tensor<float> expected = whole();
  const Index back = std::max<Index>(count() - 6, first_);
  Session session = this->session();
  session.append(ids(0, back));
  session.append(random_ids(*model_, count() - back, 55));
  session.truncate(back);
  ASSERT_EQ(session.length(), back);
  for (Index i = back; i < count(); ++i) {
    ASSERT_TRUE(same_bits(session.append(ids(i, i + 1)), row_of(expected, i))) << "position " << i;
  }
  session.truncate(0);
  EXPECT_TRUE(same_bits(session.append(ids_), row_of(expected, count() - 1))) << "from the start";
}

TEST_P(DecoderProperties, GoingOnFromACommonBeginningIsComputingItAnew) {
  for (const Index common : {count() - 6, Index{70}, Index{3}, Index{0}}) {
    if (common > count() - 3) continue;
    SCOPED_TRACE("common " + std::to_string(common));
    std::vector<TokenId> other(ids_.begin(), ids_.begin() + common);
    const std::vector<TokenId> tail = random_ids(*model_, count() - common - 2, 77);
    other.insert(other.end(), tail.begin(), tail.end());
    if (common < count()) other[static_cast<std::size_t>(common)] = (ids_[static_cast<std::size_t>(common)] + 1) % 100;
    Session session = this->session();
    session.append(ids_);
    const Index held = session.keep_common(other);
    ASSERT_EQ(held, session.length());
    ASSERT_TRUE(held == common || held == 0) << held << ": all of it, or nothing where a window has passed it";
    if (common == count() - 6) {
      EXPECT_EQ(held, common) << "within every window";
    }
    const auto rest = std::span(other).subspan(static_cast<std::size_t>(held));
    EXPECT_TRUE(same_bits(session.append(rest), row_of(logits_of(model_, other, workspace_), count() - 3)));
  }
  Session session = this->session();
  session.append(ids_);
  EXPECT_EQ(session.keep_common(ids_), count() - 1) << "the last id is left, for its logits";
  EXPECT_EQ(session.keep_common({}), 0);
}

TEST_P(DecoderProperties, WhatMemoryHeldBeforeDoesNotShow) {
  const Tensor<float> expected = whole();
  {  // pages full of NaN go back to the pool that the next sequence takes its own from
    Session poisoned = session();
    Tensor<float> rows(Shape{count(), model_->config().width});
    std::fill_n(rows.data(), rows.count(), std::numeric_limits<float>::quiet_NaN());
    poisoned.append(rows.view());
  }
  EXPECT_TRUE(same_bits(whole(), expected)) << "at once";
  Session session = this->session();
  for (Index i = 0; i < count(); ++i) {
    const std::span<const float> last = session.append(ids(i, i + 1));
    if (i >= first_) {
      ASSERT_TRUE(same_bits(last, row_of(expected, i))) << "step " << i;
    }
  }
}

TEST_P(DecoderProperties, AFailedPassLeavesTheSequenceAsItWas) {
  Session session = this->session();
  const Index before = count() - 2;
  session.append(ids(0, before));
  const TokenId outside[] = {ids_[0], static_cast<TokenId>(model_->config().vocabulary)};
  EXPECT_THROW(session.append(outside), ArgumentError);
  ASSERT_EQ(session.length(), before);
  struct Stop {};
  const Observer observer = [](std::string_view name, TensorView<float>) {
    if (name == "layers.0") throw Stop();
  };
  SequenceState state = model_->new_sequence();
  SequenceInput input{&state, ids_, {}, {}, LogitRows::all, {}};
  Tensor<float> logits(Shape{count(), model_->config().vocabulary});
  EXPECT_THROW(model_->forward(*workspace_, std::span(&input, 1), logits, &observer), Stop);
  EXPECT_EQ(state.length(), 0);
  model_->forward(*workspace_, std::span(&input, 1), logits);
  const Tensor<float> expected = whole();
  EXPECT_TRUE(same_bits(logits, expected)) << "after a pass that an observer ended";
  EXPECT_TRUE(same_bits(session.append(ids(before, count())), row_of(expected, count() - 1))) << "after a wrong id";
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderProperties, ::testing::ValuesIn(decoder_cases()), case_name<DecoderCase>);

}  // namespace
}  // namespace headformer::testing
