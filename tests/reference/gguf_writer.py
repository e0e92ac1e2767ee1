"""Writes a decoder of transformers as the GGUF that is published for its family.

Metadata keys and tensor names: the GGUF specification and the constants of the gguf package. What the published files
do to the tensors is done here:

- llama, smollm3: rows of q and k (weights and biases) go from halves to interleaved pairs, for ggml's adjacent rotary;
- gemma, gemma2, gemma3: norm weights are stored with their 1 added;
- gpt2: Conv1D weights [in, out] are transposed to [out, in];
- llama3 scaling becomes rope_freqs.weight, longrope becomes rope_factors_long.weight and rope_factors_short.weight.
"""

import math

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type

from gguf_vocab import add_byte_level_bpe, add_sentencepiece

ARCHITECTURES = {
    "GPT2LMHeadModel": gguf.MODEL_ARCH.GPT2,
    "LlamaForCausalLM": gguf.MODEL_ARCH.LLAMA,
    "MistralForCausalLM": gguf.MODEL_ARCH.LLAMA,
    "Qwen2ForCausalLM": gguf.MODEL_ARCH.QWEN2,
    "Qwen3ForCausalLM": gguf.MODEL_ARCH.QWEN3,
    "GemmaForCausalLM": gguf.MODEL_ARCH.GEMMA,
    "Gemma2ForCausalLM": gguf.MODEL_ARCH.GEMMA2,
    "Gemma3ForCausalLM": gguf.MODEL_ARCH.GEMMA3,
    "Gemma3TextModel": gguf.MODEL_ARCH.GEMMA_EMBEDDING,  # looking to both sides
    "Qwen3Model": gguf.MODEL_ARCH.QWEN3,
    "Phi3ForCausalLM": gguf.MODEL_ARCH.PHI3,
    "SmolLM3ForCausalLM": gguf.MODEL_ARCH.SMOLLM3,
}
FILE_TYPES = {Type.F32: gguf.LlamaFileType.ALL_F32, Type.F16: gguf.LlamaFileType.MOSTLY_F16,
              Type.BF16: gguf.LlamaFileType.MOSTLY_BF16}


def to_pairs(tensor, heads):
    """Rows of each head from [first half, second half] to adjacent pairs (element i beside element i + half)."""
    half = tensor.shape[0] // heads // 2
    return tensor.reshape(heads, 2, half, -1).transpose(1, 2).reshape(tensor.shape)


def to_halves(tensor, heads):
    """The inverse of to_pairs."""
    half = tensor.shape[0] // heads // 2
    return tensor.reshape(heads, half, 2, -1).transpose(1, 2).reshape(tensor.shape)


def _change(architecture, config, name):
    """(forward, backward) of the tensor called name in transformers."""
    if architecture in ("LlamaForCausalLM", "MistralForCausalLM", "SmolLM3ForCausalLM"):
        for part, heads in (("q_proj", config.num_attention_heads), ("k_proj", config.num_key_value_heads)):
            if f".{part}." in name:
                return lambda t: to_pairs(t, heads), lambda t: to_halves(t, heads)
    if architecture.startswith("Gemma") and name.endswith("norm.weight"):
        return lambda t: t + 1, lambda t: t - 1
    if architecture == "GPT2LMHeadModel" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return lambda t: t.T.contiguous(), lambda t: t.T.contiguous()
    return lambda t: t, lambda t: t


def llama3_factors(config):
    """What each rotary frequency is divided by (rope_freqs.weight), from the Llama 3.1 rule."""
    r = config.rope_parameters
    dim, original = config.head_dim, r["original_max_position_embeddings"]
    wavelength = 2 * math.pi * r["rope_theta"] ** (torch.arange(0, dim, 2).double() / dim)
    low, high = r["low_freq_factor"], r["high_freq_factor"]
    smooth = ((original / wavelength - low) / (high - low)).clamp(0, 1)
    return (1 / ((1 - smooth) / r["factor"] + smooth)).float()


