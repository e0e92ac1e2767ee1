"""What narrow activations cost: logits with bf16 or int8 activations against f32 ones, on the same weights.

    python benchmarks/peers/check_activations.py MODEL... [--activations bf16 int8] [--dtype stored] [--text FILE]
        [--tokens 256] [--programs build/examples]

A JSON line for each model and kind: rms and greatest difference of the logits, both relative to the rms of the logits,
and the share of positions whose greatest logit is the same. The rule: an rms of at most 2 % (bf16) or 4 % (int8); the
status is 1 when one is above. The ids are those of a text, or random without one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file, save_file

LIMITS = {"bf16": 0.02, "int8": 0.04}


def vocabulary(model: Path) -> int:
    if model.is_dir():
        config = json.loads((model / "config.json").read_text())
        return config.get("text_config", config)["vocab_size"]
    return next(int(t.shape[1]) for t in gguf.GGUFReader(model).tensors if t.name == "token_embd.weight")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--activations", nargs="+", choices=LIMITS, default=list(LIMITS))
    parser.add_argument("--dtype", default="stored")
    parser.add_argument("--text", type=Path)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--programs", type=Path, default=Path(__file__).resolve().parents[2] / "build" / "examples")
    arguments = parser.parse_args()

    def run(name: str, *words: object, text: str | None = None) -> str:
        done = subprocess.run([str(arguments.programs / name), *map(str, words)], input=text, capture_output=True,
                              text=True)
        if done.returncode != 0:
            sys.exit(done.stderr.strip())
        return done.stdout

    def make_ids(model: Path) -> np.ndarray:
        if arguments.text:
            ids = json.loads(run("tokenize", model, text=json.dumps(arguments.text.read_text()) + "\n"))
            return np.array([ids[:arguments.tokens]], np.int64)
        return np.random.default_rng(1).integers(0, vocabulary(model), (1, arguments.tokens))

    failed = False
    for model in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            inputs, outputs = Path(folder) / "inputs.safetensors", Path(folder) / "outputs.safetensors"
            save_file({"input_ids": make_ids(model)}, inputs)

            def logits(kind: str) -> np.ndarray:
                run("forward", model, inputs, outputs, "--dtype", arguments.dtype, "--activations", kind)
                return load_file(outputs)["logits"][0].astype(np.float64)

            expected = logits("f32")
            scale = np.sqrt(np.mean(expected**2))
            for kind in arguments.activations:
                found = logits(kind)
                rms = float(np.sqrt(np.mean((found - expected) ** 2)) / scale)
                failed |= rms > LIMITS[kind]
                print(json.dumps({
                    "model": model.name, "dtype": arguments.dtype, "activations": kind, "rms": rms,
                    "limit": LIMITS[kind], "greatest": float(np.abs(found - expected).max() / scale),
                    "same_argmax": float(np.mean(found.argmax(-1) == expected.argmax(-1)))}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
