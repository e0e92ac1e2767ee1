"""Classifier-free guidance of the reference's greedy generation: guided.json beside a checkpoint.

    python guidance.py

A list of {input_ids, negative_prompt_ids, guidance_scale, output_ids}: one row each, the ids after the prompt; without
negative_prompt_ids (null) the reference leads away from what follows the prompt's last token. Prompts are such that at
every step the two greatest scores are further apart than 1e-3 of the greatest.
"""

import json

import torch
from transformers import AutoModelForCausalLM

from manifest import GOLDENS

FOLDERS = ["decoders/llama", "decoders/gpt2"]


def case(model, ids, negative, scale):
    given = {} if negative is None else {"negative_prompt_ids": torch.tensor([negative])}
    full = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), pad_token_id=0,
                          eos_token_id=None, do_sample=False, max_new_tokens=14, guidance_scale=scale, output_scores=True,
                          return_dict_in_generate=True, **given)
    for scores in full.scores:
        best = scores[0].topk(2).values
        if best[0] - best[1] < 1e-3 * scores[0].abs().max():
            return None
    return {"input_ids": ids, "negative_prompt_ids": negative, "guidance_scale": scale,
            "output_ids": full.sequences[0, len(ids):].tolist()}


def main():
    for name in FOLDERS:
        model = AutoModelForCausalLM.from_pretrained(GOLDENS / name, dtype=torch.float32, attn_implementation="eager").eval()
        g = torch.Generator().manual_seed(1)
        cases = []
        for negative, scale in ((7, 1.5), (3, 4.0), (None, 2.0), (12, 0.5), (None, -1.0)):
            found = None
            while found is None:
                row = lambda n: torch.randint(3, model.config.vocab_size, (n,), generator=g).tolist()
                found = case(model, row(9), None if negative is None else row(negative), scale)
            cases.append(found)
        (GOLDENS / name / "guided.json").write_text("[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
