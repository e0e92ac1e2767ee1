// The class of every pixel: segment MODEL FILE... [--output DIR]
#include <headformer/pipelines/semantic_segmenter.hpp>

#include "annotated_files.hpp"

namespace {

/// The classes' shares; the picture under a mask of their colours, with their names at its left edge.
program::ShownAnswer shown(const headformer::Segmentation& found, const headformer::Picture& original, bool drawn) {
  program::ShownAnswer answer{program::OrderedJson::array(), {}};
  const auto all = static_cast<double>(found.size.count());
  for (const headformer::ClassArea& area : found.areas) {
    answer.json.push_back({{"label", area.label},
                           {"index", area.index},
                           {"pixels", area.pixels},
                           {"share", static_cast<double>(area.pixels) / all}});
  }
  if (!drawn) return answer;
  answer.picture = original;
  std::uint8_t* pixel = answer.picture.row(0);
  for (const std::uint16_t one : found.classes) {
    const program::Colour colour = program::colour_of(one);
    for (std::size_t c = 0; c < 3; ++c, ++pixel) *pixel = static_cast<std::uint8_t>((*pixel + colour[c]) / 2);
  }
  headformer::Index line = 0;
  const headformer::Index step = 8 * (program::pen_of(original) + 1);
  for (const headformer::ClassArea& area : found.areas)
    program::write_text(answer.picture, 0, step * line++, area.label, program::colour_of(area.index));
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Says what every pixel of pictures shows, a line of JSON each");
  std::string model;
  std::vector<std::string> files;
  program::PictureWriter writer;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for semantic segmentation")->required();
  app.add_option("FILE", files, "pictures")->required();
  writer.add_to(app, "the pictures under a mask of the classes' colours, as PNG");
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const SemanticSegmenter segmenter(model, pipeline.options());
    program::show_files<Segmentation>(
        files, writer, [&](std::span<const Picture> pictures) { return segmenter.segment(pictures); },
        [&](const Segmentation& found, const Picture& picture) {
          return shown(found, picture, static_cast<bool>(writer));
        });
  });
}
