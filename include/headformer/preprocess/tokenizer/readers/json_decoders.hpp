#pragma once

#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/formats/messages.hpp"
#include "headformer/preprocess/tokenizer/readers/json_pre_tokenizers.hpp"
#include "headformer/preprocess/tokenizer/steps/decoders.hpp"

namespace headformer::detail {

HEADFORMER_COLD inline void read_decoder(const JsonObject& at, std::vector<Decoder>& steps) {
  const std::string type = at.string("type");
  if (type == "Sequence") {
    for (const JsonObject& step : at.objects("decoders")) read_decoder(step, steps);
  } else if (type == "ByteLevel") {
    steps.push_back(ByteLevelDecoder{});
  } else if (type == "ByteFallback") {
    steps.push_back(ByteFallbackDecoder{});
  } else if (type == "Fuse") {
    steps.push_back(FuseDecoder{});
  } else if (type == "Metaspace") {
    steps.push_back(MetaspaceDecoder{read_replacement_character(at),
                                     read_prepend_scheme(at) != MetaspacePreTokenizer::Prepend::never});
  } else if (type == "Strip") {
    const std::string content = at.string("content");
    if (unicode::utf8_length(content) != 1) at.fail("content", "one character");
    constexpr Index most = 1 << 20;
    steps.push_back(StripDecoder{content, static_cast<std::size_t>(at.integer("start", 0, most)),
                                 static_cast<std::size_t>(at.integer("stop", 0, most))});
  } else if (type == "Replace") {
    steps.push_back(read_replacement(at, at.string("content")));
  } else if (type == "WordPiece") {
    steps.push_back(WordPieceDecoder{at.string("prefix"), at.boolean("cleanup")});
  } else if (type == "BPEDecoder") {
    steps.push_back(BpeDecoder{at.string("suffix")});
  } else if (type == "CTC") {
    steps.push_back(CtcDecoder{at.string("pad_token"), at.string("word_delimiter_token"), at.boolean("cleanup")});
  } else {
    fail_component(at,
                   "ByteLevel, ByteFallback, Fuse, Metaspace, Strip, Replace, WordPiece, BPEDecoder, CTC or Sequence");
  }
}

}  // namespace headformer::detail
