"""Greedy generation of the reference: generate.json beside a checkpoint.

A list of {input_ids, kwargs, output_ids, smallest_gap}. input_ids are ragged rows; the reference gets them padded with
id 0 and an attention_mask: on the left, an encoder-decoder, which counts columns, on the right. output_ids are the ids after the prompt (an encoder-decoder's: after its start id), the ending
eos included, no padding. smallest_gap is the least difference of the two greatest scores at any step that leaves a choice,
relative to the greatest |score|: far above the tolerance, so that the ids are exact.
"""

import json

import torch

from cases import depends_on_length, forget_length

GAP = 1e-3


def _generate(model, rows, kwargs):
    width = max(map(len, rows))
    def pad(row, filler):
        filler = filler * (width - len(row))
        return row + filler if model.config.is_encoder_decoder else filler + row
    ids = torch.tensor([pad(r, [0]) for r in rows])
    mask = torch.tensor([pad([1] * len(r), [0]) for r in rows])
    forget_length(model)
    full = model.generate(ids, attention_mask=mask, pad_token_id=0, output_scores=True, return_dict_in_generate=True,
                          **kwargs)
    out = full.sequences[:, 1 if model.config.is_encoder_decoder else width:].tolist()
    eos = kwargs.get("eos_token_id", model.generation_config.eos_token_id)
    ends = set(eos if isinstance(eos, list) else [] if eos is None else [eos])
    result = []
    for row in out:
        stop = next((i + 1 for i, t in enumerate(row) if t in ends), len(row))
        result.append(row[:stop])
    gaps = []
    for step, scores in enumerate(full.scores):
        for row, score in zip(result, scores):
            if step < len(row) and score.isfinite().sum() > 1:  # of a forced id alone
                top = score.topk(2).values
                gaps.append(float((top[0] - top[1]) / score[score.isfinite()].abs().max()))
    return result, min(gaps)


def _case(model, rows, kwargs):
    ids, gap = _generate(model, rows, kwargs)
    return {"input_ids": rows, "kwargs": kwargs, "output_ids": ids, "smallest_gap": float(f"{gap:.2e}")}


def _cases(model, vocab, seed):
    g = torch.Generator().manual_seed(seed)
    prompt = lambda n: torch.randint(3, vocab, (n,), generator=g).tolist()
    free = {"do_sample": False, "max_new_tokens": 20}
    if depends_on_length(model.config):  # one row at a time: before, across and past a threshold of 8, 12 or 32
        for length in (7, 12, 27, 36):
            yield _case(model, [prompt(length)], {**free, "eos_token_id": None})
        return
    one, batch = [prompt(9)], [prompt(12), prompt(5), prompt(8)]
    continued, _ = _generate(model, batch, {**free, "eos_token_id": None})
    asked = [
        (one, {**free, "eos_token_id": None}),
        (one, {**free, "eos_token_id": None, "repetition_penalty": 1.4}),
        (batch, {**free, "eos_token_id": None}),
        (batch, {**free, "eos_token_id": continued[0][6]}),
        (batch, {**free, "eos_token_id": [continued[1][3], continued[2][9]]}),
        (batch, {**free, "eos_token_id": continued[0][6], "min_new_tokens": 9}),
        (batch, {**free, "eos_token_id": None, "repetition_penalty": 1.4, "max_new_tokens": 12}),
    ]
    if model.config.is_encoder_decoder:
        asked += [
            (batch, {"do_sample": False, "max_length": 9}),
            (batch, {**free, "min_length": 12, "eos_token_id": continued[0][6]}),
            (batch, {**free, "forced_bos_token_id": continued[1][4], "forced_eos_token_id": continued[2][5],
                     "eos_token_id": None}),
            (one, {**free, "decoder_start_token_id": continued[0][3], "eos_token_id": None}),
        ]
    for rows, kwargs in asked:
        yield _case(model, rows, kwargs)


def generate_cases(model, vocab):
    """The text of generate.json, from the first prompts whose every step is decided by more than GAP.

    The eos cases take ids from the greedy continuation, so that it does end there.
    """
    for seed in range(300):
        cases = []
        for case in _cases(model, vocab, seed):
            cases.append(case)
            if case["smallest_gap"] < GAP:
                break
        else:
            return "[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n"
    raise RuntimeError("no prompts with clear choices")
