"""Makes tests/goldens/decoders/: a tiny checkpoint a variant, and the reference's logits for its cases.

    python make_decoders.py [--only NAME ...] [--no-checks]

Reference: transformers, attn_implementation="eager", f32, called as model(**inputs), all else at its defaults. The
logits are computed from the checkpoint as read back from the folder.
"""

import argparse
import json
import shutil
import zlib

import torch
import transformers
from safetensors.torch import load_file, save_file

from cases import logits, make_inputs
from generate import generate_cases
from manifest import DECODERS, update
from published import published_config, published_tensors
from variants import VARIANTS
from weights import randomize, silent_tensors

PERMUTED = 1e-2   # a permuted prompt moves the logits by more
MATTERS = 2e-3    # a rolled tensor moves the logits by more, relative to the greatest


def seed_of(name):
    return zlib.crc32(name.encode())


def text_options(options):
    return options.get("text_config", options)


def build(variant):
    """The model with random weights, rounded to the file's dtype, in f32."""
    config = getattr(transformers, variant.config)(**json.loads(json.dumps(variant.options)))
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    model = getattr(transformers, variant.model)(config).eval()
    randomize(model, seed_of(variant.name), variant.embedding)
    with torch.no_grad():
        for p in model.parameters():  # not model.to(dtype), which rounds the rotary frequencies too
            p.copy_(p.to(getattr(torch, variant.dtype)))
    return model


def write_checkpoint(variant, model, folder):
    """config.json and safetensors as published."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dtype = getattr(torch, variant.dtype)
    model = model.to(dtype)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    shards = getattr(variant, "shards", 1)
    model.save_pretrained(folder, max_shard_size=10**9 if shards == 1 else int(size / shards * 1.15))
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if getattr(variant, "manner", "5") == "4":
        tensors = published_tensors(load_file(folder / "model.safetensors"), variant, config)
        save_file({k: t.contiguous() for k, t in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
        config = published_config(config, variant.family)
        if variant.name == "gemma_4":
            config["hidden_act"] = "gelu"
        path.write_text(json.dumps(config, indent=2) + "\n")
    model.float()


def read_checkpoint(variant, folder):
    cls = getattr(transformers, variant.model)
    model, info = cls.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32,
                                      output_loading_info=True)
    bad = {k: v for k, v in info.items() if v and k in ("missing_keys", "mismatched_keys")}
    if bad:
        raise RuntimeError(f"{variant.name}: {bad}")
    return model.eval()


@torch.no_grad()
def check(variant, model, inputs):
    """The weights show errors, and the reference itself is far more exact than the tolerance."""
    run = lambda: logits(model, inputs)
    base = run()
    ids = inputs["input_ids"].clone()
    ids[:, :-1] = ids[:, :-1].flip(1)
    permuted = float((logits(model, {**inputs, "input_ids": ids})[:, -1] - base[:, -1]).abs().max())
    if permuted < PERMUTED:
        raise RuntimeError(f"{variant.name}: a permuted prompt moves the logits by {permuted} only")
    no_rope = [i for i, on in enumerate(getattr(model.config, "no_rope_layers", None) or []) if not on]
    idle = ["vision_tower", "multi_modal"] + [f"layers.{i}.self_attn.k_proj.bias" for i in no_rope]  # softmax drops it
    quiet = [q for q in silent_tensors(model, run, MATTERS) if not any(part in q[0] for part in idle)]
    if quiet:
        raise RuntimeError(f"{variant.name}: tensors that do not matter: {quiet}")
    if getattr(model.config, "reorder_and_upcast_attn", False):
        return None  # insists on f32
    exact = logits(model.double(), inputs)
    model.float()
    return float((exact - base).abs().max() / base.abs().max())


def make(variant, checks):
    folder = DECODERS / variant.name
    write_checkpoint(variant, build(variant), folder)
    model = read_checkpoint(variant, folder)
    vocab = text_options(variant.options)["vocab_size"]
    if "vision_config" in variant.options:
        vocab = variant.options["image_token_index"]
    error = None
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, vocab, seed_of(variant.name + case))
        if checks and case == ("long" if "long" in variant.cases else "plain"):
            error = check(variant, model, inputs)
            model = read_checkpoint(variant, folder)
        out = logits(model, inputs)
        assert torch.isfinite(out).all()
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file({"logits": out.contiguous()}, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="safetensors", dtype=variant.dtype, path=folder,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors",
                            notes=variant.notes))
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    if variant.generate:
        (folder / "generate.json").write_text(generate_cases(model, vocab))
    if variant.name == "phi3_su":  # transformers 5 takes su for an unknown type unless all is moved into rope_scaling
        path = folder / "config.json"
        path.write_text(path.read_text().replace('"longrope"', '"su"'))
    update(entries, replacing=lambda e: e["path"] == f"decoders/{variant.name}")
    print(variant.name, f"reference against f64: {error:.1e}" if error is not None else "", flush=True)


def make_all(description, variants, make):
    """The command line of the makers: make(variant, checks) for each variant that is asked for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--no-checks", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for variant in variants:
        if not args.only or variant.name in args.only:
            make(variant, not args.no_checks)


if __name__ == "__main__":
    make_all(__doc__, VARIANTS, make)
