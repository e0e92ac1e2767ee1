"""Makes tests/goldens/vision/, dual/, and of encoders/ the towers of texts: a tiny checkpoint a variant, and the reference's outputs for its cases.

    python make_vision.py [--only NAME ...] [--no-checks]

Reference: transformers, attn_implementation="eager", f32, called as model(**inputs), all else at its defaults. The
outputs are computed from the checkpoint as read back from the folder.
"""

import torch
from safetensors.torch import save_file

from make_decoders import MATTERS, build, make_all, read_checkpoint, seed_of, write_checkpoint
from manifest import GOLDENS, update
from vision_cases import make_inputs, outputs
from vision_variants import VISION_VARIANTS
from weights import silent_tensors

IDLE = ("key.bias", "k_proj.bias")  # softmax drops what is the same for all keys
UNUSED = ("vision_model.post_layernorm", "vision_model.head.")  # by a classifier of CLIP and of SigLIP
UNUSED_DENSE = ("dpt.layernorm.", "neck.fusion_stage.layers.0.residual_layer1.", "auxiliary_head.")


@torch.no_grad()
def check(variant, model, inputs):
    """The weights show errors, and the reference itself is far more exact than the tolerance."""
    scales = {name: t.abs().max() for name, t in outputs(model, inputs).items()}
    def run():
        return torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, inputs).items()])
    base = run()
    idle = IDLE if "bool_masked_pos" in inputs else (*IDLE, "mask_token")
    still = [name for name, p in model.named_parameters() if p.shape[-1:] == (1,)]  # rolled, it is what it was
    if "ForImageClassification" in variant.model:
        still += [name for name, _ in model.named_parameters() if name.startswith(UNUSED)]
    idle_here = (*variant.idle, *(UNUSED_DENSE if hasattr(model, "neck") else ()))
    quiet = [q for q in silent_tensors(model, run, MATTERS)
             if q[0] not in still and not q[0].endswith(idle) and not q[0].startswith(idle_here)]
    if quiet:
        raise RuntimeError(f"{variant.name}: tensors that do not matter: {quiet}")
    model.double()
    wide = {name: t.double() if t.is_floating_point() else t for name, t in inputs.items()}
    exact = torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, wide).items()])
    return float((exact - base).abs().max())


def make(variant, checks):
    folder = GOLDENS / variant.room / variant.name
    write_checkpoint(variant, build(variant), folder)
    model = read_checkpoint(variant, folder)
    error = None
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of(variant.name + case))
        if checks and case == ("masked" if "masked" in variant.cases else variant.cases[0]):
            error = check(variant, model, inputs)
            model = read_checkpoint(variant, folder)
        out = outputs(model, inputs)
        assert all(torch.isfinite(t).all() for t in out.values())
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(out, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"{variant.room}/{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="safetensors", dtype=variant.dtype, path=folder,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    for path in folder.iterdir():
        path.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == f"{variant.room}/{variant.name}")
    print(variant.name, f"reference against f64: {error:.1e}" if error is not None else "", flush=True)


if __name__ == "__main__":
    make_all(__doc__, VISION_VARIANTS, make)
