"""Makes tests/goldens/logits_processors.json: what transformers' logits processors keep and change.

    python logits_processors.py

`rows` are scores by name; `input_ids` is what has been generated so far. Of `cases` each names its row, the processor
and its `value`, and holds the `result`: the scores after, null where the token is out (-inf). `chains` are what
generate() does to the row "spread" when sampling with `config`: the `probabilities` of the draw. `bans`: the tokens that
must not follow `input_ids`, over an encoder's `source`.
"""

import json

import torch
from transformers.generation.logits_process import (EncoderNoRepeatNGramLogitsProcessor, MinPLogitsWarper,
                                                    NoBadWordsLogitsProcessor, NoRepeatNGramLogitsProcessor,
                                                    RepetitionPenaltyLogitsProcessor,
                                                    TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper)

from manifest import GOLDENS

PROCESSORS = {
    "repetition_penalty": [0.5, 1.4, 3.0],
    "temperature": [0.3, 1.0, 2.5],
    "top_k": [1, 3, 7, 64],
    "top_p": [0.05, 0.3, 0.5, 0.9, 0.999],
    "min_p": [0.01, 0.1, 0.5, 1.0],
}
CLASSES = {
    "repetition_penalty": RepetitionPenaltyLogitsProcessor,
    "temperature": TemperatureLogitsWarper,
    "top_k": TopKLogitsWarper,
    "top_p": TopPLogitsWarper,
    "min_p": MinPLogitsWarper,
}
BANS = {
    "no_repeat_ngram_size": [1, 2, 3, 9],
    "encoder_no_repeat_ngram_size": [1, 2, 3],
    "bad_words_ids": [[[4]], [[4], [3, 1], [1, 3, 2], [2]], [[2, 3, 1, 2, 3, 1, 0]]],
}


def banned(name, value, ids, source):
    """The tokens that a processor takes out after `ids`, 2 being the end."""
    processor = {"no_repeat_ngram_size": lambda: NoRepeatNGramLogitsProcessor(value),
                 "encoder_no_repeat_ngram_size": lambda: EncoderNoRepeatNGramLogitsProcessor(value, torch.tensor([source])),
                 "bad_words_ids": lambda: NoBadWordsLogitsProcessor(value, eos_token_id=2)}[name]()
    scores = processor(torch.tensor([ids]), torch.zeros(1, 6))
    return torch.isinf(scores[0]).nonzero()[:, 0].tolist()


CHAINS = [  # in generate()'s order
    {"temperature": 0.7, "top_k": 50},
    {"temperature": 1.3, "top_k": 12, "top_p": 0.8},
    {"repetition_penalty": 1.3, "temperature": 0.9, "top_k": 20, "top_p": 0.95, "min_p": 0.05},
    {"temperature": 1.5, "top_k": 0, "min_p": 0.2},
]


def numbers(row):
    return [None if x == float("-inf") else x for x in row.tolist()]


def apply(name, value, ids, scores):
    if name == "top_k" and value == 0:  # generate() leaves it out
        return scores
    return CLASSES[name](value)(ids, scores)


def main():
    g = torch.Generator().manual_seed(7)
    rows = {
        "spread": torch.randn(1, 24, generator=g) * 3,
        "flat": torch.randn(1, 24, generator=g) * 0.2,
        "ties": torch.tensor([[2.0, 1.0, 2.0, 1.0, 1.0, 0.5, -1.0, -1.0, 0.5, 0.5]]),
    }
    ids = torch.tensor([[1, 5, 5, 9, 0]])
    cases = []
    for label, scores in rows.items():
        for name, values in PROCESSORS.items():
            for value in values:
                if name == "top_p" and label == "ties":
                    continue  # which of equal ones goes is the sort's choice
                result = apply(name, value, ids, scores.clone())
                cases.append({"row": label, "processor": name, "value": value, "result": numbers(result[0])})
    chains = []
    for chain in CHAINS:
        scores = rows["spread"].clone()
        for name, value in chain.items():
            scores = apply(name, value, ids, scores)
        chains.append({"config": chain, "probabilities": scores.softmax(-1)[0].tolist()})
    histories = [[1], [3, 1], [2, 3, 1, 2, 3, 1], [1, 3, 2, 1, 3], [5, 5, 5, 5], [2, 1, 3]]
    source = [5, 1, 3, 2, 3, 1, 4]
    bans = [{"processor": name, "value": value, "input_ids": ids, "source": source,
             "banned": banned(name, value, ids, source)}
            for name, values in BANS.items() for value in values for ids in histories]
    banning = ",\n".join("    " + json.dumps(b) for b in bans)
    tables = json.dumps({name: numbers(scores[0]) for name, scores in rows.items()})
    text = ",\n".join("    " + json.dumps(c) for c in cases)
    more = ",\n".join("    " + json.dumps(c) for c in chains)
    (GOLDENS / "logits_processors.json").write_text(
        f'{{\n  "rows": {tables},\n  "input_ids": {ids[0].tolist()},\n  "cases": [\n{text}\n  ],\n  "chains": [\n{more}\n  ],\n  "bans": [\n{banning}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
