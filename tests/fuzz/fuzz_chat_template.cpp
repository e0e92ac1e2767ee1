// Any bytes as a template's source, rendered on a small conversation within small limits: must end with text or an
// error of the library's.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "headformer/preprocess/jinja/template.hpp"

namespace {

const nlohmann::ordered_json& variables() {
  static const nlohmann::ordered_json all = nlohmann::ordered_json::parse(R"({
    "messages": [{"role": "system", "content": "Be b\u00f6ld."}, {"role": "user", "content": " Hi\n there "},
                 {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, 2.5, null, true]}}}]},
                 {"role": "tool", "content": [{"type": "text", "text": "x"}]}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": "array"}}, "required": ["a"]}}}],
    "add_generation_prompt": true, "bos_token": "<s>", "eos_token": "</s>"})");
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string source(reinterpret_cast<const char*>(data), size);
  try {
    (void)headformer::jinja::Template(source).render(variables(),
                                                     {.steps = 20000, .bytes = 1 << 20, .output = 1 << 16});
  } catch (const headformer::Error&) {
  }
  return 0;
}
