"""One table of whole models: headformer beside llama.cpp and PyTorch, on the machine this runs on.

    python benchmarks/peers/table.py FOLDER [--programs build/benchmarks] [--threads 1 2] [--rounds 3]
        [--only REGEX] [--sides headformer llama.cpp] [--raw FILE.jsonl] [--wrap "taskset -c 0,1"]

FOLDER holds what make_models.py made and, from examples/get_gemma.sh, Gemma 3 270M. Every measurement is a process of its
own; in each round all sides take their turn, so that a machine that is slow for a while is slow for all. Figures are
medians over the rounds; of llama.cpp the better of its two settings (weights repacked at load, or not), for each figure.

Share of bandwidth: bytes of weights in the file that a token reads (all matrices but an embedding table that is not the
output head too) times tokens a second, over what `machine` reads at that number of threads in the same round. The
key/value cache, at most a few per cent here, does not count.

--raw keeps the measurements: a later run adds to them, and the table is of all that the file holds.
"""

import argparse
import json
import platform
import re
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import gguf

HERE = Path(__file__).resolve().parent


@dataclass
class Row:
    name: str
    file: str
    options: tuple[str, ...] = ()  # of headformer's
    pytorch: tuple[str, str] | None = None  # folder, dtype


ROWS = [
    Row("Gemma 3 270M, Q4_K_M file", "gemma-3-270m-q4_k_m.gguf"),
    Row("Llama 1.1B, Q4_K_M", "llama-1.1b-q4_k_m.gguf"),
    Row("Llama 1.1B, Q8_0", "llama-1.1b-q8_0.gguf"),
    Row("Llama 1.1B, Q4_0", "llama-1.1b-q4_0.gguf"),
    Row("Llama 1.1B, bf16", "llama-1.1b-bf16.gguf", ("--activations", "bf16"), ("llama-1.1b", "bf16")),
    Row("Llama 1.1B, f32", "llama-1.1b-f32.gguf", (), ("llama-1.1b", "f32")),
    Row("GPT-2 124M, f32", "gpt2-124m-f32.gguf", (), ("gpt2-124m", "f32")),
    Row("GPT-2 124M, Q8_0", "gpt2-124m-q8_0.gguf"),
]


def commands(row, threads, arguments):
    """What each side is measured with, in turn: (name, command)."""
    sizes = ["--threads", threads, "--prompt", arguments.prompt, "--generate", arguments.generate,
             "--repetitions", arguments.repetitions]
    model = arguments.folder / row.file
    python = [sys.executable, HERE / "measure_llama_cpp.py", model, *sizes]
    yield "machine", [arguments.programs / "machine", "--threads", threads]
    if "headformer" in arguments.sides:
        yield "headformer", [arguments.programs / "throughput", model, *sizes, "--json", *row.options]
    if "llama.cpp" in arguments.sides:
        yield "llama.cpp repacked", python
        yield "llama.cpp mapped", [*python, "--no-repack"]
    if "pytorch" in arguments.sides and row.pytorch:
        folder, dtype = row.pytorch
        yield "pytorch", [sys.executable, HERE / "measure_pytorch.py", arguments.folder / folder, "--dtype", dtype,
                          *sizes]


