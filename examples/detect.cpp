// What is where in pictures: detect MODEL FILE... [--threshold T] [--output DIR]
#include <cmath>
#include <headformer/pipelines/object_detector.hpp>

#include "annotated_files.hpp"

namespace {

/// The things found, each with its box in pixels.
program::ShownAnswer shown(const std::vector<headformer::Detection>& found, const headformer::Picture& original,
                           bool drawn) {
  program::ShownAnswer answer{program::OrderedJson::array(), {}};
  if (drawn) answer.picture = original;
  for (const headformer::Detection& one : found) {
    const headformer::Box& box = one.box;
    answer.json.push_back(
        {{"label", one.label},
         {"score", one.score},
         {"box", {{"xmin", box.left}, {"ymin", box.top}, {"xmax", box.right}, {"ymax", box.bottom}}}});
    if (!drawn) continue;
    const auto whole = [](float edge) { return static_cast<headformer::Index>(std::lround(edge)); };
    const program::Colour colour = program::colour_of(std::hash<std::string>()(one.label) % 360);
    const headformer::Index pen = program::pen_of(original);
    const headformer::Index left = whole(box.left), top = whole(box.top), right = whole(box.right),
                            bottom = whole(box.bottom);
    program::fill(answer.picture, left, top, right, top + pen, colour);
    program::fill(answer.picture, left, bottom - pen, right, bottom, colour);
    program::fill(answer.picture, left, top, left + pen, bottom, colour);
    program::fill(answer.picture, right - pen, top, right, bottom, colour);
    const std::string score = std::to_string(static_cast<int>(std::lround(100 * one.score)));
    program::write_text(answer.picture, left, top, one.label + " " + score, colour);
  }
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Finds things in pictures, a line of JSON each");
  std::string model;
  std::vector<std::string> files;
  double threshold = 0.5;
  program::PictureWriter writer;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for object detection")->required();
  app.add_option("FILE", files, "pictures")->required();
  app.add_option("--threshold", threshold, "of the scores that count")->capture_default_str();
  writer.add_to(app, "the pictures with what is found drawn in, as PNG");
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const ObjectDetector detector(model, pipeline.options());
    program::show_files<std::vector<Detection>>(
        files, writer,
        [&](std::span<const Picture> pictures) { return detector.detect(pictures, static_cast<float>(threshold)); },
        [&](const std::vector<Detection>& found, const Picture& picture) {
          return shown(found, picture, static_cast<bool>(writer));
        });
  });
}
