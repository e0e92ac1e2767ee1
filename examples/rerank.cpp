// Documents by how well they answer a query, line by line: rerank MODEL
#include <headformer/pipelines/reranker.hpp>

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

OrderedJson ranking_of(const Reranker& reranker, const Item& item) {
  const std::vector<std::string_view> documents(item.documents.begin(), item.documents.end());
  OrderedJson list = OrderedJson::array();
  for (const RankedDocument& document : reranker.rank(item.query, documents))
    list.push_back({{"index", document.index}, {"score", document.score}});
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Ranks the documents of JSON objects {query, documents}, a line each, the best first");
  std::string model;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a cross-encoder")->required();
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const Reranker reranker(model, pipeline.options());
    program::answer_json_lines<Item>(item_of, [&](const std::vector<Item>& items) {
      std::vector<Outcome<OrderedJson>> answers;
      for (const Item& item : items) {
        try {
          answers.emplace_back(ranking_of(reranker, item));
        } catch (const ArgumentError& error) {
          answers.push_back(Outcome<OrderedJson>::failure(error.what()));
        }
      }
      return answers;
    });
  });
}
