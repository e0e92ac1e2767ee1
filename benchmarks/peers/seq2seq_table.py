"""Encoder-decoders beside CTranslate2: milliseconds for a source and greedy steps, in turns, as a table of Markdown.

    CT2_FORCE_CPU_ISA=AVX512 python seq2seq_table.py FOLDER [--throughput build/benchmarks/throughput]
        [--only t5-small whisper-base] [--source 128] [--steps 32] [--threads 1 2] [--rounds 3]

FOLDER takes models of random weights at their published shapes and CTranslate2's conversions of them (float32, int8):
T5-small over --source tokens, Whisper-base over 30 s of sound. headformer's time is that of encoding a source and of the
steps, as `throughput` measures them; its Q8_0 stands beside int8. (CTranslate2 takes AVX2 on processors of AMD unless the
environment says AVX512.)
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

KINDS = {"f32": ("float32", "f32"), "q8_0": ("int8_float32", "int8")}  # CTranslate2's, and what our weights meet


class T5:
    vocabulary = 32128
    tokens = {}
    shape = dict(d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_decoder_layers=6, num_heads=8,
                 vocab_size=vocabulary, feed_forward_proj="relu", decoder_start_token_id=0)

    @classmethod
    def make(cls):
        import transformers
        return transformers.T5ForConditionalGeneration(transformers.T5Config(**cls.shape))

    @classmethod
    def runner(cls, folder, threads, options):
        """A function that takes a random generator and translates one source."""
        import ctranslate2
        model = ctranslate2.Translator(folder, device="cpu", inter_threads=1, intra_threads=threads)

        def run(random):
            source = [str(token) for token in random.integers(0, cls.vocabulary, options.source)]
            result = model.translate_batch([source], beam_size=1, max_decoding_length=options.steps,
                                           min_decoding_length=options.steps)
            return len(result[0].hypotheses[0])
        return run


class Whisper:
    vocabulary = 51865
    tokens = {50257: "<|endoftext|>", 50258: "<|startoftranscript|>", 50259: "<|en|>", 50359: "<|transcribe|>",
              50362: "<|nospeech|>", 50363: "<|notimestamps|>"}
    shape = dict(vocab_size=vocabulary, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
                 decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048)

    @classmethod
    def make(cls):
        import transformers
        model = transformers.WhisperForConditionalGeneration(transformers.WhisperConfig(**cls.shape))
        model.generation_config.suppress_tokens = [50257]  # every run takes all its steps
        model.generation_config.begin_suppress_tokens = []
        return model

    @classmethod
    def runner(cls, folder, threads, options):
        import ctranslate2
        import numpy
        model = ctranslate2.models.Whisper(folder, device="cpu", inter_threads=1, intra_threads=threads)

        def run(random):
            features = random.standard_normal((1, 80, 3000), numpy.float32)
            result = model.generate(ctranslate2.StorageView.from_array(features), [[50258, 50259, 50359, 50363]],
                                    beam_size=1, max_length=2 * options.steps, suppress_blank=False,
                                    suppress_tokens=[50257])
            return len(result[0].sequences_ids[0])
        return run


MODELS = {"t5-small": T5, "whisper-base": Whisper}


def make(folder: Path, shape) -> None:
    import torch
    if not (folder / "config.json").exists():
        torch.manual_seed(1)
        shape.make().save_pretrained(folder)
    from ctranslate2.converters import TransformersConverter

    class Ids:
        """What the converter asks of a tokenizer."""

        bos_token = eos_token = unk_token = pad_token = shape.tokens.get(50257, "0")
        additional_special_tokens = ["<|en|>"]

        def get_vocab(self) -> dict[str, int]:
            return {shape.tokens.get(i, str(i)): i for i in range(shape.vocabulary)}

        def convert_ids_to_tokens(self, token: int) -> str:
            return shape.tokens.get(token, str(token))

        def convert_tokens_to_ids(self, token: str) -> int:
            return self.get_vocab()[token]

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


def theirs(options, folder: Path, shape, kind: str, threads: int) -> float:
    import numpy
    run = shape.runner(str(folder.with_name(f"{folder.name}-ctranslate2-{kind}")), threads, options)
    random = numpy.random.default_rng(42)
    times = []
    for i in range(6):
        begin = time.perf_counter()
        steps = run(random)
        if steps != options.steps:
            raise SystemExit(f"CTranslate2: expected {options.steps} steps, found {steps}")
        if i > 0:  # the first warms up
            times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--throughput", default="build/benchmarks/throughput")
    parser.add_argument("--only", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--source", type=int, default=128)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| model | weights | threads | headformer, ms | CTranslate2, ms | ratio |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for name in options.only:
        folder, shape = options.folder / name, MODELS[name]
        make(folder, shape)
        for kind in KINDS:
            for threads in options.threads:
                own, other = [], []
                for _ in range(options.rounds):
                    own.append(ours(options, folder, kind, threads))
                    other.append(theirs(options, folder, shape, kind, threads))
                own, other = statistics.median(own), statistics.median(other)
                print(f"| {name} | {kind} | {threads} | {own:.0f} | {other:.0f} | {other / own:.2f} |", flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
