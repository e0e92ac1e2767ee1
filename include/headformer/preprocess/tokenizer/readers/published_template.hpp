#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/formats/json.hpp"
#include "headformer/preprocess/tokenizer/pipeline.hpp"
#include "headformer/preprocess/tokenizer/readers/published_class.hpp"
#include "headformer/preprocess/tokenizer/readers/published_components.hpp"
#include "headformer/preprocess/tokenizer/readers/special_tokens.hpp"

namespace headformer::detail {

/// Which special tokens stand around a text where neither class nor file say it otherwise.
struct AroundText {
  bool bos = false, eos = false;
};

/// Reads a template in words (published_template).
class TemplateWords {
 public:
  TemplateWords(const Pipeline& pipeline, const JsonObject& config, const SpecialTokens& specials, PublishedClass kind)
      : pipeline_(&pipeline), config_(&config), specials_(&specials), kind_(kind) {}

  HEADFORMER_COLD TemplateStep read(std::string_view words) const {
    TemplateStep step;
    std::vector<TemplateItem>* items = &step.single;
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(' '));
      words.remove_prefix(std::min(words.size(), word.size() + 1));
      if (word == "|") {
        items = &step.pair;
        continue;
      }
      const std::size_t colon = word.rfind(':');
      const std::string_view name = word.substr(0, colon);
      TemplateItem& item = items->emplace_back();
      item.type_id = word[colon + 1] - '0';
      if (name == "$A" || name == "$B") {
        item.sequence = name == "$A" ? 0 : 1;
      } else {
        item.ids.push_back(id_of(name));
      }
    }
    return step;
  }

  /// The id of a role ("cls"), of the language or of a token's own text.
  HEADFORMER_COLD TokenId id_of(std::string_view name) const {
    std::string text(name);
    if (name == "lang") {
      const bool nllb = kind_ == PublishedClass::nllb;
      const bool m2m_100 = kind_ == PublishedClass::m2m_100;
      text = config_->string_or("src_lang", nllb ? "eng_Latn" : m2m_100 ? "en" : "en_XX");
      if (m2m_100) text = "__" + text + "__";
    } else if (const AddedToken* token = specials_->find(text + "_token")) {
      text = token->content;
    }
    TokenId id = pipeline_->added.find(text);
    if (id == Vocabulary::none) id = pipeline_->model.vocabulary().find(text);
    if (id == Vocabulary::none) id = pipeline_->unk.value_or(Vocabulary::none);
    if (id == Vocabulary::none)
      throw FormatError(config_->file() + ": tokenizer_class: expected a vocabulary with the token " +
                        detail::quoted(text) + " that this class puts around texts, found none");
    return id;
  }

 private:
  const Pipeline* pipeline_;
  const JsonObject* config_;
  const SpecialTokens* specials_;
  PublishedClass kind_;
};

/// Puts the special tokens of a class around texts, in the place of the file's where the class has its own. `missing`:
/// the file has none, so that `around` counts.
HEADFORMER_COLD inline void put_published_template(Pipeline& pipeline, PublishedClass kind, const JsonObject& config,
                                                   const SpecialTokens& specials, bool missing, AroundText around) {
  const TemplateWords reader(pipeline, config, specials, kind);
  // RemBERT's class ends with what asks for bos and eos, where its file brings no post-processor.
  const std::string_view words =
      kind == PublishedClass::rembert && missing ? "bos/eos" : published_template(kind, config);
  std::vector<PostStep>& steps = pipeline.post_processor.steps;
  if (words == "roberta" || words == "bert") {
    const bool clip = kind == PublishedClass::clip;
    const bool roberta = kind == PublishedClass::roberta;
    steps.clear();
    if (words == "roberta" && !clip && (!roberta || config.boolean_or("trim_offsets", true)))
      steps.push_back(TrimStep{roberta && config.boolean_or("add_prefix_space", false)});
    const bool bert = words == "bert";  // HerBERT's ids are fixed
    steps.push_back(AroundStep{bert ? 0 : reader.id_of(clip ? "bos" : "cls"),
                               bert ? 2 : reader.id_of(clip ? "eos" : "sep"), words == "roberta"});
  } else if (kind == PublishedClass::whisper) {
    const bool timestamps = config.boolean_or("predict_timestamps", false);
    steps.assign(1,
                 reader.read(timestamps ? "<|startoftranscript|>:0 $A:0 eos:0 | <|startoftranscript|>:0 $A:0 $B:1 eos:1"
                                        : "<|startoftranscript|>:0 <|notimestamps|>:0 $A:0 eos:0 | "
                                          "<|startoftranscript|>:0 <|notimestamps|>:0 $A:0 $B:1 eos:1"));
  } else if (!words.empty() && words != "bos/eos") {
    steps.assign(1, reader.read(words));
  } else if (missing || words == "bos/eos") {
    around.bos = around.bos && specials.find("bos_token") != nullptr;
    around.eos = around.eos && specials.find("eos_token") != nullptr;
    const std::string first = std::string(around.bos ? "bos:0 " : "") + "$A:0" + (around.eos ? " eos:0" : "");
    const std::string second = std::string(around.bos ? " bos:1" : "") + " $B:1" + (around.eos ? " eos:1" : "");
    steps.assign(1, reader.read(first + " | " + first + second));
  }
}

}  // namespace headformer::detail
