#include <gtest/gtest.h>

#include <headformer/auto_encoder.hpp>
#include <headformer/core/thread_pool.hpp>
#include <headformer/pipelines/answer_scorer.hpp>
#include <headformer/pipelines/embedder.hpp>
#include <headformer/pipelines/mask_filler.hpp>
#include <headformer/pipelines/question_answerer.hpp>
#include <headformer/pipelines/reranker.hpp>
#include <headformer/pipelines/text_classifier.hpp>
#include <headformer/pipelines/token_tagger.hpp>
#include <headformer/pipelines/zero_shot_classifier.hpp>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

// What the pipelines promise beside the reference's answers (which tests/pipelines_door_test.cpp compares).
namespace headformer::testing {
namespace {

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/pipelines" / name;
}

PipelineOptions threads(int count) {
  PipelineOptions options;
  options.threads = count;
  return options;
}

/// What `body` throws is an Expected that mentions these.
template <class Expected, class Body>
void expect_error(Body&& body, const std::vector<std::string>& mentions) {
  expect_mentions(message_of<Expected>(body), mentions);
}

constexpr std::string_view no_utf8 = "ab\xFF";
const std::vector<std::string_view> texts = {"A quick brown fox", no_utf8, "", "x y z", "one two three four five six"};

TEST(Embedder, AVectorsBitsDependOnNothingElse) {
  const Embedder one(golden("embed_mean"), threads(1));
  const Embedder two(golden("embed_mean"), threads(2));
  const auto vectors = one.embed(texts);
  const auto same = two.embed(texts);
  ASSERT_EQ(vectors.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(static_cast<bool>(vectors[i]), i != 1);
    if (i == 1) {
      expect_mentions(vectors[i].error(), {"UTF-8", "2"});
      continue;
    }
    EXPECT_EQ(vectors[i].value().values, same[i].value().values);
    EXPECT_EQ(vectors[i].value().values, one.embed(texts[i]));
  }
  EXPECT_THROW(one.embed(no_utf8), ArgumentError);
}

TEST(Embedder, LongTextsAreCutAndSaySo) {
  const Embedder embedder(golden("embed_mean"), threads(2));
  EXPECT_EQ(embedder.max_length(), 20);  // sentence_bert_config.json's, not the 48 positions
  std::string words;
  for (int i = 0; i < 100; ++i) words += "one ";
  const std::string longer = words + "and more";
  const std::vector<std::string_view> both = {words, longer, "one"};
  const auto vectors = embedder.embed(both);
  EXPECT_TRUE(vectors[0].value().truncated);
  EXPECT_EQ(vectors[0].value().values, vectors[1].value().values);
  EXPECT_FALSE(vectors[2].value().truncated);

  PipelineOptions options = threads(1);
  options.max_length = 4;
  EXPECT_EQ(Embedder(golden("embed_mean"), options).max_length(), 4);
  options.max_length = 400;
  EXPECT_EQ(Embedder(golden("embed_mean"), options).max_length(), 20);
}

TEST(Embedder, TenMegabytesAreReadLikeAnyText) {
  const Embedder embedder(golden("embed_mean"), threads(2));
  std::string text;
  while (text.size() < 10'000'000) text += "one two three ";
  const std::string_view view = text;
  const auto vectors = embedder.embed(std::span(&view, 1));
  EXPECT_TRUE(vectors.front().value().truncated);
  EXPECT_EQ(vectors.front().value().values, embedder.embed(view.substr(0, 1400)));
}

TEST(Embedder, WrongArgumentsAreNamed) {
  const Embedder embedder(golden("embed_modes"), threads(1));
  EXPECT_EQ(embedder.width(), 12);
  EXPECT_EQ(embedder.prompt_names(), (std::vector<std::string>{"document", "query", "task"}));
  EmbedOptions options;
  options.prompt_name = "passage";
  expect_error<ArgumentError>([&] { embedder.embed("a", options); }, {"document, query, task", "passage"});
  options = {};
  options.dimensions = 17;
  expect_error<ArgumentError>([&] { embedder.embed("a", options); }, {"dimensions", "1 to 16", "17"});
  const std::vector<float> shorter(3);
  expect_error<ArgumentError>([&] { (void)embedder.similarity(embedder.embed("a"), shorter); }, {"12", "3"});
}

TEST(Embedder, ThePackedCacheIsTheEncoders) {
  const TemporaryFolder folder;
  LoadOptions load;
  load.packed_cache = folder / "encoder";
  open_base_encoder(Checkpoint::open(golden("embed_modes")), load);
  PipelineOptions options = threads(1);
  options.load.packed_cache = folder / "embedder";
  const Embedder embedder(golden("embed_modes"), options);  // has matrices behind its encoder
  EXPECT_EQ(read_file(folder / "embedder"), read_file(folder / "encoder"));
}

TEST(Embedder, CancellationEndsABatch) {
  PipelineOptions options = threads(1);
  const Embedder embedder(golden("embed_mean"), options);
  options.cancellation.cancel();
  EXPECT_THROW(embedder.embed("a"), CancelledError);
}

TEST(Pipelines, AClassOfAnotherTaskIsRefused) {
  const std::vector<std::string> mentions = {"answer", "architectures", "BertForQuestionAnswering"};
  const auto path = golden("answer");
  expect_error<ConfigError>([&] { TextClassifier(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { ZeroShotClassifier(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { Reranker(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { MaskFiller(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { TokenTagger(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { QuestionAnswerer(golden("tag"), threads(1)); },
                            {"tag", "BertForTokenClassification"});
  expect_error<ConfigError>([&] { AnswerScorer(path, threads(1)); }, mentions);
  expect_error<ConfigError>([&] { Reranker(golden("classify"), threads(1)); }, {"one label", "3"});
  expect_error<ConfigError>([&] { AnswerScorer(golden("classify_decoder"), threads(1)); }, {"one label", "3"});
  expect_error<ConfigError>([&] { ZeroShotClassifier(golden("classify"), threads(1)); }, {"id2label", "entail"});
}

TEST(Pipelines, ABadItemStopsNoOther) {
  const TextClassifier classifier(golden("classify"), threads(2));
  const std::vector<TextPair> pairs = {{"good", {}}, {no_utf8, {}}, {"a", no_utf8}, {"bad", {}}};
  const auto labels = classifier.classify(pairs);
  EXPECT_TRUE(labels[0] && !labels[1] && !labels[2] && labels[3]);
  EXPECT_EQ(labels[3].value().labels.size(), 3U);
  EXPECT_EQ(labels[3].value().labels.front().score, classifier.classify("bad").labels.front().score);

  const MaskFiller filler(golden("fill_mask"), threads(2));
  const std::vector<std::string_view> masked = {"a [MASK] b", "no mask", no_utf8, "[MASK]"};
  const auto fills = filler.fill(masked, 3);
  EXPECT_TRUE(fills[0] && !fills[1] && !fills[2] && fills[3]);
  expect_mentions(fills[1].error(), {"[MASK]", "none"});
  EXPECT_EQ(fills[0].value().front().size(), 3U);

  const QuestionAnswerer answerer(golden("answer"), threads(2));
  const std::vector<QuestionContext> questions = {{"who?", "a context"}, {"", "a context"}, {"who?", ""}};
  const auto answers = answerer.answer(questions);
  EXPECT_TRUE(answers[0] && !answers[1] && !answers[2]);

  const ZeroShotClassifier zero_shot(golden("zero_shot"), threads(2));
  const std::vector<std::string> chosen = {"a", "b"};
  const auto classes = zero_shot.classify(texts, chosen);
  EXPECT_TRUE(classes[0] && !classes[1] && classes[2]);
  expect_error<ArgumentError>([&] { zero_shot.classify(texts, {}); }, {"labels"});
  expect_error<ArgumentError>([&] { zero_shot.classify(texts, chosen, {.hypothesis = "none"}); }, {"{}", "none"});
}

TEST(AnswerScorer, ABadItemStopsNoOther) {
  const AnswerScorer scorer(golden("score_chat"), threads(2));
  EXPECT_TRUE(scorer.has_chat_template());
  const AnswersToScore good{{{"user", "how tall?"}}, {"very tall", "no idea", ""}};
  const std::vector<AnswersToScore> items = {
      good, {{{"user", std::string(no_utf8)}}, {"a"}}, {{{"user", "a"}}, {"b", std::string(no_utf8)}}, good, {{}, {}}};
  const auto scores = scorer.score(items);
  ASSERT_EQ(scores.size(), items.size());
  EXPECT_TRUE(scores[0] && !scores[1] && !scores[2] && scores[3] && scores[4]);
  expect_mentions(scores[2].error(), {"answers[1]", "UTF-8"});
  EXPECT_TRUE(scores[4].value().empty());
  const auto alone = AnswerScorer(golden("score_chat"), threads(1)).score(std::span(items).first(1));
  for (std::size_t i = 0; i < good.answers.size(); ++i) {
    EXPECT_EQ(scores[0].value()[i].index, i);
    EXPECT_EQ(scores[0].value()[i].score, scores[3].value()[i].score);
    EXPECT_EQ(scores[0].value()[i].score, alone[0].value()[i].score);
  }
}

TEST(AnswerScorer, TheBestOfSeveralComesFirst) {
  for (const char* const folder : {"score_chat", "score_pair"}) {
    SCOPED_TRACE(folder);
    const AnswerScorer scorer(golden(folder), threads(1));
    const std::vector<std::string_view> answers = {"It is tall.", "No.", "Wall Street!", "No."};
    const AnswersToScore item{{{"user", "how tall?"}}, {answers.begin(), answers.end()}};
    const auto scores = scorer.score(std::span(&item, 1))[0].value();
    const auto ranked = scorer.rank("how tall?", answers);
    ASSERT_EQ(ranked.size(), answers.size());
    for (std::size_t i = 0; i < ranked.size(); ++i) {
      EXPECT_EQ(ranked[i].score, scores[ranked[i].index].score);
      if (i == 0) continue;
      EXPECT_GE(ranked[i - 1].score, ranked[i].score);
      if (ranked[i - 1].score == ranked[i].score) {
        EXPECT_LT(ranked[i - 1].index, ranked[i].index);
      }
    }
    const std::vector<std::string_view> bad = {"a", no_utf8};
    expect_error<ArgumentError>([&] { (void)scorer.rank("how tall?", bad); }, {"answers[1]", "UTF-8"});
  }
}

TEST(AnswerScorer, ConversationsNeedATemplate) {
  const std::vector<ChatMessage> turns = {{"user", "how tall?"}, {"assistant", "what?"}, {"user", "the tower"}};
  const std::vector<AnswersToScore> items = {{turns, {"324 m"}}, {{{"user", "how tall?"}}, {"324 m"}}};
  const AnswerScorer pairs(golden("score_pair"), threads(1));
  EXPECT_FALSE(pairs.has_chat_template());
  const auto scores = pairs.score(items);
  EXPECT_TRUE(!scores[0] && scores[1]);
  expect_mentions(scores[0].error(), {"prompt", "chat template", "3 turns"});
  const AnswerScorer chats(golden("score_chat"), threads(1));
  EXPECT_NE(chats.rank(items[0]).front().score, chats.rank(items[1]).front().score);
}

TEST(AnswerScorer, WhatATemplateRefusesStopsNoOther) {
  const TemporaryFolder folder;
  std::filesystem::copy(golden("score_chat"), folder.path(), std::filesystem::copy_options::recursive);
  folder.write("chat_template.jinja",
               "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
               "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}");
  const AnswerScorer scorer(folder.path(), threads(1));
  const std::vector<AnswersToScore> items = {{{{"system", "be brief"}, {"user", "how tall?"}}, {"324 m"}},
                                             {{{"user", "how tall?"}}, {"324 m"}}};
  const auto scores = scorer.score(items);
  EXPECT_TRUE(!scores[0] && scores[1]);
  expect_mentions(scores[0].error(), {"raised", "no system here"});
}

TEST(AnswerScorer, LongAnswersAreCutAndSaySo) {
  for (const char* const folder : {"score_chat", "score_pair"}) {
    SCOPED_TRACE(folder);
    const AnswerScorer scorer(golden(folder), threads(1));
    std::string words;
    for (int i = 0; i < 100; ++i) words += "one ";
    const std::vector<std::string_view> answers = {words, "one"};
    for (const ScoredAnswer& answer : scorer.rank("count", answers)) EXPECT_EQ(answer.truncated, answer.index == 0);
  }
}

TEST(TokenTagger, OffsetsInBytesAndCharactersAreTheSamePlaces) {
  const TokenTagger tagger(golden("tag"), threads(1));
  const std::string text = "Ünïcödé, 東京 and Привет мир! 👩‍👩‍👧 went to Wall Street";
  const std::string_view view = text;
  TagOptions options;
  options.aggregation = TagAggregation::first;
  const auto characters = tagger.tag(std::span(&view, 1), options)[0].value().entities;
  options.offsets = OffsetUnit::bytes;
  const auto bytes = tagger.tag(std::span(&view, 1), options)[0].value().entities;
  ASSERT_FALSE(bytes.empty());
  ASSERT_EQ(bytes.size(), characters.size());
  const auto length = [&](std::uint32_t end) {
    return std::count_if(text.begin(), text.begin() + end, [](char c) { return (c & 0xC0) != 0x80; });
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(length(bytes[i].begin), characters[i].begin);
    EXPECT_EQ(length(bytes[i].end), characters[i].end);
  }
}

TEST(QuestionAnswerer, OptionsThatDoNotFitAreNamed) {
  const QuestionAnswerer answerer(golden("answer"), threads(1));
  const std::vector<QuestionContext> questions = {{"who?", "a context"}};
  expect_error<ArgumentError>([&] { answerer.answer(questions, {.max_length = 49}); }, {"max_length", "48", "49"});
  expect_error<ArgumentError>([&] { answerer.answer(questions, {.count = 0}); }, {"answers", "0"});
}

}  // namespace
}  // namespace headformer::testing
