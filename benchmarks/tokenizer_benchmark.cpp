// How fast a tokenizer opens, encodes and decodes: tokenizer_benchmark MODEL FILE [--threads 1,2] [--repetitions R]
// FILE is encoded line by line; medians over the repetitions, MB = 1e6 bytes of text. One JSON object a line.
#include <algorithm>
#include <chrono>
#include <functional>
#include <headformer/core/thread_pool.hpp>
#include <headformer/preprocess/tokenizer.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../examples/program.hpp"

namespace {

using namespace headformer;

double median_seconds(int repetitions, const std::function<void()>& body) {
  std::vector<double> seconds;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  program::App app("Measures a tokenizer: opening, ids, offsets, batches, decoding");
  std::string model;
  std::string path;
  std::vector<int> threads{1};
  int repetitions = 3;
  app.add_option("MODEL", model, "a Hugging Face folder or a .gguf file")->required();
  app.add_option("FILE", path, "text of UTF-8, encoded line by line")->required();
  app.add_option("--threads", threads, "workers of the batches")->delimiter(',')->check(program::range(1, 1024));
  app.add_option("--repetitions", repetitions, "of which the median counts")->check(program::range(1, 1000));
  return program::run(app, argc, argv, [&] {
    const Bytes file = Bytes::map(path);
    const std::vector<std::string_view> lines = lines_of(file.text());
    std::optional<Tokenizer> tokenizer;
    const double open = median_seconds(repetitions, [&] { tokenizer = Tokenizer::from(model); });
    const auto rate = [&](const std::function<void()>& body) {
      return static_cast<double>(file.size()) / 1e6 / median_seconds(repetitions, body);
    };
    const auto print = [](const nlohmann::ordered_json& line) { std::cout << line.dump() << std::endl; };
    std::vector<std::vector<TokenId>> ids(lines.size());
    const double encoding = rate([&] {
      for (std::size_t i = 0; i < lines.size(); ++i) ids[i] = tokenizer->encode(lines[i], false);
    });
    EncodeOptions options;
    options.add_special_tokens = false;
    const double details = rate([&] {
      for (const std::string_view line : lines) (void)tokenizer->encode(TextPair{line, {}}, options);
    });
    const double decoding = rate([&] {
      for (const std::vector<TokenId>& line : ids) (void)tokenizer->decode(line);
    });
    print({{"open_seconds", open},
           {"encode_mb_per_second", encoding},
           {"encode_with_offsets_mb_per_second", details},
           {"decode_mb_per_second", decoding}});
    for (const int count : threads) {
      ThreadPool pool(count);
      print({{"threads", count},
             {"encode_batch_mb_per_second", rate([&] { (void)tokenizer->encode_batch(lines, pool, false); })}});
    }
  });
}
