// Prints a text with each of its tokens on a colour of its own: show_tokens MODEL [TEXT] [--ids] [--words]
#include <algorithm>
#include <cstdio>
#include <headformer/preprocess/tokenizer.hpp>
#include <iostream>
#include <iterator>
#include <string>

#include "program.hpp"

namespace {

using namespace headformer;

/// What stands for a token: its place in the text, or its name where it comes from no text.
std::string shown(const Tokenizer& tokenizer, const Encoding& encoding, const std::string& text, std::size_t i) {
  const TextOffsets place = encoding.offsets[i];
  std::string piece = place.begin < place.end ? text.substr(place.begin, place.end - place.begin)
                                              : tokenizer.token_text(encoding.ids[i]);
  std::string result;
  for (const char c : piece) {
    if (c == '\n') result += "\\n";
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) result += c;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Shows how a tokenizer cuts a text: each token on a colour of its own");
  std::string model;
  std::string text;
  bool ids = false;
  bool words = false;
  app.add_option("MODEL", model, "a Hugging Face folder or a .gguf file")->required();
  app.add_option("TEXT", text, "without it: standard input");
  app.add_flag("--ids", ids, "the id after each token");
  app.add_flag("--words", words, "a colour for each word, not for each token");
  return program::run(app, argc, argv, [&] {
    const Tokenizer tokenizer = Tokenizer::from(model);
    if (text.empty()) text.assign(std::istreambuf_iterator<char>(std::cin), {});
    EncodeOptions options;
    options.offsets = OffsetUnit::bytes;
    const Encoding encoding = tokenizer.encode(TextPair{text, {}}, options);
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      // Dark text on six light backgrounds of the 256 colours; special tokens in reverse video.
      constexpr int colours[] = {224, 194, 153, 229, 183, 159};
      const bool special = encoding.special_tokens_mask[i] != 0;
      const std::size_t number = words ? static_cast<std::size_t>(std::max(encoding.word_ids[i], 0)) : i;
      std::cout << (special ? "\x1B[7m" : "\x1B[30;48;5;" + std::to_string(colours[number % 6]) + 'm')
                << shown(tokenizer, encoding, text, i);
      if (ids) std::cout << " \x1B[2m" << encoding.ids[i];
      std::cout << "\x1B[0m";
    }
    std::cout << "\n" << encoding.size() << " tokens\n";
  });
}
