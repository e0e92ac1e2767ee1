"""Measures CTranslate2 as build/benchmarks/throughput measures headformer:

    python benchmarks/peers/measure_ctranslate2.py FOLDER --threads 2 --prompt 512 --generate 128

FOLDER is what make_peer_models.py made with CTranslate2's converter. It gives no access to single steps: a prompt is
measured by generating one token after it, decoding by generating greedily after one random id. What counts is as in
measure_llama_cpp.py.
"""

import json
import time
from pathlib import Path

import ctranslate2

import measuring


def main() -> None:
    options = measuring.read_options(__doc__)
    base = measuring.memory("VmRSS")
    begin = time.perf_counter()
    model = ctranslate2.Generator(options.model, device="cpu", inter_threads=1, intra_threads=options.threads)
    load = time.perf_counter() - begin
    vocabulary = len(json.loads((Path(options.model) / "vocabulary.json").read_text()))

    def generate(prompt: list[int], count: int) -> int:
        """The prompt is computed at once, as it is not part of the result."""
        done = model.generate_batch([[str(token) for token in prompt]], max_length=count, min_length=count,
                                    include_prompt_in_result=False, sampling_topk=1)[0].sequences_ids[0]
        if len(done) != count:
            raise RuntimeError(f"CTranslate2 made {len(done)} tokens instead of {count}")
        return done[0]

    generate(measuring.random_ids(vocabulary, 5), 1)
    first_token = time.perf_counter() - begin

    def prefill() -> float:
        prompt = measuring.random_ids(vocabulary, options.prompt)
        return measuring.rate(options.prompt, lambda: generate(prompt, 1))

    def decode() -> float:
        prompt = measuring.random_ids(vocabulary, 1)
        return measuring.rate(options.generate, lambda: generate(prompt, options.generate))

    measuring.report(options, measuring.measure(options, prefill, decode), load, first_token, base)


if __name__ == "__main__":
    main()
