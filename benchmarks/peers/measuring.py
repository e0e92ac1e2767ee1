"""What the measurements of peers have in common: their options, their clock and the line they print."""

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def read_options(description: str, add: Callable[[argparse.ArgumentParser], None] = lambda parser: None):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--repetitions", type=int, default=3)
    add(parser)
    return parser.parse_args()


def memory(key: str) -> int:
    """VmHWM or VmRSS of this process, in bytes."""
    return int(re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


def random_ids(vocabulary: int, count: int) -> list[int]:
    return [random.randrange(vocabulary) for _ in range(count)]


def rate(tokens: int, work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return tokens / (time.perf_counter() - begin)


def measure(options, prefill: Callable[[], float], decode: Callable[[], float]) -> dict[str, float]:
    """Medians of the repetitions; the first warms up."""
    rates = [(prefill() if options.prompt else 0.0, decode() if options.generate else 0.0)
             for _ in range(options.repetitions + 1)][1:]
    return {"prefill_tokens_per_second": statistics.median(a for a, _ in rates),
            "decode_tokens_per_second": statistics.median(b for _, b in rates)}


def report(options, rates: dict[str, float], load: float, first_token: float, base: int) -> None:
    """The keys of headformer's `throughput --json`. base: bytes the interpreter held before the model was loaded."""
    line = {"threads": options.threads, "prompt": options.prompt, "generate": options.generate, **rates,
            "load_seconds": load, "first_token_seconds": first_token, "peak_bytes": memory("VmHWM") - base}
    print(json.dumps(line), flush=True)
