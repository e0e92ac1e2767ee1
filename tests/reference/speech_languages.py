"""A language's adapters beside a checkpoint of wav2vec 2.0, and what the reference hears with them.

adapter.deu.safetensors: other adapters behind the layers, and a head of another size; deu.outputs.safetensors: the
outputs of sound.inputs.safetensors.
"""

import torch
from safetensors.torch import load_file, save_file

WORDS = 25


@torch.no_grad()
def language_case(model, folder, outputs):
    g = torch.Generator().manual_seed(71)
    own = {}
    for name, tensor in model._get_adapters().items():
        shape = (WORDS, *tensor.shape[1:]) if name.startswith("lm_head") else tensor.shape
        noise = torch.randn(shape, generator=g)
        if name.endswith("norm.weight"):
            own[name] = 1 + 0.3 * noise.clamp(-2.5, 2.5)
        else:
            own[name] = 0.6 * noise if noise.ndim < 2 else noise * 1.5 / noise.shape[1] ** 0.5
    save_file(own, folder / "adapter.deu.safetensors", {"format": "pt"})
    model.config._name_or_path = str(folder)
    model.load_adapter("deu")
    out = outputs(model.eval(), load_file(folder / "sound.inputs.safetensors"))
    assert out["logits"].shape[-1] == WORDS
    save_file(out, folder / "deu.outputs.safetensors")
