// Any bytes as a tokenizer.json, or after "spiece.model:", "source.spm:", "vocab.txt:" or "qwen.tiktoken:" as such a
// file (Marian's source.spm beside a small vocab.json): it opens or is refused with an error of the library's, and an
// open one encodes and decodes within bounds, with offsets inside the text and the same ids, streaming equal to
// decoding the whole. A tokenizer.json may be followed, after a zero byte, by the text to encode.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
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
  EncodeOptions options;
  options.offsets = OffsetUnit::bytes;
  options.padding.emplace().multiple_of = 4;
  options.truncation.emplace().max_length = 40;
  try {
    const Encoding encoding = tokenizer.encode(TextPair{text, text}, options);
    for (const TextOffsets& place : encoding.offsets) expect(place.begin <= text.size() + 512);
    expect(encoding.offsets.size() == encoding.size() && encoding.size() % 4 == 0);
  } catch (const ArgumentError&) {
  }
  for (const bool special : {false, true}) {
    std::vector<TokenId> ids = tokenizer.encode(text, special);
    EncodeOptions plain;
    plain.add_special_tokens = special;
    expect(tokenizer.encode(TextPair{text, {}}, plain).ids == ids);
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
  std::string_view file = input;
  std::string_view text = "Hello  w\u00f6rld 12\n";
  std::string kind = "tokenizer.json";
  for (const char* other : {"spiece.model", "source.spm", "vocab.txt", "qwen.tiktoken"}) {
    if (!input.starts_with(std::string(other) + ":")) continue;
    kind = other;
    file = input.substr(kind.size() + 1);
  }
  if (kind == "tokenizer.json") {
    const std::size_t end = std::min(input.find('\0'), input.size());
    file = input.substr(0, end);
    if (end < input.size()) text = input.substr(end + 1);
  }
  try {
    const Tokenizer tokenizer = Tokenizer::from_files([&](const std::string& name) {
      std::string_view found = name == kind ? file : std::string_view();
      if (kind == "source.spm" && name == "config.json") found = R"({"model_type": "marian"})";
      if (kind == "source.spm" && name == "vocab.json")
        found = R"({"</s>": 0, "<unk>": 1, "\u2581": 2, "a": 3, "<0x0A>": 4, ">>a<<": 5, "<pad>": 6})";
      if (found.data() == nullptr) return Bytes();
      return Bytes({reinterpret_cast<const std::byte*>(found.data()), found.size()}, nullptr, name);
    });
    use(tokenizer, text);
  } catch (const Error&) {
  }
  return 0;
}
