"""Random weights that make errors visible.

Matrices have std 1.5/sqrt(fan_in), norms lie around their neutral value, biases and embeddings are large: every
tensor moves the logits by far more than the tolerance (make_decoders.py checks that).
"""

import torch
from torch import nn


def _norm_center(module):
    """1 for norms that multiply by the weight, 0 for Gemma's, which multiplies by 1 + weight; None for other modules."""
    kind = type(module).__name__
    if not (kind.endswith(("LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm2d"))):
        return None
    return 0.0 if kind.startswith("Gemma") else 1.0


@torch.no_grad()
def randomize(model, seed, embedding=None):
    """Fills every parameter of the model, in the order of the modules, from one generator."""
    g = torch.Generator().manual_seed(seed)
    done = set()
    for prefix, module in model.named_modules():
        for name, p in module.named_parameters(recurse=False):
            if id(p) in done:
                continue
            done.add(id(p))
            noise = torch.randn(p.shape, generator=g)
            center = _norm_center(module)
            if center is not None and name == "weight":
                p.copy_(center + 0.3 * noise.clamp(-2.5, 2.5))
            elif p.ndim < 2:
                p.copy_(0.6 * noise)
            elif isinstance(module, nn.Embedding):  # Gemma multiplies it by sqrt(hidden_size)
                p.copy_((embedding or (0.15 if type(module).__name__.startswith("Gemma") else 0.5)) * noise)
            elif p.ndim == 3 and p.shape[0] == 1 or name == "mid_position_embeddings":  # learned rows of pictures: positions, class tokens, registers
                p.copy_(0.5 * noise)
            elif type(module).__name__ == "Conv1D":  # GPT-2's linear: [in, out]
                p.copy_(noise * 1.5 / p.shape[0] ** 0.5)
            else:
                p.copy_(noise * 1.5 / p[0].numel() ** 0.5)
    for name, buffer in model.named_buffers():  # of batch norms
        if name.endswith("running_mean"):
            buffer.copy_(0.3 * torch.randn(buffer.shape, generator=g))
        elif name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=g))


@torch.no_grad()
def silent_tensors(model, forward, threshold):
    """Names of the parameters whose entries, when rolled by one, move the logits by less than threshold x max |logit|."""
    base = forward()
    scale = base.abs().max()
    quiet = []
    for name, p in model.named_parameters():
        if p.ndim == 0:
            continue
        kept = p.clone()
        p.copy_(kept.roll(1, dims=-1))
        moved = float((forward() - base).abs().max() / scale)
        p.copy_(kept)
        if moved < threshold:
            quiet.append((name, moved))
    return quiet
