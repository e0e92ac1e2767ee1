#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <headformer/core/thread_pool.hpp>
#include <headformer/pipelines/embedder.hpp>
#include <headformer/pipelines/multi_vector_embedder.hpp>
#include <nlohmann/json.hpp>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

// What embedders with a vector for each token promise beside the reference's numbers (which
// tests/pipelines_door_test.cpp compares).
namespace headformer::testing {
namespace {

using Json = nlohmann::json;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/pipelines" / name;
}

PipelineOptions threads(int count) {
  PipelineOptions options;
  options.threads = count;
  return options;
}

/// A golden's folder to break.
class Copy : public TemporaryFolder {
 public:
  explicit Copy(const std::string& name) {
    std::filesystem::copy(golden(name), path(), std::filesystem::copy_options::recursive);
  }
  Json read(const std::string& file) const { return Json::parse(read_file(path() / file)); }
  void set(const std::string& file, const std::string& key, const Json& value) const {
    Json json = read(file);
    json[key] = value;
    write(file, json.dump());
  }
  MultiVectorEmbedder open() const { return MultiVectorEmbedder(path(), threads(1)); }
  void expect_refused(const std::vector<std::string>& mentions) const {
    expect_mentions(message_of<ConfigError>([&] { open(); }), mentions);
  }
};

std::vector<float> values(const Tensor<float>& tensor) { return {tensor.data(), tensor.data() + tensor.count()}; }

constexpr TokenVectorOptions query{.role = TextRole::query};
constexpr TokenVectorOptions document{.role = TextRole::document};
constexpr std::string_view no_utf8 = "ab\xFF";
const std::vector<std::string_view> texts = {"A quick brown fox", no_utf8, "", "x, y. z!", "one two three four five"};

TEST(MultiVectorEmbedder, AVectorsBitsDependOnNothingElse) {
  for (const char* const folder : {"embed_colbert", "embed_colbert_min", "embed_pylate"}) {
    SCOPED_TRACE(folder);
    const MultiVectorEmbedder one(golden(folder), threads(1));
    const MultiVectorEmbedder two(golden(folder), threads(2));
    for (const TokenVectorOptions& options : {TokenVectorOptions{}, query, document}) {
      const auto vectors = one.embed(texts, options);
      const auto same = two.embed(texts, options);
      ASSERT_EQ(vectors.size(), texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        EXPECT_EQ(static_cast<bool>(vectors[i]), i != 1);
        if (i == 1) {
          expect_mentions(vectors[i].error(), {"UTF-8"});
          continue;
        }
        EXPECT_EQ(values(vectors[i].value().rows), values(same[i].value().rows));
        EXPECT_EQ(values(vectors[i].value().rows), values(one.embed(texts[i], options)));
      }
    }
    EXPECT_THROW(one.embed(no_utf8), ArgumentError);
    EXPECT_TRUE(one.embed(std::span<const std::string_view>()).empty());
  }
}

TEST(MultiVectorEmbedder, WhatFillsAQueryUpSeesItAndIsNotSeen) {
  const MultiVectorEmbedder embedder(golden("embed_colbert"), threads(1));
  EXPECT_EQ(embedder.width(), 8);
  const Tensor<float> filled = embedder.embed("A fox", query);
  const Tensor<float> bare = embedder.embed("A fox", {.prompt = "[Q] "});  // a plain text: nothing fills it up
  ASSERT_EQ(filled.size(0), 16);
  ASSERT_LT(bare.size(0), 16);
  for (Index i = 0; i < bare.count(); ++i) EXPECT_NEAR(filled.data()[i], bare.data()[i], 1e-5) << i;
  // What is seen changes the others.
  const MultiVectorEmbedder seen(golden("embed_stanford"), threads(1));
  const Tensor<float> with = seen.embed("A fox", query);
  const Tensor<float> without = seen.embed("A fox", {.prompt = "[unused0] "});
  float greatest = 0;
  for (Index i = 0; i < without.count(); ++i)
    greatest = std::max(greatest, std::abs(with.data()[i] - without.data()[i]));
  EXPECT_GT(greatest, 1e-2F);
}

TEST(MultiVectorEmbedder, LongTextsAreCutAndSaySo) {
  const auto lengths = [](const MultiVectorEmbedder& embedder) {
    return std::vector<Index>{embedder.max_length(), embedder.max_length(TextRole::query),
                              embedder.max_length(TextRole::document)};
  };
  EXPECT_EQ(lengths(MultiVectorEmbedder(golden("embed_colbert"), threads(1))), (std::vector<Index>{48, 16, 30}));
  EXPECT_EQ(lengths(MultiVectorEmbedder(golden("embed_colbert_min"), threads(1))), (std::vector<Index>{48, 24, 48}));
  EXPECT_EQ(lengths(MultiVectorEmbedder(golden("embed_pylate_first"), threads(1))), (std::vector<Index>{48, 12, 48}));
  PipelineOptions options = threads(1);
  options.max_length = 6;
  EXPECT_EQ(lengths(MultiVectorEmbedder(golden("embed_colbert"), options)), (std::vector<Index>{6, 16, 6}));
  EXPECT_EQ(lengths(MultiVectorEmbedder(golden("embed_colbert_min"), options)), (std::vector<Index>{6, 14, 6}));

  const MultiVectorEmbedder embedder(golden("embed_colbert"), threads(2));
  std::string words;
  while (words.size() < 100'000) words += "one two three ";
  const std::string longer = words + "and more";
  const std::vector<std::string_view> both = {words, longer, "one"};
  for (const TokenVectorOptions& role : {query, document}) {
    const auto vectors = embedder.embed(both, role);
    EXPECT_TRUE(vectors[0].value().truncated);
    EXPECT_EQ(values(vectors[0].value().rows), values(vectors[1].value().rows));
    EXPECT_FALSE(vectors[2].value().truncated);
  }
  for (const RankedDocument& found : embedder.rank("one", both)) EXPECT_EQ(found.truncated, found.index < 2);
}

TEST(MultiVectorEmbedder, SimilarityIsTheSumOfTheGreatestProducts) {
  const MultiVectorEmbedder sums(golden("embed_colbert"), threads(1));
  Tensor<float> a(Shape{2, 8}), b(Shape{3, 8});
  a.data()[0] = 1;                                   // (1, 0, ...)
  a.data()[8 + 1] = 2;                               // (0, 2, ...)
  b.data()[0] = -1;                                  // (-1, 0, ...)
  b.data()[8] = 0.5F, b.data()[8 + 1] = -3;          // (0.5, -3, ...)
  b.data()[16] = 0.25F, b.data()[16 + 1] = -0.125F;  // (0.25, -0.125, ...)
  EXPECT_EQ(sums.similarity(a, b), 0.5F + 2 * 0.0F) << "the second's greatest is 0, of the first document vector";
  b.data()[1] = -1;
  EXPECT_EQ(sums.similarity(a, b), 0.5F - 0.25F);
  const MultiVectorEmbedder means(golden("embed_colbert_min"), threads(1));
  EXPECT_EQ(means.width(), 6);
  EXPECT_EQ(means.similarity(a.view().slice_columns(0, 6), b.view().slice_columns(0, 6)), 0.125F);

  const Tensor<float> none(Shape{0, 8});
  EXPECT_EQ(sums.similarity(none, b), 0);
  EXPECT_EQ(sums.similarity(a, none), -1e9F);
  EXPECT_EQ(means.similarity(a.view().slice_columns(0, 6), Tensor<float>(Shape{0, 6})), -5e8F);
  expect_mentions(message_of<ArgumentError>([&] { (void)means.similarity(a, b); }), {"document", "6", "[3, 8]"});
  expect_mentions(message_of<ArgumentError>([&] { (void)sums.similarity(Tensor<float>(Shape{8}), b); }),
                  {"query", "8", "[8]"});

  const std::string_view question = "how tall?", answer = "very tall, no doubt";
  EXPECT_EQ(sums.similarity(question, answer),
            sums.similarity(sums.embed(question, query), sums.embed(answer, document)));
}

TEST(MultiVectorEmbedder, TheBestDocumentComesFirst) {
  const MultiVectorEmbedder embedder(golden("embed_pylate"), threads(2));
  const std::vector<std::string_view> documents = {"It is tall.", "No.", "", "Wall Street!", "No."};
  const auto ranked = embedder.rank("how tall?", documents);
  ASSERT_EQ(ranked.size(), documents.size());
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    EXPECT_EQ(ranked[i].score, embedder.similarity("how tall?", documents[ranked[i].index]));
    if (i == 0) continue;
    EXPECT_GE(ranked[i - 1].score, ranked[i].score);
    if (ranked[i - 1].score == ranked[i].score) {
      EXPECT_LT(ranked[i - 1].index, ranked[i].index);
    }
  }
  const std::vector<std::string_view> bad = {"a", no_utf8};
  EXPECT_THROW((void)embedder.rank("how tall?", bad), ArgumentError);
  EXPECT_THROW((void)embedder.rank(no_utf8, documents), ArgumentError);
  EXPECT_TRUE(embedder.rank("how tall?", {}).empty());
}

TEST(MultiVectorEmbedder, ATextOfWhichNothingCountsHasNoVectors) {
  const Copy folder("embed_colbert_min");
  folder.set("3_MultiVectorMask/config.json", "keep_only_token_ids", Json::array({500}));
  const MultiVectorEmbedder embedder = folder.open();
  EXPECT_TRUE(embedder.embed("a", document).shape() == (Shape{0, 6}));
  EXPECT_EQ(embedder.similarity("a", "a"), -1e9F / static_cast<float>(embedder.embed("a", query).size(0)));
}

TEST(MultiVectorEmbedder, PromptsAreChosenByNameRoleOrText) {
  const MultiVectorEmbedder embedder(golden("embed_colbert"), threads(1));
  EXPECT_EQ(embedder.prompt_names(), (std::vector<std::string>{"document", "query", "task"}));
  EXPECT_EQ(values(embedder.embed("a", {.prompt_name = "task"})), values(embedder.embed("compare: a")));
  expect_mentions(message_of<ArgumentError>([&] { embedder.embed("a", {.prompt_name = "passage"}); }),
                  {"prompt", "document, query, task", "passage"});
}

TEST(MultiVectorEmbedder, ReadsWhatIsMeantForIt) {
  for (const char* const folder : {"embed_colbert", "embed_pylate", "embed_pylate_first", "embed_stanford"}) {
    EXPECT_TRUE(MultiVectorEmbedder::reads(golden(folder))) << folder;
    expect_mentions(message_of<ConfigError>([&] { Embedder(golden(folder), threads(1)); }),
                    {folder, "one vector", "each token"});
  }
  for (const char* const folder : {"embed_mean", "embed_router", "embed_static", "rerank", "embed_gguf/model.gguf"}) {
    EXPECT_FALSE(MultiVectorEmbedder::reads(golden(folder))) << folder;
    expect_mentions(message_of<ConfigError>([&] { MultiVectorEmbedder(golden(folder), threads(1)); }),
                    {folder, "each token", "none"});
  }
  EXPECT_FALSE(MultiVectorEmbedder::reads("/none"));
  const Copy broken("embed_colbert");
  broken.write("config_sentence_transformers.json", "{");
  EXPECT_THROW(MultiVectorEmbedder::reads(broken.path()), FormatError);
}

TEST(MultiVectorEmbedder, StanfordsDefaultsWhereItsMetadataIsMissing) {
  const Copy folder("embed_stanford");
  std::filesystem::remove(folder / "artifact.metadata");
  const MultiVectorEmbedder embedder = folder.open();
  EXPECT_EQ(embedder.embed("a, b", query).size(0), 32);
  EXPECT_EQ(embedder.max_length(TextRole::document), 48);
  // Punctuation has no vector, the marker is one token: [CLS] [unused1] a b [SEP].
  EXPECT_EQ(embedder.embed("a, b.", document).size(0), 5);
}

TEST(MultiVectorEmbedder, VectorsWithoutAMaskAreThoseOfTokensThatAreSeen) {
  const Copy folder("embed_colbert");
  Json modules = folder.read("modules.json");
  modules.erase(2);
  folder.write("modules.json", modules.dump());
  EXPECT_LT(folder.open().embed("A fox", query).size(0), 16);
  folder.set("sentence_bert_config.json", "query_expansion", {{"strategy", "fixed"}, {"length", 16}, {"attend", true}});
  EXPECT_EQ(folder.open().embed("A fox", query).size(0), 16);
}

TEST(MultiVectorEmbedder, NormalisesTheVectorsThatAModuleNames) {
  const Copy folder("embed_colbert");
  const auto length = [&] {
    const Tensor<float> rows = folder.open().embed("A fox");
    double squares = 0;
    for (const float value : rows.view().row_span(0)) squares += static_cast<double>(value) * value;
    return std::sqrt(squares);
  };
  EXPECT_NEAR(length(), 1, 1e-6);
  folder.write("3_Normalize/config.json", R"({"module_input_name": "sentence_embedding"})");
  EXPECT_GT(std::abs(length() - 1), 1e-2);  // of the one vector that nobody makes here
}

TEST(MultiVectorEmbedder, BrokenFilesAreNamed) {
  const auto expansion = [](const Json& value, const std::vector<std::string>& mentions) {
    const Copy folder("embed_colbert");
    folder.set("sentence_bert_config.json", "query_expansion", value);
    folder.expect_refused(mentions);
  };
  expansion({{"strategy", "most"}, {"length", 16}}, {"sentence_bert_config", "strategy", "fixed or min", "most"});
  expansion({{"strategy", "min"}}, {"query_expansion.length", "nothing"});
  expansion({{"strategy", "min"}, {"length", 0}}, {"query_expansion.length", "0"});
  expansion({{"strategy", "min"}, {"length", 9}, {"width", 1}}, {"width", "strategy, attend, token and length"});
  expansion({{"strategy", "fixed"}, {"length", 49}}, {"query_expansion.length", "48 positions", "49"});
  expansion({{"strategy", "fixed"}, {"length", 9}, {"token", "[none]"}}, {"query_expansion.token", "[none]"});
  {
    const Copy folder("embed_colbert");
    folder.set("sentence_bert_config.json", "query_length", 15);
    folder.expect_refused({"query_length", "16", "15"});
  }
  {
    const Copy folder("embed_colbert");
    folder.set("tokenizer_config.json", "padding_side", "left");
    folder.expect_refused({"tokenizer_config.json", "padding_side", "left"});
  }
  {
    const Copy folder("embed_colbert");
    folder.set("1_Dense/config.json", "module_input_name", "sentence_embedding");
    folder.set("1_Dense/config.json", "module_output_name", "sentence_embedding");
    folder.expect_refused({"1_Dense", "module_input_name", "token_embeddings", "sentence_embedding"});
    folder.set("1_Dense/config.json", "module_input_name", "token_embeddings");
    folder.expect_refused({"1_Dense", "module_output_name", "token_embeddings", "sentence_embedding"});
  }
  {
    const Copy folder("embed_colbert");
    Json modules = folder.read("modules.json");
    modules[3]["type"] = "sentence_transformers.multi_vector_encoder.modules.token_pooling.HierarchicalTokenPooling";
    folder.write("modules.json", modules.dump());
    folder.expect_refused({"3_Normalize", "token_embeddings", "HierarchicalTokenPooling"});
    modules[0]["type"] = "sentence_transformers.models.Router";
    folder.write("modules.json", modules.dump());
    folder.expect_refused({"modules.json", "Transformer", "Router"});
  }
  {
    const Copy folder("embed_colbert");
    folder.set("2_MultiVectorMask/config.json", "skiplist_words", "none");
    folder.expect_refused({"2_MultiVectorMask", "skiplist_words", "none"});
  }
  {
    const Copy folder("embed_stanford");
    folder.set("config.json", "model_type", "gpt5");
    folder.expect_refused({"config.json", "architectures", "HF_ColBERT"});
  }
}

TEST(MultiVectorEmbedder, ATokenThatNobodySeesSeesNothingInDeberta) {
  const Copy folder("embed_colbert");
  Json modules = folder.read("modules.json");
  modules.erase(1);
  folder.write("modules.json", modules.dump());
  for (const char* const file : {"config.json", "model.safetensors"})
    std::filesystem::copy(
        std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/encoders/deberta_v2_own_projections" / file,
        folder / file, std::filesystem::copy_options::overwrite_existing);
  folder.expect_refused({"query_expansion.attend", "true", "false"});
}

TEST(MultiVectorEmbedder, CancellationEndsABatch) {
  PipelineOptions options = threads(1);
  const MultiVectorEmbedder embedder(golden("embed_colbert"), options);
  options.cancellation.cancel();
  EXPECT_THROW(embedder.embed("a"), CancelledError);
}

}  // namespace
}  // namespace headformer::testing
