// What a user of the umbrella writes: a tokenizer, a template, a model of named tensors and a conversation, each opened
// by name.
#include <exception>
#include <headformer/headformer.hpp>
#include <iostream>
#include <optional>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const headformer::ChatGenerator generator(argv[1]);
    const headformer::ChatMessage messages[] = {{"user", "Once upon a time"}};
    headformer::GenerationConfig config;
    config.max_new_tokens = 8;
    if (generator.has_chat_template()) {
      for (std::string_view piece : generator.chat(messages, config)) std::cout << piece;
    } else {
      std::cout << generator.generate("Once upon a time", config);
    }
    std::cout << '\n' << generator.tokenizer().encode("Once").size() << '\n';

    const auto model = headformer::open_model(argv[1]);
    headformer::Tensor<std::int64_t> ids({1, 3});
    for (int i = 0; i < 3; ++i) ids.data()[i] = i + 1;
    headformer::NamedTensors inputs;
    inputs.emplace("input_ids", std::move(ids));
    std::cout << model->forward(inputs).size() << " output(s)\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
