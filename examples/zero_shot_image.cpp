// Which of some labels pictures show: zero_shot_image MODEL --labels a,b,c FILE... [--template T]...
#include <headformer/pipelines/zero_shot_image_classifier.hpp>

#include "image_files.hpp"
#include "pipeline.hpp"

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Classifies pictures by labels in words, a line of JSON each");
  std::string model;
  std::vector<std::string> files;
  std::vector<std::string> labels;
  std::vector<std::string> templates;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of two towers (CLIP, SigLIP)")->required();
  app.add_option("FILE", files, "pictures")->required();
  app.add_option("--labels", labels, "what there is to choose from")->delimiter(',')->required();
  app.add_option("--template", templates, "what a label says, {} standing for it; of several the mean counts")
      ->allow_extra_args(false)
      ->default_str(ZeroShotImageClassifier::default_templates().front());
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const ZeroShotImageClassifier classifier(model, pipeline.options());
    const LabelVectors vectors =
        templates.empty() ? classifier.embed_labels(labels) : classifier.embed_labels(labels, templates);
    program::answer_files<std::vector<LabelScore>>(
        files, [&](std::span<const Picture> pictures) { return classifier.classify(pictures, vectors); },
        program::put_labels);
  });
}
