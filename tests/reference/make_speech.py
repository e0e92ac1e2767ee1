"""Makes tests/goldens/speech/: a tiny checkpoint a variant, and the reference's outputs for its cases.

    python make_speech.py [--only NAME ...] [--no-checks]

Reference: transformers, attn_implementation="eager", f32, called as model(**inputs), all else at its defaults. The
outputs are computed from the checkpoint as read back from the folder.
"""

import torch
from safetensors.torch import load_file, save_file

from make_decoders import build, make_all, read_checkpoint, seed_of, write_checkpoint
from manifest import GOLDENS, update
from speech_cases import make_inputs, outputs
from speech_generate import generate_cases
from speech_languages import language_case
from speech_variants import SPEECH_VARIANTS
from weights import silent_tensors

SHARPER = ("q_proj.weight", "k_proj.weight")
MATTERS = 1e-3  # a rolled tensor moves the outputs by more, relative to the greatest
IDLE = ("k_proj.bias", "masked_spec_embed")  # softmax drops what is the same for all keys; of training


@torch.no_grad()
def prepare(variant, model):
    """What random weights must not be."""
    dtype = getattr(torch, variant.dtype)
    for name, p in model.named_parameters():
        if name.endswith(SHARPER):  # deep stacks of attentions that see everything alike forget what came in
            p.mul_(2)
        elif p.ndim == 1 and name.endswith("bias"):
            p.mul_(0.5)
        elif name.endswith("weight.original0"):  # each tap's length, over all of a convolution
            p.mul_(2.5 * (model.config.hidden_size / p.numel()) ** 0.5)
        elif name.endswith("rel_attn_embed.weight"):
            p.mul_(4)
        p.copy_(p.to(dtype))
    return model


def publish(variant, folder):
    if not variant.renamed:
        return
    tensors = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        for new, old in variant.renamed.items():
            name = name.replace(new, old)
        tensors[name] = tensor
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


@torch.no_grad()
def check(variant, model, inputs):
    """The weights show errors, and the reference itself is far more exact than the tolerance."""
    scales = {name: t.abs().max() for name, t in outputs(model, inputs).items()}
    def run():
        return torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, inputs).items()])
    base = run()
    still = [name for name, p in model.named_parameters() if p.shape[-1:] == (1,)]  # rolled, it is what it was
    if getattr(model.config, "use_weighted_layer_sum", False) and getattr(model.config, "do_stable_layer_norm", False):
        still += [name for name, _ in model.named_parameters() if "encoder.layer_norm" in name]  # after what is summed
    if variant.model.endswith("ForSequenceClassification"):  # a mean over all frames, and WavLM's gates shift little
        still += [name for name, _ in model.named_parameters() if name.endswith("gru_rel_pos_linear.bias")]
    quiet = [q for q in silent_tensors(model, run, MATTERS)
             if not q[0].endswith(IDLE) and q[0] not in still and not q[0].startswith("objective.")]
    if quiet:
        raise RuntimeError(f"{variant.name}: tensors that do not matter: {quiet}")
    model.double()
    wide = {name: t.double() if t.is_floating_point() else t for name, t in inputs.items()}
    exact = torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, wide).items()])
    return float((exact - base).abs().max())


def make(variant, checks):
    folder = GOLDENS / "speech" / variant.name
    write_checkpoint(variant, prepare(variant, build(variant)), folder)
    publish(variant, folder)
    model = read_checkpoint(variant, folder)
    error = None
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of(variant.name + case), variant.samples)
        if checks and case == variant.cases[0]:
            error = check(variant, model, inputs)
            model = read_checkpoint(variant, folder)
        out = outputs(model, inputs)
        assert all(torch.isfinite(t).all() for t in out.values())
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(out, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"speech/{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="safetensors", dtype=variant.dtype, path=folder,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    if variant.generate:
        generate_cases(model, folder, variant.samples)
    if variant.options.get("adapter_attn_dim") and variant.model.endswith("CTC"):
        language_case(model, folder, outputs)
    for path in folder.iterdir():
        path.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == f"speech/{variant.name}")
    print(variant.name, f"reference against f64: {error:.1e}" if error is not None else "", flush=True)


if __name__ == "__main__":
    make_all(__doc__, SPEECH_VARIANTS, make)
