// Runs any checkpoint on named tensors: forward MODEL INPUTS.safetensors OUTPUTS.safetensors
#include <filesystem>
#include <headformer/auto.hpp>
#include <headformer/formats/safetensors.hpp>
#include <headformer/formats/safetensors_writer.hpp>

#include "program.hpp"
#include "tensors.hpp"

namespace {

using namespace headformer;

NamedTensors read_inputs(const std::filesystem::path& path) {
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  NamedTensors inputs;
  for (const TensorEntry& entry : file.tensors()) {
    const auto count = static_cast<std::size_t>(entry.shape.count());
    if (entry.dtype == DType::f32) {
      Tensor<float> tensor(entry.shape);
      if (count > 0) std::memcpy(tensor.data(), entry.bytes.data(), count * sizeof(float));
      inputs.emplace(entry.name, std::move(tensor));
    } else if (program::is_integers(entry)) {
      Tensor<std::int64_t> tensor(entry.shape);
      const std::vector<std::int64_t> values = program::integers(entry);
      std::copy(values.begin(), values.end(), tensor.data());
      inputs.emplace(entry.name, std::move(tensor));
    } else {
      throw ArgumentError(path.string() + ": tensor " + entry.name + ": expected F32, I64 or I32, found " +
                          std::string(name_of(entry.dtype)));
    }
  }
  return inputs;
}

void write_outputs(const std::filesystem::path& path, const NamedTensors& outputs) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, value] : outputs) {
    if (const auto* tensor = std::get_if<Tensor<float>>(&value))
      tensors.push_back({name, DType::f32, tensor->shape(), tensor->data()});
  }
  write_safetensors(path, tensors);
}

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
    const NamedTensors tensors = read_inputs(inputs);
    const std::unique_ptr<Model> opened = open_model(model, std::move(options));
    write_outputs(outputs, program::about(inputs, [&] { return opened->forward(tensors); }));
  });
}
