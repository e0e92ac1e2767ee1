"""Makes tests/goldens/encoders/: a tiny checkpoint a variant, and the reference's outputs for its cases.

    python make_encoders.py [--only NAME ...] [--no-checks]

Reference: transformers, attn_implementation="eager", f32, called as model(**inputs), all else at its defaults. The
outputs are computed from the checkpoint as read back from the folder.
"""

import torch
from safetensors.torch import save_file

from decoder_base_variants import DECODER_BASES
from encoder_cases import make_inputs, outputs
from encoder_variants import ENCODER_VARIANTS
from make_decoders import MATTERS, build, make_all, read_checkpoint, seed_of, write_checkpoint
from manifest import ENCODERS, update
from published import publish_encoder
from weights import silent_tensors

# Softmax drops what is the same for all keys; a second bias of the vocabulary's matrix is there to be tied.
IDLE = ("key.bias", "k_proj.bias", "attn.k.bias", "k_lin.bias", "pos_key_proj.bias")

UNSEEN = ("vision_tower", "multi_modal")  # by text


@torch.no_grad()
def check(variant, model, inputs):
    """The weights show errors, and the reference itself is far more exact than the tolerance."""
    scales = {name: t.abs().max() for name, t in outputs(model, inputs).items()}
    def run():
        return torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, inputs).items()])
    base = run()
    single = [name for name, p in model.named_parameters() if p.shape[-1] == 1]  # rolled, it is what it was
    idle = IDLE if model.config.tie_word_embeddings else (*IDLE, "predictions.bias", "lm_head.bias")
    if "p2c" not in (getattr(model.config, "pos_att_type", None) or ()):
        idle = (*idle, "key_proj.bias", "encoder.LayerNorm.bias")
    quiet = [q for q in silent_tensors(model, run, MATTERS)
             if q[0] not in single and not q[0].endswith(idle) and not any(part in q[0] for part in UNSEEN)]
    if quiet:
        raise RuntimeError(f"{variant.name}: tensors that do not matter: {quiet}")
    model.double()
    wide = {name: t.double() if t.is_floating_point() else t for name, t in inputs.items()}
    exact = torch.cat([(t / scales[name]).flatten() for name, t in outputs(model, wide).items()])
    return float((exact - base).abs().max())


def make(variant, checks):
    folder = ENCODERS / variant.name
    write_checkpoint(variant, build(variant), folder)
    model = read_checkpoint(variant, folder)
    error = None
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of(variant.name + case))
        if checks and case == variant.cases[0]:
            error = check(variant, model, inputs)
            model = read_checkpoint(variant, folder)
        out = outputs(model, inputs, left=case == "left_padded")
        assert all(torch.isfinite(t).all() for t in out.values())
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(out, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"encoders/{variant.name}/{case}", family=variant.family, architecture=variant.model,
                            format="safetensors", dtype=variant.dtype, path=folder,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    publish_encoder(variant, folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == f"encoders/{variant.name}")
    print(variant.name, f"reference against f64: {error:.1e}" if error is not None else "", flush=True)


if __name__ == "__main__":
    make_all(__doc__, [*ENCODER_VARIANTS, *DECODER_BASES], make)
