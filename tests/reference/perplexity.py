"""Perplexities of the bundled tiny model by transformers: tests/goldens/perplexity.json.

    python perplexity.py

The windows are those of https://huggingface.co/docs/transformers/perplexity. Where that page weights the mean of a window
by its labels less one, here every predicted id weighs the same.
"""

import json
import math
from pathlib import Path

import torch
import transformers

from windows import windows

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "tests" / "goldens" / "perplexity.json"
# Jonah 1, 1-6 (King James Version, public domain), which the model was not trained on.
TEXT = """Now the word of the LORD came unto Jonah the son of Amittai, saying,
Arise, go to Nineveh, that great city, and cry against it; for their wickedness is come up before me.
But Jonah rose up to flee unto Tarshish from the presence of the LORD, and went down to Joppa; and he found a ship going
to Tarshish: so he paid the fare thereof, and went down into it, to go with them unto Tarshish from the presence of the
LORD.
But the LORD sent out a great wind into the sea, and there was a mighty tempest in the sea, so that the ship was like to
be broken.
Then the mariners were afraid, and cried every man unto his god, and cast forth the wares that were in the ship into the
sea, to lighten it of them. But Jonah was gone down into the sides of the ship; and he lay, and was fast asleep.
So the shipmaster came to him, and said unto him, What meanest thou, O sleeper? arise, call upon thy God, if so be that
God will think upon us, that we perish not.
"""
WINDOWS = [(512, 512), (64, 32), (64, 64), (50, 7), (2, 1), (2, 2), (300, 299)]


def perplexity(model, ids, context, stride):
    """(perplexity, ids predicted, windows)."""
    total, tokens, count = 0.0, 0, 0
    for begin, end, first in windows(len(ids), context, stride):
        labels = torch.tensor(ids[first:end])
        with torch.no_grad():
            logits = model(torch.tensor([ids[begin:end]])).logits[0, first - 1 - begin:-1].double()
        total += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        tokens += len(labels)
        count += 1
    return math.exp(total / tokens), tokens, count


def main():
    torch.set_num_threads(1)
    folder = ROOT / "examples" / "tiny_model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                              attn_implementation="eager").eval()
    ids = tokenizer(TEXT)["input_ids"]
    cases = []
    for context, stride in WINDOWS:
        value, tokens, count = perplexity(model, ids, context, stride)
        cases.append({"context": context, "stride": stride, "perplexity": round(value, 6), "tokens": tokens,
                      "windows": count})
        print(cases[-1])
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    PATH.write_text(f'{{\n "reference": "transformers {transformers.__version__} / torch '
                    f'{torch.__version__.split("+")[0]}, eager, f32",\n "text": {json.dumps(TEXT)},\n'
                    f' "ids": {len(ids)},\n "cases": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()
