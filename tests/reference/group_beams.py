"""Diverse beam search of the reference: group_beams.json beside a checkpoint, as beams.json is (beams.py).

    python group_beams.py      in the environment of requirements-4.55.txt: transformers 5 has it no longer
"""

import json

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from beams import run
from manifest import GOLDENS

FOLDERS = ["decoders/gpt2", "seq2seq/marian", "seq2seq/bart"]


def asked(batch, free):
    ends = sorted({found[j] for lists in free for found in lists for j in (2, 5, 8) if j < len(found)})[:5]
    base = {"max_new_tokens": 12, "eos_token_id": ends}
    yield batch, {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7, **base, "num_return_sequences": 4}
    yield batch, {"num_beams": 6, "num_beam_groups": 3, "diversity_penalty": 1.5, **base, "num_return_sequences": 6,
                  "early_stopping": True}
    yield batch, {"num_beams": 4, "num_beam_groups": 4, "diversity_penalty": 0.4, **base, "num_return_sequences": 4,
                  "early_stopping": "never"}
    yield batch, {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 2.0, "max_new_tokens": 8,
                  "eos_token_id": None, "num_return_sequences": 4, "length_penalty": 2.0}
    yield batch[:1], {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, **base, "num_return_sequences": 2,
                      "length_penalty": -1.0, "min_new_tokens": 4, "no_repeat_ngram_size": 2}


def cases_of(model, seed):
    g = torch.Generator().manual_seed(seed)
    vocab = model.config.vocab_size
    batch = [torch.randint(3, vocab, (n,), generator=g).tolist() for n in (12, 5, 8)]
    free, _ = run(model, batch, {"num_beams": 3, "max_new_tokens": 10, "eos_token_id": None, "num_return_sequences": 3})
    result = []
    for rows, kwargs in asked(batch, free):
        ids, scores = run(model, rows, kwargs)
        for noise in range(3):
            if run(model, rows, kwargs, noise)[0] != ids:
                return None
        result.append({"input_ids": rows, "kwargs": kwargs, "output_ids": ids, "scores": scores})
    return result


def main():
    for name in FOLDERS:
        kind = AutoModelForCausalLM if name.startswith("decoders") else AutoModelForSeq2SeqLM
        model = kind.from_pretrained(GOLDENS / name, torch_dtype=torch.float32, attn_implementation="eager").eval()
        cases = next(cases for cases in (cases_of(model, seed) for seed in range(400)) if cases)
        (GOLDENS / name / "group_beams.json").write_text("[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
