"""The inputs an encoder-decoder variant is run on, and the reference's outputs for them.

A case is a dict of tensors named as the arguments of the reference's forward(). Padding is filled with random ids, so
that a masked id that leaks in is seen; where positions are counted over ids that are no padding, and where the decoder's
ids are made from the source's, with the padding id. A classifier's source ends with the end id in every row.
"""

import torch

SOURCE_LENGTHS = (15, 5, 10)  # of the rows of a padded batch
TARGET_LENGTHS = (6, 11, 3)
OF_SOURCE = ("encoder_last_hidden_state",)
ENCODERS_ALONE = ("EncoderModel", "TokenClassification")


def _mask(case, lengths):
    width = max(lengths)
    mask = torch.ones(len(lengths), width, dtype=torch.int64)
    for row, length in enumerate(lengths):
        if case == "left_padded":
            mask[row, :width - length] = 0
        elif case == "holes":
            mask[row, 2 + row::4] = 0
        else:
            mask[row, length:] = 0
    return mask


def make_inputs(case, model, seed):
    """The inputs of a case, the same for the same config and seed."""
    config = model.config
    name = type(model).__name__
    g = torch.Generator().manual_seed(seed)
    vocabularies = config.vocab_size, getattr(config, "decoder_vocab_size", None) or config.vocab_size
    ids = lambda side, *shape: torch.randint(5, vocabularies[side], shape, generator=g)
    ends = name.endswith("SequenceClassification")
    if case in ("plain", "long", "own"):
        lengths = {"plain": (1, 23, 9), "long": (1, 75, 70), "own": (1, 12, 12)}[case]
        source, target = ids(0, *lengths[:2]), ids(1, lengths[0], lengths[1] if ends else lengths[2])
        if ends:
            source[:, -1] = config.eos_token_id
        return {"input_ids": source} if case == "own" else {"input_ids": source, "decoder_input_ids": target}
    if case == "embeddings":
        width = config.d_model
        return {"inputs_embeds": torch.randn(2, 9, width, generator=g), "attention_mask": _mask("right", (9, 7)),
                "decoder_inputs_embeds": torch.randn(2, 6, width, generator=g)}
    if case == "padding_inside":  # seen by attention, but not counted
        source, target = ids(0, 2, 14), ids(1, 2, 8)
        source[0, 4:7] = source[1, 0] = target[0, 3] = target[1, 5:7] = config.pad_token_id
        return {"input_ids": source, "decoder_input_ids": target}
    mask = _mask(case, SOURCE_LENGTHS)
    source = ids(0, *mask.shape)
    if case == "own_padded" or name.startswith("M2M100"):
        source[mask == 0] = config.pad_token_id
    if ends:
        for row in range(len(mask)):
            source[row, mask[row].nonzero()[-1]] = config.eos_token_id
    if case == "own_padded":
        return {"input_ids": source, "attention_mask": mask}
    target_mask = _mask(case, SOURCE_LENGTHS if ends else TARGET_LENGTHS)
    target = ids(1, *target_mask.shape)
    if name.startswith("M2M100"):
        target[target_mask == 0] = config.pad_token_id
    return {"input_ids": source, "attention_mask": mask, "decoder_input_ids": target,
            "decoder_attention_mask": target_mask}


def encoder_inputs(inputs):
    """What a class without a decoder takes of a case."""
    return {name: tensor for name, tensor in inputs.items() if not name.startswith("decoder_")}


@torch.no_grad()
def outputs(model, inputs):
    """Every plain tensor of the result, f32, rows at masked positions 0."""
    result = {}
    alone = type(model).__name__.endswith(ENCODERS_ALONE)
    for name, value in model(**inputs).items():
        if not isinstance(value, torch.Tensor):
            continue
        mask = inputs.get("attention_mask" if alone or name in OF_SOURCE else "decoder_attention_mask")
        if mask is not None and value.ndim > 1 and value.shape[:2] == mask.shape:
            value = value * mask.view(*mask.shape, *[1] * (value.ndim - 2))
        result[name] = value.contiguous()
    return result
