// Text to token ids and back, line by line:
// tokenize MODEL [--text-file F] [--decode] [--chat] [--details] [--no-special]
#include <chrono>
#include <filesystem>
#include <functional>
#include <headformer/preprocess/chat_template.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "program.hpp"

namespace {

using namespace headformer;
using OrderedJson = nlohmann::ordered_json;

/// A checkpoint's files, as far as text needs them.
struct Source {
  std::optional<Gguf> gguf;
  FileReader files;

  explicit Source(const std::string& path) {
    if (std::filesystem::is_directory(path)) {
      files = Checkpoint::folder_reader(path);
    } else {
      gguf = Gguf::parse(Bytes::map(path));
    }
  }
  Tokenizer tokenizer(const std::string& path) const {
    return gguf ? Tokenizer::from_gguf(*gguf) : Tokenizer::from(path);
  }
  ChatTemplate chat_template(const std::string& path) const {
    std::optional<ChatTemplate> found = gguf ? ChatTemplate::from_gguf(*gguf) : ChatTemplate::from_files(files);
    if (!found) throw ConfigError(path + ": chat_template: expected one in the checkpoint, found none");
    return std::move(*found);
  }
};

/// Answers each line of stdin with a line of JSON; what is wrong with one line stops no other.
void answer_lines(const std::function<OrderedJson(const OrderedJson&)>& answer) {
  for (std::string line; std::getline(std::cin, line);) {
    OrderedJson result;
    try {
      result = answer(OrderedJson::parse(line));
    } catch (const Error& error) {
      result = {{"error", error.what()}};
    } catch (const nlohmann::json::exception& error) {
      result = {{"error", error.what()}};
    }
    // A message may quote bytes that are no UTF-8.
    std::cout << result.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
  }
  std::cout.flush();
}

OrderedJson encode(const Tokenizer& tokenizer, const OrderedJson& line, bool special) {
  if (!line.is_string()) throw ArgumentError("line: expected a JSON string, found " + std::string(line.type_name()));
  return tokenizer.encode(line.get_ref<const std::string&>(), special);
}

/// The value that a key's name stands for; the first choice where there is no such key.
template <class T>
T named(const OrderedJson& input, const char* key, std::initializer_list<std::pair<const char*, T>> choices) {
  const std::string found = input.value(key, std::string(choices.begin()->first));
  std::string known;
  for (const auto& [name, value] : choices) {
    if (found == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw ArgumentError("line: " + std::string(key) + ": expected one of " + known + ", found " + found);
}

/// What --details prints: a line is a text, or an object with `text`, `pair` and the options' names.
OrderedJson encode_with_details(const Tokenizer& tokenizer, const OrderedJson& line, bool special) {
  const OrderedJson input = line.is_string() ? OrderedJson{{"text", line}} : line;
  if (!input.is_object() || !input.contains("text"))
    throw ArgumentError("line: expected a JSON string or an object with a text, found " +
                        std::string(line.type_name()));
  const auto text = input.at("text").get<std::string>();
  const auto pair = input.value("pair", std::string());
  EncodeOptions options;
  options.add_special_tokens = special;
  options.offsets =
      named<OffsetUnit>(input, "unit", {{"characters", OffsetUnit::characters}, {"bytes", OffsetUnit::bytes}});
  const auto side = [&](const char* key) {
    return named<SequenceSide>(input, key, {{"right", SequenceSide::right}, {"left", SequenceSide::left}});
  };
  if (input.contains("max_length")) {
    Truncation& cut = options.truncation.emplace();
    cut.max_length = input.at("max_length").get<Index>();
    cut.stride = input.value("stride", Index{0});
    cut.side = side("truncation_side");
    cut.strategy = named<TruncationStrategy>(input, "truncation",
                                             {{"longest_first", TruncationStrategy::longest_first},
                                              {"only_first", TruncationStrategy::only_first},
                                              {"only_second", TruncationStrategy::only_second}});
  }
  if (input.contains("pad_to") || input.contains("pad_to_multiple_of")) {
    Padding& padding = options.padding.emplace();
    if (input.contains("pad_to")) padding.length = input.at("pad_to").get<Index>();
    padding.multiple_of = input.value("pad_to_multiple_of", Index{0});
    padding.side = side("padding_side");
  }
  TextPair texts{text, {}};
  if (input.contains("pair")) texts.second = pair;
  const std::function<OrderedJson(const Encoding&)> json_of = [&](const Encoding& encoding) {
    OrderedJson result;
    result["ids"] = encoding.ids;
    result["type_ids"] = encoding.type_ids;
    result["offsets"] = OrderedJson::array();
    for (const TextOffsets& place : encoding.offsets) result["offsets"].push_back({place.begin, place.end});
    result["word_ids"] = encoding.word_ids;
    result["sequence_ids"] = encoding.sequence_ids;
    result["special_tokens_mask"] = encoding.special_tokens_mask;
    result["attention_mask"] = encoding.attention_mask;
    for (const Encoding& part : encoding.overflowing) result["overflowing"].push_back(json_of(part));
    return result;
  };
  return json_of(tokenizer.encode(texts, options));
}

OrderedJson decode(const Tokenizer& tokenizer, const OrderedJson& line, bool special) {
  if (!line.is_array()) throw ArgumentError("line: expected an array of ids, found " + std::string(line.type_name()));
  std::vector<TokenId> ids;
  for (const OrderedJson& id : line) {
    const bool in_range =
        id.is_number_integer() && id.get<std::int64_t>() >= 0 && id.get<std::int64_t>() < tokenizer.size();
    if (!in_range)
      throw ArgumentError("line: expected ids in [0, " + std::to_string(tokenizer.size() - 1) + "], found " +
                          id.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
    ids.push_back(id.get<TokenId>());
  }
  return tokenizer.decode(ids, !special);
}

OrderedJson render(const ChatTemplate& chat, const OrderedJson& line) {
  if (line.is_array()) return chat.render(OrderedJson{{"messages", line}, {"add_generation_prompt", false}});
  return chat.render(line);
}

/// Encodes a file line by line and prints how fast.
void measure(const Tokenizer& tokenizer, const std::string& path, bool special) {
  const Bytes file = Bytes::map(path);
  const std::string_view text = file.text();
  std::size_t tokens = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t begin = 0, number = 1; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    try {
      tokens += tokenizer.encode(text.substr(begin, end - begin), special).size();
    } catch (const ArgumentError& error) {
      throw ArgumentError(path + ": line " + std::to_string(number) + ": " + error.what());
    }
    begin = end + 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double rate = seconds > 0 ? static_cast<double>(text.size()) / 1e6 / seconds : 0.0;
  std::cout
      << OrderedJson({{"tokens", tokens}, {"bytes", text.size()}, {"seconds", seconds}, {"mb_per_second", rate}}).dump()
      << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Encodes JSON strings, a line each, to arrays of token ids");
  std::string model;
  std::string text_file;
  bool decoding = false;
  bool chat = false;
  bool no_special = false;
  bool details = false;
  app.add_option("MODEL", model, "a Hugging Face folder or a .gguf file")->required();
  auto* file = app.add_option("--text-file", text_file, "encode this file line by line and print how fast");
  auto* back = app.add_flag("--decode", decoding, "arrays of ids to text");
  auto* prompt = app.add_flag("--chat", chat, "messages, or an object with messages, to the prompt's text");
  app.add_flag("--no-special", no_special, "without special tokens");
  auto* more = app.add_flag("--details", details,
                            "texts, or objects with text, pair, max_length, stride, pad_to, ..., to offsets and masks");
  more->excludes(back)->excludes(file)->excludes(prompt);
  file->excludes(back)->excludes(prompt);
  back->excludes(prompt);
  return program::run(app, argc, argv, [&] {
    const Source source(model);
    if (chat) {
      const ChatTemplate templates = source.chat_template(model);
      return answer_lines([&](const OrderedJson& line) { return render(templates, line); });
    }
    const Tokenizer tokenizer = source.tokenizer(model);
    if (!text_file.empty()) return measure(tokenizer, text_file, !no_special);
    answer_lines([&](const OrderedJson& line) {
      if (details) return encode_with_details(tokenizer, line, !no_special);
      return decoding ? decode(tokenizer, line, !no_special) : encode(tokenizer, line, !no_special);
    });
  });
}
