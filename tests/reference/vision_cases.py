"""The pictures a variant is run on, and the reference's outputs for them.

A case is a dict of tensors named as the arguments of the reference's forward(); boolean ones are I64, as the door takes
them.
"""

import inspect
import math

import torch


def sides(value):
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def vision_config(config):
    for name in ("vision_config", "backbone_config"):
        config = getattr(config, name, None) or config
    return config


def picture_and_patch(config):
    """Height and width of the pictures a model is made for, and of its patches: SegFormer's take any."""
    if hasattr(config, "image_size"):
        return sides(config.image_size), sides(config.patch_size)
    side = min(64, 4 * math.prod(config.strides))
    return [side, side], sides(config.strides[0])


def make_texts(case, config, g):
    """Texts of several lengths that begin and end as CLIP's do, behind them padding and now and then another end."""
    width = {"long_text": 80}.get(case, 15)
    lengths = (9, 15, 4) if case not in ("text", "long_text") else (width - 2,)
    ids = torch.randint(5, 49, (len(lengths), width), generator=g)
    mask = torch.zeros_like(ids)
    end = config.eos_token_id if config.eos_token_id > 2 else config.vocab_size - 1
    for row, length in enumerate(lengths):
        first = width - length if case == "left_texts" else 0
        ids[row, :first] = ids[row, first + length:] = config.pad_token_id if row % 2 else end
        ids[row, first], ids[row, first + length - 1] = config.bos_token_id, end
        mask[row, first:first + length] = 1
    inputs = {"input_ids": ids}
    if case in ("texts", "left_texts", "masked_pair"):
        inputs["attention_mask"] = mask
    if case == "given_positions":
        inputs["position_ids"] = (torch.arange(width) + 3 * (torch.arange(width) > 8))[None]
    return inputs


def make_inputs(case, model, seed):
    """The inputs of a case, the same for the same config and seed."""
    g = torch.Generator().manual_seed(seed)
    if not hasattr(vision_config(model.config), "num_channels"):
        return make_texts(case, model.config, g)
    pictures = make_pictures(case, model, g)
    if "input_ids" in inspect.signature(model.forward).parameters:
        pictures |= make_texts(case, model.config.text_config, g)
    return pictures


def make_pictures(case, model, g):
    config = vision_config(model.config)
    (height, width), patch = picture_and_patch(config)
    if case == "larger":
        height, width = height + 3 * patch[0], width + 3 * patch[1]
    elif case == "wide":  # and not a whole number of patches
        height, width = height - patch[0] + 1, width + 2 * patch[1] + 3
    elif case == "photograph":  # of models for any size
        height, width = 512, 640
    elif case == "smaller":
        height, width = height - patch[0], width - patch[1]
    rows = {"pictures": 3, "masked": 2, "pair": 2, "masked_pair": 2}.get(case, 1)
    inputs = {"pixel_values": torch.randn(rows, config.num_channels, height, width, generator=g)}
    if case in ("larger", "wide", "smaller") and asks_for_sizes(model):
        inputs["interpolate_pos_encoding"] = torch.ones(1, dtype=torch.int64)
    patches = (height // patch[0]) * (width // patch[1])
    if "noise" in inspect.signature(model.forward).parameters:
        inputs["noise"] = torch.rand(rows, patches, generator=g)
    if case == "masked":
        inputs["bool_masked_pos"] = (torch.rand(rows, patches, generator=g) < 0.4).long()
    return inputs


def asks_for_sizes(model):
    """Whether the class resamples positions only when asked to."""
    return "interpolate_pos_encoding" in inspect.signature(model.forward).parameters


@torch.no_grad()
def outputs(model, inputs):
    """Every plain tensor of the result as f32, rows at masked positions 0; of losses none."""
    arguments = {name: bool(t[0]) if name == "interpolate_pos_encoding" else t.bool() if name == "bool_masked_pos" else t
                 for name, t in inputs.items()}
    result = {name: value.float().clone(memory_format=torch.contiguous_format)
              for name, value in model(**arguments).items() if isinstance(value, torch.Tensor) and name != "loss"}
    if "attention_mask" in inputs and "last_hidden_state" in result:
        result["last_hidden_state"] *= inputs["attention_mask"].unsqueeze(-1)
    return result
