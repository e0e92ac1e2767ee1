"""The decoder variants the goldens cover: one entry a combination of options, as data.

Sizes are tiny and, where the architecture allows, no multiple of 16, so that every remainder path of a kernel runs.
Two size sets: BODY for variants about structure, SMALL for variants that differ in rotary scaling only.
"""

from dataclasses import dataclass
from typing import Any

LOCAL, GLOBAL = "sliding_attention", "full_attention"


@dataclass(frozen=True)
class Variant:
    """One checkpoint and the cases run on it.

    name      folder below tests/goldens/decoders/
    family    the family's name in the README table
    config    class in transformers; `model` likewise
    options   arguments of the config class
    cases     names of the cases, see cases.py
    manner    "5": config.json as transformers 5 writes it; "4": as transformers 4 did, with the published tensor names
    dtype     dtype of the file; the reference computes in f32 on the rounded weights
    shards    number of safetensors files
    prefix    False: tensor names without the base model's prefix, as GPT-2 was published
    generate  also make generate.json
    embedding std of the embedding, where not the usual one (weights.py)
    """

    name: str
    family: str
    config: str
    model: str
    options: dict[str, Any]
    cases: tuple[str, ...] = ("plain", "right_padded", "left_padded")
    manner: str = "5"
    dtype: str = "float32"
    shards: int = 1
    prefix: bool = True
    generate: bool = False
    embedding: float | None = None
    notes: str = ""


PADDED = ("plain", "right_padded", "left_padded")
LONG = PADDED + ("long",)
POSITIONS = PADDED + ("given_positions",)

IDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}

BODY = dict(vocab_size=151, hidden_size=72, intermediate_size=56, num_hidden_layers=2, num_attention_heads=6,
            num_key_value_heads=2, max_position_embeddings=128, **IDS)
SMALL = dict(vocab_size=101, hidden_size=40, intermediate_size=56, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=128, **IDS)
GPT2 = dict(vocab_size=151, n_positions=72, n_embd=72, n_layer=2, n_head=6, n_inner=100, **IDS)


def rope(theta=10000.0, kind="default", **rest):
    """rope_parameters as transformers 5 spells them."""
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **rest}}


def llama(name, base=SMALL, cases=PADDED, notes="", **rest):
    options = {k: rest.pop(k) for k in list(rest) if k not in ("manner", "dtype", "shards", "generate", "prefix", "embedding")}
    return Variant(name, "Llama", "LlamaConfig", "LlamaForCausalLM", {**base, **options}, cases, notes=notes, **rest)


def gpt2(name, cases=PADDED, notes="", **rest):
    options = {k: rest.pop(k) for k in list(rest) if k not in ("manner", "dtype", "shards", "generate", "prefix", "embedding")}
    return Variant(name, "GPT-2", "GPT2Config", "GPT2LMHeadModel", {**GPT2, **options}, cases, notes=notes, **rest)


def family(label, config, model):
    """A maker of variants of one family."""
    def make(name, base=BODY, cases=PADDED, notes="", **rest):
        options = {k: rest.pop(k) for k in list(rest) if k not in ("manner", "dtype", "shards", "generate", "prefix", "embedding")}
        return Variant(name, label, config, model, {**base, **options}, cases, notes=notes, **rest)
    return make


mistral = family("Mistral", "MistralConfig", "MistralForCausalLM")
qwen2 = family("Qwen2", "Qwen2Config", "Qwen2ForCausalLM")
qwen3 = family("Qwen3", "Qwen3Config", "Qwen3ForCausalLM")
gemma = family("Gemma", "GemmaConfig", "GemmaForCausalLM")
gemma2 = family("Gemma 2", "Gemma2Config", "Gemma2ForCausalLM")
gemma3 = family("Gemma 3", "Gemma3TextConfig", "Gemma3ForCausalLM")
gemma3_vision = family("Gemma 3", "Gemma3Config", "Gemma3ForConditionalGeneration")
phi3 = family("Phi-3", "Phi3Config", "Phi3ForCausalLM")
smollm3 = family("SmolLM3", "SmolLM3Config", "SmolLM3ForCausalLM")

