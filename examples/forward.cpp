// Runs any checkpoint on named tensors: forward MODEL INPUTS.safetensors OUTPUTS.safetensors
#include <filesystem>
#include <headformer/auto.hpp>

#include "program.hpp"
#include "tensors.hpp"

namespace {

using namespace headformer;

}  // namespace

int main(int argc, char** argv) {
  program::App app("Runs a checkpoint on named tensors and writes the model's outputs");
  std::string model;
  std::string inputs;
  std::string outputs;
  program::ComputeOptions compute;
  app.add_option("MODEL", model, "a Hugging Face folder or a .gguf file")->required();
  app.add_option("INPUTS", inputs, "safetensors: input_ids, attention_mask, position_ids, ...")->required();
  app.add_option("OUTPUTS", outputs, "safetensors to write: logits, ...")->required();
  compute.add_to(app, "f32");
  return program::run(app, argc, argv, [&] {
    ModelOptions options;
    options.load = compute.loading();
    options.cache = compute.cache();
    options.workspace = std::make_shared<Workspace>(compute.executor(), isa_from_name(compute.isa), compute.met());
    const NamedTensors tensors = program::read_tensors(inputs);
    const std::unique_ptr<Model> opened = open_model(model, std::move(options));
    program::write_tensors(outputs, program::about(inputs, [&] { return opened->forward(tensors); }));
  });
}
