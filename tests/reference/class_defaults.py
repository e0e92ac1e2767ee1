"""Makes tests/goldens/class_defaults.json, encoder_defaults.json, seq2seq_defaults.json and image_defaults.json: what
transformers' classes take where a config.json says nothing.

    python class_defaults.py

An object a family: `config` is a config.json with the sizes only, the rest is what the class and its attention make of
it: heads, widths, epsilon, rotary base and window of each layer (0: all keys), score scale.
"""

import json

import torch
import transformers

from manifest import GOLDENS
from variants import GLOBAL, LOCAL

SIZES = dict(vocab_size=64, hidden_size=128, intermediate_size=48, num_hidden_layers=7, num_attention_heads=64)
FAMILIES = [("LlamaConfig", "LlamaForCausalLM"), ("MistralConfig", "MistralForCausalLM"),
            ("Qwen2Config", "Qwen2ForCausalLM"), ("Qwen3Config", "Qwen3ForCausalLM"),
            ("GemmaConfig", "GemmaForCausalLM"), ("Gemma2Config", "Gemma2ForCausalLM"),
            ("Gemma3TextConfig", "Gemma3ForCausalLM"), ("Phi3Config", "Phi3ForCausalLM"),
            ("SmolLM3Config", "SmolLM3ForCausalLM")]


def read(config_class, model_class):
    config = getattr(transformers, config_class)(**SIZES, pad_token_id=0)
    with torch.device("meta"):
        model = getattr(transformers, model_class)(config)
    types = getattr(config, "layer_types", None) or [LOCAL] * config.num_hidden_layers
    rotated = getattr(config, "no_rope_layers", None) or [1] * config.num_hidden_layers
    rope = config.rope_parameters
    attention = model.model.layers[0].self_attn
    return {
        "config": {"architectures": [model_class], "model_type": config.model_type, **SIZES},
        "key_value_heads": config.num_key_value_heads,
        "head_width": attention.head_dim,
        "scale": attention.scaling,
        "epsilon": config.rms_norm_eps,
        "context_length": config.max_position_embeddings,
        "tied": config.tie_word_embeddings,
        "padding_id": getattr(transformers, config_class)(**SIZES).pad_token_id,
        "windows": [(config.sliding_window or 0) if t == LOCAL and hasattr(config, "sliding_window") else 0
                    for t in types],
        "thetas": [(rope.get(t) or rope)["rope_theta"] if on else 0 for t, on in zip(types, rotated)],
        "soft_cap": getattr(config, "attn_logit_softcapping", None) or 0,
        "logits_soft_cap": getattr(config, "final_logit_softcapping", None) or 0,
    }


ENCODERS = ["Bert", "Roberta", "XLMRoberta", "Camembert", "DistilBert", "Albert", "Electra", "MPNet", "ModernBert",
            "NomicBert", "DebertaV2", "CLIPText", "SiglipText"]
IMAGES = ["ViT", "DeiT", "Dinov2", "Dinov2WithRegisters", "Beit", "CLIPVision", "SiglipVision", "DPT"]


def read_image(name):
    """Of a config that is empty but for its class."""
    config = getattr(transformers, f"{name}Config")()
    hidden = getattr(config, "intermediate_size", None) or int(config.hidden_size * config.mlp_ratio)
    return {
        "config": {"architectures": [f"{name}Model"]},
        "width": config.hidden_size,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "hidden_width": hidden,
        "activation": config.hidden_act,
        "picture": config.image_size,
        "patch": config.patch_size,
        "channels": config.num_channels,
        "epsilon": config.layer_norm_eps,
        "labels": config.num_labels,
    }


def read_encoder(name):
    """Of a config that is empty but for its class."""
    config = getattr(transformers, f"{name}Config")()
    epsilon = getattr(config, "layer_norm_eps", getattr(config, "norm_eps", 1e-12))
    types = getattr(config, "layer_types", None)
    rope = getattr(config, "rope_parameters", None) or {}
    return {
        "config": {"architectures": [f"{name}Model"]},
        "model_type": config.model_type,
        "vocabulary": config.vocab_size,
        "width": config.hidden_size,
        "embedding_width": getattr(config, "embedding_size", config.hidden_size),
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "hidden_width": getattr(config, "intermediate_size", None) or config.hidden_dim,
        "context_length": config.max_position_embeddings,
        "token_types": getattr(config, "type_vocab_size", 0),
        "epsilon": epsilon,
        "padding_id": config.pad_token_id,
        "labels": config.num_labels,
        "tied": getattr(config, "tie_word_embeddings", True),
        "windows": [config.local_attention if t == LOCAL else 0 for t in types] if types else None,
        "thetas": ([rope[t]["rope_theta"] for t in types] if types else
                   [rope["rope_theta"]] * config.num_hidden_layers if rope else None),
    }


SEQ2SEQ = ["T5", "MT5", "UMT5", "Bart", "MBart", "Pegasus", "Marian", "M2M100", "Blenderbot", "BlenderbotSmall"]


def read_seq2seq(name):
    """Of a config that is empty but for its class."""
    config = getattr(transformers, f"{name}Config")()
    of = lambda *keys: next((getattr(config, key) for key in keys if hasattr(config, key)), None)
    return {
        "config": {"architectures": [f"{name}Model"]},
        "vocabulary": config.vocab_size,
        "width": config.d_model,
        "layers": of("encoder_layers", "num_layers"),
        "decoder_layers": of("decoder_layers", "num_decoder_layers"),
        "heads": of("decoder_attention_heads", "num_heads"),
        "hidden_width": of("decoder_ffn_dim", "d_ff"),
        "activation": of("activation_function", "dense_act_fn"),
        "scaled": bool(of("scale_embedding")),
        "output_scaled": of("scale_decoder_outputs") or name == "UMT5",
        "positions": 0 if name == "M2M100" else of("max_position_embeddings") or 0,
        "padding_id": config.pad_token_id,
        "end_id": config.eos_token_id,
        "start_id": of("decoder_start_token_id"),
        "forced_end_id": of("forced_eos_token_id"),
        "labels": config.num_labels,
        "tied": config.tie_word_embeddings,
    }


def main():
    text = ",\n".join("  " + json.dumps(read_seq2seq(name)) for name in SEQ2SEQ)
    (GOLDENS / "seq2seq_defaults.json").write_text(f"[\n{text}\n]\n")
    text = ",\n".join("  " + json.dumps(read_encoder(name)) for name in ENCODERS)
    (GOLDENS / "encoder_defaults.json").write_text(f"[\n{text}\n]\n")
    text = ",\n".join("  " + json.dumps(read_image(name)) for name in IMAGES)
    (GOLDENS / "image_defaults.json").write_text(f"[\n{text}\n]\n")
    text = ",\n".join("  " + json.dumps(read(*classes)) for classes in FAMILIES)
    (GOLDENS / "class_defaults.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
