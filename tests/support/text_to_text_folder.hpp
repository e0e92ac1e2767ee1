#pragma once

#include <filesystem>
#include <headformer/formats/json.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "support/temporary_folder.hpp"

namespace headformer::testing {

/// A golden of an encoder-decoder with a tokenizer of as many words: <s> <pad> </s> <unk> w4 ... w96; w90 and w91 are
/// the languages en_XX and de_DE. Texts end with </s> and, for mBART, with en_XX.
class TextToTextFolder {
 public:
  explicit TextToTextFolder(const std::string& golden)
      : golden_(std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/seq2seq" / golden),
        config(parse_json(Bytes::map(golden_ / "config.json"))) {
    std::filesystem::copy(golden_ / "model.safetensors", folder_ / "model.safetensors");
    std::filesystem::copy(golden_ / "generation_config.json", folder_ / "generation_config.json");
    Json vocabulary;
    Json added = Json::array();
    for (int i = 0; i < 97; ++i) {
      const char* const specials[] = {"<s>", "<pad>", "</s>", "<unk>"};
      std::string word = i < 4 ? specials[i] : "w" + std::to_string(i);
      if (i == 90) word = "en_XX";
      if (i == 91) word = "de_DE";
      vocabulary[word] = i;
      if (i < 4 || i == 90 || i == 91)
        added.push_back({{"id", i},
                         {"content", word},
                         {"special", true},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", false},
                         {"normalized", false}});
    }
    Json single = {{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}, {{"SpecialToken", {{"id", "</s>"}, {"type_id", 0}}}}};
    Json specials = {{"</s>", {{"id", "</s>"}, {"ids", {2}}, {"tokens", {"</s>"}}}}};
    if (golden == "mbart") {
      single.push_back({{"SpecialToken", {{"id", "en_XX"}, {"type_id", 0}}}});
      specials["en_XX"] = {{"id", "en_XX"}, {"ids", {90}}, {"tokens", {"en_XX"}}};
    }
    const Json tokenizer = {
        {"added_tokens", added},
        {"normalizer", nullptr},
        {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
        {"post_processor",
         {{"type", "TemplateProcessing"}, {"single", single}, {"pair", single}, {"special_tokens", specials}}},
        {"decoder", nullptr},
        {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "<unk>"}}}};
    folder_.write("tokenizer.json", tokenizer.dump());
    folder_.write("tokenizer_config.json",
                  R"({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "model_max_length": 20})");
  }

  /// The folder with the config as it is now.
  std::filesystem::path write() {
    folder_.write("config.json", config.dump());
    return folder_.path();
  }
  const std::filesystem::path& golden() const { return golden_; }

 private:
  std::filesystem::path golden_;
  TemporaryFolder folder_;

 public:
  Json config;
};

}  // namespace headformer::testing
