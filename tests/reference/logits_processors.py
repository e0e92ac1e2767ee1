"""Makes tests/goldens/logits_processors.json: what transformers' logits processors keep and change.

    python logits_processors.py

`rows` are scores by name. Each of `cases` names its row, a `config` as generate() takes it, the `history` of which the
first `prompt` ids are the prompt, an encoder's `source`, and holds the `result`: the scores after the processors that
generate() makes of the config, in its order; null where the token is out (-inf, or the least of floats, with which some
say the same). `chains` are drawn from: the `probabilities` after their config.
"""

import json
from types import SimpleNamespace

import torch
from transformers import GenerationConfig, GenerationMixin, SynthIDTextWatermarkingConfig, WatermarkingConfig

from manifest import GOLDENS

HISTORY, PROMPT = [1, 5, 5, 9, 0, 3, 1, 5], 5
SOURCE = [5, 1, 3, 9, 5, 1, 4, 7]
EOS = [2, 6]
ROWS = ["spread", "flat", "peaked"]

# What is tried on every row by itself.
ALONE = [
    {"repetition_penalty": 0.5}, {"repetition_penalty": 1.4}, {"encoder_repetition_penalty": 1.5},
    {"encoder_repetition_penalty": 0.7}, {"no_repeat_ngram_size": 1}, {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 3}, {"no_repeat_ngram_size": 9}, {"encoder_no_repeat_ngram_size": 1},
    {"encoder_no_repeat_ngram_size": 3}, {"bad_words_ids": [[4]]}, {"bad_words_ids": [[2], [1, 5, 8], [5, 9], [9, 9]]},
    {"sequence_bias": [[[7], 2.5], [[1, 5, 7], -1.25], [[5, 7], 0.5], [[8, 3], 9.0], [[7], -3.0]]},
    {"min_length": 8}, {"min_length": 9}, {"min_new_tokens": 3}, {"min_new_tokens": 4}, {"forced_eos_token_id": 2},
    {"forced_eos_token_id": [2, 6], "max_length": 9}, {"remove_invalid_values": True},
    {"exponential_decay_length_penalty": [1, 1.6]}, {"exponential_decay_length_penalty": [3, 1.6]},
    {"suppress_tokens": [3, 11]}, {"begin_suppress_tokens": [3, 4]}, {"renormalize_logits": True},
    {"bad_words_ids": [[4]], "remove_invalid_values": True, "renormalize_logits": True},
    {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "min_new_tokens": 5, "suppress_tokens": [0],
     "sequence_bias": [[[3], 1.5]], "exponential_decay_length_penalty": [1, 1.2], "renormalize_logits": True},
]
DRAWING = [
    {"temperature": 0.3}, {"temperature": 2.5}, {"top_k": 1}, {"top_k": 3}, {"top_k": 64}, {"top_p": 0.05},
    {"top_p": 0.5}, {"top_p": 0.9}, {"top_p": 0.999}, {"min_p": 0.01}, {"min_p": 0.1}, {"min_p": 1.0},
    {"typical_p": 0.1}, {"typical_p": 0.5}, {"typical_p": 0.95}, {"epsilon_cutoff": 0.02}, {"epsilon_cutoff": 0.3},
    {"eta_cutoff": 0.02}, {"eta_cutoff": 0.3}, {"top_h": 0.1}, {"top_h": 0.5}, {"top_h": 0.9},
    {"temperature": 1.7, "top_h": 0.8, "top_k": 11, "top_p": 0.9, "min_p": 0.02, "typical_p": 0.9,
     "epsilon_cutoff": 0.01, "eta_cutoff": 0.02, "renormalize_logits": True},
    {"no_repeat_ngram_size": 1, "temperature": 0.8, "top_p": 0.8},
    # Beams keep more: the ends and one beside them.
    {"num_beams": 2, "top_k": 1}, {"num_beams": 2, "top_p": 0.1}, {"num_beams": 2, "min_p": 0.9},
    {"num_beams": 2, "typical_p": 0.1}, {"num_beams": 2, "epsilon_cutoff": 0.9}, {"num_beams": 2, "eta_cutoff": 0.9},
]
GREEN = [{}, {"seeding_scheme": "selfhash", "greenlist_ratio": 0.5, "bias": 1.5}, {"hashing_key": 123456789012, "bias": 3.0},
         {"seeding_scheme": "selfhash", "context_width": 4, "hashing_key": 7654321987}, {"context_width": 9}]
SYNTH = [{"ngram_len": 5, "keys": [654, 400, 836, 123, 340]}, {"ngram_len": 2, "keys": [7, 5], "context_history_size": 1},
         {"ngram_len": 4, "keys": [11, 22, 33], "sampling_table_seed": 3, "sampling_table_size": 1000,
          "skip_first_ngram_calls": True}]
