// What a recording says: transcribe MODEL FILE|- [--format text|json] [--language L] [--task T] [--words]
#include <headformer/pipelines/transcriber.hpp>

#include "pipeline.hpp"
#include "recording.hpp"

namespace {

using namespace headformer;
using program::OrderedJson;

OrderedJson json_of(const Transcript& transcript, bool words) {
  OrderedJson json = {{"text", transcript.text}};
  if (!words) return json;
  json["words"] = OrderedJson::array();
  for (const TranscribedWord& word : transcript.words)
    json["words"].push_back({{"word", word.word}, {"start", word.begin}, {"end", word.end}});
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Writes what a recording says");
  std::string model;
  std::string file;
  std::string format = "text";
  bool words = false;
  TranscriptionTask task;
  program::PipelineProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder: Whisper, Moonshine, or a class for CTC")->required();
  app.add_option("FILE", file, "wav, flac, ogg, ...; -: s16le, one channel, 16 kHz, from a pipe")->required();
  app.add_option("--format", format, "text, or json: an object with text and words")
      ->check(program::is_member({"text", "json"}))
      ->capture_default_str();
  app.add_option("--language", task.language, "of a model that knows several: de, German");
  app.add_option("--task", task.task, "of a model that has several: transcribe, translate");
  app.add_flag("--words", words, "json: when each word was said, of a class for CTC");
  pipeline.compute.add_to(app, "stored");
  return program::run(app, argc, argv, [&] {
    const Transcriber transcriber(model, task, pipeline.options());
    const Index rate = transcriber.sample_rate();
    const std::vector<float> samples = file == "-" ? program::read_pipe(rate) : program::read_recording(file, rate);
    const Transcript transcript = program::about(file, [&] { return transcriber.transcribe(samples); });
    std::cout << (format == "json" ? program::line_of(json_of(transcript, words)) : transcript.text + '\n');
  });
}
