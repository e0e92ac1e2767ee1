#include <headformer/text_generator.hpp>
#include <iostream>

int main(int argc, char** argv) try {
  headformer::TextGenerator generator(argc > 1 ? argv[1] : "examples/tiny_model");  // a Hugging Face folder or a .gguf
  for (std::string_view piece : generator.stream("Once upon a time")) std::cout << piece << std::flush;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
