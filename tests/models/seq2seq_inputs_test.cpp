#include "models/seq2seq.hpp"
#include "support/errors.hpp"

// What the door and the typed interface of an encoder-decoder refuse.
namespace headformer::testing {
namespace {

template <class Expected, class Body>
void expect_error(Body&& body, const std::vector<std::string>& parts) {
  expect_mentions(message_of<Expected>(std::forward<Body>(body)), parts);
}

class Seq2SeqInputs : public ::testing::Test {
 protected:
  NamedTensors forward(const std::string& name, const NamedTensors& inputs) {
    return Seq2SeqModel(open_seq2seq_of_goldens(name), workspace_).forward(inputs);
  }
  static NamedTensors sides(std::initializer_list<const char*> names) {
    NamedTensors inputs;
    for (const char* name : names) inputs.emplace(name, integers(Shape{1, 3}, {7, 8, 9}));
    return inputs;
  }

  std::shared_ptr<Workspace> workspace_ = workspace_of();
};

TEST_F(Seq2SeqInputs, TheDoorNamesWhatIsMissingUnknownOrOfAnotherShape) {
  expect_error<ArgumentError>([&] { forward("pegasus", sides({"input_ids"})); },
                              {"decoder_input_ids", "decoder_inputs_embeds", "neither"});
  expect_error<ArgumentError>([&] { forward("bart", sides({"decoder_input_ids"})); }, {"input_ids", "neither"});
  expect_error<ArgumentError>([&] { forward("bart", sides({"input_ids", "position_ids"})); },
                              {"'position_ids'", "unknown"});
  NamedTensors inputs = sides({"input_ids"});
  inputs.emplace("decoder_input_ids", integers(Shape{2, 1}, {1, 1}));
  expect_error<ArgumentError>([&] { forward("bart", inputs); }, {"decoder inputs", "1 rows", "found 2"});
  inputs = sides({"input_ids", "decoder_input_ids"});
  inputs.emplace("decoder_attention_mask", integers(Shape{1, 2}, {1, 1}));
  expect_error<ArgumentError>([&] { forward("bart", inputs); }, {"decoder_attention_mask", "[1, 3]", "[1, 2]"});
  inputs = sides({"input_ids"});
  inputs.emplace("decoder_input_ids", integers(Shape{1, 1}, {97}));
  expect_error<ArgumentError>([&] { forward("bart", inputs); }, {"0 to 96", "97"});
}

TEST_F(Seq2SeqInputs, AClassifierWantsTheEndOfItsSource) {
  expect_error<ArgumentError>([&] { forward("bart_classification", sides({"input_ids"})); }, {"end id 2", "row"});
}

TEST_F(Seq2SeqInputs, ASequenceNeedsASourceOfItsModel) {
  const auto model = open_seq2seq_of_goldens("bart");
  Session session(decoder_of(model), workspace_);
  expect_error<ArgumentError>([&] { session.append(std::vector<TokenId>{2}); }, {"source", "none"});
  EXPECT_EQ(session.length(), 0);
  const std::shared_ptr<const SequenceToSequence> base = open_seq2seq_of_goldens("bart_base");
  EncoderInput input;
  const std::vector<TokenId> ids{7, 8};
  input.ids = ids;
  SequenceState state = base->new_sequence(base->encode(*workspace_, input));
  SequenceInput asked;
  asked.state = &state;
  asked.ids = ids;
  Tensor<float> logits(Shape{1, base->config().decoder.vocabulary});
  expect_error<ArgumentError>([&] { base->decoder().forward(*workspace_, std::span(&asked, 1), logits); },
                              {"logits", "head over the vocabulary"});
}

TEST_F(Seq2SeqInputs, ASourceHasRowsOfTheModelsWidth) {
  const auto model = open_seq2seq_of_goldens("bart");
  const Tensor<float> hidden(Shape{3, 5});
  const std::vector<Index> lengths{3};
  expect_error<ArgumentError>([&] { model->remember(*workspace_, hidden, lengths); }, {"source", "[3, 36]", "[3, 5]"});
  expect_error<ArgumentError>([&] { model->remember(*workspace_, hidden, std::vector<Index>{0}); }, {"source", "0"});
  expect_error<ArgumentError>([&] { model->encode(*workspace_, EncoderInput{}); }, {"input_ids", "none"});
}

}  // namespace
}  // namespace headformer::testing