def _add_metadata(w, architecture, config):
    arch = ARCHITECTURES[architecture]
    heads = config.num_attention_heads
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_block_count(config.num_hidden_layers)
    w.add_head_count(heads)
    if arch == gguf.MODEL_ARCH.GPT2:
        w.add_feed_forward_length(config.n_inner or 4 * config.hidden_size)
        w.add_layer_norm_eps(config.layer_norm_epsilon)
        return

    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count_kv(config.num_key_value_heads)
    w.add_layer_norm_rms_eps(config.rms_norm_eps)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    if head_dim * heads != config.hidden_size or "Gemma" in architecture or "Qwen3" in architecture:
        w.add_key_length(head_dim)
        w.add_value_length(head_dim)
    rope = config.rope_parameters
    if "full_attention" in rope:
        w.add_rope_freq_base(rope["full_attention"]["rope_theta"])
        if rope["sliding_attention"]["rope_theta"] != 10000.0:
            w.add_rope_freq_base_swa(rope["sliding_attention"]["rope_theta"])
        rope = rope["full_attention"]
    elif arch not in (gguf.MODEL_ARCH.GEMMA, gguf.MODEL_ARCH.GEMMA2):  # these leave the default of 10000
        w.add_rope_freq_base(rope["rope_theta"])
    kind = rope["rope_type"]
    if kind == "linear":
        w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        w.add_rope_scaling_factor(rope["factor"])
    if kind == "yarn":
        w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        w.add_rope_scaling_factor(rope["factor"])
        w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        if "beta_fast" in rope:
            w.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
            w.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
    rotary = int(head_dim * rope.get("partial_rotary_factor", 1.0))
    if arch in (gguf.MODEL_ARCH.LLAMA, gguf.MODEL_ARCH.SMOLLM3, gguf.MODEL_ARCH.PHI3):
        w.add_rope_dimension_count(rotary)
    if arch in (gguf.MODEL_ARCH.LLAMA, gguf.MODEL_ARCH.SMOLLM3):
        w.add_vocab_size(config.vocab_size)
    if arch == gguf.MODEL_ARCH.PHI3:
        w.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        w.add_sliding_window(config.sliding_window or 0)
        if kind == "longrope":
            original = config.original_max_position_embeddings
            scale = config.max_position_embeddings / original
            w.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)) if scale > 1 else 1.0)
    if arch == gguf.MODEL_ARCH.GEMMA2:
        w.add_attn_logit_softcapping(config.attn_logit_softcapping)
        w.add_final_logit_softcapping(config.final_logit_softcapping)
    if arch in (gguf.MODEL_ARCH.GEMMA2, gguf.MODEL_ARCH.GEMMA3):
        w.add_sliding_window(config.sliding_window)
    if arch == gguf.MODEL_ARCH.GEMMA_EMBEDDING:  # as in the file, not as the config's class has it
        w.add_sliding_window(config.to_dict()["sliding_window"])


def add_small_vocabulary(w, architecture, config):
    """A few real pieces in the manner of the family's published files, the rest special tokens."""
    arch, vocab_size = ARCHITECTURES[architecture], config.vocab_size
    if arch == gguf.MODEL_ARCH.GPT2:
        return add_byte_level_bpe(w, vocab_size, "gpt-2", vocab_size - 1, vocab_size - 1)
    if "Gemma" in architecture:
        return add_sentencepiece(w, vocab_size, ["<pad>", "<eos>", "<bos>", "<unk>"], 2, 1, 3, False)
    if "Qwen" in architecture:
        return add_byte_level_bpe(w, vocab_size, "qwen2", vocab_size - 2, vocab_size - 1)
    llama3 = config.rope_parameters["rope_type"] == "llama3"
    if arch == gguf.MODEL_ARCH.SMOLLM3 or llama3 or config.tie_word_embeddings:
        return add_byte_level_bpe(w, vocab_size, "llama-bpe", vocab_size - 2, vocab_size - 1)
    added = ["<|endoftext|>"] if arch == gguf.MODEL_ARCH.PHI3 else []
    return add_sentencepiece(w, vocab_size, ["<unk>", "<s>", "</s>"], 1, 2, 0, True, added)


def write(path, model, types, quantize, add_vocabulary=add_small_vocabulary, more=None):
    """Writes model to path and returns its tensors as stored, widened to f32 and back in transformers' manner.

    types(name, tensor)                      the ggml type of that tensor in the GGUF, for two-dimensional weights
    quantize(rows, type)                     (bytes, dequantised rows)
    add_vocabulary(w, architecture, config)  writes the metadata of the tokenizer
    more                                     f32 tensors beside the model's, by their names in the file
    """
    config, architecture = model.config, type(model).__name__
    arch = ARCHITECTURES[architecture]
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    w = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    w.add_type("model")
    w.add_name(path.stem)
    tied = config.tie_word_embeddings
    state = {k: v for k, v in model.state_dict().items() if not (tied and k == "lm_head.weight")}
    used, widened = set(), {}
    blocks = []
    for name, tensor in state.items():
        stored = (names.get_name(name, try_suffixes=(".weight", ".bias"))
                  or names.get_name(f"model.{name}", try_suffixes=(".weight", ".bias")))
        if stored is None:
            raise KeyError(name)
        forward, backward = _change(architecture, config, name)
        rows = forward(tensor).float().contiguous().numpy()
        kind = Type.F32 if rows.ndim == 1 or stored == "position_embd.weight" else types(stored, rows)
        used.add(kind)
        raw, back = quantize(rows, kind)
        widened[name] = backward(torch.from_numpy(np.ascontiguousarray(back)))
        blocks.append((stored, raw, kind))
    w.add_file_type(FILE_TYPES.get(max(used, key=lambda t: t != Type.F32), gguf.LlamaFileType.GUESSED))
    w.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_metadata(w, architecture, config)
    add_vocabulary(w, architecture, config)
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") == "llama3":
        w.add_tensor("rope_freqs.weight", llama3_factors(config).numpy())
    if rope.get("rope_type") == "longrope":
        w.add_tensor("rope_factors_long.weight", np.array(rope["long_factor"], np.float32))
        w.add_tensor("rope_factors_short.weight", np.array(rope["short_factor"], np.float32))
    for name, tensor in (more or {}).items():
        w.add_tensor(name, tensor.numpy())
    for stored, raw, kind in blocks:
        w.add_tensor(stored, raw, raw_dtype=None if kind in (Type.F32, Type.F16) else kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return widened
