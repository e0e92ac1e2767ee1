"""The sounds a variant is run on, and the reference's outputs for them.

A case is a dict of tensors named as the arguments of the reference's forward(). Padding is noise, so that a masked
sample that leaks in is seen.
"""

import inspect

import torch

SAMPLES = 700
LENGTHS = (1.0, 0.55, 0.81)  # of the rows of a batch with a mask



def make_sounds(case, model, g, samples):
    rows = 1 if case in ("sound", "long", "embeddings") else 3
    config = model.config
    if model.main_input_name == "input_features":
        return {"input_features": torch.randn(rows, config.num_mel_bins, 2 * config.max_source_positions, generator=g)}
    if config.model_type == "audio-spectrogram-transformer":
        return {"input_values": torch.randn(rows, config.max_length, config.num_mel_bins, generator=g)}
    inputs = {"input_values": 0.8 * torch.randn(rows, samples, generator=g)}
    if case == "masked":
        mask = torch.zeros(rows, samples, dtype=torch.int64)
        for row, part in enumerate(LENGTHS):
            mask[row, :int(part * samples)] = 1
        inputs["attention_mask"] = mask
    return inputs


def make_targets(case, config, g, rows):
    """What a decoder is given: padded on either side, at positions of its own, as embeddings."""
    width = 11
    ids = torch.randint(3, config.vocab_size, (rows, width), generator=g)
    if case == "embeddings":
        return {"decoder_inputs_embeds": 0.5 * torch.randn(rows, width, config.hidden_size, generator=g)}
    inputs = {"decoder_input_ids": ids}
    if case == "positions":
        inputs["decoder_position_ids"] = (torch.arange(width) + 3 * (torch.arange(width) > 5)).repeat(rows, 1)
    if case in ("masked", "left_padded"):
        mask = torch.zeros_like(ids)
        for row, length in enumerate((11, 4, 7)[:rows]):
            first = width - length if case == "left_padded" else 0
            mask[row, first:first + length] = 1
        inputs["decoder_attention_mask"] = mask
    return inputs


def make_inputs(case, model, seed, samples=SAMPLES):
    """The inputs of a case, the same for the same config and seed."""
    g = torch.Generator().manual_seed(seed)
    inputs = make_sounds(case, model, g, {"long": 4, "sound": 2}.get(case, 1) * samples)
    if "decoder_input_ids" in inspect.signature(model.forward).parameters:
        inputs |= make_targets(case, model.config, g, len(next(iter(inputs.values()))))
    return inputs


def frames_seen(model, frames, mask):
    """Which frames a mask of samples leaves, [B, frames]."""
    if model.config.model_type == "moonshine":
        return mask[:, ::384][:, :frames].bool()
    return model._get_feature_vector_attention_mask(frames, mask)


@torch.no_grad()
def outputs(model, inputs):
    """Every plain tensor of the result as f32, rows of masked frames and tokens 0; of losses none."""
    result = {}
    decodes = "decoder_input_ids" in inspect.signature(model.forward).parameters
    for name, value in model(**inputs).items():
        if not isinstance(value, torch.Tensor) or name in ("loss", "encoder_attention_mask"):
            continue
        value = value.float().clone(memory_format=torch.contiguous_format)
        tokens = decodes and name != "encoder_last_hidden_state"
        mask = inputs.get("decoder_attention_mask" if tokens else "attention_mask")
        if mask is not None and value.ndim == 3:
            seen = mask if tokens else frames_seen(model, value.shape[1], mask)
            value *= seen.unsqueeze(-1)
        result[name] = value
    return result