GEMMA_IDS = {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
GEMMA = {**BODY, **GEMMA_IDS, "head_dim": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 68,
         "intermediate_size": 60}
GEMMA3 = {**GEMMA, "num_hidden_layers": 4, "num_key_value_heads": 1, "intermediate_size": 72, "hidden_size": 60,
          "query_pre_attn_scalar": 28, "sliding_window": 9,
          "layer_types": [LOCAL, LOCAL, GLOBAL, LOCAL]}
GEMMA3_ROPE = {"rope_parameters": {LOCAL: {"rope_type": "default", "rope_theta": 10000.0},
                                   GLOBAL: {"rope_type": "default", "rope_theta": 1000000.0}}}
GEMMA3_LINEAR = {"rope_parameters": {LOCAL: {"rope_type": "default", "rope_theta": 10000.0},
                                     GLOBAL: {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0}}}
GEMMA3_VISION = {
    "text_config": {**GEMMA3, **GEMMA3_LINEAR, "hidden_size": 40, "head_dim": 12},
    "vision_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 1, "num_attention_heads": 2,
                      "image_size": 28, "patch_size": 14},
    "mm_tokens_per_image": 4, "image_token_index": 148, "boi_token_index": 149, "eoi_token_index": 150,
    "tie_word_embeddings": True, **GEMMA_IDS,
}

