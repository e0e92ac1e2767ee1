// Documents by how well they answer a query, line by line: rerank MODEL
#include <headformer/pipelines/multi_vector_embedder.hpp>
#include <headformer/pipelines/reranker.hpp>
#include <variant>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

struct Item {
  std::string query;
  std::vector<std::string> documents;
};

Item item_of(const OrderedJson& json) {
  return {program::text_of(program::member_of(json, "query")), program::texts_of(json, "documents")};
}

/// Reads query and document together, or each by itself.
using Ranker = std::variant<Reranker, MultiVectorEmbedder>;

Ranker open_ranker(const std::string& model, const PipelineOptions& options) {
  if (MultiVectorEmbedder::reads(model)) return MultiVectorEmbedder(model, options);
  return Reranker(model, options);
}

OrderedJson ranking_of(const Ranker& ranker, const Item& item) {
  const std::vector<std::string_view> documents(item.documents.begin(), item.documents.end());
  const auto ranked = std::visit([&](const auto& r) { return r.rank(item.query, documents); }, ranker);
  OrderedJson list = OrderedJson::array();
  for (const RankedDocument& document : ranked) list.push_back({{"index", document.index}, {"score", document.score}});
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Ranks the documents of JSON objects {query, documents}, a line each, the best first");
  std::string model;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model,
                 "a Hugging Face folder of a cross-encoder, or of an embedder with a vector for each token")
      ->required();
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const Ranker ranker = open_ranker(model, pipeline.options());
    program::answer_json_lines<Item>(item_of, [&](const std::vector<Item>& items) {
      std::vector<Outcome<OrderedJson>> answers;
      for (const Item& item : items) {
        try {
          answers.emplace_back(ranking_of(ranker, item));
        } catch (const ArgumentError& error) {
          answers.push_back(Outcome<OrderedJson>::failure(error.what()));
        }
      }
      return answers;
    });
  });
}
