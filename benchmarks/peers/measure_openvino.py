"""Measures OpenVINO as build/benchmarks/throughput measures headformer:

    python benchmarks/peers/measure_openvino.py FOLDER --dtype f32 --threads 2 --prompt 512 --generate 128

FOLDER is what make_peer_models.py made through optimum-intel: a stateful model, logits of the last position only.
--dtype is what it computes in; without, it chooses (bf16 on processors that have it). Its cache and the activations
beside int8 and int4 weights are its defaults. Its threads are not pinned. What counts is as in measure_llama_cpp.py.
"""

import json
import time
from pathlib import Path

import numpy as np
import openvino

import measuring


def main() -> None:
    options = measuring.read_options(
        __doc__, lambda parser: parser.add_argument("--dtype", choices=["f32", "bf16"]))
    base = measuring.memory("VmRSS")
    begin = time.perf_counter()
    properties = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": options.threads,
                  "ENABLE_CPU_PINNING": False, "ENABLE_HYPER_THREADING": True}
    if options.dtype:
        properties["INFERENCE_PRECISION_HINT"] = options.dtype
    model = openvino.Core().compile_model(Path(options.model) / "openvino_model.xml", "CPU", properties)
    request = model.create_infer_request()
    load = time.perf_counter() - begin
    vocabulary = json.loads((Path(options.model) / "config.json").read_text())["vocab_size"]
    names = {name for port in model.inputs for name in port.names}
    no_beams = np.zeros(1, np.int32)

    def append(ids: list[int], position: int) -> np.ndarray:
        end = position + len(ids)
        inputs = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, end), np.int64),
                  "position_ids": np.arange(position, end)[None], "beam_idx": no_beams}
        request.infer({name: value for name, value in inputs.items() if name in names}, share_inputs=True)
        return request.get_output_tensor().data

    int(append(measuring.random_ids(vocabulary, 5), 0).argmax())
    first_token = time.perf_counter() - begin

    def prefill() -> float:
        request.reset_state()
        ids = measuring.random_ids(vocabulary, options.prompt)
        return measuring.rate(options.prompt, lambda: append(ids, 0))

    def decode() -> float:
        request.reset_state()
        ids = measuring.random_ids(vocabulary, options.generate)

        def steps() -> None:
            for position, token in enumerate(ids):
                append([token], position)

        return measuring.rate(options.generate, steps)

    measuring.report(options, measuring.measure(options, prefill, decode), load, first_token, base)


if __name__ == "__main__":
    main()