LLAMA3_ROPE = rope(500000.0, "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                   original_max_position_embeddings=32)
PHI3 = {**BODY, "num_key_value_heads": 6, "max_position_embeddings": 128, "original_max_position_embeddings": 128}
LONG_FACTORS = {"short_factor": [1.0, 1.05, 1.1, 1.3, 1.7, 2.2], "long_factor": [1.5, 2.0, 3.5, 6.0, 12.0, 20.0]}
PHI4 = {**BODY, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True,
        "original_max_position_embeddings": 32, "max_position_embeddings": 128}

VARIANTS = [
    # GPT-2
    gpt2("gpt2", POSITIONS, generate=True),
    gpt2("gpt2_scaled_by_layer", ("plain",), scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True,
         n_embd=40, n_head=4, n_inner=None, vocab_size=101, activation_function="gelu"),
    gpt2("gpt2_unscaled", ("plain",), scale_attn_weights=False, n_embd=40, n_head=4, n_inner=None, vocab_size=101,
         activation_function="relu", tie_word_embeddings=False),
    gpt2("gpt2_published", ("plain", "left_padded"), manner="4", prefix=False, n_embd=40, n_head=4, n_inner=None,
         vocab_size=101,
         notes="tensor names without transformer., with the attn.bias and attn.masked_bias buffers"),
    # Llama
    llama("llama", {**BODY, "num_key_value_heads": 6}, POSITIONS + ("holes",), generate=True, shards=2,
          notes="multi-head, untied; two shards"),
    llama("llama_grouped", BODY, PADDED, tie_word_embeddings=True, generate=True, **rope(5000.0),
          rms_norm_eps=1e-5, notes="grouped queries, tied"),
    llama("llama_biases", cases=("plain",), attention_bias=True, mlp_bias=True),
    llama("llama_head_dim", cases=PADDED, head_dim=12, num_attention_heads=4, num_key_value_heads=2,
          notes="heads x head_dim is not hidden_size"),
    llama("llama_gelu", cases=("plain",), hidden_act="gelu", notes="another activation"),
    llama("llama_linear", cases=("plain", "left_padded"), **rope(kind="linear", factor=4.0)),
    llama("llama_dynamic", cases=LONG, generate=True, max_position_embeddings=8, **rope(kind="dynamic", factor=3.0)),
    llama("llama_yarn", cases=("plain", "long"),
          **rope(kind="yarn", factor=4.0, original_max_position_embeddings=32)),
    llama("llama_yarn_attention_factor", cases=("plain", "long"), max_position_embeddings=256,
          **rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=64, attention_factor=0.7, beta_fast=2.0,
                 beta_slow=0.5)),
    llama("llama_yarn_mscale", cases=("plain", "long"), max_position_embeddings=256,
          **rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=64, mscale=0.7, mscale_all_dim=1.3,
                 truncate=False, beta_fast=2.0, beta_slow=0.5)),
    llama("llama_llama3", SMALL, LONG, tie_word_embeddings=True, generate=True, **LLAMA3_ROPE),
    llama("llama_bf16", cases=("plain", "left_padded"), dtype="bfloat16"),
    llama("llama_f16", cases=("plain", "left_padded"), dtype="float16"),
    llama("llama_4", cases=("plain", "left_padded"), manner="4", dtype="float16",
          **rope(kind="linear", factor=2.0),
          notes="rope_scaling with type; rotary_emb.inv_freq buffers in the file"),
    llama("llama_llama3_4", cases=("plain", "long"), manner="4", dtype="bfloat16", tie_word_embeddings=True,
          **LLAMA3_ROPE, notes="rope_scaling with rope_type; bf16"),
    llama("llama_yarn_4", cases=("plain", "long"), manner="4",
          **rope(kind="yarn", factor=4.0, original_max_position_embeddings=32)),
    llama("llama_dynamic_4", cases=LONG, manner="4", max_position_embeddings=16, **rope(kind="dynamic", factor=3.0)),
    # SmolLM2 is a Llama by architecture
    Variant("smollm2", "SmolLM2", "LlamaConfig", "LlamaForCausalLM",
            {**BODY, "hidden_size": 63, "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 10,
             "tie_word_embeddings": True, **rope(100000.0)}, PADDED,
            notes="nine heads as SmolLM2-135M"),
    # Mistral
    mistral("mistral", BODY, LONG + ("given_positions", "holes"), sliding_window=7, **rope(), generate=True),
    mistral("mistral_head_dim", SMALL, ("plain", "left_padded"), sliding_window=None, head_dim=12,
            num_attention_heads=4, num_key_value_heads=2, **rope(1000000.0)),
    mistral("mistral_4", SMALL, LONG, manner="4", dtype="bfloat16", sliding_window=7, **rope()),
    # Qwen2, Qwen2.5
    qwen2("qwen2", BODY, PADDED, tie_word_embeddings=True, **rope(1000000.0), generate=True),
    qwen2("qwen2_window", SMALL, LONG, use_sliding_window=True, sliding_window=6, max_window_layers=1,
          num_hidden_layers=3, **rope(1000000.0)),
    qwen2("qwen2_yarn", SMALL, ("plain", "long"),
          **rope(1000000.0, "yarn", factor=4.0, original_max_position_embeddings=32)),
    qwen2("qwen2_4", SMALL, ("plain", "left_padded"), manner="4", dtype="bfloat16", tie_word_embeddings=True,
          use_sliding_window=False, sliding_window=6, max_window_layers=1, **rope(1000000.0),
          notes="sliding_window set but not used"),
    # Qwen3
    qwen3("qwen3", BODY, PADDED, head_dim=20, tie_word_embeddings=True, **rope(1000000.0), generate=True),
    qwen3("qwen3_bias_window", SMALL, LONG, head_dim=12, attention_bias=True, use_sliding_window=True,
          sliding_window=6, max_window_layers=1, **rope(1000000.0)),
    qwen3("qwen3_4", SMALL, ("plain", "left_padded"), manner="4", dtype="bfloat16", head_dim=12, **rope(1000000.0)),
    # Gemma
    gemma("gemma", GEMMA, PADDED, **rope()),
    gemma("gemma_4", {**SMALL, **GEMMA_IDS}, ("plain", "left_padded"), manner="4", dtype="bfloat16", head_dim=12,
          hidden_act="gelu", **rope(), notes="hidden_act gelu of the first release means gelu_pytorch_tanh"),
    gemma2("gemma2", GEMMA, LONG, sliding_window=9, query_pre_attn_scalar=28, attn_logit_softcapping=5.0,
           final_logit_softcapping=1.5, **rope()),
    gemma2("gemma2_4", {**SMALL, **GEMMA_IDS}, LONG, manner="4", dtype="bfloat16", head_dim=12, sliding_window=9,
           query_pre_attn_scalar=28, attn_logit_softcapping=5.0, final_logit_softcapping=1.5, **rope()),
    gemma3("gemma3", GEMMA3, LONG, **GEMMA3_ROPE, generate=True),
    gemma3("gemma3_linear", {**GEMMA3, "hidden_size": 40, "head_dim": 12, "vocab_size": 101}, ("plain", "long"), **GEMMA3_LINEAR,
           attn_logit_softcapping=2.0,
           notes="linear scaling on the layers without a window; a soft cap of the scores that the class does not read"),
    gemma3("gemma3_4", {**GEMMA3, "layer_types": [LOCAL, LOCAL, GLOBAL, LOCAL], "hidden_size": 40, "vocab_size": 101},
           LONG, manner="4", dtype="bfloat16", **GEMMA3_LINEAR,
           notes="sliding_window_pattern 3, rope_theta, rope_local_base_freq, rope_scaling"),
    gemma3_vision("gemma3_conditional", GEMMA3_VISION, PADDED,
                  notes="text half of Gemma3ForConditionalGeneration; vision weights present"),
    gemma3_vision("gemma3_conditional_4", GEMMA3_VISION, PADDED, manner="4", dtype="bfloat16",
        notes="names of transformers 4.52 to 4.57 (model.language_model.), text_config with sliding_window_pattern"),
    # Phi-3
    phi3("phi3", PHI3, PADDED, **rope()),
    phi3("phi3_window", {**PHI3, "hidden_size": 40, "num_attention_heads": 2, "num_key_value_heads": 1,
                         "vocab_size": 101}, LONG, sliding_window=7, **rope()),
    phi3("phi3_longrope", {**PHI3, "original_max_position_embeddings": 12, "hidden_size": 48,
                           "num_attention_heads": 4, "num_key_value_heads": 4}, LONG,
         generate=True, **rope(kind="longrope", **LONG_FACTORS)),
    phi3("phi4_mini", PHI4, LONG, generate=True,
         **rope(kind="longrope", partial_rotary_factor=0.75, **LONG_FACTORS),
         notes="as Phi-4-mini: partial rotary, grouped, tied"),
    phi3("phi3_4", {**PHI3, "original_max_position_embeddings": 32, "vocab_size": 101, "hidden_size": 48,
                    "num_attention_heads": 4, "num_key_value_heads": 4}, LONG, manner="4", dtype="bfloat16",
         **rope(kind="longrope", **LONG_FACTORS),
         notes="rope_scaling with type longrope, partial_rotary_factor absent"),
    phi3("phi3_su", {**PHI3, "original_max_position_embeddings": 32, "vocab_size": 101, "hidden_size": 48,
                     "num_attention_heads": 4, "num_key_value_heads": 4}, ("plain", "long"), manner="4",
         dtype="bfloat16", **rope(kind="longrope", **LONG_FACTORS),
         notes="rope_scaling with type su, the first name of longrope; the reference was given longrope"),
    # SmolLM3
    smollm3("smollm3", {**BODY, "num_hidden_layers": 3}, PADDED, no_rope_layers=[1, 0, 1], **rope(2000000.0)),
    smollm3("smollm3_window", {**SMALL, "num_hidden_layers": 4}, LONG, no_rope_layer_interval=2,
            use_sliding_window=True, sliding_window=6, attention_bias=True, mlp_bias=True, tie_word_embeddings=False,
            **rope(2000000.0)),
    smollm3("smollm3_4", {**SMALL, "num_hidden_layers": 4}, ("plain", "left_padded"), manner="4", dtype="bfloat16",
            no_rope_layer_interval=4, **rope(2000000.0)),
]
