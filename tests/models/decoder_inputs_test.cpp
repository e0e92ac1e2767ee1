#include "models/decoder_families.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

// What a decoder may be given in place of ids, and what it refuses.
namespace headformer::testing {
namespace {

struct EmbeddingCase {
  std::string name;
  std::string path;
  std::string tensor;
};
std::ostream& operator<<(std::ostream& out, const EmbeddingCase& c) { return out << c.name; }

class DecoderEmbeddings : public ::testing::TestWithParam<EmbeddingCase> {};

TEST_P(DecoderEmbeddings, RowsOfTheTableEqualTheirIds) {
  const auto model = open_decoder(GetParam().path);
  const auto workspace = workspace_of();
  const SmallCheckpoint checkpoint = SmallCheckpoint::read(goldens() / GetParam().path);
  const std::vector<float> table = checkpoint.tensors.at(GetParam().tensor).floats();
  const std::vector<TokenId> ids = random_ids(*model, 70);
  const Index width = model->config().width;
  Tensor<float> rows(Shape{70, width});
  for (Index i = 0; i < 70; ++i) {
    const Index row = ids[static_cast<std::size_t>(i)];
    for (Index c = 0; c < width; ++c) {
      rows.data()[i * width + c] = table[static_cast<std::size_t>(row * width + c)] * model->config().embedding_scale;
    }
  }
  Session by_ids(model, workspace);
  Session by_rows(model, workspace);
  for (const auto& [begin, end] : {std::pair<Index, Index>{0, 65}, {65, 66}, {66, 70}}) {
    const auto count = static_cast<std::size_t>(end - begin);
    const auto expected = by_ids.append(std::span(ids).subspan(static_cast<std::size_t>(begin), count));
    const auto found = by_rows.append(rows.view().slice_rows(begin, end));
    EXPECT_TRUE(same_bits(found, expected)) << "rows " << begin << " to " << end;
  }
  NamedTensors by_name;
  Tensor<float> batch(Shape{1, 70, width});
  std::copy_n(rows.data(), rows.count(), batch.data());
  by_name.emplace("inputs_embeds", std::move(batch));
  const NamedTensors outputs = CausalLmModel(model, workspace).forward(by_name);
  const Tensor<float> all = logits_of(model, ids, workspace);
  const auto& logits = std::get<Tensor<float>>(outputs.at("logits"));
  ASSERT_EQ(logits.shape(), (Shape{1, 70, model->config().vocabulary}));
  EXPECT_TRUE(same_bits({logits.data(), static_cast<std::size_t>(logits.count())}, rows_of(all, 0, 70))) << "by name";
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderEmbeddings,
                         ::testing::Values(EmbeddingCase{"gpt2", "decoders/gpt2", "transformer.wte.weight"},
                                           EmbeddingCase{"llama_grouped", "decoders/llama_grouped",
                                                         "model.embed_tokens.weight"},
                                           EmbeddingCase{"gemma2", "decoders/gemma2", "model.embed_tokens.weight"}),
                         case_name<EmbeddingCase>);

TEST(DecoderInputs, GivenPositionsMoveTheWholeSequence) {
  // Rotary attention sees distances: all positions moved by the same amount change little, a gap changes much.
  const auto model = open_decoder("decoders/llama_grouped");
  const auto workspace = workspace_of();
  const std::vector<TokenId> ids = random_ids(*model, 30);
  const auto run = [&](std::vector<std::int32_t> positions) {
    SequenceState state = model->new_sequence();
    SequenceInput input{&state, ids, {}, positions, LogitRows::all, {}};
    Tensor<float> logits(Shape{30, model->config().vocabulary});
    model->forward(*workspace, std::span(&input, 1), logits);
    return logits;
  };
  std::vector<std::int32_t> counted(30);
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i] = static_cast<std::int32_t>(i);
  std::vector<std::int32_t> moved = counted;
  for (std::int32_t& position : moved) position += 1000;
  std::vector<std::int32_t> gap = counted;
  for (std::size_t i = 15; i < gap.size(); ++i) gap[i] += 7;
  const Tensor<float> expected = logits_of(model, ids, workspace);
  EXPECT_TRUE(same_bits(run(counted), expected)) << "positions as they are counted without any";
  EXPECT_LT(relative_difference(run(moved), expected), 1e-4);
  EXPECT_GT(relative_difference(run(gap), expected), 1e-2);
}

TEST(DecoderInputs, WhatDoesNotFitIsRefusedAndNothingChanges) {
  const auto model = open_decoder("decoders/gpt2");
  const auto workspace = workspace_of();
  const Index vocabulary = model->config().vocabulary;
  const std::vector<TokenId> ids = random_ids(*model, 4);
  SequenceState state = model->new_sequence();
  Tensor<float> logits(Shape{4, vocabulary});
  Tensor<float> narrow(Shape{4, model->config().width - 1});
  const std::vector<std::int32_t> short_positions = {0, 1};
  const std::vector<std::int32_t> negative = {0, 1, -1, 2};
  const std::vector<std::int32_t> past = {0, 1, 2, 72};
  const std::vector<float> bias = {0, 0};
  const TokenId outside[] = {0, 1, 151, 2};
  const TokenId below[] = {0, 1, 2, -5};

  struct Refused {
    const char* name;
    SequenceInput input;
    std::vector<std::string> mentions;
  };
  SequenceInput good{&state, ids, {}, {}, LogitRows::all, {}};
  const auto with = [&](auto change) {
    SequenceInput input = good;
    change(input);
    return input;
  };
  const Refused table[] = {
      {"an id past the vocabulary", with([&](SequenceInput& i) { i.ids = outside; }), {"input_ids", "150", "151"}},
      {"a negative id", with([&](SequenceInput& i) { i.ids = below; }), {"input_ids", "-5"}},
      {"too few positions", with([&](SequenceInput& i) { i.positions = short_positions; }), {"position_ids", "4", "2"}},
      {"a negative position", with([&](SequenceInput& i) { i.positions = negative; }), {"position_ids", "-1"}},
      {"a position past the table",
       with([&](SequenceInput& i) { i.positions = past; }),
       {"72 learned positions", "72"}},
      {"too few key biases", with([&](SequenceInput& i) { i.key_bias = bias; }), {"key bias", "4", "2"}},
      {"rows of another width",
       with([&](SequenceInput& i) { i.ids = {}, i.embeddings = narrow.view(); }),
       {"inputs_embeds", "72", "71"}},
  };
  for (const Refused& refused : table) {
    SCOPED_TRACE(refused.name);
    expect_mentions(
        message_of<ArgumentError>([&] { model->forward(*workspace, std::span(&refused.input, 1), logits); }),
        refused.mentions);
    EXPECT_EQ(state.length(), 0);
  }
  Tensor<float> few(Shape{3, vocabulary});
  expect_mentions(message_of<ArgumentError>([&] { model->forward(*workspace, std::span(&good, 1), few); }),
                  {"logits", "[4, 151]", "[3, 151]"});
  Session session(model, workspace);
  EXPECT_THROW(session.append(std::span<const TokenId>()), ArgumentError);
  EXPECT_THROW(session.append(TensorView<const float>()), ArgumentError);
  EXPECT_THROW(model->new_sequence(DType::q4_0), ArgumentError);
  SessionOptions no_rows;
  no_rows.rows = 0;
  EXPECT_THROW(Session(model, workspace, no_rows), ArgumentError);
  session.append(random_ids(*model, 72));
  expect_mentions(message_of<ArgumentError>([&] { session.append(ids); }), {"72 learned positions"});
  EXPECT_EQ(session.length(), 72);
}

TEST(DecoderInputs, NamedInputsThatDoNotFitAreNamed) {
  const auto model = open_decoder("decoders/llama_grouped");
  CausalLmModel by_name(model, workspace_of());
  const auto ids = [](const Shape& shape, std::int64_t value = 5) {
    Tensor<std::int64_t> tensor(shape);
    std::fill_n(tensor.data(), tensor.count(), value);
    return tensor;
  };
  struct Refused {
    const char* name;
    std::function<void(NamedTensors&)> fill;
    std::vector<std::string> mentions;
  };
  const Refused table[] = {
      {"nothing", [&](NamedTensors&) {}, {"input_ids", "inputs_embeds", "neither"}},
      {"both",
       [&](NamedTensors& t) {
         t.emplace("input_ids", ids({1, 3}));
         t.emplace("inputs_embeds", Tensor<float>(Shape{1, 3, 72}));
       },
       {"input_ids", "inputs_embeds", "both"}},
      {"an unknown name",
       [&](NamedTensors& t) {
         t.emplace("input_ids", ids({1, 3}));
         t.emplace("token_type_ids", ids({1, 3}));
       },
       {"token_type_ids", "input_ids", "attention_mask"}},
      {"ids as f32",
       [&](NamedTensors& t) { t.emplace("input_ids", Tensor<float>(Shape{1, 3})); },
       {"input_ids", "I64", "F32"}},
      {"ids without a batch",
       [&](NamedTensors& t) { t.emplace("input_ids", ids({3})); },
       {"input_ids", "[B, T]", "[3]"}},
      {"a mask of another shape",
       [&](NamedTensors& t) {
         t.emplace("input_ids", ids({2, 3}));
         t.emplace("attention_mask", ids({2, 4}, 1));
       },
       {"attention_mask", "[2, 3]", "[2, 4]"}},
      {"positions of another shape",
       [&](NamedTensors& t) {
         t.emplace("input_ids", ids({2, 3}));
         t.emplace("position_ids", ids({3, 3}, 1));
       },
       {"position_ids", "[2, 3]", "[3, 3]"}},
      {"a negative position",
       [&](NamedTensors& t) {
         t.emplace("input_ids", ids({1, 3}));
         t.emplace("position_ids", ids({1, 3}, -1));
       },
       {"position_ids", "-1"}},
      {"an id past int32",
       [&](NamedTensors& t) { t.emplace("input_ids", ids({1, 3}, std::int64_t{1} << 40)); },
       {"input_ids", "1099511627776"}},
      {"embeddings of another width",
       [&](NamedTensors& t) { t.emplace("inputs_embeds", Tensor<float>(Shape{1, 3, 71})); },
       {"inputs_embeds", "72", "71"}},
  };
  for (const Refused& refused : table) {
    SCOPED_TRACE(refused.name);
    NamedTensors inputs;
    refused.fill(inputs);
    expect_mentions(message_of<ArgumentError>([&] { by_name.forward(inputs); }), refused.mentions);
  }
}

TEST(DecoderInputs, MaskedRowsAreZeroAndARowOfPaddingIsAllowed) {
  const auto model = open_decoder("decoders/llama_grouped");
  CausalLmModel by_name(model, workspace_of());
  NamedTensors inputs;
  Tensor<std::int64_t> ids(Shape{2, 3});
  Tensor<std::int64_t> mask(Shape{2, 3});
  std::fill_n(ids.data(), 6, 7);
  ids.data()[0] = -100;  // under the mask anything may stand
  mask.data()[1] = mask.data()[2] = 1;
  inputs.emplace("input_ids", std::move(ids));
  inputs.emplace("attention_mask", std::move(mask));
  const NamedTensors outputs = by_name.forward(inputs);
  const auto& logits = std::get<Tensor<float>>(outputs.at("logits"));
  const Index columns = model->config().vocabulary;
  for (const Index row : {0, 3, 4, 5}) {
    EXPECT_TRUE(std::all_of(logits.data() + row * columns, logits.data() + (row + 1) * columns,
                            [](float value) { return value == 0.0F; }))
        << "row " << row;
  }
  EXPECT_NE(logits.data()[columns], 0.0F);
  const NamedTensors none = [] {
    NamedTensors tensors;
    tensors.emplace("input_ids", Tensor<std::int64_t>(Shape{1, 0}));
    return tensors;
  }();
  EXPECT_THROW(by_name.forward(none), ArgumentError) << "no columns at all are an error in the reference too";
}

}  // namespace
}  // namespace headformer::testing
