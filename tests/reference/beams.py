"""Beam search of the reference: beams.json beside a checkpoint.

    python beams.py

A list of {input_ids, kwargs, output_ids, scores}: for each of the ragged rows num_return_sequences lists of the ids
after the prompt (an encoder-decoder's: after its start id), best first, the ending eos included, no padding, and their
scores. The reference gets the rows padded with id 0 and an attention_mask, on the left, an encoder-decoder's on the
right. Prompts are such that small noise on the scores of every step changes no id.
"""

import json

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, LogitsProcessor, LogitsProcessorList

from manifest import GOLDENS

FOLDERS = ["decoders/llama", "decoders/gpt2", "decoders/qwen2_window", "decoders/gemma3", "seq2seq/marian",
           "seq2seq/bart", "seq2seq/t5"]
NOISE = 3e-4


class Noise(LogitsProcessor):
    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, ids, scores):
        return scores + NOISE * (2 * torch.rand(scores.shape, generator=self.generator) - 1)


def run(model, rows, kwargs, noise=None):
    width = max(map(len, rows))
    encoder_decoder = model.config.is_encoder_decoder
    pad = lambda row, filler: row + filler * (width - len(row)) if encoder_decoder else filler * (width - len(row)) + row
    ids = torch.tensor([pad(r, [0]) for r in rows])
    mask = torch.tensor([pad([1] * len(r), [0]) for r in rows])
    given = {} if noise is None else {"logits_processor": LogitsProcessorList([Noise(noise)])}
    full = model.generate(ids, attention_mask=mask, pad_token_id=0, output_scores=True, return_dict_in_generate=True,
                          do_sample=False, **kwargs, **given)
    out = full.sequences[:, 1 if encoder_decoder else width:].tolist()
    eos = kwargs.get("eos_token_id", model.generation_config.eos_token_id)
    ends = set(eos if isinstance(eos, list) else [] if eos is None else [eos])
    several = kwargs.get("num_return_sequences", 1)
    lists = [[] for _ in rows]
    scores = [[] for _ in rows]
    for i, row in enumerate(out):
        stop = next((j + 1 for j, t in enumerate(row) if t in ends), None)
        if stop is None:  # to the full length
            stop = kwargs["max_new_tokens"]
        lists[i // several].append(row[:stop])
        scores[i // several].append(float(f"{full.sequences_scores[i].item():.6g}"))
    return lists, scores


def asked(model, batch, free):
    """Ends are ids that the search without one comes across, so that answers of several lengths compete."""
    ends = sorted({found[j] for lists in free for found in lists for j in (2, 5, 8) if j < len(found)})[:6]
    base = {"max_new_tokens": 14, "eos_token_id": ends}
    one = [batch[0]]
    yield batch, {"num_beams": 3, "max_new_tokens": 10, "eos_token_id": None, "num_return_sequences": 3}
    yield batch, {"num_beams": 4, **base, "num_return_sequences": 4}
    yield batch, {"num_beams": 4, **base, "num_return_sequences": 2, "early_stopping": True}
    yield batch, {"num_beams": 4, **base, "num_return_sequences": 4, "early_stopping": "never"}
    yield batch, {"num_beams": 3, **base, "length_penalty": 2.0, "early_stopping": "never"}
    yield batch, {"num_beams": 3, **base, "length_penalty": -1.5, "num_return_sequences": 3}
    yield batch, {"num_beams": 5, **base, "length_penalty": 0.0, "eos_token_id": ends[:1], "num_return_sequences": 5}
    yield batch, {"num_beams": 2, **base, "min_new_tokens": 6, "num_return_sequences": 2}
    yield one, {"num_beams": 4, **base, "no_repeat_ngram_size": 2, "repetition_penalty": 1.3, "num_return_sequences": 4}
    yield one, {"num_beams": 3, "max_new_tokens": 9, "eos_token_id": None, "renormalize_logits": True,
                "bad_words_ids": [[free[0][0][1]], [free[0][0][2], free[0][0][3]]], "num_return_sequences": 2}
    if model.config.is_encoder_decoder:
        yield batch, {"num_beams": 4, **base, "forced_bos_token_id": ends[0] + 1, "num_return_sequences": 4}
        yield batch, {"num_beams": 4, **base, "forced_eos_token_id": ends[0], "encoder_no_repeat_ngram_size": 1}


def cases_of(model, vocab, seed):
    g = torch.Generator().manual_seed(seed)
    batch = [torch.randint(3, vocab, (n,), generator=g).tolist() for n in (12, 5, 8)]
    free, _ = run(model, batch, {"num_beams": 3, "max_new_tokens": 10, "eos_token_id": None, "num_return_sequences": 3})
    result = []
    for rows, kwargs in asked(model, batch, free):
        ids, scores = run(model, rows, kwargs)
        for noise in range(3):
            if run(model, rows, kwargs, noise)[0] != ids:
                return None
        result.append({"input_ids": rows, "kwargs": kwargs, "output_ids": ids, "scores": scores})
    return result


def main():
    for name in FOLDERS:
        kind = AutoModelForCausalLM if name.startswith("decoders") else AutoModelForSeq2SeqLM
        model = kind.from_pretrained(GOLDENS / name, dtype=torch.float32, attn_implementation="eager").eval()
        vocab = model.config.get_text_config().vocab_size
        for seed in range(400):
            cases = cases_of(model, vocab, seed)
            if cases:
                break
        else:
            raise RuntimeError(f"{name}: no prompts with clear choices")
        text = "[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n"
        (GOLDENS / name / "beams.json").write_text(text)
        print(name, seed, sum(len(set(map(len, ls))) > 1 for c in cases for ls in c["output_ids"]), flush=True)


if __name__ == "__main__":
    main()
