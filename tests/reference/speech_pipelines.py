"""Makes tests/goldens/speech_pipelines.json: what feature extractor, model and decoding make of recordings together.

    python speech_pipelines.py

A list of {model, files, answers}: a folder of goldens/speech, the files to put beside its own, and for a part of
each of some recordings of goldens/audio the text and words of a class for CTC, or the scores by label. Chunked: the same
by chunks of CHUNK seconds, as the pipeline for speech recognition puts them together.
"""

import json
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

from manifest import GOLDENS

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)

VOCAB = {token: i for i, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCF"])}
CASES = [
    ("wav2vec2_ctc", transformers.Wav2Vec2FeatureExtractor()),
    ("wavlm_ctc", transformers.Wav2Vec2FeatureExtractor(do_normalize=False)),
    ("hubert_classification", transformers.Wav2Vec2FeatureExtractor()),
    ("ast_classification", transformers.ASTFeatureExtractor(num_mel_bins=13, max_length=15)),
]
PART = 2000  # samples of each recording
CHUNK = 0.05
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
    if not clear(logits):
        return None
    out = tokenizer.decode(logits.argmax(-1), output_word_offsets=True)
    step = model.config.inputs_to_logits_ratio / 16000
    return {"text": out.text, "words": [[w["word"], float(w["start_offset"] * step), float(w["end_offset"] * step)]
                                        for w in out.word_offsets]}


def clear(logits):
    top = logits.topk(2).values
    return bool((top[..., 0] - top[..., 1]).min() >= GAP * logits.abs().max())


@torch.no_grad()
def chunked(model, extractor, tokenizer, samples, **options):
    """Nothing where two characters of a frame are about as likely."""
    asr = transformers.pipeline("automatic-speech-recognition", model=model, tokenizer=tokenizer,
                                feature_extractor=extractor)
    seen = []
    hook = model.register_forward_hook(lambda module, given, out: seen.append(clear(out.logits[0])))
    out = asr({"raw": samples.numpy(), "sampling_rate": 16000}, chunk_length_s=CHUNK, return_timestamps="word",
              **options)
    hook.remove()
    if not all(seen):
        return None
    return {"options": options, "chunks": len(seen), "text": out["text"],
            "words": [[w["text"], *w["timestamp"]] for w in out["chunks"]]}


def answers(model, extractor, tokenizer, recordings):
    for name, samples in recordings.items():
        for first in range(0, len(samples) - PART, 50):
            part = samples[first:first + PART]
            found = answer(model, extractor, tokenizer, part)
            if found is None:
                continue
            item = {"recording": name, "first": first, "answer": found}
            if model.config.architectures[0].endswith("CTC"):
                item["chunked"] = [chunked(model, extractor, tokenizer, part, **options)
                                   for options in ({}, {"stride_length_s": 0.01})]
                if None in item["chunked"]:
                    continue
            yield item
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
