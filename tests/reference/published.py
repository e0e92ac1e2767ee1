"""The manner of publication before transformers 5: config.json keys and tensor names."""

import json

import torch
from safetensors.torch import load_file, save_file


def published_config(config, family):
    """config.json of transformers 4 from that of transformers 5: rope_theta, rope_scaling, torch_dtype, ..."""
    out = dict(config)
    if "dtype" in out:
        out["torch_dtype"] = out.pop("dtype")
    out["transformers_version"] = "4.40.0"
    rope = out.pop("rope_parameters", None)
    if rope and "full_attention" in rope:  # Gemma 3
        scaling = dict(rope["full_attention"])
        out["rope_theta"] = scaling.pop("rope_theta")
        out["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        out["rope_scaling"] = None if scaling["rope_type"] == "default" else scaling
        types = out.pop("layer_types")
        out["sliding_window_pattern"] = types.index("full_attention") + 1
    elif rope:
        scaling = dict(rope)
        out["rope_theta"] = scaling.pop("rope_theta")
        kind = scaling["rope_type"]
        if kind == "default":
            scaling = None
        elif kind in ("linear", "dynamic", "longrope"):  # the key was first called type
            scaling["type"] = scaling.pop("rope_type")
        if scaling and scaling.get("partial_rotary_factor") == 1.0:
            del scaling["partial_rotary_factor"]
        if family == "Phi-3" and scaling:
            del scaling["original_max_position_embeddings"]
        out["rope_scaling"] = scaling
    out.pop("layer_types", None)
    out.pop("_sliding_window_pattern", None)
    if family in ("Llama", "Mistral"):  # before head_dim was a key
        if out["head_dim"] * out["num_attention_heads"] == out["hidden_size"]:
            del out["head_dim"]
    if family == "Llama":
        out.pop("pad_token_id", None)
        out["pretraining_tp"] = 1
    if family == "GPT-2":
        out["n_ctx"] = out["n_positions"]
    if family == "Qwen2":  # transformers 5 writes null where the window is not used
        out["sliding_window"] = out["sliding_window"] or 6
    if "text_config" in out:
        out["text_config"] = published_config(out["text_config"], family)
    return out


def published_tensors(tensors, variant, config):
    """Tensor names and buffers of older files."""
    out = dict(tensors)
    if variant.family == "GPT-2":
        n, layers = config["n_positions"], config["n_layer"]
        for i in range(layers):
            out[f"transformer.h.{i}.attn.bias"] = torch.ones(n, n).tril().view(1, 1, n, n)
            out[f"transformer.h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    if not variant.prefix:
        out = {name.removeprefix("transformer."): tensor for name, tensor in out.items()}
    if "text_config" in config:  # the names of transformers 4.52 to 4.57
        out = {name.replace("language_model.model.", "model.language_model.")
               .replace("vision_tower.", "model.vision_tower.vision_model.")
               .replace("multi_modal_projector.", "model.multi_modal_projector."): tensor
               for name, tensor in out.items()}
    if variant.family == "Llama":
        dim = config["head_dim"]
        for i in range(config["num_hidden_layers"]):
            out[f"model.layers.{i}.self_attn.rotary_emb.inv_freq"] = \
                1.0 / 10000.0 ** (torch.arange(0, dim, 2).float() / dim)
    return out


# What the files of encoders were like before transformers 5, by the name of the manner.
ENCODER_MANNERS = {}


def encoder_manner(function):
    ENCODER_MANNERS[function.__name__] = function
    return function


@encoder_manner
def gamma_beta(tensors, config):
    """BERT: LayerNorm.gamma and .beta, the buffer of positions, the heads of pre-training, in pytorch_model.bin."""
    width = config["hidden_size"]
    out = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
           for name, tensor in tensors.items()}
    out["bert.embeddings.position_ids"] = torch.arange(config["max_position_embeddings"]).view(1, -1)
    out["bert.pooler.dense.weight"] = torch.ones(width, width)
    out["bert.pooler.dense.bias"] = torch.ones(width)
    out["cls.seq_relationship.weight"] = torch.ones(2, width)
    out["cls.seq_relationship.bias"] = torch.ones(2)
    return out


@encoder_manner
def prefixed(tensors, config):
    """A base class on the checkpoint of a model with a head."""
    out = {f"bert.{name}": tensor for name, tensor in tensors.items()}
    out["cls.predictions.bias"] = torch.ones(config["vocab_size"])
    return out


@encoder_manner
def modernbert(tensors, config):
    """ModernBERT's config of transformers 4."""
    rope = config.pop("rope_parameters")
    config["global_rope_theta"] = rope["full_attention"]["rope_theta"]
    config["local_rope_theta"] = rope["sliding_attention"]["rope_theta"]
    config.pop("layer_types")
    config["global_attn_every_n_layers"] = 3
    return tensors


@encoder_manner
def nomic(tensors, config):
    """NomicBERT's config in GPT-2's words; transformers 5 saves its tensors under the publisher's names as it is."""
    words = {"hidden_size": "n_embd", "num_hidden_layers": "n_layer", "num_attention_heads": "n_head",
             "intermediate_size": "n_inner", "layer_norm_eps": "layer_norm_epsilon"}
    for ours, theirs in words.items():
        config[theirs] = config.pop(ours)
    config["activation_function"] = "swiglu"
    config["rotary_emb_base"] = config.pop("rope_parameters")["rope_theta"]
    for key in ("hidden_act", "head_dim"):
        del config[key]
    return tensors


@encoder_manner
def nomic_modules(tensors, config):
    """NomicBERT under the names of the reference's modules."""
    names = {"emb_ln": "embeddings.LayerNorm", "encoder.layers.": "layers.", "attn.out_proj": "self_attn.o_proj",
             "mlp.fc11": "mlp.up_proj", "mlp.fc12": "mlp.gate_proj", "mlp.fc2": "mlp.down_proj",
             "norm1": "post_attention_layernorm", "norm2": "post_mlp_layernorm"}
    out = {}
    for name, tensor in tensors.items():
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        if "Wqkv" not in name:
            out[name] = tensor
            continue
        for part, piece in zip(("q_proj", "k_proj", "v_proj"), tensor.chunk(3)):
            out[name.replace("attn.Wqkv", f"self_attn.{part}")] = piece
    return out


def publish_encoder(variant, folder):
    """Rewrites a checkpoint in the manner that its variant asks for."""
    if not variant.published:
        return
    config = json.loads((folder / "config.json").read_text())
    tensors = ENCODER_MANNERS[variant.published](load_file(folder / "model.safetensors"), config)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    if variant.published == "gamma_beta":
        (folder / "model.safetensors").unlink()
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
