"""Greedy generation of the reference over sounds: generate.json beside a checkpoint.

A list of {inputs, config, output_ids, smallest_gap}: the file of the sounds, keys of a generation config over the
checkpoint's, the ids after the decoder's prompt, an ending one included, and the least difference of the two greatest
scores at any step, relative to the greatest |score|: far above the tolerance, so that the ids are exact.
"""

import copy
import json

import torch
from safetensors.torch import save_file

from speech_cases import make_inputs

GAP = 1e-3
TOLD = dict(lang_to_id={"<|en|>": 5, "<|de|>": 6, "<|fr|>": 7, "<|haw|>": 8},
            task_to_id={"transcribe": 9, "translate": 10}, no_timestamps_token_id=60, is_multilingual=True)  # ids after it would be times


def whisper_cases(free):
    """Keys for Whisper; `free` are the ids that it writes of the first sound without any."""
    few = dict(max_new_tokens=8)
    return [few, dict(max_length=9), {**few, "suppress_tokens": free[:2]},
            {**few, "begin_suppress_tokens": [free[0], 1]}, {**few, "eos_token_id": free[-1]},
            {**few, "forced_decoder_ids": [[1, 7], [2, 9]]}, {**few, **TOLD}, {**few, **TOLD, "language": "de"},
            {**few, **TOLD, "language": "Hawaiian"}, {**few, **TOLD, "task": "translate"},
            {**few, **TOLD, "language": "<|fr|>", "task": "translate", "suppress_tokens": free},
            {**few, **TOLD, "forced_decoder_ids": [[1, None], [2, 10]]}]


def moonshine_cases(free):
    few = dict(max_new_tokens=8)
    return [few, dict(max_length=9), {**few, "suppress_tokens": free[:2]}, {**few, "eos_token_id": free[-1]},
            {**few, "repetition_penalty": 1.3}, {**few, "begin_suppress_tokens": free[:1], "no_repeat_ngram_size": 2}]


@torch.no_grad()
def generate_row(model, inputs, keys):
    """The ids of one sound, an ending one included, and the smallest gap."""
    config = copy.deepcopy(model.generation_config)
    for key, value in keys.items():
        setattr(config, key, value)
    full = model.generate(**inputs, generation_config=config, return_dict_in_generate=True, output_scores=True)
    scores = [score[0] for score in full["scores"]]
    ids = full["sequences"][0, -len(scores):].tolist()
    gap = 1.0
    for chosen, score in zip(ids, scores):
        top = score.topk(2).values
        assert int(score.argmax()) == chosen
        gap = min(gap, float((top[0] - top[1]) / score[score.isfinite()].abs().max()))
    return ids, gap


def generate(model, inputs, keys):
    """Of each sound alone: a batch of Whisper's shares the language of its first."""
    count = len(next(iter(inputs.values())))
    rows = [generate_row(model, {k: t[b:b + 1] for k, t in inputs.items()}, keys) for b in range(count)]
    return [ids for ids, _ in rows], min(gap for _, gap in rows)


def cases_of(model, inputs, file):
    """Each case, or nothing from the first whose choices are not clear on."""
    free, _ = generate(model, inputs, dict(max_new_tokens=8))
    make = whisper_cases if model.config.model_type == "whisper" else moonshine_cases
    for keys in make(free[0]):
        rows, gap = generate(model, inputs, keys)
        if gap < GAP:
            return
        yield {"inputs": file, "config": keys, "output_ids": rows, "smallest_gap": float(f"{gap:.2e}")}


def generate_cases(model, folder, samples):
    """Writes generate.json and its inputs, of the first sounds whose every step is decided by more than GAP. Without a
    mask: the reference's generate() does not hand it to the encoder."""
    file = "generate.inputs.safetensors"
    count = len((whisper_cases if model.config.model_type == "whisper" else moonshine_cases)([0] * 8))
    for seed in range(300):
        inputs = {k: t for k, t in make_inputs("sounds", model, seed, samples).items() if not k.startswith("decoder")}
        cases = list(cases_of(model, inputs, file))
        if len(cases) == count and sum(map(len, cases[0]["output_ids"])) > 12:
            break
    else:
        raise RuntimeError("no sounds with clear choices")
    save_file(inputs, folder / file)
    (folder / "generate.json").write_text("[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n")
