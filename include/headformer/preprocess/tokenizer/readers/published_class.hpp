#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/tokenizer/readers/published_registry.hpp"

namespace headformer::detail {

// transformers 5.23 does not always run a tokenizer.json as it is written: most of its tokenizer classes take only the
// vocabulary, the merges, the added tokens and sometimes the post-processor from the file and put their own normaliser,
// pre-tokenizer, model flags and decoder around them (LlamaTokenizer for one, whose Metaspace prepends a space to the
// first word only, where the files of Llama 2 prepend one to each stretch between special tokens). What
// AutoTokenizer.from_pretrained(folder) gives is what is followed here.

/// The classes that rebuild a tokenizer; every other runs the file as it is written. (marian, m2m_100 and
/// blenderbot_small have no fast tokenizer: they run in Python, from files of their own.)
enum class PublishedClass {
  as_written,
  albert,
  barthez,
  bert,
  big_bird,
  blenderbot,
  blenderbot_small,
  camembert,
  clip,
  code_gen,
  code_llama,
  cohere,
  deberta,
  deberta_v2,
  funnel,
  gemma,
  gpt2,
  gpt_neox,
  herbert,
  llama,
  m2m_100,
  marian,
  mbart,
  mbart50,
  mpnet,
  nllb,
  openai_gpt,
  pegasus,
  qwen2,
  qwen3_5,
  rembert,
  roberta,
  t5,
  whisper,
  xglm,
  xlm_roberta
};

/// The language codes of MBart's vocabulary, in its order.
inline constexpr std::string_view mbart_languages =
    "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP nl_XX "
    "ro_RO ru_RU si_LK tr_TR vi_VN zh_CN ";
/// And those that MBart50 has after them.
inline constexpr std::string_view mbart50_languages =
    "af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XT sv_SE sw_KE ta_IN "
    "te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI ";

/// Those of M2M-100, which are pieces like "__af__", and of the WMT21 models of its family.
inline constexpr std::string_view m2m_100_languages =
    "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy "
    "id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or pa pl ps pt ro ru "
    "sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu ";
inline constexpr std::string_view wmt21_languages = "en ha is ja cs ru zh de ";

/// `name` without "Fast", as the reference compares class names.
HEADFORMER_COLD inline std::string_view plain_class_name(std::string_view name) {
  return name.ends_with("Fast") ? name.substr(0, name.size() - 4) : name;
}

/// The class of a plain name, its aliases included.
HEADFORMER_COLD inline PublishedClass class_of_name(std::string_view name) {
  using Class = PublishedClass;
  static constexpr std::pair<std::string_view, Class> classes[] = {
      {"AlbertTokenizer", Class::albert},
      {"BarthezTokenizer", Class::barthez},
      {"BartTokenizer", Class::roberta},
      {"BertTokenizer", Class::bert},
      {"BigBirdTokenizer", Class::big_bird},
      {"BlenderbotTokenizer", Class::blenderbot},
      {"BlenderbotSmallTokenizer", Class::blenderbot_small},
      {"CLIPTokenizer", Class::clip},
      {"CamembertTokenizer", Class::camembert},
      {"CodeGenTokenizer", Class::code_gen},
      {"CodeLlamaTokenizer", Class::code_llama},
      {"CohereTokenizer", Class::cohere},
      {"DebertaTokenizer", Class::deberta},
      {"DebertaV2Tokenizer", Class::deberta_v2},
      {"DPRContextEncoderTokenizer", Class::bert},
      {"DPRQuestionEncoderTokenizer", Class::bert},
      {"DPRReaderTokenizer", Class::bert},
      {"DistilBertTokenizer", Class::bert},
      {"ElectraTokenizer", Class::bert},
      {"FunnelTokenizer", Class::funnel},
      {"GPT2Tokenizer", Class::gpt2},
      {"GPTNeoXTokenizer", Class::gpt_neox},
      {"GemmaTokenizer", Class::gemma},
      {"HerbertTokenizer", Class::herbert},
      {"LEDTokenizer", Class::roberta},
      {"LayoutLMTokenizer", Class::bert},
      {"LlamaTokenizer", Class::llama},
      {"LongformerTokenizer", Class::roberta},
      {"LxmertTokenizer", Class::bert},
      {"M2M100Tokenizer", Class::m2m_100},
      {"MBart50Tokenizer", Class::mbart50},
      {"MBartTokenizer", Class::mbart},
      {"MPNetTokenizer", Class::mpnet},
      {"MarianTokenizer", Class::marian},
      {"MobileBertTokenizer", Class::bert},
      {"MvpTokenizer", Class::roberta},
      {"NllbTokenizer", Class::nllb},
      {"OpenAIGPTTokenizer", Class::openai_gpt},
      {"PegasusTokenizer", Class::pegasus},
      {"Qwen2Tokenizer", Class::qwen2},
      {"Qwen3_5Tokenizer", Class::qwen3_5},
      {"RemBertTokenizer", Class::rembert},
      {"RobertaTokenizer", Class::roberta},
      {"SqueezeBertTokenizer", Class::bert},
      {"T5Tokenizer", Class::t5},
      {"WhisperTokenizer", Class::whisper},
      {"XGLMTokenizer", Class::xglm},
      {"XLMRobertaTokenizer", Class::xlm_roberta},
  };
  for (const auto& [known, kind] : classes)
    if (known == name) return kind;
  return Class::as_written;
}

/// Whether a class runs in Python.
HEADFORMER_COLD inline bool runs_in_python(PublishedClass kind) {
  return kind == PublishedClass::blenderbot_small || kind == PublishedClass::m2m_100 || kind == PublishedClass::marian;
}

/// Which class AutoTokenizer takes. `named`: tokenizer_class of tokenizer_config.json, else of config.json, else empty;
/// `file`: the text of tokenizer.json.
HEADFORMER_COLD inline PublishedClass published_class(std::string_view named, std::string_view model_type,
                                                      std::string_view file) {
  named = plain_class_name(named);
  const std::string_view registered = registered_class(model_type);
  const bool wrong = wrong_published_class(model_type);
  std::string_view chosen = named.empty() ? registered : named;
  if (named == "LlamaTokenizer" && !wrong && file.find("\"ByteLevel\"") != std::string_view::npos) {
    chosen = {};
  } else if (!named.empty() && !registered.empty() && registered != named) {
    chosen = registered == "TokenizersBackend" ? std::string_view{} : wrong ? registered : named;
  }
  return class_of_name(chosen);
}

/// The named special tokens that a class has where the configuration does not name others.
HEADFORMER_COLD inline std::vector<std::pair<std::string, std::string>> default_special_tokens(PublishedClass kind) {
  using Class = PublishedClass;
  const std::string end = "<|endoftext|>";
  const std::vector<std::pair<std::string, std::string>> roberta = {
      {"bos_token", "<s>"},   {"eos_token", "</s>"},  {"sep_token", "</s>"},   {"cls_token", "<s>"},
      {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>"}};
  const std::vector<std::pair<std::string, std::string>> albert = {
      {"bos_token", "[CLS]"}, {"eos_token", "[SEP]"}, {"unk_token", "<unk>"},  {"sep_token", "[SEP]"},
      {"pad_token", "<pad>"}, {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}};
  switch (kind) {
    case Class::bert:
      return {{"unk_token", "[UNK]"},
              {"sep_token", "[SEP]"},
              {"pad_token", "[PAD]"},
              {"cls_token", "[CLS]"},
              {"mask_token", "[MASK]"}};
    case Class::roberta:
    case Class::xlm_roberta:
    case Class::camembert:
    case Class::barthez:
    case Class::blenderbot:
    case Class::nllb:
    case Class::mbart:
      return roberta;
    case Class::mbart50:
      return {roberta.begin() + 1, roberta.end()};
    case Class::xglm:
      return {roberta.begin(), roberta.end() - 1};
    case Class::mpnet: {
      auto tokens = roberta;
      tokens[4].second = "[UNK]";
      return tokens;
    }
    case Class::albert:
    case Class::rembert:
      return albert;
    case Class::big_bird:
      return {{"bos_token", "<s>"},   {"eos_token", "</s>"},  {"unk_token", "<unk>"},  {"sep_token", "[SEP]"},
              {"pad_token", "<pad>"}, {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}};
    case Class::deberta:
    case Class::deberta_v2:
      return {{"bos_token", "[CLS]"}, {"eos_token", "[SEP]"}, {"unk_token", "[UNK]"},  {"sep_token", "[SEP]"},
              {"pad_token", "[PAD]"}, {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}};
    case Class::funnel:
      return {{"bos_token", "<s>"},   {"eos_token", "</s>"},  {"unk_token", "<unk>"},  {"sep_token", "<sep>"},
              {"pad_token", "<pad>"}, {"cls_token", "<cls>"}, {"mask_token", "<mask>"}};
    case Class::herbert:
      return {{"unk_token", "<unk>"},
              {"sep_token", "</s>"},
              {"pad_token", "<pad>"},
              {"cls_token", "<s>"},
              {"mask_token", "<mask>"}};
    case Class::m2m_100:
      return {{"bos_token", "<s>"},
              {"eos_token", "</s>"},
              {"sep_token", "</s>"},
              {"unk_token", "<unk>"},
              {"pad_token", "<pad>"}};
    case Class::blenderbot_small:
      return {
          {"bos_token", "__start__"}, {"eos_token", "__end__"}, {"unk_token", "__unk__"}, {"pad_token", "__null__"}};
    case Class::marian:
    case Class::t5:
      return {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}};
    case Class::pegasus:
      return {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask_2>"}};
    case Class::openai_gpt:
      return {{"unk_token", "<unk>"}};
    case Class::llama:
    case Class::code_llama:
      return {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}};
    case Class::gemma:
      return {{"bos_token", "<bos>"},
              {"eos_token", "<eos>"},
              {"unk_token", "<unk>"},
              {"pad_token", "<pad>"},
              {"mask_token", "<mask>"}};
    case Class::cohere:
      return {{"bos_token", "<BOS_TOKEN>"},  {"eos_token", "<|END_OF_TURN_TOKEN|>"},
              {"unk_token", "<UNK>"},        {"sep_token", "<SEP>"},
              {"pad_token", "<PAD>"},        {"cls_token", "<CLS>"},
              {"mask_token", "<MASK_TOKEN>"}};
    case Class::clip:
      return {{"bos_token", "<|startoftext|>"}, {"eos_token", end}, {"unk_token", end}, {"pad_token", end}};
    case Class::gpt_neox:
      return {{"bos_token", end}, {"eos_token", end}, {"unk_token", end}, {"pad_token", "<|padding|>"}};
    case Class::gpt2:
    case Class::code_gen:
    case Class::whisper:
      return {{"bos_token", end}, {"eos_token", end}, {"unk_token", end}};
    case Class::qwen2:
    case Class::qwen3_5:
      return {{"eos_token", end}, {"unk_token", end}, {"pad_token", end}};
    case Class::as_written:
      break;
  }
  return {};
}

}  // namespace headformer::detail
