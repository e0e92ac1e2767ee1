"""Encoders beside their peers: sequences a second at the same shapes, in turns, as one table of Markdown.

    python encoders_table.py FOLDER [--throughput build/benchmarks/throughput] [--only minilm bert-base] [--threads 1 2]
        [--rounds 3] [--sides openvino onnxruntime pytorch]

FOLDER takes the models, of random weights at published shapes (MiniLM-L6: 6 layers of 384; BERT-base: 12 of 768), and
what the peers make of them. Each cell is the median of the rounds; the ratio is to the fastest peer. f32 means f32
everywhere; bf16: weights and activations.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

SHAPES = {"minilm": dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
          "bert-base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)}
HERE = Path(__file__).resolve().parent


def make(folder, shape):
    import torch
    import transformers
    if (folder / "config.json").exists():
        return
    torch.manual_seed(1)
    transformers.BertModel(transformers.BertConfig(**shape)).save_pretrained(folder)


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        print(f"{command}: {result.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(result.stdout.splitlines()[-1])["items_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--throughput", default="build/benchmarks/throughput")
    parser.add_argument("--only", nargs="*", default=list(SHAPES))
    parser.add_argument("--sides", nargs="*", default=["openvino", "onnxruntime", "pytorch"])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--dtypes", nargs="*", default=["f32", "bf16", "q8_0"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"| model | threads | batch | weights | headformer | {' | '.join(options.sides)} | ratio |")
    print("| --- |" + " --- |" * (5 + len(options.sides)), flush=True)
    for name in options.only:
        folder = options.folder / name
        make(folder, SHAPES[name])
        for threads in options.threads:
            for batch in options.batches:
                for dtype in options.dtypes:
                    activations = {"f32": "f32", "bf16": "bf16", "q8_0": "int8"}[dtype]
                    common = ["--batch", str(batch), "--threads", str(threads), "--repetitions", str(max(3, 32 // batch))]
                    peer_dtype = "f32" if dtype == "f32" else "bf16"  # bf16 is what quantised weights stand beside
                    sides = [s for s in options.sides if s != "onnxruntime" or peer_dtype == "f32"]
                    rates = {side: [] for side in ["headformer", *sides]}
                    for _ in range(options.rounds):
                        rates["headformer"].append(run([options.throughput, str(folder), "--prompt", "128", "--json",
                                                        "--dtype", dtype, "--activations", activations, *common]))
                        for side in sides:
                            rates[side].append(run([sys.executable, str(HERE / "encoder_peers.py"), side, str(folder),
                                                    "--dtype", peer_dtype, *common]))
                    median = {side: statistics.median([r for r in all_ if r] or [0]) for side, all_ in rates.items()}
                    best = max(median[s] for s in sides)
                    cells = " | ".join(f"{median[s]:.1f}" if s in median else "" for s in options.sides)
                    ratio = f"{median['headformer'] / best:.2f}" if best else "none"
                    print(f"| {name} | {threads} | {batch} x 128 | {dtype} | {median['headformer']:.1f} | {cells} | {ratio} |",
                          flush=True)


if __name__ == "__main__":
    main()
