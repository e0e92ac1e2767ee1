"""The inputs a variant is run on, and the reference's outputs for them.

A case is a dict of I64 tensors, named as the arguments of the reference's forward(). Padding is filled with random
ids, so that a masked id that leaks in is seen.
"""

import torch

LENGTHS = (15, 5, 10)  # of the three rows of a padded batch


def _ids(generator, vocab, *shape):
    return torch.randint(3, vocab, shape, generator=generator)


def make_inputs(case, vocab, seed):
    """The inputs of a case, the same for the same vocabulary size and seed."""
    g = torch.Generator().manual_seed(seed)
    if case == "plain":
        return {"input_ids": _ids(g, vocab, 1, 23)}
    if case == "long":  # past every window (6 to 9) and every original_max_position_embeddings (8 to 32)
        return {"input_ids": _ids(g, vocab, 1, 47)}
    if case == "given_positions":  # an offset in one row, a gap in the other
        ids = _ids(g, vocab, 2, 17)
        positions = torch.stack([torch.arange(17) + 5, torch.arange(17) + 3 * (torch.arange(17) > 8)])
        return {"input_ids": ids, "position_ids": positions}
    width = max(LENGTHS)
    ids = _ids(g, vocab, len(LENGTHS), width)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        if case == "right_padded":
            mask[row, :length] = 1
        elif case == "left_padded":
            mask[row, width - length:] = 1
        elif case == "holes":  # masked ids inside the sequence; positions remain the column's index
            mask[row] = 1
            mask[row, 3 + row::5] = 0
        else:
            raise ValueError(case)
    return {"input_ids": ids, "attention_mask": mask}


def depends_on_length(config):
    """Whether the rotary frequencies depend on the length (dynamic, longrope)."""
    parameters = getattr(config.get_text_config(), "rope_parameters", None) or {}
    return parameters.get("rope_type") in ("dynamic", "longrope")


def forget_length(model):
    """Undoes what dynamic scaling remembers of earlier calls: the reference keeps the frequencies of the longest."""
    for module in model.modules():
        if getattr(module, "rope_type", None) == "dynamic":
            module.inv_freq = module.original_inv_freq.clone()
            module.max_seq_len_cached = module.original_max_seq_len


@torch.no_grad()
def logits(model, inputs):
    """Logits [B, T, V], rows at masked positions 0.

    Where the frequencies depend on the length, the reference takes the longest row of the batch (its padding
    included). Here each row is run alone, its right padding cut, so that a row does not depend on its companions:
    its length is its greatest position + 1, by the reference's rule.
    """
    if inputs["input_ids"].shape[0] > 1 and depends_on_length(model.config):
        rows = []
        for row in range(inputs["input_ids"].shape[0]):
            one = {name: tensor[row:row + 1] for name, tensor in inputs.items()}
            width = inputs["input_ids"].shape[1]
            if "attention_mask" in one:
                used = int(one["attention_mask"].nonzero()[:, 1].max()) + 1
                one = {name: tensor[:, :used] for name, tensor in one.items()}
            out = logits(model, one)
            rows.append(torch.nn.functional.pad(out, (0, 0, 0, width - out.shape[1])))
        return torch.cat(rows)
    forget_length(model)
    out = model(**inputs).logits.float()
    if "attention_mask" in inputs:
        out = out * inputs["attention_mask"].unsqueeze(-1)
    return out
