#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/core/stable_sort.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/models/merges.hpp"
#include "headformer/preprocess/tokenizer/models/vocabulary.hpp"
#include "headformer/preprocess/tokenizer/readers/base64.hpp"
#include "headformer/preprocess/tokenizer/readers/json_models.hpp"
#include "headformer/preprocess/tokenizer/steps/byte_alphabet.hpp"
#include "headformer/preprocess/unicode/properties.hpp"
#include "headformer/preprocess/unicode/utf8.hpp"

namespace headformer::detail {

/// Calls body(line, number from 1) for each line of a text file, without the line's end. Throws FormatError where the
/// file is no UTF-8.
template <class Body>
void each_line(const Bytes& file, const Body& body) {
  std::string_view rest = file.text();
  if (const std::size_t valid = unicode::utf8_valid_prefix(rest); valid < rest.size())
    throw FormatError(file.name() + ": expected UTF-8, found an invalid sequence at byte " + std::to_string(valid));
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    body(line, number);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

/// vocab.txt: a piece a line, its number the id; white space at its end does not count. A piece that comes twice has
/// the later id.
HEADFORMER_COLD inline Vocabulary read_vocabulary_lines(const Bytes& file) {
  Vocabulary vocabulary(static_cast<std::size_t>(std::count(file.text().begin(), file.text().end(), '\n')),
                        std::make_shared<const Bytes>(file));
  each_line(file, [&](std::string_view line, std::size_t number) {
    if (number > Vocabulary::limit)
      throw FormatError(file.name() + ": expected at most " + std::to_string(Vocabulary::limit) + " lines, found more");
    std::size_t end = line.size();
    for (std::size_t i = 0, last = 0; i < line.size();) {
      if (!unicode::is_space(unicode::utf8_next(line, i))) last = i;
      end = last;
    }
    vocabulary.add(static_cast<TokenId>(number - 1), line.substr(0, end));
  });
  return vocabulary;
}

/// vocab.json: text to id.
HEADFORMER_COLD inline Vocabulary read_vocabulary_json(const Bytes& file) {
  const Json json = Json{{"vocab", parse_json(file)}};
  return read_vocabulary(JsonObject(json, file.name()));
}

/// merges.txt: two pieces a line, the earliest merge first.
HEADFORMER_COLD inline MergeTable read_merge_lines(const Bytes& file, const Vocabulary& vocabulary) {
  MergeTable merges(static_cast<std::size_t>(std::count(file.text().begin(), file.text().end(), '\n')));
  std::uint32_t rank = 0;
  each_line(file, [&](std::string_view line, std::size_t number) {
    if (line.starts_with("#version")) return;
    const std::size_t space = line.find(' ');
    const std::string_view left = line.substr(0, space);
    const std::string_view right = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (right.empty() || !merges.add(vocabulary, left, right, 0, rank++))
      throw FormatError(file.name() + ": line " + std::to_string(number) +
                        ": expected two pieces that are in the vocabulary with their joint text, found " +
                        quoted(line));
  });
  return merges;
}

/// tiktoken's vocabulary (https://github.com/openai/tiktoken, load.py): base64 and rank a line. The pieces are spelled
/// in the byte alphabet.
HEADFORMER_COLD inline Vocabulary read_tiktoken_vocabulary(const Bytes& file) {
  const auto lines = static_cast<std::size_t>(std::count(file.text().begin(), file.text().end(), '\n')) + 1;
  const std::size_t most = std::min(Vocabulary::limit, lines * 16 + (1 << 16));
  Vocabulary vocabulary(lines);
  each_line(file, [&](std::string_view line, std::size_t number) {
    if (line.empty()) return;
    const std::size_t space = line.find(' ');
    const std::optional<std::string> bytes = decode_base64(line.substr(0, space));
    std::size_t rank = 0;
    bool valid = bytes && space != std::string_view::npos && space + 1 < line.size() && line.size() - space < 10;
    for (std::size_t i = space + 1; valid && i < line.size(); ++i) {
      valid = line[i] >= '0' && line[i] <= '9';
      rank = rank * 10 + static_cast<std::size_t>(line[i] - '0');
    }
    if (!valid || rank >= most)
      throw FormatError(file.name() + ": line " + std::to_string(number) +
                        ": expected base64, a space and a rank, found " + quoted(line));
    vocabulary.add_copy(static_cast<TokenId>(rank), ByteAlphabet::get().spelled(*bytes));
  });
  return vocabulary;
}

/// The merges that tiktoken's ranks imply: any two pieces whose joint text is one, the least rank first.
HEADFORMER_COLD inline MergeTable tiktoken_merges(const Vocabulary& vocabulary) {
  struct Split {
    TokenId left, right;
  };
  MergeTable merges(vocabulary.size());
  std::vector<Split> splits;
  std::uint32_t rank = 0;
  for (TokenId id = 0; static_cast<std::size_t>(id) < vocabulary.size(); ++id) {
    if (!vocabulary.has(id)) continue;
    const std::string_view text = vocabulary.text_of(id);
    splits.clear();
    constexpr std::size_t longest = 4096;  // bounds what a hostile file can make us do
    for (std::size_t at = 0; at < text.size() && text.size() < longest;) {
      at += unicode::utf8_size(text[at]);
      if (at >= text.size()) break;
      const TokenId left = vocabulary.find(text.substr(0, at));
      const TokenId right = left == Vocabulary::none ? left : vocabulary.find(text.substr(at));
      if (right != Vocabulary::none) splits.push_back({left, right});
    }
    detail::stable_sort(splits.begin(), splits.end(), [](const Split& a, const Split& b) {
      return std::tie(a.left, a.right) < std::tie(b.left, b.right);
    });
    for (const Split& split : splits) merges.add(split.left, split.right, rank++, id);
  }
  return merges;
}

}  // namespace headformer::detail
