"""Makes tests/goldens/gguf/: tiny GGUF files of every family, and of every quantised type.

    LLAMA_CPP_LIB=.../site-packages/llama_cpp/lib python make_gguf.py [--only NAME ...]

The golden is the logits of transformers (eager, f32) on the tensors as they are stored, dequantised by the gguf
package and brought back to transformers' manner. check_llama_cpp.py compares the same files with llama.cpp.
"""

import argparse
import shutil

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file

from cases import logits, make_inputs
from ggml_library import Ggml
from gguf_writer import write
from make_decoders import build, seed_of
from manifest import GOLDENS, update
from variants import (GEMMA3_ROPE, GEMMA_IDS, LLAMA3_ROPE, LOCAL, GLOBAL, LONG_FACTORS, SMALL, Variant, gemma, gemma2,
                      gemma3, gpt2, llama, mistral, phi3, qwen2, qwen3, rope, smollm3)

FOLDER = GOLDENS / "gguf"
VOCAB = {"vocab_size": 301}
SMALL = {**SMALL, **VOCAB}
GEMMA = {**SMALL, **GEMMA_IDS, "head_dim": 12}
GEMMA3 = {**GEMMA, "num_hidden_layers": 7, "intermediate_size": 40, "query_pre_attn_scalar": 12, "sliding_window": 9,
          "layer_types": [LOCAL] * 5 + [GLOBAL, LOCAL]}
PHI3 = {**SMALL, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 48}
PLAIN, LONG = ("plain", "left_padded"), ("plain", "long")

# (variant, ggml type of the matrices)
FAMILIES = [
    (gpt2("gpt2", PLAIN, n_embd=40, n_head=4, n_inner=100, **VOCAB), Type.F32),
    (gpt2("gpt2_f16", PLAIN, n_embd=40, n_head=4, n_inner=100, **VOCAB), Type.F16),
    (llama("llama", SMALL, PLAIN), Type.F32),
    (llama("llama_f16", SMALL, PLAIN, num_attention_heads=4, num_key_value_heads=4, head_dim=10), Type.F16),
    (llama("llama_bf16", SMALL, PLAIN, **rope(500000.0)), Type.BF16),
    (llama("llama_biases", SMALL, ("plain",), attention_bias=True), Type.F32),
    (llama("llama_linear", SMALL, ("plain",), **rope(kind="linear", factor=4.0)), Type.F16),
    (llama("llama_yarn", SMALL, LONG, max_position_embeddings=256,
           **rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=64)), Type.F16),
    (llama("llama_yarn_beta", SMALL, LONG, max_position_embeddings=256,
           **rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=64, beta_fast=2.0, beta_slow=0.5)),
     Type.F16),
    (llama("llama_llama3", SMALL, LONG, tie_word_embeddings=True, **LLAMA3_ROPE), Type.F32),
    (llama("llama_llama3_f16", SMALL, LONG, tie_word_embeddings=True, head_dim=12, num_attention_heads=4,
           num_key_value_heads=2, **LLAMA3_ROPE), Type.F16),
    (mistral("mistral", SMALL, PLAIN, sliding_window=None, head_dim=12, num_attention_heads=4, num_key_value_heads=2,
             **rope(1000000.0)), Type.F16),
    (qwen2("qwen2", SMALL, PLAIN, tie_word_embeddings=True, **rope(1000000.0)), Type.F32),
    (qwen2("qwen2_yarn", SMALL, LONG, max_position_embeddings=256,
           **rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=64)), Type.F16),
    (qwen3("qwen3", SMALL, PLAIN, head_dim=12, num_attention_heads=4, num_key_value_heads=2, **rope(1000000.0)),
     Type.F32),
    (qwen3("qwen3_f16", SMALL, PLAIN, head_dim=12, tie_word_embeddings=True, **rope(1000000.0)), Type.F16),
    (gemma("gemma", GEMMA, PLAIN, **rope()), Type.F32),
    (gemma("gemma_f16", GEMMA, PLAIN, **rope()), Type.F16),
    (gemma2("gemma2", GEMMA, LONG, sliding_window=9, query_pre_attn_scalar=12, attn_logit_softcapping=5.0,
            final_logit_softcapping=1.5, num_hidden_layers=3, **rope()), Type.F32),
    (gemma2("gemma2_27b", {**GEMMA, "hidden_size": 24, "head_dim": 8, "num_hidden_layers": 46, "intermediate_size": 24},
            LONG, sliding_window=9, query_pre_attn_scalar=12, attn_logit_softcapping=5.0, final_logit_softcapping=6.0,
            embedding=2.0,
            notes="46 layers is how a GGUF says 27B: query scale from hidden_size / heads, not head_dim", **rope()),
     Type.F16),
    (gemma3("gemma3", GEMMA3, LONG, **GEMMA3_ROPE, notes="no sliding_window_pattern key: every sixth layer is global"),
     Type.F32),
    (gemma3("gemma3_linear_f16", {**GEMMA3, "hidden_size": 24, "intermediate_size": 24}, LONG,
            rope_parameters={LOCAL: {"rope_type": "default", "rope_theta": 20000.0},
                             GLOBAL: {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0}},
            notes="rope.freq_base_swa given; linear scaling on global layers"), Type.F16),
    (phi3("phi3", PHI3, PLAIN, original_max_position_embeddings=128, **rope()), Type.F32),
    (phi3("phi3_window_f16", PHI3, LONG, original_max_position_embeddings=128, sliding_window=7,
          notes="the window applies, as in transformers; llama.cpp ignores it", **rope()), Type.F16),
    (phi3("phi3_longrope", PHI3, LONG, original_max_position_embeddings=32,
          notes="short or long factors by the length, as in transformers; llama.cpp chooses by its context size",
          **rope(kind="longrope", **LONG_FACTORS)), Type.F16),
    (phi3("phi4_mini", {**SMALL, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}, LONG,
          tie_word_embeddings=True, original_max_position_embeddings=32,
          **rope(kind="longrope", partial_rotary_factor=0.75, **LONG_FACTORS)), Type.F16),
    (smollm3("smollm3", {**SMALL, "num_hidden_layers": 5}, PLAIN, **rope(2000000.0)), Type.F32),
    (smollm3("smollm3_f16", {**SMALL, "num_hidden_layers": 5}, PLAIN, **rope(2000000.0)), Type.F16),
]

