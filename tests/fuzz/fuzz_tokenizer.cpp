// Any bytes as a tokenizer.json: it opens or is refused with an error of the library's, and an open one encodes and
// decodes within bounds, streaming equal to decoding the whole. An input may go on after a zero byte with the text to
// encode.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/preprocess/detokenizer.hpp"
#include "headformer/preprocess/tokenizer.hpp"

namespace {

using namespace headformer;

void expect(bool condition) {
  if (!condition) std::abort();
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  for (const bool special : {false, true}) {
    std::vector<TokenId> ids = tokenizer.encode(text, special);
    for (const TokenId id : ids) expect(id >= 0 && id < tokenizer.size());
    for (TokenId id = 0; id < std::min<Index>(tokenizer.size(), 64); ++id) ids.push_back(id);
    const std::string whole = tokenizer.decode(ids, special);
    Detokenizer stream(tokenizer, special);
    std::string joined;
    for (const TokenId id : ids) joined += stream.push(id);
    joined += stream.finish();
    expect(joined == whole && unicode::is_utf8(whole));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view file = input.substr(0, end);
  const std::string_view text = end < input.size() ? input.substr(end + 1) : std::string_view("Hello  w\u00f6rld 12\n");
  try {
    const Tokenizer tokenizer = Tokenizer::from_files([&](const std::string& name) {
      if (name != "tokenizer.json") return Bytes();
      return Bytes({reinterpret_cast<const std::byte*>(file.data()), file.size()}, nullptr, name);
    });
    use(tokenizer, text);
  } catch (const Error&) {
  }
  return 0;
}
