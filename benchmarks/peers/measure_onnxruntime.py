"""Measures ONNX Runtime, through onnxruntime-genai, as build/benchmarks/throughput measures headformer:

    python benchmarks/peers/measure_onnxruntime.py FOLDER --threads 2 --prompt 512 --generate 128

FOLDER is what make_peer_models.py made with the model builder of onnxruntime-genai: its cache is f32 and has its full
size from the start; logits of the last position only. What counts is as in measure_llama_cpp.py.
"""

import json
import time
from pathlib import Path

import numpy as np
import onnxruntime_genai as genai

import measuring


def main() -> None:
    options = measuring.read_options(__doc__)
    base = measuring.memory("VmRSS")
    begin = time.perf_counter()
    config = genai.Config(options.model)
    session = {"intra_op_num_threads": options.threads, "inter_op_num_threads": 1}
    config.overlay(json.dumps({"model": {"decoder": {"session_options": session}}}))
    model = genai.Model(config)
    load = time.perf_counter() - begin
    vocabulary = json.loads((Path(options.model) / "genai_config.json").read_text())["model"]["vocab_size"]

    def sequence(length: int) -> genai.Generator:
        parameters = genai.GeneratorParams(model)
        parameters.set_search_options(max_length=length, do_sample=False)
        return genai.Generator(model, parameters)

    def append(generator: genai.Generator, ids: list[int]) -> np.ndarray:
        generator.append_tokens(np.array([ids], np.int32))
        return generator.get_logits()

    int(append(sequence(8), measuring.random_ids(vocabulary, 5)).argmax())
    first_token = time.perf_counter() - begin

    def prefill() -> float:
        ids, generator = measuring.random_ids(vocabulary, options.prompt), sequence(options.prompt + 1)
        return measuring.rate(options.prompt, lambda: append(generator, ids))

    def decode() -> float:
        ids, generator = measuring.random_ids(vocabulary, options.generate), sequence(options.generate + 1)

        def steps() -> None:
            for token in ids:
                append(generator, [token])

        return measuring.rate(options.generate, steps)

    measuring.report(options, measuring.measure(options, prefill, decode), load, first_token, base)


if __name__ == "__main__":
    main()
