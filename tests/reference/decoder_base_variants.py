"""The classes of decoder families without a head over the vocabulary, as encoder variants (encoder_variants.py)."""

from encoder_variants import PADDED, EncoderVariant
from variants import GEMMA3_ROPE, GEMMA_IDS, GLOBAL, IDS, LOCAL, LONG_FACTORS, rope

HIDDEN = PADDED + ("long", "given_positions", "holes", "embeddings")
ENDS = PADDED + ("holes", "padding_unmasked")
THREE = dict(num_labels=3)

TINY = dict(vocab_size=53, hidden_size=24, intermediate_size=28, num_hidden_layers=2, num_attention_heads=3,
            num_key_value_heads=1, max_position_embeddings=128, **IDS)
WIDE = {**TINY, "vocab_size": 61, "hidden_size": 40, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 44}
GPT2 = dict(vocab_size=53, n_positions=80, n_embd=24, n_layer=2, n_head=3, **IDS)
GEMMA = {**TINY, **GEMMA_IDS, "head_dim": 10}
GEMMA3 = {**GEMMA, **GEMMA3_ROPE, "num_hidden_layers": 4, "query_pre_attn_scalar": 14, "sliding_window": 9,
          "layer_types": [LOCAL, LOCAL, GLOBAL, LOCAL]}
GEMMA3_VISION = {
    "text_config": GEMMA3, "mm_tokens_per_image": 4, "image_token_index": 48, "boi_token_index": 49,
    "eoi_token_index": 50, **GEMMA_IDS,
    "vision_config": {"hidden_size": 12, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                      "image_size": 28, "patch_size": 14},
}


def family(prefix, name, label, tiny, base, tasks, config=None):
    """A variant for each of a family's classes: the base on `base`, the others on `tiny`."""
    config = config or f"{name}Config"
    known = {
        "classification": (f"{name}ForSequenceClassification", THREE, ENDS),
        "tokens": (f"{name}ForTokenClassification", {"num_labels": 5}, PADDED),
        "answer": (f"{name}ForQuestionAnswering", {}, PADDED),
    }
    return [EncoderVariant(f"{prefix}_model", label, config, f"{name}Model", base, HIDDEN),
            *(EncoderVariant(f"{prefix}_{task}", label, config, known[task][0], {**tiny, **known[task][1]},
                             known[task][2]) for task in tasks)]


ALL = ("classification", "tokens", "answer")
TWO = ("classification", "tokens")

DECODER_BASES = [
    *family("gpt2", "GPT2", "GPT-2", GPT2, {**GPT2, "n_embd": 40, "n_head": 4, "vocab_size": 61}, ALL),
    *family("llama", "Llama", "Llama", TINY, {**WIDE, **rope(kind="yarn", factor=4.0,
                                                             original_max_position_embeddings=32)}, ALL),
    EncoderVariant("llama_reward_bf16", "Llama", "LlamaConfig", "LlamaForSequenceClassification",
                   {**TINY, "vocab_size": 59, "num_labels": 1, "pad_token_id": None}, ("plain",), dtype="bfloat16",
                   notes="one label and no padding id"),
    EncoderVariant("llama_bidirectional", "Llama", "LlamaConfig", "LlamaModel", {**TINY, "is_causal": False}, HIDDEN),
    *family("mistral", "Mistral", "Mistral", TINY, {**WIDE, "sliding_window": 7}, ALL),
    EncoderVariant("mistral_bidirectional", "Mistral", "MistralConfig", "MistralModel",
                   {**TINY, "is_causal": False, "sliding_window": 5}, HIDDEN, notes="a window on each side"),
    *family("qwen2", "Qwen2", "Qwen2", TINY, {**WIDE, "use_sliding_window": True, "sliding_window": 6,
                                              "max_window_layers": 1}, ALL),
    *family("qwen3", "Qwen3", "Qwen3", {**TINY, "head_dim": 10}, {**WIDE, "head_dim": 12}, ALL),
    EncoderVariant("qwen3_model_f16", "Qwen3", "Qwen3Config", "Qwen3Model", {**TINY, "head_dim": 10}, dtype="float16"),
    *family("gemma", "Gemma", "Gemma", GEMMA, {**GEMMA, "num_key_value_heads": 3}, TWO),
    *family("gemma2", "Gemma2", "Gemma 2", {**GEMMA, "query_pre_attn_scalar": 14},
            {**GEMMA, "query_pre_attn_scalar": 14, "sliding_window": 9, "attn_logit_softcapping": 5.0}, TWO),
    *family("gemma3_text", "Gemma3Text", "Gemma 3", GEMMA3, GEMMA3, ("classification",)),
    EncoderVariant("gemma3_embedding", "Gemma 3", "Gemma3TextConfig", "Gemma3TextModel",
                   {**GEMMA3, "use_bidirectional_attention": True, "sliding_window": 8}, HIDDEN,
                   notes="as EmbeddingGemma: half a window on each side"),
    EncoderVariant("gemma3_embedding_bf16", "Gemma 3", "Gemma3TextConfig", "Gemma3TextModel",
                   {**GEMMA3, "use_bidirectional_attention": True, "sliding_window": 8}, PADDED + ("long",),
                   dtype="bfloat16"),
    EncoderVariant("gemma3_vision_model", "Gemma 3", "Gemma3Config", "Gemma3Model", GEMMA3_VISION,
                   notes="text half; vision weights present"),
    EncoderVariant("gemma3_vision_classification", "Gemma 3", "Gemma3Config", "Gemma3ForSequenceClassification",
                   {**GEMMA3_VISION, **THREE}, notes="text half; vision weights present"),
    *family("phi3", "Phi3", "Phi-3", {**TINY, **rope()}, {**WIDE, "original_max_position_embeddings": 128, **rope()},
            TWO),
    EncoderVariant("phi3_model_longrope", "Phi-3", "Phi3Config", "Phi3Model",
                   {**TINY, "hidden_size": 36, "original_max_position_embeddings": 32,
                    **rope(kind="longrope", **LONG_FACTORS)}, ("plain", "long")),
    *family("smollm3", "SmolLM3", "SmolLM3", {**TINY, "no_rope_layers": [1, 0]}, {**WIDE, "no_rope_layers": [1, 0]},
            ALL),
]
