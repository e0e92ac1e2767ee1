#pragma once

#include "headformer/models/encoders/from_decoder.hpp"
#include "headformer/models/gemma.hpp"
#include "headformer/models/gemma2.hpp"
#include "headformer/models/gemma3.hpp"
#include "headformer/models/gpt2.hpp"
#include "headformer/models/llama.hpp"
#include "headformer/models/mistral.hpp"
#include "headformer/models/phi3.hpp"
#include "headformer/models/qwen2.hpp"
#include "headformer/models/qwen3.hpp"
#include "headformer/models/smollm3.hpp"

// The classes of the decoder families that have no head over the vocabulary: hidden states, and classifiers.
namespace headformer {

namespace gpt2 {
inline constexpr EncoderClass base_classes[] = {
    {"GPT2Model", EncoderTask::base},
    {"GPT2ForSequenceClassification", EncoderTask::sequence_classification},
    {"GPT2ForTokenClassification", EncoderTask::token_classification},
    {"GPT2ForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family =
    encoder_family_of<family, Gpt2Layer, -1, LearnedPositions, LayerNorm>("gpt2", base_classes);
}  // namespace gpt2

namespace llama {
inline constexpr EncoderClass base_classes[] = {
    {"LlamaModel", EncoderTask::base},
    {"LlamaForSequenceClassification", EncoderTask::sequence_classification},
    {"LlamaForTokenClassification", EncoderTask::token_classification},
    {"LlamaForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer>("llama", base_classes);
}  // namespace llama

namespace mistral {
inline constexpr EncoderClass base_classes[] = {
    {"MistralModel", EncoderTask::base},
    {"MistralForSequenceClassification", EncoderTask::sequence_classification},
    {"MistralForTokenClassification", EncoderTask::token_classification},
    {"MistralForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer>("mistral", base_classes);
}  // namespace mistral

namespace qwen2 {
inline constexpr EncoderClass base_classes[] = {
    {"Qwen2Model", EncoderTask::base},
    {"Qwen2ForSequenceClassification", EncoderTask::sequence_classification},
    {"Qwen2ForTokenClassification", EncoderTask::token_classification},
    {"Qwen2ForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer>("qwen2", base_classes);
}  // namespace qwen2

namespace qwen3 {
inline constexpr EncoderClass base_classes[] = {
    {"Qwen3Model", EncoderTask::base},
    {"Qwen3ForSequenceClassification", EncoderTask::sequence_classification},
    {"Qwen3ForTokenClassification", EncoderTask::token_classification},
    {"Qwen3ForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, Qwen3Layer>("qwen3", base_classes);
}  // namespace qwen3

namespace gemma {
inline constexpr EncoderClass base_classes[] = {
    {"GemmaModel", EncoderTask::base},
    {"GemmaForSequenceClassification", EncoderTask::sequence_classification},
    {"GemmaForTokenClassification", EncoderTask::token_classification},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer, 0>("gemma", base_classes);
}  // namespace gemma

namespace gemma2 {
inline constexpr EncoderClass base_classes[] = {
    {"Gemma2Model", EncoderTask::base},
    {"Gemma2ForSequenceClassification", EncoderTask::sequence_classification},
    {"Gemma2ForTokenClassification", EncoderTask::token_classification},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, Gemma2Layer, 0>("gemma2", base_classes);
}  // namespace gemma2

namespace gemma3 {
inline constexpr EncoderClass base_classes[] = {
    {"Gemma3TextModel", EncoderTask::base},
    {"Gemma3Model", EncoderTask::base},
    {"Gemma3TextForSequenceClassification", EncoderTask::sequence_classification},
    {"Gemma3ForSequenceClassification", EncoderTask::sequence_classification},
};
inline constexpr EncoderFamily base_family =
    encoder_family_of<family, Gemma3Layer, 0>("gemma3_text", base_classes, embedding_architecture);
}  // namespace gemma3

namespace phi3 {
inline constexpr EncoderClass base_classes[] = {
    {"Phi3Model", EncoderTask::base},
    {"Phi3ForSequenceClassification", EncoderTask::sequence_classification},
    {"Phi3ForTokenClassification", EncoderTask::token_classification},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer, 32000>("phi3", base_classes);
}  // namespace phi3

namespace smollm3 {
inline constexpr EncoderClass base_classes[] = {
    {"SmolLM3Model", EncoderTask::base},
    {"SmolLM3ForSequenceClassification", EncoderTask::sequence_classification},
    {"SmolLM3ForTokenClassification", EncoderTask::token_classification},
    {"SmolLM3ForQuestionAnswering", EncoderTask::question_answering},
};
inline constexpr EncoderFamily base_family = encoder_family_of<family, LlamaLayer, 128004>("smollm3", base_classes);
}  // namespace smollm3

}  // namespace headformer
