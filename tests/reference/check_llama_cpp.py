"""Compares the GGUF goldens with llama.cpp: the greatest difference of the logits, relative to the greatest logit.

    python check_llama_cpp.py        (in the environment of requirements-llama-cpp.txt)

Key/value cache f32, no flash attention, one sequence at a time, left padding skipped by shifting positions. llama.cpp
rounds activations (to f16 for f16 weights, to 8 bits for quantised ones) and looks GELU up in an f16 table, so only
f32 files of SiLU families are expected to agree closely. Phi-3's window is not applied there. Its context size
decides between short and long factors, so a short case overrides the original context length. The yarn_beta keys of a
file are not read for Llama there, so they are passed as options.
"""

import ctypes
import json
from pathlib import Path

import llama_cpp
import numpy as np
from safetensors.numpy import load_file

GOLDENS = Path(__file__).resolve().parent.parent / "goldens"


def open_model(path, short):
    """The model; short: keep the short factors of longrope whatever the context size."""
    llama_cpp.llama_log_set(_silent, None)
    parameters = llama_cpp.llama_model_default_params()
    parameters.use_mmap = False
    overrides = (llama_cpp.llama_model_kv_override * 2)()
    if short:
        overrides[0].tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT
        overrides[0].key = b"phi3.rope.scaling.original_context_length"
        overrides[0].value.val_i64 = 1 << 20
        parameters.kv_overrides = overrides
    return llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)


@llama_cpp.llama_log_callback
def _silent(level, text, data):
    pass


def metadata(model, key):
    buffer = ctypes.create_string_buffer(64)
    found = llama_cpp.llama_model_meta_val_str(model, key, buffer, 64) >= 0
    return float(buffer.value) if found else -1.0


def run(model, ids, positions):
    """Logits [T, V] of one sequence."""
    p = llama_cpp.llama_context_default_params()
    p.n_ctx = 256
    p.yarn_beta_fast = metadata(model, b"llama.rope.scaling.yarn_beta_fast")
    p.yarn_beta_slow = metadata(model, b"llama.rope.scaling.yarn_beta_slow")
    p.n_batch = p.n_ubatch = 512
    p.n_threads = p.n_threads_batch = 1
    p.type_k = p.type_v = 0  # f32
    p.flash_attn_type = 0
    p.swa_full = True
    ctx = llama_cpp.llama_init_from_model(model, p)
    vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, (token, position) in enumerate(zip(ids, positions)):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = \
            int(token), int(position), 1, 0, 1
    assert llama_cpp.llama_decode(ctx, batch) == 0
    out = np.stack([np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(ctx, i), (vocab,)).copy()
                    for i in range(len(ids))])
    llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(ctx)
    return out


def main():
    llama_cpp.llama_backend_init()
    for entry in json.loads((GOLDENS / "manifest.json").read_text()):
        if entry["format"] != "gguf":
            continue
        short = not entry["name"].endswith("/long") and entry["family"] == "Phi-3"
        model = open_model(GOLDENS / entry["path"], short)
        if not model:
            print(f"{entry['name']:40} does not load")
            continue
        inputs, expected = load_file(GOLDENS / entry["inputs"]), load_file(GOLDENS / entry["outputs"])["logits"]
        worst = 0.0
        for row in range(expected.shape[0]):
            mask = inputs.get("attention_mask", np.ones_like(inputs["input_ids"]))[row].astype(bool)
            ids, wanted = inputs["input_ids"][row][mask], expected[row][mask]
            first = int(np.argmax(mask))
            got = run(model, ids, range(first, first + len(ids)))
            worst = max(worst, float(np.abs(got - wanted).max() / np.abs(wanted).max()))
        print(f"{entry['name']:40} {entry['dtype']:8} {worst:.1e}", flush=True)
        llama_cpp.llama_model_free(model)


if __name__ == "__main__":
    main()
