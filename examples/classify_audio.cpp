// What recordings are, a line each: classify_audio MODEL FILE...
#include <headformer/pipelines/audio_classifier.hpp>

#include "pipeline.hpp"
#include "recording.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

OrderedJson json_of(const std::vector<LabelScore>& labels) {
  OrderedJson list = OrderedJson::array();
  for (const LabelScore& label : labels) list.push_back({{"label", label.label}, {"score", label.score}});
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Classifies recordings, a JSON line each: all labels, the best first");
  std::string model;
  std::vector<std::string> files;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for classification of sound")->required();
  app.add_option("FILE", files, "wav, flac, ogg, ...")->required();
  pipeline.compute.add_to(app, "stored");
  return program::run(app, argc, argv, [&] {
    const AudioClassifier classifier(model, pipeline.options());
    for (std::size_t i = 0; i < files.size(); ++i) {
      try {
        const std::vector<float> samples = program::read_recording(files[i], classifier.sample_rate());
        std::cout << program::line_of(json_of(classifier.classify(samples))) << std::flush;
      } catch (const IoError& error) {
        std::cout << program::failure_line(i, error.what()) << std::flush;
      } catch (const ArgumentError& error) {
        std::cout << program::failure_line(i, error.what()) << std::flush;
      }
    }
  });
}