QUANTISED = [Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K,
             Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.IQ4_NL, Type.IQ4_XS, Type.MXFP4]
WIDE = dict(vocab_size=275, hidden_size=256, intermediate_size=256, num_attention_heads=4, num_key_value_heads=1,
            head_dim=64, max_position_embeddings=128, tie_word_embeddings=True, num_hidden_layers=1)


def q4_k_m(name):
    """The mixture published as Q4_K_M: Q6_K for values, down projections and the embedding, else Q4_K."""
    return Type.Q6_K if any(part in name for part in ("attn_v", "ffn_down", "token_embd")) else Type.Q4_K


def quantised_variants():
    """One Llama a type with every matrix in it, the embedding included, and one mixture of two layers."""
    for kind in QUANTISED:
        size = {"intermediate_size": 64, "head_dim": 32} if kind in (Type.F16, Type.BF16) else {}
        yield llama(f"llama_{kind.name.lower()}_wide", {**WIDE, **size}, ("plain",)), kind
    yield llama("llama_q4_k_m", {**WIDE, "num_hidden_layers": 2}, PLAIN, notes="Q4_K with Q6_K, as published"), q4_k_m


def make(variant, kind, ggml):
    folder = FOLDER / variant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / f"{variant.name}.gguf"
    model = build(variant)

    def types(name, rows):
        return kind(name) if callable(kind) else kind

    def quantize(rows, t):
        if t == Type.F32:
            return rows, rows
        if t == Type.F16:
            return rows.astype(np.float16), rows.astype(np.float16).astype(np.float32)
        raw = gguf.quantize(rows, t) if t == Type.BF16 else ggml.quantize(rows, t)
        return raw, gguf.dequantize(raw, t)

    widened = write(path, model, types, quantize)
    model.load_state_dict(widened, strict=not model.config.tie_word_embeddings)
    model.tie_weights()
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model.config.vocab_size, seed_of("gguf" + variant.name + case))
        out = logits(model, inputs)
        assert torch.isfinite(out).all()
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file({"logits": out.contiguous()}, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"gguf/{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="gguf", dtype="q4_k_m" if callable(kind) else kind.name.lower(), path=path,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    for file in folder.iterdir():
        file.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == path.relative_to(GOLDENS).as_posix())
    print(variant.name, path.stat().st_size, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    ggml = Ggml()
    for variant, kind in [*FAMILIES, *quantised_variants()]:
        if not args.only or variant.name in args.only:
            make(variant, kind, ggml)


if __name__ == "__main__":
    main()
