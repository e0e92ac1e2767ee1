// Pictures to vectors: embed_image MODEL FILE... [--pooling P] [--format jsonl|npy|safetensors]
#include <headformer/pipelines/image_embedder.hpp>

#include "image_files.hpp"
#include "pipeline.hpp"
#include "vectors.hpp"

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Turns pictures into vectors, a line each");
  std::string model;
  std::string pooling = "automatic";
  std::vector<std::string> files;
  program::VectorWriter writer;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of an encoder of pictures, or of two towers")->required();
  app.add_option("FILE", files, "pictures")->required();
  app.add_option("--pooling", pooling, "automatic, pooler, first, mean")->capture_default_str();
  writer.add_to(app);
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const ImageEmbedder embedder(model, image_pooling_from_name(pooling), pipeline.options());
    program::answer_files<std::vector<float>>(
        files, [&](std::span<const Picture> pictures) { return embedder.embed(pictures); },
        [&](std::size_t index, const Outcome<std::vector<float>>& vector) {
          writer.put(index, vector ? &vector.value() : nullptr, vector.error());
        });
    writer.finish(embedder.width());
  });
}
