"""Makes tests/goldens/ctc.json: what Wav2Vec2CTCTokenizer makes of the ids of frames.

    python ctc.py

A list of {vocab, config, cases: [{ids, text, words: [[word, first frame, one past the last]]}]}.
"""

import json
import random
import tempfile
from pathlib import Path

from transformers import Wav2Vec2CTCTokenizer

from manifest import GOLDENS

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", "E", "T", "'", "Ä", "ß"]
OPTIONS = [
    (LETTERS, {}),
    (LETTERS, {"do_lower_case": True}),
    (["[PAD]", "_", "a", "b", "ng", "1"], {"pad_token": "[PAD]", "word_delimiter_token": "_", "unk_token": "1",
                                           "replace_word_delimiter_char": "-"}),
]


def main():
    generator = random.Random(7)
    result = []
    for tokens, options in OPTIONS:
        vocab = {token: i for i, token in enumerate(tokens)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vocab.json"
            path.write_text(json.dumps(vocab))
            tokenizer = Wav2Vec2CTCTokenizer(path, **options)
        cases = []
        for length in (0, 1, 2, 3, 5, 8, 13, 21, 34, 34, 34):
            ids = []
            while len(ids) < length:
                ids += [generator.choice([0, 0, *range(len(tokens))])] * generator.choice([1, 1, 2, 3])
            ids = ids[:length]
            out = tokenizer.decode(ids, output_word_offsets=True)
            words = [[w["word"], int(w["start_offset"]), int(w["end_offset"])] for w in out.word_offsets]
            cases.append({"ids": ids, "text": out.text, "words": words})
        result.append({"vocab": vocab, "config": options, "cases": cases})
    text = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in result)
    (GOLDENS / "ctc.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
