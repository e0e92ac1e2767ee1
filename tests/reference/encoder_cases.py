"""The inputs an encoder variant is run on, and the reference's outputs for them.

A case is a dict of tensors named as the arguments of the reference's forward(). Padding is filled with random ids, so
that a masked id that leaks in is seen; where ids that are no padding are counted or looked for, with the padding id.
"""

import torch

from cases import LENGTHS

CHOICES = 3
PER_TOKEN = ("last_hidden_state", "prediction_logits", "start_logits", "end_logits")
TOKEN_CLASSES = ("MaskedLM", "LMHeadModel", "CausalLM", "TokenClassification", "ElectraForPreTraining")


def _mask(case, rows, width):
    mask = torch.ones(rows, width, dtype=torch.int64)
    for row in range(rows):
        length = LENGTHS[row % len(LENGTHS)] * width // max(LENGTHS)
        if case == "left_padded":
            mask[row, :width - length] = 0
        elif case == "holes":
            mask[row, 3 + row::5] = 0
        else:
            mask[row, length:] = 0
    return mask


def _token_types(config, ids):
    """The second text begins at a place of its own in each row."""
    count = getattr(config, "type_vocab_size", 0)
    if count < 2:
        return {}
    rows = torch.arange(ids[..., 0].numel()).view(*ids.shape[:-1], 1)
    return {"token_type_ids": (torch.arange(ids.shape[-1]) >= 4 + 2 * rows).long()}


def make_inputs(case, model, seed):
    """The inputs of a case, the same for the same config and seed."""
    config = model.config.get_text_config()
    g = torch.Generator().manual_seed(seed)
    ids = lambda *shape: torch.randint(5, config.vocab_size, shape, generator=g)
    embeddings = getattr(model.base_model, "embeddings", None)
    counted = hasattr(embeddings, "padding_idx")  # RoBERTa and MPNet
    padding = embeddings.padding_idx if counted else None
    if looks_for_padding(model):
        padding = config.pad_token_id
    if case in ("choices", "unpadded_choices"):
        flat = ids(2 * CHOICES, 12)
        mask = _mask(case if case == "choices" else "none", 2 * CHOICES, 12)
        if case == "unpadded_choices":
            mask[:] = 1
        if padding is not None:
            flat[mask == 0] = padding
        shaped = flat.view(2, CHOICES, 12)
        return {"input_ids": shaped, "attention_mask": mask.view(2, CHOICES, 12), **_token_types(config, shaped)}
    if case in ("plain", "long", "longer"):
        plain = ids(1, {"plain": 23, "long": 75, "longer": 190}[case])
        return {"input_ids": plain, **_token_types(config, plain)}
    if case == "given_positions":  # an offset in one row, a gap in the other
        two = ids(2, 17)
        positions = torch.stack([torch.arange(17) + 5, torch.arange(17) + 3 * (torch.arange(17) > 8)])
        return {"input_ids": two, "position_ids": positions}
    if case == "embeddings":
        width = model.get_input_embeddings().weight.shape[1]
        return {"inputs_embeds": torch.randn(2, 9, width, generator=g), "attention_mask": _mask("right", 2, 9)}
    if case == "padding_inside":  # seen by attention, but not counted
        two = ids(2, 14)
        two[0, 4:7] = two[1, 0] = two[1, 9] = padding
        return {"input_ids": two}
    if case == "padding_unmasked":  # seen by attention, but none of it is the end
        two = ids(2, 14)
        two[0, 9:] = two[1, :3] = two[1, 7] = padding
        return {"input_ids": two}
    padded = ids(len(LENGTHS), max(LENGTHS))
    mask = _mask(case, *padded.shape)
    if padding is not None:
        padded[mask == 0] = padding
    return {"input_ids": padded, "attention_mask": mask, **_token_types(config, padded)}


def looks_for_padding(model):
    """Whether a class takes the last id that is no padding, whatever the mask says: classifiers over decoders."""
    return hasattr(model, "score") and type(model).__name__.endswith("SequenceClassification")


@torch.no_grad()
def outputs(model, inputs, left=False):
    """Every plain tensor of the result, f32, rows at masked positions 0. Not what is pooled where padding is on the left:
    the reference takes the first column, which is padding there."""
    result = {}
    for name, value in model(**inputs).items():
        if not isinstance(value, torch.Tensor):
            continue
        per_token = name in PER_TOKEN or type(model).__name__.endswith(TOKEN_CLASSES)
        if left and not per_token and not looks_for_padding(model):
            continue
        if per_token and "attention_mask" in inputs:
            mask = inputs["attention_mask"]
            value = value * mask.view(*mask.shape, *[1] * (value.ndim - mask.ndim))
        result[name] = value.contiguous()
    return result
