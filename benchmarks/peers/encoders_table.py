"""Encoders beside their peers: items a second at the same shapes, in turns, as one table of Markdown.

    python encoders_table.py FOLDER [--throughput build/benchmarks/throughput] [--only minilm bert-base vit-base ...]
        [--threads 1 2] [--rounds 3] [--sides openvino onnxruntime pytorch]

FOLDER takes the models, of random weights at published shapes, and what the peers make of them: MiniLM-L6 and BERT-base
(sequences of 128 tokens), ViT-B/16 and CLIP ViT-B/32's tower of pictures (224 x 224), wav2vec2-base with its head for
CTC (10 s of sound) and Whisper-base's encoder (30 s). Each cell is the median of the rounds; the ratio is to the fastest
peer. f32 means f32 everywhere; bf16: weights and activations; Q8_0 (texts only) stands beside the peers' bf16.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

BERT = dict(num_attention_heads=12)
TEXTS, PICTURES, SOUNDS = [1, 32], [1, 8], [1]  # at once
# The class, its config's and that of its config; at once; our options; the item.
MODELS = {
    "minilm": ("BertModel", "BertConfig", BERT | dict(hidden_size=384, num_hidden_layers=6, intermediate_size=1536),
               TEXTS, ["--prompt", "128"], "128 tokens"),
    "bert-base": ("BertModel", "BertConfig", BERT, TEXTS, ["--prompt", "128"], "128 tokens"),
    "vit-base": ("ViTForImageClassification", "ViTConfig", {}, PICTURES, [], "224 x 224"),
    "clip-b32": ("CLIPModel", "CLIPConfig", {"projection_dim": 512}, PICTURES, [], "224 x 224"),
    "wav2vec2-base": ("Wav2Vec2ForCTC", "Wav2Vec2Config", {}, SOUNDS, ["--seconds", "10"], "10 s"),
    "whisper-base": ("WhisperForConditionalGeneration", "WhisperConfig",
                     dict(d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
                          decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048),
                     SOUNDS, ["--encoder-only"], "30 s"),
}
HERE = Path(__file__).resolve().parent


def make(folder, model, config, shape):
    import torch
    import transformers
    if (folder / "config.json").exists():
        return
    torch.manual_seed(1)
    getattr(transformers, model)(getattr(transformers, config)(**shape)).save_pretrained(folder)


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
    parser.add_argument("--only", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--sides", nargs="*", default=["openvino", "onnxruntime", "pytorch"])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--batches", type=int, nargs="*", help="in place of each kind's own")
    parser.add_argument("--dtypes", nargs="*", default=["f32", "bf16", "q8_0"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"| model | threads | items | weights | headformer | {' | '.join(options.sides)} | ratio |")
    print("| --- |" + " --- |" * (5 + len(options.sides)), flush=True)
    for name in options.only:
        model, config, shape, batches, ours, item = MODELS[name]
        folder = options.folder / name
        make(folder, model, config, shape)
        for threads in options.threads:
            for batch in options.batches or batches:
                for dtype in options.dtypes:
                    if dtype == "q8_0" and batches is not TEXTS:
                        continue
                    activations = {"f32": "f32", "bf16": "bf16", "q8_0": "int8"}[dtype]
                    common = ["--batch", str(batch), "--threads", str(threads), "--repetitions",
                              str(max(3, 32 // batch) if batches is TEXTS else 4)]
                    peer_dtype = "f32" if dtype == "f32" else "bf16"  # bf16 is what quantised weights stand beside
                    sides = [s for s in options.sides if s != "onnxruntime" or peer_dtype == "f32"]
                    rates = {side: [] for side in ["headformer", *sides]}
                    for _ in range(options.rounds):
                        rates["headformer"].append(run([options.throughput, str(folder), *ours, "--json", "--dtype",
                                                        dtype, "--activations", activations, *common]))
                        for side in sides:
                            rates[side].append(run([sys.executable, str(HERE / "encoder_peers.py"), side, str(folder),
                                                    "--dtype", peer_dtype, *common]))
                    median = {side: statistics.median([r for r in all_ if r] or [0]) for side, all_ in rates.items()}
                    best = max(median[s] for s in sides)
                    cells = " | ".join(f"{median[s]:.3g}" if s in median else "" for s in options.sides)
                    ratio = f"{median['headformer'] / best:.2f}" if best else "none"
                    print(f"| {name} | {threads} | {batch} x {item} | {dtype} | {median['headformer']:.3g} | {cells} |"
                          f" {ratio} |", flush=True)


if __name__ == "__main__":
    main()
