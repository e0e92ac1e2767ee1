// Any text as a JSON schema, a regular expression and a GBNF: must become a grammar, which a text is then read with, or
// be refused with an error of the library's. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "headformer/core/error.hpp"
#include "headformer/generate/constrained/gbnf.hpp"
#include "headformer/generate/constrained/grammar_states.hpp"
#include "headformer/generate/constrained/json_schema.hpp"
#include "headformer/generate/constrained/regular_expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headformer;
  if (size == 0 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const Grammar grammar = data[0] % 3 == 0   ? grammar_of_json_schema(text)
                            : data[0] % 3 == 1 ? grammar_of_regular_expression(text)
                                               : parse_gbnf(text);
    if (grammar.elements.size() > 20000) return 0;  // no fault, but long
    GrammarStates states(grammar);
    GrammarStates::State state = states.start();
    for (const char byte : text.substr(0, 64)) {
      state = states.next(state, static_cast<std::uint8_t>(byte));
      if (states.heads(state).size() > 200) break;  // ambiguous without end
    }
  } catch (const Error&) {
  }
  return 0;
}
