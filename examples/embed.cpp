// Texts to vectors, line by line: embed MODEL [--query | --document | --prompt-name P] [--dimensions N]
// [--format jsonl|npy|safetensors] [--similarity A B]
#include <algorithm>
#include <charconv>
#include <headformer/formats/safetensors_writer.hpp>
#include <headformer/pipelines/embedder.hpp>
#include <limits>

#include "pipeline.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;
using Vectors = std::vector<Outcome<TextVector>>;

/// Numbers that read back as the same floats, in as few digits as that takes.
std::string line_of(const std::vector<float>& values) {
  std::string line = "[";
  char digits[32];
  for (const float value : values) {
    if (line.size() > 1) line += ',';
    line.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
  }
  return line + "]\n";
}

/// NumPy's .npy, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
void write_npy(std::ostream& stream, const Tensor<float>& vectors) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(vectors.size(0)) + ", " +
                       std::to_string(vectors.size(1)) + "), }";
  constexpr std::size_t before = 10;  // what precedes the header
  header.resize((before + header.size() + 64) / 64 * 64 - before - 1, ' ');
  header += '\n';
  stream << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() & 0xFF)
         << static_cast<char>(header.size() >> 8) << header;
  stream.write(reinterpret_cast<const char*>(vectors.data()),
               static_cast<std::streamsize>(vectors.count()) * static_cast<std::streamsize>(sizeof(float)));
}

/// All vectors as the rows of one tensor; a text that has none is a row of NaN.
Tensor<float> rows_of(const std::vector<std::vector<float>>& vectors, Index width) {
  Tensor<float> rows(Shape{static_cast<Index>(vectors.size()), width});
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    float* const row = rows.view().row(static_cast<Index>(i));
    std::fill_n(row, width, std::numeric_limits<float>::quiet_NaN());
    std::copy(vectors[i].begin(), vectors[i].end(), row);
  }
  return rows;
}

void embed_lines(const Embedder& embedder, const EmbedOptions& options, const std::string& format) {
  std::vector<std::vector<float>> kept;
  program::answer_json_lines<std::string, TextVector>(
      program::text_of,
      [&](const std::vector<std::string>& texts) {
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        return embedder.embed(views, options);
      },
      [&](std::size_t index, const Outcome<TextVector>& vector) {
        if (format != "jsonl") {
          kept.push_back(vector ? vector.value().values : std::vector<float>());
        } else {
          std::cout << (vector ? line_of(vector.value().values) : program::failure_line(index, vector.error()));
        }
      });
  if (format == "jsonl") return;
  const Tensor<float> rows = rows_of(kept, options.dimensions > 0 ? options.dimensions : embedder.width());
  if (format == "npy") return write_npy(std::cout, rows);
  const NamedTensor tensor{"embeddings", DType::f32, rows.shape(), rows.data()};
  write_safetensors(std::cout, std::span(&tensor, 1));
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Turns JSON strings, a line each, into vectors");
  std::string model;
  std::string format = "jsonl";
  std::string prompt_name;
  std::vector<std::string> compared;
  bool for_query = false;
  bool for_document = false;
  EmbedOptions options;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder, of sentence-transformers or of an encoder")->required();
  auto* query = app.add_flag("--query", for_query, "with the model's prompt for queries");
  auto* document = app.add_flag("--document", for_document, "with the model's prompt for documents");
  auto* named = app.add_option("--prompt-name", prompt_name, "with this of the model's prompts");
  app.add_option("--dimensions", options.dimensions, "keep the first so many numbers; 0: all")
      ->check(program::a_number());
  auto* form = app.add_option("--format", format, "jsonl, npy, safetensors")
                   ->check(program::is_member({"jsonl", "npy", "safetensors"}))
                   ->capture_default_str();
  app.add_option("--similarity", compared, "print how alike two texts are, and read nothing")
      ->expected(2)
      ->excludes(form);
  query->excludes(document)->excludes(named);
  document->excludes(named);
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    if (for_query) options.role = TextRole::query;
    if (for_document) options.role = TextRole::document;
    if (named->count() > 0) options.prompt_name = prompt_name;
    const Embedder embedder(model, pipeline.options());
    if (compared.empty()) return embed_lines(embedder, options, format);
    const std::vector<std::string_view> texts(compared.begin(), compared.end());
    const Vectors vectors = embedder.embed(texts, options);
    std::cout << embedder.similarity(vectors[0].value().values, vectors[1].value().values) << '\n';
  });
}
