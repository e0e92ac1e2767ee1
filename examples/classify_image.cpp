// What pictures show: classify_image MODEL FILE...
#include <headformer/pipelines/image_classifier.hpp>

#include "image_files.hpp"
#include "pipeline.hpp"

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Classifies pictures, a line of JSON each");
  std::string model;
  std::vector<std::string> files;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for image classification")->required();
  app.add_option("FILE", files, "pictures")->required();
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const ImageClassifier classifier(model, pipeline.options());
    program::answer_files<std::vector<LabelScore>>(
        files, [&](std::span<const Picture> pictures) { return classifier.classify(pictures); }, program::put_labels);
  });
}
