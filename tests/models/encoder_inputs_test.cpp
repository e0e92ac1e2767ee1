#include "models/encoders.hpp"
#include "support/errors.hpp"

// What an encoder may be given, and what it refuses.
namespace headformer::testing {
namespace {

NamedTensors ids_of(const Shape& shape, const std::vector<std::int64_t>& values) {
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(shape, values));
  return inputs;
}

TEST(EncoderInputs, ThoseThatDoNotFitAreRefused) {
  struct Case {
    const char* golden;
    NamedTensors inputs;
    std::vector<std::string> mentions;
  };
  const Tensor<std::int64_t> ids = integers(Shape{1, 3}, {5, 6, 7});
  const auto with = [&](const char* name, Tensor<std::int64_t> tensor) {
    NamedTensors inputs = ids_of(ids.shape(), {5, 6, 7});
    inputs.emplace(name, std::move(tensor));
    return inputs;
  };
  Case table[] = {
      {"bert", ids_of(Shape{1, 2}, {5, 61}), {"input_ids", "0 to 60", "61"}},
      {"bert", ids_of(Shape{1, 2}, {5, -1}), {"input_ids", "-1"}},
      {"bert", ids_of(Shape{3}, {5, 6, 7}), {"input_ids", "[B, T]", "[3]"}},
      {"bert", ids_of(Shape{0, 3}, {}), {"input_ids", "[0, 3]"}},
      {"bert", with("token_type_ids", integers(Shape{1, 3}, {0, 1, 2})), {"token_type_ids", "0 to 1", "2"}},
      {"bert", with("token_type_ids", integers(Shape{1, 2}, {0, 1})), {"token_type_ids", "[1, 3]", "[1, 2]"}},
      {"bert", with("attention_mask", integers(Shape{3}, {1, 1, 1})), {"attention_mask", "[1, 3]", "[3]"}},
      {"bert", with("position_ids", integers(Shape{1, 3}, {0, 1, 128})), {"128 learned positions", "128"}},
      {"bert", with("labels", integers(Shape{1}, {1})), {"'labels'", "token_type_ids"}},
      {"gpt2_model", with("token_type_ids", integers(Shape{1, 3}, {0, 1, 1})), {"'token_type_ids'", "position_ids"}},
      {"gpt2_model", with("position_ids", integers(Shape{1, 3}, {0, 1, 80})), {"80 learned positions", "80"}},
      {"bert_classification", ids_of(Shape{1, 31}, std::vector<std::int64_t>(31, 7)), {"30 learned positions"}},
      {"roberta_classification", ids_of(Shape{1, 31}, std::vector<std::int64_t>(31, 7)), {"32 learned positions"}},
      {"bert_multiple_choice", ids_of(Shape{2, 3}, {5, 6, 7, 5, 6, 7}), {"input_ids", "[B, C, T]", "[2, 3]"}},
  };
  for (Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.mentions.front());
    EncoderModel model(open_encoder_of_goldens(item.golden), workspace_of());
    expect_mentions(message_of<ArgumentError>([&] { model.forward(item.inputs); }), item.mentions);
  }
}

TEST(EncoderInputs, ABatchWhoseEndsNobodyKnowsIsRefused) {
  // The reference's error where a classifier over a decoder has no padding id.
  const auto encoder = open_encoder_of_goldens("llama_reward_bf16");
  const auto workspace = workspace_of();
  EncoderModel model(encoder, workspace);
  expect_mentions(message_of<ArgumentError>([&] { model.forward(ids_of(Shape{2, 2}, {5, 6, 7, 8})); }),
                  {"input_ids", "1 row", "pad_token_id", "2"});
  EXPECT_NO_THROW(model.forward(ids_of(Shape{1, 2}, {5, 6})));
  // Without padding there is no question.
  EXPECT_NO_THROW(outputs_of(*encoder, *workspace, {{5, 6}, {7, 8, 9}}));
}

