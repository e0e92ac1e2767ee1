"""Makes tests/goldens/seq2seq/, and T5's encoders in tests/goldens/encoders/: a tiny checkpoint a variant, and the
reference's outputs for its cases.

    python make_seq2seq.py [--only NAME ...] [--no-checks]

Reference: transformers, attn_implementation="eager", f32, called as model(**inputs), all else at its defaults. The
outputs are computed from the checkpoint as read back from the folder.
"""

import json

import torch
import transformers
from safetensors.torch import load_file, save_file

from generate import generate_cases
from make_decoders import build, make_all, seed_of, write_checkpoint
from manifest import ENCODERS, SEQ2SEQ, update
from seq2seq_cases import ENCODERS_ALONE, encoder_inputs, make_inputs, outputs
from seq2seq_variants import SEQ2SEQ_VARIANTS
from weights import silent_tensors

SHARPER = ("q_proj.weight", "k_proj.weight")
MATTERS = 1e-3  # a rolled tensor moves the outputs by more, relative to the greatest
IDLE = ("k_proj.bias",)  # softmax drops what is the same for all keys


def prepare(variant, model):
    """What random weights must not be, and what is no parameter."""
    g = torch.Generator().manual_seed(seed_of(variant.name + "buffers"))
    dtype = getattr(torch, variant.dtype)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith(SHARPER):  # deep stacks of attentions that see everything alike forget what came in
                p.mul_(2).copy_(p.to(dtype))
            elif p.ndim == 1 and name.endswith("bias"):
                p.mul_(0.5).copy_(p.to(dtype))
        for module in model.modules():
            if hasattr(module, "create_weight"):
                module.weight.copy_(module.create_weight().to(dtype))
        if hasattr(model, "final_logits_bias"):
            size = 0.4 * model.lm_head.weight.std() * model.config.d_model ** 0.5
            model.final_logits_bias.copy_((size * torch.randn(model.final_logits_bias.shape, generator=g)).to(dtype))
        if variant.untied:
            table = torch.randn(model.lm_head.weight.shape, generator=g) * 1.5 / model.config.d_model ** 0.5
            model.lm_head.weight = torch.nn.Parameter(table.to(dtype).float())
    return model


def publish(variant, folder):
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **variant.keys}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}, indent=2) + "\n")
    tensors = load_file(folder / "model.safetensors")
    kept = {name: t for name, t in tensors.items() if not any(part in name for part in variant.dropped)}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def read_checkpoint(variant, folder):
    cls = getattr(transformers, variant.model)
    model, info = cls.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32,
                                      output_loading_info=True)
    missing = [name for name in info["missing_keys"] if not any(part in name for part in variant.dropped)]
    if missing or info["mismatched_keys"]:
        raise RuntimeError(f"{variant.name}: {missing} {info['mismatched_keys']}")
    return model.eval()


@torch.no_grad()
def check(variant, model, inputs):
    """The weights show errors, and the reference itself is far more exact than the tolerance."""
    scales = {name: t.abs().max() for name, t in outputs(model, inputs).items()}
    def run():
        return torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, inputs).items()])
    base = run()
    quiet = [q for q in silent_tensors(model, run, MATTERS) if not q[0].endswith(IDLE) and "shared" not in q[0]]
    if quiet:
        raise RuntimeError(f"{variant.name}: tensors that do not matter: {quiet}")
    model.double()
    wide = {name: t.double() if t.is_floating_point() else t for name, t in inputs.items()}
    exact = torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, wide).items()])
    return float((exact - base).abs().max())


def make(variant, checks):
    alone = variant.model.endswith(ENCODERS_ALONE)
    folder = (ENCODERS if alone else SEQ2SEQ) / variant.name
    write_checkpoint(variant, prepare(variant, build(variant)), folder)
    publish(variant, folder)
    model = read_checkpoint(variant, folder)
    error = None
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of(variant.name + case))
        inputs = encoder_inputs(inputs) if alone else inputs
        if checks and case == variant.cases[0]:
            error = check(variant, model, inputs)
            model = read_checkpoint(variant, folder)
        out = outputs(model, inputs)
        assert all(torch.isfinite(t).all() for t in out.values())
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(out, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"{folder.parent.name}/{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="safetensors", dtype=variant.dtype, path=folder,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    if variant.generate:
        (folder / "generate.json").write_text(generate_cases(model, model.config.vocab_size))
    for path in folder.iterdir():
        path.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == f"{folder.parent.name}/{variant.name}")
    print(variant.name, f"reference against f64: {error:.1e}" if error is not None else "", flush=True)


if __name__ == "__main__":
    make_all(__doc__, SEQ2SEQ_VARIANTS, make)