CHAINS = [
    {"temperature": 0.7, "top_k": 50},
    {"temperature": 1.3, "top_k": 12, "top_p": 0.8},
    {"repetition_penalty": 1.3, "temperature": 0.9, "top_k": 20, "top_p": 0.95, "min_p": 0.05},
    {"temperature": 1.5, "top_k": 0, "min_p": 0.2},
    {"temperature": 1.5, "typical_p": 0.8, "watermarking_config": {"bias": 1.0}},
]


def processors(options, prompt, source, vocabulary):
    """Those that generate() makes."""
    config = GenerationConfig(**{**GenerationConfig._get_default_generation_params(), "eos_token_id": EOS, **options})
    config._eos_token_tensor = torch.tensor(EOS)
    text = SimpleNamespace(vocab_size=vocabulary)
    model = SimpleNamespace(config=SimpleNamespace(is_encoder_decoder=True, get_text_config=lambda: text),
                            _merge_criteria_processor_list=lambda own, given: own)
    return GenerationMixin._get_logits_processor(model, config, prompt, torch.tensor([source]), device="cpu",
                                                 model_kwargs={})


def apply(options, scores, history=HISTORY, prompt=PROMPT, source=SOURCE):
    made = processors(options, prompt, source, scores.shape[1])
    if isinstance(options.get("watermarking_config"), SynthIDTextWatermarkingConfig):  # it counts its calls: one for each generated token
        for end in range(prompt, len(history)):
            made(torch.tensor([history[:end]]), scores.clone())
    return made(torch.tensor([history]), scores.clone())


def options_of(config):
    """JSON's spelling to the reference's."""
    result = dict(config)
    if "watermarking_config" in result:
        kind = SynthIDTextWatermarkingConfig if "keys" in result["watermarking_config"] else WatermarkingConfig
        result["watermarking_config"] = kind(**result["watermarking_config"])
    return result


def numbers(row):
    return [None if x < -3e38 else float(f"{x:.7g}") for x in row.tolist()]


def main():
    g = torch.Generator().manual_seed(7)
    rows = {
        "spread": torch.randn(1, 24, generator=g) * 3,
        "flat": torch.randn(1, 24, generator=g) * 0.2,
        "peaked": torch.randn(1, 24, generator=g) * 9,
        "ties": torch.tensor([[2.0, 1.0, 2.0, 1.0, 1.0, 0.5, -1.0, -1.0, 0.5, 0.5, 0.0, 0.0]]),
        "wide": torch.randn(1, 150, generator=g) * 2,
        "invalid": torch.tensor([[1.0, float("nan"), float("inf"), -2.0]]),
    }
    cases = []

    def add(row, config, history=HISTORY, prompt=PROMPT, source=SOURCE):
        result = apply(options_of(config), rows[row], history, prompt, source)
        cases.append({"row": row, "config": config, "history": history, "prompt": prompt, "source": source,
                      "result": numbers(result[0])})

    neutral = {"do_sample": True, "top_k": 0}
    for row in ROWS:
        for config in ALONE if row != "peaked" else ALONE[:4]:
            add(row, config)
        for config in DRAWING:
            add(row, {**neutral, **config})
    for config in DRAWING:
        if "top_k" in config or config.get("min_p", 0.9) != 0.9:  # elsewhere which of equal ones goes is the sort's choice
            add("ties", {**neutral, **config})
    add("wide", {**neutral, "top_h": 0.95})
    add("invalid", {"remove_invalid_values": True}, [1, 2], 1, [3])
    for config in [{"forced_bos_token_id": 4}, {"forced_bos_token_id": 4, "begin_suppress_tokens": [4]},
                   {"begin_suppress_tokens": [4, 9]}]:
        add("spread", config, [2], 1)
        add("spread", config, [2, 9], 1)
    add("spread", {"begin_suppress_tokens": [4, 9]}, HISTORY[:PROMPT])
    for config in GREEN + SYNTH:
        for history in (HISTORY, [1, 5, 5, 9, 0, 4, 5, 4, 5, 4, 5, 4]):
            add("wide" if "seeding_scheme" in config else "spread", {"watermarking_config": config}, history)
    add("peaked", {**neutral, "top_p": 0.9, "watermarking_config": SYNTH[0], "renormalize_logits": True})
    add("wide", {**neutral, "top_k": 50, "watermarking_config": GREEN[1]})
    chains = []
    for config in CHAINS:
        scores = apply(options_of({"do_sample": True, **config}), rows["spread"])
        chains.append({"config": config, "probabilities": scores.softmax(-1)[0].tolist()})
    def table(row):
        return [None if x == float("-inf") else "inf" if x == float("inf") else "nan" if x != x else x for x in row]
    tables = json.dumps({name: table(scores[0].tolist()) for name, scores in rows.items()})
    text = ",\n".join("    " + json.dumps(c) for c in cases)
    more = ",\n".join("    " + json.dumps(c) for c in chains)
    (GOLDENS / "logits_processors.json").write_text(
        f'{{\n  "rows": {tables},\n  "history": {HISTORY},\n  "prompt": {PROMPT},\n  "source": {SOURCE},\n  "cases": [\n{text}\n  ],\n'
        f'  "chains": [\n{more}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
