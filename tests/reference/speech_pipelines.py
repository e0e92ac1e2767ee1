"""Makes tests/goldens/speech_pipelines.json: what feature extractor, model and decoding make of recordings together.

    python speech_pipelines.py

A list of {model, files, answers}: a folder of goldens/speech, the files to put beside its own, and for a part of
each of some recordings of goldens/audio the text and words of a class for CTC, or the scores by label.
"""

import json
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

from manifest import GOLDENS

VOCAB = {token: i for i, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCF"])}
CASES = [
    ("wav2vec2_ctc", transformers.Wav2Vec2FeatureExtractor()),
    ("wavlm_ctc", transformers.Wav2Vec2FeatureExtractor(do_normalize=False)),
    ("hubert_classification", transformers.Wav2Vec2FeatureExtractor()),
    ("ast_classification", transformers.ASTFeatureExtractor(num_mel_bins=13, max_length=15)),
]
PART = 2000  # samples of each recording
GAP = 1e-3   # of the two best characters of a frame, relative to the greatest


def tokenizer_of(folder):
    (Path(folder) / "vocab.json").write_text(json.dumps(VOCAB))
    return transformers.Wav2Vec2CTCTokenizer(Path(folder) / "vocab.json")


@torch.no_grad()
def answer(model, extractor, tokenizer, samples):
    """Nothing where two characters of a frame are about as likely."""
    inputs = extractor(samples.numpy(), sampling_rate=16000, return_tensors="pt")
    logits = model(**{k: t for k, t in inputs.items() if k != "attention_mask"}).logits[0]
    if not model.config.architectures[0].endswith("CTC"):
        return {model.config.id2label[i]: float(f"{s:.6f}") for i, s in enumerate(logits.softmax(-1).tolist())}
    top = logits.topk(2).values
    if (top[:, 0] - top[:, 1]).min() < GAP * logits.abs().max():
        return None
    out = tokenizer.decode(logits.argmax(-1), output_word_offsets=True)
    step = model.config.inputs_to_logits_ratio / 16000
    return {"text": out.text, "words": [[w["word"], float(w["start_offset"] * step), float(w["end_offset"] * step)]
                                        for w in out.word_offsets]}


def answers(model, extractor, tokenizer, recordings):
    for name, samples in recordings.items():
        for first in range(0, len(samples) - PART, 50):
            found = answer(model, extractor, tokenizer, samples[first:first + PART])
            if found is not None:
                yield {"recording": name, "first": first, "answer": found}
                break


def main():
    recordings = {k: t for k, t in load_file(GOLDENS / "audio" / "recordings_16000.safetensors").items()
                  if k in ("noise", "speech", "sweep", "long")}
    result = []
    for name, extractor in CASES:
        folder = GOLDENS / "speech" / name
        config = json.loads((folder / "config.json").read_text())
        cls = getattr(transformers, config["architectures"][0])
        model = cls.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
        with tempfile.TemporaryDirectory() as scratch:
            extractor.save_pretrained(scratch)
            files = {"preprocessor_config.json": json.loads((Path(scratch) / "preprocessor_config.json").read_text())}
            tokenizer = tokenizer_of(scratch)
        if name.endswith("ctc"):
            files |= {"vocab.json": VOCAB, "tokenizer_config.json": {}}
        found = list(answers(model, extractor, tokenizer, recordings))
        result.append({"model": name, "files": files, "samples": PART, "answers": found})
    text = ",\n".join("  " + json.dumps(item) for item in result)
    (GOLDENS / "speech_pipelines.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
