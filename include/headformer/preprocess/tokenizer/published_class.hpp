#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"

namespace headformer::detail {

// transformers 5.23 does not always run a tokenizer.json as it is written: most of its tokenizer classes take only the
// vocabulary, the merges, the added tokens and sometimes the post-processor from the file and put their own normaliser,
// pre-tokenizer, model flags and decoder around them (LlamaTokenizer for one, whose Metaspace prepends a space to the
// first word only, where the files of Llama 2 prepend one to each stretch between special tokens). What
// AutoTokenizer.from_pretrained(folder) gives is what is followed here.

/// The classes that rebuild a tokenizer; every other runs the file as it is written.
enum class PublishedClass {
  as_written,
  albert,
  barthez,
  bert,
  big_bird,
  blenderbot,
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
      {"MBart50Tokenizer", Class::mbart50},
      {"MBartTokenizer", Class::mbart},
      {"MPNetTokenizer", Class::mpnet},
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

/// The class that AutoTokenizer has registered for a `model_type` of config.json; empty when it has none.
HEADFORMER_COLD inline std::string_view registered_class(std::string_view model_type) {
  struct Registered {
    std::string_view name;
    std::string_view types;  // separated by spaces
  };
  static constexpr Registered classes[] = {
      {"AlbertTokenizer", " albert yoso "},
      {"BarthezTokenizer", " barthez "},
      {"BartTokenizer", " florence2 "},
      {"BertTokenizer",
       " align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git grounding-dino layoutlm "
       "megatron-bert mm-grounding-dino nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert "},
      {"BigBirdTokenizer", " big_bird "},
      {"BlenderbotTokenizer", " blenderbot "},
      {"CLIPTokenizer", " aimv2 clip clipseg groupvit omdet-turbo oneformer owlv2 owlvit sam3 sam3_video xclip "},
      {"CamembertTokenizer", " camembert "},
      {"CodeLlamaTokenizer", " code_llama "},
      {"CohereTokenizer", " aya_vision cohere cohere2 "},
      {"DPRQuestionEncoderTokenizer", " dpr "},
      {"DebertaTokenizer", " deberta "},
      {"DebertaV2Tokenizer", " deberta-v2 "},
      {"FunnelTokenizer", " funnel "},
      {"GPT2Tokenizer",
       " blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj hyperclovax_vision_v2 instructblip instructblipvideo jais2 opt phi "
       "starcoder2 "},
      {"GPTNeoXTokenizer", " falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm "},
      {"GemmaTokenizer",
       " diffusion_gemma gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 t5gemma "
       "zaya "},
      {"HerbertTokenizer", " herbert "},
      {"LEDTokenizer", " led "},
      {"LlamaTokenizer", " idefics idefics2 "},
      {"LxmertTokenizer", " lxmert "},
      {"MBart50Tokenizer", " mbart50 "},
      {"MBartTokenizer", " mbart "},
      {"MPNetTokenizer", " mpnet "},
      {"MobileBertTokenizer", " mobilebert "},
      {"MvpTokenizer", " mvp "},
      {"NllbTokenizer", " nllb nllb-moe "},
      {"OpenAIGPTTokenizer", " openai-gpt "},
      {"PegasusTokenizer", " pegasus "},
      {"Qwen2Tokenizer",
       " audioflamingo3 colqwen2 cosmos3_omni dots3_note fun_asr_nano hunyuan_vl internvl moss_transcribe_diarize "
       "ovis2 "
       "qianfan_ocr qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_asr qwen3_moe qwen3_next "
       "qwen3_omni_moe qwen3_vl qwen3_vl_moe lighton_ocr vibevoice "},
      {"Qwen3_5Tokenizer", " qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen4_exp "},
      {"RemBertTokenizer", " rembert "},
      {"RobertaTokenizer",
       " bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm "},
      {"T5Tokenizer", " mt5 musicgen musicgen_melody switch_transformers t5 "},
      {"WhisperTokenizer", " whisper "},
      {"XGLMTokenizer", " xglm "},
      {"XLMRobertaTokenizer", " gte jina_embeddings_v3 metaclip_2 trocr xlm-roberta xmod "},
      {"TokenizersBackend",
       " arctic aria beam bigbird_pegasus canary chatlm ernie4_5 ernie4_5_moe flex_olmo fuyu glm glm4 glm4_moe "
       "glm4_moe_lite glm4v glm4v_moe glm_image glmasr got_ocr2 gpt_bigcode granite granitemoe granitemoehybrid "
       "granitemoeshared h2ovl_chat hyperclovax hyperclovax_vlm internlm2 internlm3 iquestcoder jamba kimi_k25 "
       "kimi_linear kosmos-2 llava llava_next mimo_v2_flash minicpm3 minicpm_ocr minicpmv minicpmv4_6 minicpmv4_7 "
       "minimax_m2 ministral ministral3 mistral mistral3 mistral_large4 mixtral modernbert modernbert-decoder molmo "
       "molmo2 nemotron nvfp4 nystromformer olmo2 olmo3 olmo_hybrid opencua openvla paddleocr_vl pegasus_x persimmon "
       "phi3 phi3_v phimoe pix2struct pixtral smolvlm stablelm step3_vl umt5 vipllava voxtral voxtral_realtime "
       "xlm-roberta-xl "},
  };
  if (model_type.empty() || model_type.find(' ') != std::string_view::npos) return {};
  const std::string padded = ' ' + std::string(model_type) + ' ';
  for (const Registered& entry : classes)
    if (entry.types.find(padded) != std::string_view::npos) return entry.name;
  return {};
}

/// Families whose published tokenizer_class is known to be wrong, so that the registered one counts.
HEADFORMER_COLD inline bool wrong_published_class(std::string_view model_type) {
  for (const std::string_view type : {"arctic",
                                      "chatlm",
                                      "ernie4_5",
                                      "ernie4_5_moe",
                                      "fuyu",
                                      "h2ovl_chat",
                                      "hyperclovax",
                                      "hyperclovax_vlm",
                                      "hyperclovax_vision_v2",
                                      "internlm2",
                                      "internlm3",
                                      "iquestcoder",
                                      "jamba",
                                      "llava",
                                      "llava_next",
                                      "minicpm3",
                                      "minicpmv",
                                      "minimax_m2",
                                      "modernbert",
                                      "modernbert-decoder",
                                      "molmo",
                                      "molmo2",
                                      "nemotron",
                                      "nvfp4",
                                      "opencua",
                                      "openvla",
                                      "paddleocr_vl",
                                      "phi3",
                                      "phi3_v",
                                      "phimoe",
                                      "qwen2",
                                      "qwen3_5",
                                      "qwen3_5_moe",
                                      "qwen3_5_moe_text",
                                      "qwen4_exp",
                                      "step3_vl",
                                      "vipllava",
                                      "siglip2",
                                      "smolvlm"})
    if (type == model_type) return true;
  return false;
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