def run(command, wrap):
    words = [*shlex.split(wrap), *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure(rows, arguments, keep):
    for row in rows:
        for threads in arguments.threads:
            for _ in range(arguments.rounds):
                for side, command in commands(row, threads, arguments):
                    keep({"model": row.name, "side": side, **run(command, arguments.wrap)})


def weight_bytes(path):
    """Bytes of matrices in a GGUF that a token reads."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    looked_up = {"position_embd.weight"} | ({"token_embd.weight"} if "output.weight" in tensors else set())
    return sum(int(t.n_bytes) for t in tensors.values() if len(t.shape) > 1 and t.name not in looked_up)


def medians(lines, row, threads):
    """{side: {key: median}}; llama.cpp is the better of its settings in each."""
    sides = {}
    for side in dict.fromkeys(line["side"] for line in lines):
        mine = [x for x in lines if (x["model"], x["side"], x["threads"]) == (row.name, side, threads)]
        if mine:
            sides[side] = {key: statistics.median(x[key] for x in mine)
                           for key, value in mine[0].items() if isinstance(value, float | int)}
    settings = [sides[s] for s in ("llama.cpp repacked", "llama.cpp mapped") if s in sides]
    if settings:
        sides["llama.cpp"] = {key: (max if key.endswith("per_second") else min)(s[key] for s in settings)
                              for key in settings[0]}
    return sides


COLUMNS = ("model", "threads", "prefill, tokens/s", "llama.cpp", "ratio", "PyTorch", "ratio", "decode, tokens/s",
           "llama.cpp", "ratio", "PyTorch", "ratio", "of bandwidth", "peak, MB", "llama.cpp", "first token, s",
           "llama.cpp", "ratio")


def cells(sides, bytes_a_token):
    def figure(side, key, scale=1.0):
        return sides[side][key] * scale if side in sides else None

    def text(value, digits):
        return "" if value is None else f"{value:.{digits}f}"

    def ratio(a, b):
        return text(None if a is None or b is None else a / b, 2)

    for key in ("prefill_tokens_per_second", "decode_tokens_per_second"):
        ours = figure("headformer", key)
        yield text(ours, 0 if ours and ours >= 100 else 1)
        for peer in ("llama.cpp", "pytorch"):
            theirs = figure(peer, key)
            yield text(theirs, 0 if theirs and theirs >= 100 else 1)
            yield ratio(ours, theirs)
    decode, bandwidth = figure("headformer", "decode_tokens_per_second"), figure("machine", "read_gb_per_second", 1e9)
    yield "" if decode is None or bandwidth is None else f"{100 * decode * bytes_a_token / bandwidth:.0f} %"
    yield text(figure("headformer", "peak_bytes", 1e-6), 0)
    yield text(figure("llama.cpp", "peak_bytes", 1e-6), 0)
    ours, theirs = figure("headformer", "first_token_seconds"), figure("llama.cpp", "first_token_seconds")
    yield text(ours, 3)
    yield text(theirs, 3)
    yield ratio(ours, theirs)


def processor():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def print_table(lines, arguments):
    machine = [line for line in lines if line["side"] == "machine"]
    reads = ", ".join(f"{statistics.median(x['read_gb_per_second'] for x in machine if x['threads'] == t):.1f} GB/s on {t}"
                      for t in sorted({x["threads"] for x in machine}))
    print(f"{date.today()}, {processor()}, memory reads {reads} thread(s); llama.cpp of llama-cpp-python "
          f"{version('llama-cpp-python')}, PyTorch {version('torch')}. Prompt {arguments.prompt}, "
          f"{arguments.generate} tokens generated.\n\n`python {shlex.join(sys.argv)}`\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + " --- |" * len(COLUMNS))
    for row in ROWS:
        for threads in sorted({line["threads"] for line in lines if line["model"] == row.name}):
            values = cells(medians(lines, row, threads), weight_bytes(arguments.folder / row.file))
            print("| " + " | ".join([row.name, str(threads), *values]) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--programs", type=Path, default=HERE.parents[1] / "build" / "benchmarks")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--only", default="", help="a regular expression that the row's name contains")
    parser.add_argument("--sides", nargs="+", default=["headformer", "llama.cpp", "pytorch"])
    parser.add_argument("--raw", type=Path, help="measurements are kept there, a JSON object a line")
    parser.add_argument("--wrap", default="", help="a command that every measurement is run under")
    arguments = parser.parse_args()
    lines = []
    if arguments.raw and arguments.raw.exists():
        lines = [json.loads(line) for line in arguments.raw.read_text().splitlines()]

    def keep(line):
        lines.append(line)
        if arguments.raw:
            with arguments.raw.open("a") as file:
                file.write(json.dumps(line) + "\n")

    measure([row for row in ROWS if re.search(arguments.only, row.name)], arguments, keep)
    print_table(lines, arguments)


if __name__ == "__main__":
    main()
