"""Perplexity of a GGUF on a text by llama.cpp and by headformer: the same ids, the same windows, each side's defaults.

    python benchmarks/peers/perplexity_llama_cpp.py MODEL.gguf TEXT [--context 512] [--stride 256]
        [--programs build/examples] [--options "--activations f32"]

The ids are those of headformer's `tokenize`, the windows those of its `perplexity`; --options go to the latter. Prints one
JSON object; `difference` is relative to llama.cpp's.
"""

import argparse
import json
import math
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from llama_cpp_model import Context, Model

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "reference"))
from windows import windows  # noqa: E402


def negative_log_likelihood(logits: np.ndarray, token: int) -> float:
    shifted = logits.astype(np.float64) - logits.max()
    return float(np.log(np.exp(shifted).sum()) - shifted[token])


def perplexity(path: str, ids: list[int], context: int, stride: int, threads: int) -> float:
    model = Model(path)
    sequence = Context(model, context, context, threads)
    total, count = 0.0, 0
    for begin, end, first in windows(len(ids), context, stride):
        sequence.clear()
        sequence.append(ids[begin:end], 0, all_logits=True)
        for target in range(first, end):
            total += negative_log_likelihood(sequence.logits(target - 1 - begin), ids[target])
            count += 1
    return math.exp(total / count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text", type=Path)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--stride", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "examples")
    parser.add_argument("--options", default="")
    arguments = parser.parse_args()

    def run(name: str, *words: str, text: str | None = None):
        command = [str(arguments.programs / name), *words]
        return json.loads(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)

    ids = run("tokenize", arguments.model, text=json.dumps(arguments.text.read_text()) + "\n")
    ours = run("perplexity", arguments.model, str(arguments.text), "--context", str(arguments.context), "--stride",
               str(arguments.stride), "--threads", str(arguments.threads), *shlex.split(arguments.options))
    theirs = perplexity(arguments.model, ids, arguments.context, arguments.stride, arguments.threads)
    print(json.dumps({"headformer": ours["perplexity"], "llama.cpp": theirs,
                      "difference": ours["perplexity"] / theirs - 1, "tokens": ours["tokens"],
                      "bytes": arguments.text.stat().st_size, "context": arguments.context,
                      "stride": arguments.stride}))


if __name__ == "__main__":
    main()
