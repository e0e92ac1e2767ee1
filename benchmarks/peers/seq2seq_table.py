"""An encoder-decoder beside CTranslate2: milliseconds for a source and greedy steps, in turns, as a table of Markdown.

    CT2_FORCE_CPU_ISA=AVX512 python seq2seq_table.py FOLDER [--throughput build/benchmarks/throughput] [--source 128]
        [--steps 32] [--threads 1 2] [--rounds 3]

FOLDER takes a T5-small of random weights at its published shape and CTranslate2's conversions of it (float32, int8).
headformer's time is that of encoding a source and of the steps, as `throughput` measures them; its Q8_0 stands beside
int8. (CTranslate2 takes AVX2 on processors of AMD unless the environment says AVX512.)
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

SHAPE = dict(d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_decoder_layers=6, num_heads=8, vocab_size=32128,
             feed_forward_proj="relu", decoder_start_token_id=0)
KINDS = {"f32": ("float32", "f32"), "q8_0": ("int8_float32", "int8")}  # CTranslate2's, and what our weights meet


def make(folder: Path) -> None:
    import torch
    import transformers
    if not (folder / "config.json").exists():
        torch.manual_seed(1)
        transformers.T5ForConditionalGeneration(transformers.T5Config(**SHAPE)).save_pretrained(folder)
    from ctranslate2.converters import TransformersConverter

    class Ids:
        """What the converter asks of a tokenizer."""

        bos_token = eos_token = unk_token = pad_token = "0"

        def get_vocab(self) -> dict[str, int]:
            return {str(i): i for i in range(SHAPE["vocab_size"])}

        def convert_ids_to_tokens(self, token: int) -> str:
            return str(token)

    class Converter(TransformersConverter):
        def load_tokenizer(self, *_, **__):
            return Ids()

    for kind, (name, _) in KINDS.items():
        target = folder.with_name(f"{folder.name}-ctranslate2-{kind}")
        if not target.exists():
            Converter(str(folder)).convert(str(target), quantization=name)


def ours(options, folder: Path, kind: str, threads: int) -> float:
    command = [options.throughput, str(folder), "--prompt", str(options.source), "--generate", str(options.steps),
               "--threads", str(threads), "--repetitions", "5", "--dtype", kind, "--activations", KINDS[kind][1],
               "--json"]
    rates = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    return 1e3 * (1 / rates["encode_items_per_second"] + options.steps / rates["decode_tokens_per_second"])


def theirs(options, folder: Path, kind: str, threads: int) -> float:
    import ctranslate2
    import numpy
    model = ctranslate2.Translator(str(folder.with_name(f"{folder.name}-ctranslate2-{kind}")), device="cpu",
                                   inter_threads=1, intra_threads=threads)
    random = numpy.random.default_rng(42)
    times = []
    for i in range(6):
        source = [str(token) for token in random.integers(0, SHAPE["vocab_size"], options.source)]
        begin = time.perf_counter()
        model.translate_batch([source], beam_size=1, max_decoding_length=options.steps,
                              min_decoding_length=options.steps)
        if i > 0:  # the first warms up
            times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--throughput", default="build/benchmarks/throughput")
    parser.add_argument("--source", type=int, default=128)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = options.folder / "t5-small"
    make(folder)
    print("| weights | threads | headformer, ms | CTranslate2, ms | ratio |\n| --- | --- | --- | --- | --- |", flush=True)
    for kind in KINDS:
        for threads in options.threads:
            own, other = [], []
            for _ in range(options.rounds):
                own.append(ours(options, folder, kind, threads))
                other.append(theirs(options, folder, kind, threads))
            own, other = statistics.median(own), statistics.median(other)
            print(f"| {kind} | {threads} | {own:.0f} | {other:.0f} | {other / own:.2f} |", flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
