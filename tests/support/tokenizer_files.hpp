#pragma once

#include <cstddef>
#include <headformer/preprocess/tokenizer.hpp>
#include <map>
#include <string>

namespace headformer::testing {

/// The texts of a checkpoint's files by their names.
using FileTexts = std::map<std::string, std::string>;

/// The tokenizer of files in memory, which messages call model/NAME.
inline Tokenizer tokenizer_of(const FileTexts& files) {
  return Tokenizer::from_files([&](const std::string& name) {
    const auto at = files.find(name);
    if (at == files.end()) return Bytes();
    const std::string& text = at->second;
    return Bytes({reinterpret_cast<const std::byte*>(text.data()), text.size()}, nullptr, "model/" + name);
  });
}

}  // namespace headformer::testing
