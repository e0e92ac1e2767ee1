"""Makes tests/goldens/audio/resampling.safetensors: what torchaudio.functional.resample gives with its default arguments.

Run in an environment of requirements-torchaudio.txt. Tensors: "FROM_TO.samples" and "FROM_TO.resampled".

Usage: make_resampling.py [OUT]
"""

import sys
from pathlib import Path

import numpy
import torch
import torchaudio.functional
from safetensors.numpy import save_file

RATES = [(44100, 16000), (48000, 16000), (8000, 16000), (22050, 16000), (16000, 44100), (11025, 16000), (16000, 8000),
         (16001, 16000)]


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "goldens/audio"
    out.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for seed, (before, after) in enumerate(RATES):
        generator = numpy.random.default_rng(seed)
        samples = generator.uniform(-1, 1, 1000 + 37 * seed).astype(numpy.float32)
        resampled = torchaudio.functional.resample(torch.from_numpy(samples), before, after)
        tensors[f"{before}_{after}.samples"] = samples
        tensors[f"{before}_{after}.resampled"] = resampled.numpy()
    save_file(tensors, out / "resampling.safetensors")


if __name__ == "__main__":
    main()
