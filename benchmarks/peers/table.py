"""One table of whole models: headformer beside its peers, on the machine this runs on.

    python benchmarks/peers/table.py FOLDER [--programs build/benchmarks] [--threads 1 2] [--rounds 3]
        [--only REGEX] [--sides headformer llama.cpp pytorch onnxruntime openvino ctranslate2] [--raw FILE.jsonl]
        [--wrap "taskset -c 0,1"]

FOLDER holds what make_models.py and make_peer_models.py made and, from examples/get_gemma.sh, Gemma 3 270M. What is not
there, or a peer that is not installed, is skipped with a line that says so. Every measurement is a process of its own;
in each round all sides take their turn, so that a machine that is slow for a while is slow for all. Figures are medians
over the rounds; of llama.cpp the better of its two settings (weights repacked at load, or not), for each figure. A
ratio is headformer's figure over the peer's.

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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import gguf

HERE = Path(__file__).resolve().parent


@dataclass
class Row:
    name: str
    file: str
    form: str | None = None  # what its weights are to the peers that read no GGUF; none: they have nothing like it
    options: tuple[str, ...] = ()  # of headformer's


ROWS = [
    Row("Gemma 3 270M, Q4_K_M file", "gemma-3-270m-q4_k_m.gguf"),
    Row("Llama 1.1B, Q4_K_M", "llama-1.1b-q4_k_m.gguf"),
    Row("Llama 1.1B, Q8_0", "llama-1.1b-q8_0.gguf", "int8"),
    Row("Llama 1.1B, Q4_0", "llama-1.1b-q4_0.gguf", "int4"),
    Row("Llama 1.1B, bf16", "llama-1.1b-bf16.gguf", "bf16", ("--activations", "bf16")),
    Row("Llama 1.1B, f32", "llama-1.1b-f32.gguf", "f32"),
    Row("GPT-2 124M, f32", "gpt2-124m-f32.gguf", "f32"),
    Row("GPT-2 124M, Q8_0", "gpt2-124m-q8_0.gguf", "int8"),
]


@dataclass
class Peer:
    title: str
    packages: tuple[str, ...]
    program: str
    forms: dict[str, tuple[str, ...]]  # of weights: what follows the model's name in its folder's, then options


LLAMA_CPP = Peer("llama.cpp", ("llama-cpp-python",), "measure_llama_cpp.py", {})
PEERS = {
    "llama.cpp": LLAMA_CPP,
    "pytorch": Peer("PyTorch", ("torch", "transformers"), "measure_pytorch.py",
                    {k: ("", "--dtype", k) for k in ("f32", "bf16")}),
    "onnxruntime": Peer("ONNX Runtime", ("onnxruntime", "onnxruntime-genai"), "measure_onnxruntime.py",
                        {k: (f"-onnxruntime-{k}",) for k in ("f32", "int8", "int4")}),
    "openvino": Peer("OpenVINO", ("openvino",), "measure_openvino.py",
                     {k: (f"-openvino-{k}", "--dtype", k) for k in ("f32", "bf16")}
                     | {k: (f"-openvino-{k}",) for k in ("int8", "int4")}),
    "ctranslate2": Peer("CTranslate2", ("ctranslate2",), "measure_ctranslate2.py",
                        {k: (f"-ctranslate2-{k}",) for k in ("f32", "int8")}),
}


def installed(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commands(row, threads, arguments):
    """What each side is measured with, in turn: (name, command), or (name, reason why it is not)."""
    sizes = ["--threads", threads, "--prompt", arguments.prompt, "--generate", arguments.generate,
             "--repetitions", arguments.repetitions]
    model = arguments.folder / row.file
    yield "machine", [arguments.programs / "machine", "--threads", threads]
    if "headformer" in arguments.sides:
        yield "headformer", [arguments.programs / "throughput", model, *sizes, "--json", *row.options]
    for side, peer in PEERS.items():
        if side not in arguments.sides or (peer is not LLAMA_CPP and row.form not in peer.forms):
            continue
        python = [sys.executable, HERE / peer.program]
        missing = [name for name in peer.packages if not installed(name)]
        if missing:
            yield side, f"{' and '.join(missing)} not installed"
        elif peer is LLAMA_CPP:
            yield "llama.cpp repacked", [*python, model, *sizes]
            yield "llama.cpp mapped", [*python, model, *sizes, "--no-repack"]
        else:
            ending, *options = peer.forms[row.form]
            folder = arguments.folder / (row.file.rpartition("-")[0] + ending)
            yield side, [*python, folder, *options, *sizes] if folder.exists() else f"there is no {folder}"


def run(command, wrap):
    words = [*shlex.split(wrap), *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure(rows, arguments, keep):
    said = set()

    def skip(*words):
        if words not in said:
            said.add(words)
            print("skipped:", *words, file=sys.stderr, flush=True)

    for row in rows:
        if not (arguments.folder / row.file).exists():
            skip(f"{row.name}: there is no {arguments.folder / row.file}")
            continue
        for threads in arguments.threads:
            for _ in range(arguments.rounds):
                for side, command in commands(row, threads, arguments):
                    if isinstance(command, str):
                        skip(f"{row.name}: {side}: {command}")
                    else:
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


COLUMNS = ("model", "threads", "library", "prefill, tokens/s", "ratio", "decode, tokens/s", "ratio", "of bandwidth",
           "peak, MB", "ratio", "first token, s", "ratio")
FIGURES = (("prefill_tokens_per_second", 1.0), ("decode_tokens_per_second", 1.0), ("peak_bytes", 1e-6),
           ("first_token_seconds", 1.0))


def cells(figures, ours, bandwidth, bytes_a_token):
    """One side's part of a line. ours: headformer's figures, perhaps the same ones, or none; bandwidth in bytes."""
    for key, scale in FIGURES:
        value = figures[key] * scale
        yield f"{value:.{3 if key == 'first_token_seconds' else 0 if value >= 100 else 1}f}"
        yield f"{ours[key] / figures[key]:.2f}" if ours and ours is not figures else ""
        if key == "decode_tokens_per_second":
            yield f"{100 * figures[key] * bytes_a_token / bandwidth:.0f} %" if bandwidth and ours is figures else ""


def lines_of_row(row, threads, sides, bytes_a_token):
    """headformer's line, then one for each peer."""
    ours = sides.get("headformer")
    bandwidth = sides["machine"]["read_gb_per_second"] * 1e9 if "machine" in sides else None
    for side in ("headformer", *PEERS):
        if side not in sides:
            continue
        title = PEERS[side].title if side in PEERS else side
        if side in PEERS and row.form in PEERS[side].forms:
            title += f", {row.form}"
        yield [row.name, str(threads), title, *cells(sides[side], ours, bandwidth, bytes_a_token)]


def processor():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def print_table(lines, arguments):
    machine = [line for line in lines if line["side"] == "machine"]
    reads = ", ".join(f"{statistics.median(x['read_gb_per_second'] for x in machine if x['threads'] == t):.1f} GB/s on {t}"
                      for t in sorted({x["threads"] for x in machine}))
    measured = {line["side"].partition(" ")[0] for line in lines}
    versions = ", ".join(f"{name} {installed(name)}" for side, peer in PEERS.items() if side in measured
                         for name in peer.packages)
    print(f"{date.today()}, {processor()}, memory reads {reads} thread(s); {versions}. Prompt {arguments.prompt}, "
          f"{arguments.generate} tokens generated.\n\n`python {shlex.join(sys.argv)}`\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + " --- |" * len(COLUMNS))
    for row in ROWS:
        counts = sorted({line["threads"] for line in lines if line["model"] == row.name})
        bytes_a_token = weight_bytes(arguments.folder / row.file) if counts else 0
        for threads in counts:
            for line in lines_of_row(row, threads, medians(lines, row, threads), bytes_a_token):
                print("| " + " | ".join(line) + " |")


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
    parser.add_argument("--sides", nargs="+", choices=["headformer", *PEERS], default=["headformer", *PEERS])
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