TEST(EncoderInputs, AClassifierOverADecoderLooksAtTheLastIdThatIsNoPadding) {
  const auto encoder = open_encoder_of_goldens("llama_classification");
  const auto workspace = workspace_of();
  ASSERT_EQ(encoder->config().padding_id, 0);
  const auto logits = [&](const std::vector<TokenId>& ids) {
    return std::move(outputs_of(*encoder, *workspace, {ids}).front());
  };
  EXPECT_TRUE(same_bits(logits({5, 6, 0, 0}), logits({5, 6})));
  EXPECT_FALSE(same_bits(logits({5, 0, 6}), logits({5, 6})));  // padding inside is seen
  EXPECT_TRUE(same_bits(logits({0, 0}), logits({0})));         // nothing but padding: the first row
  // Of embeddings nobody knows which are padding.
  EncoderInput input;
  const Tensor<float> rows = [&] {
    Tensor<float> x(Shape{3, encoder->config().width});
    for (Index n = 0; n < x.count(); ++n) x.data()[n] = static_cast<float>(n % 7) - 3;
    return x;
  }();
  Tensor<float> found(Shape{1, 3}), shorter(Shape{1, 3});
  const TensorView<float> whole_view = found, shorter_view = shorter;
  input.embeddings = rows.view();
  encoder->forward(*workspace, std::span(&input, 1), std::span(&whole_view, 1));
  input.embeddings = rows.view().slice_rows(0, 2);
  encoder->forward(*workspace, std::span(&input, 1), std::span(&shorter_view, 1));
  EXPECT_FALSE(same_bits(found, shorter));
}

TEST(EncoderInputs, RowsOfAnotherWidthAreRefused) {
  EncoderModel model(open_encoder_of_goldens("albert"), workspace_of());
  NamedTensors inputs;
  inputs.emplace("inputs_embeds", Tensor<float>(Shape{1, 2, 40}));
  expect_mentions(message_of<ArgumentError>([&] { model.forward(inputs); }), {"inputs_embeds", "rows of 20", "40"});
}

TEST(EncoderInputs, NegativeIdsInThePaddingAreNobodys) {
  EncoderModel model(open_encoder_of_goldens("bert"), workspace_of());
  NamedTensors inputs = ids_of(Shape{1, 3}, {5, 6, -100});
  inputs.emplace("attention_mask", integers(Shape{1, 3}, {1, 1, 0}));
  EXPECT_NO_THROW(model.forward(inputs));
}

TEST(EncoderInputs, TheGreatestPositionIsThatOfAllPositions) {
  const std::vector<std::vector<TokenId>> rows = {{5}, {1}, {1, 1}, {5, 6, 7}, {5, 1, 6, 1}, {1, 5}, {5, 1, 1, 1, 1}};
  for (const PositionNumbering rule : {PositionNumbering::columns, PositionNumbering::after_padding}) {
    const Numbering numbering{rule, 1};
    for (const std::vector<TokenId>& ids : rows) {
      const std::vector<std::int32_t> positions = numbering.positions(ids, static_cast<Index>(ids.size()));
      EXPECT_EQ(numbering.greatest(ids, static_cast<Index>(ids.size())),
                *std::max_element(positions.begin(), positions.end()));
    }
    EXPECT_EQ(numbering.greatest({}, 4), numbering.positions({}, 4).back()) << "of embeddings";
  }
}

TEST(EncoderInputs, TheTypedCallNumbersPositionsAsTheClassDoes) {
  // Ids in, hidden states out, without a door: the same bits.
  for (const char* const name : {"bert", "roberta", "mpnet", "modernbert"}) {
    SCOPED_TRACE(name);
    const auto encoder = open_encoder_of_goldens(name);
    const auto workspace = workspace_of();
    std::vector<TokenId> ids = random_ids(*encoder, 12, 3);
    ids[4] = encoder->config().padding_id;
    EncoderInput input;
    input.ids = ids;
    Tensor<float> hidden(Shape{12, encoder->config().width});
    encoder->encode(*workspace, std::span(&input, 1), hidden);
    const NamedTensors outputs =
        EncoderModel(encoder, workspace).forward(ids_of(Shape{1, 12}, {ids.begin(), ids.end()}));
    const auto& expected = std::get<Tensor<float>>(outputs.at("last_hidden_state"));
    EXPECT_TRUE(same_bits(rows_of(hidden, 0, 12), {expected.data(), static_cast<std::size_t>(expected.count())}));
    Tensor<float> narrow(Shape{12, 3});
    expect_mentions(message_of<ArgumentError>([&] { encoder->encode(*workspace, std::span(&input, 1), narrow); }),
                    {"hidden", "[12, 3]"});
  }
}

}  // namespace
}  // namespace headformer::testing
