// Texts to vectors, line by line: embed MODEL [--query | --document | --prompt-name P] [--dimensions N]
// [--format jsonl|npy|safetensors] [--similarity A B]
#include <headformer/formats/safetensors_writer.hpp>
#include <headformer/pipelines/embedder.hpp>
#include <headformer/pipelines/multi_vector_embedder.hpp>
#include <span>

#include "pipeline.hpp"
#include "vectors.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;
using Vectors = std::vector<Outcome<TextVector>>;

/// An array for each row.
std::string arrays_of(const Tensor<float>& rows) {
  std::string arrays = "[";
  for (Index r = 0; r < rows.size(0); ++r) arrays += (r > 0 ? "," : "") + program::array_of(rows.view().row_span(r));
  return arrays + "]";
}

void embed_lines(const Embedder& embedder, const EmbedOptions& options, const std::string& format) {
  program::VectorWriter writer(format);
  program::answer_json_lines<std::string, TextVector>(
      program::text_of,
      [&](const std::vector<std::string>& texts) {
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        return embedder.embed(views, options);
      },
      [&](std::size_t index, const Outcome<TextVector>& vector) {
        writer.put(index, vector ? &vector.value().values : nullptr, vector ? "" : vector.error());
      });
  writer.finish(options.dimensions > 0 ? options.dimensions : embedder.width());
}

/// A vector for each token: as a file a tensor for each text, named by its line's number from 0 on; none for a line
/// that is no text.
void embed_lines(const MultiVectorEmbedder& embedder, const TokenVectorOptions& options, const std::string& format) {
  std::vector<std::pair<std::size_t, Tensor<float>>> kept;
  program::answer_json_lines<std::string, TokenVectors>(
      program::text_of,
      [&](const std::vector<std::string>& texts) {
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        return embedder.embed(views, options);
      },
      [&](std::size_t index, const Outcome<TokenVectors>& vectors) {
        if (format == "jsonl") {
          std::cout << (vectors ? arrays_of(vectors.value().rows) + '\n'
                                : program::failure_line(index, vectors.error()));
        } else if (vectors) {
          kept.emplace_back(index, vectors.value().rows.clone());
        }
      });
  if (format == "jsonl") return;
  std::vector<NamedTensor> tensors;
  for (const auto& [index, rows] : kept)
    tensors.push_back({std::to_string(index), DType::f32, rows.shape(), rows.data()});
  write_safetensors(std::cout, tensors);
}

/// What the program is told.
struct Command {
  std::string model;
  std::string format = "jsonl";
  std::vector<std::string> compared;
  EmbedOptions options;
};

void embed_texts(const Command& command, const PipelineOptions& pipeline) {
  const Embedder embedder(command.model, pipeline);
  if (command.compared.empty()) return embed_lines(embedder, command.options, command.format);
  const std::vector<std::string_view> texts(command.compared.begin(), command.compared.end());
  const Vectors vectors = embedder.embed(texts, command.options);
  std::cout << embedder.similarity(vectors[0].value().values, vectors[1].value().values) << '\n';
}

void embed_tokens(const Command& command, const PipelineOptions& pipeline) {
  const std::string of_tokens = " for a model with a vector for each token, found ";
  if (command.format == "npy") throw ArgumentError("format: expected jsonl or safetensors" + of_tokens + "npy");
  if (command.options.dimensions != 0)
    throw ArgumentError("dimensions: expected all" + of_tokens + std::to_string(command.options.dimensions));
  const MultiVectorEmbedder embedder(command.model, pipeline);
  if (command.compared.empty()) {
    const EmbedOptions& options = command.options;
    embed_lines(embedder, {options.role, options.prompt_name, options.prompt}, command.format);
  } else {
    std::cout << embedder.similarity(command.compared[0], command.compared[1]) << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  program::App app(
      "Turns JSON strings, a line each, into vectors; or, by late interaction's models, into one for each token");
  Command command;
  std::string prompt_name;
  bool for_query = false;
  bool for_document = false;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", command.model,
                 "a Hugging Face folder, of sentence-transformers, PyLate, Stanford's ColBERT or of an encoder; a GGUF")
      ->required();
  auto* query = app.add_flag("--query", for_query, "with the model's prompt for queries");
  auto* document = app.add_flag("--document", for_document, "with the model's prompt for documents");
  auto* named = app.add_option("--prompt-name", prompt_name, "with this of the model's prompts");
  app.add_option("--dimensions", command.options.dimensions, "keep the first so many numbers; 0: all")
      ->check(program::a_number());
  auto* form = app.add_option("--format", command.format,
                              "jsonl; npy: a row for each line; safetensors: the same as `embeddings`, or, where each "
                              "token has a vector, a tensor for each line, named by its number from 0 on")
                   ->check(program::is_member({"jsonl", "npy", "safetensors"}))
                   ->capture_default_str();
  app.add_option(
         "--similarity", command.compared,
         "print how alike two texts are, or how well the second, a document, answers the first, and read nothing")
      ->expected(2)
      ->excludes(form);
  query->excludes(document)->excludes(named);
  document->excludes(named);
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    if (for_query) command.options.role = TextRole::query;
    if (for_document) command.options.role = TextRole::document;
    if (named->count() > 0) command.options.prompt_name = prompt_name;
    if (MultiVectorEmbedder::reads(command.model)) {
      embed_tokens(command, pipeline.options());
    } else {
      embed_texts(command, pipeline.options());
    }
  });
}
