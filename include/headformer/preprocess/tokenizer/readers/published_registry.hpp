#pragma once

#include <string>
#include <string_view>

#include "headformer/core/cold.hpp"

namespace headformer::detail {

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
      {"BlenderbotSmallTokenizer", " blenderbot-small "},
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
      {"M2M100Tokenizer", " m2m_100 "},
      {"MBart50Tokenizer", " mbart50 "},
      {"MBartTokenizer", " mbart "},
      {"MPNetTokenizer", " mpnet "},
      {"MarianTokenizer", " marian "},
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

}  // namespace headformer::detail
