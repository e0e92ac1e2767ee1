"""Measures llama.cpp on a GGUF as build/benchmarks/throughput measures headformer: random ids, medians, one JSON line a
thread count. Needs PyPI's llama-cpp-python (its source distribution builds for the machine it is on):

    pip install --no-binary llama-cpp-python llama-cpp-python
    python benchmarks/peers/measure_llama_cpp.py MODEL.gguf --threads 1,2 --prompt 512 --generate 128
"""

import argparse
import ctypes
import json
import random
import statistics
import time

import llama_cpp


def decode(context, ids: list[int], position: int) -> None:
    """Appends ids at a position; logits of the last one only, as llama-bench does."""
    batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i] = token
        batch.pos[i] = position + i
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = i + 1 == len(ids)
    if llama_cpp.llama_decode(context, batch) != 0:
        raise RuntimeError("llama_decode failed")
    llama_cpp.llama_synchronize(context)
    llama_cpp.llama_batch_free(batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()

    silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    llama_cpp.llama_log_set(silent, None)
    llama_cpp.llama_backend_init()
    for threads in (int(text) for text in arguments.threads.split(",")):
        begin = time.perf_counter()
        model = llama_cpp.llama_model_load_from_file(
            arguments.model.encode(), llama_cpp.llama_model_default_params()
        )
        load_seconds = time.perf_counter() - begin
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = arguments.prompt + arguments.generate
        options.n_batch = options.n_ubatch = max(512, arguments.prompt)
        options.n_threads = options.n_threads_batch = threads
        context = llama_cpp.llama_init_from_model(model, options)
        memory = llama_cpp.llama_get_memory(context)
        vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        rates: dict[str, list[float]] = {"prefill": [], "decode": []}
        for _ in range(arguments.repetitions + 1):
            llama_cpp.llama_memory_clear(memory, True)
            ids = [random.randrange(vocabulary) for _ in range(arguments.prompt)]
            begin = time.perf_counter()
            decode(context, ids, 0)
            rates["prefill"].append(arguments.prompt / (time.perf_counter() - begin))
            llama_cpp.llama_memory_clear(memory, True)
            begin = time.perf_counter()
            for position in range(arguments.generate):
                decode(context, [random.randrange(vocabulary)], position)
            rates["decode"].append(arguments.generate / (time.perf_counter() - begin))
        print(
            json.dumps(
                {
                    "threads": threads,
                    "prefill_tokens_per_second": statistics.median(rates["prefill"][1:]),
                    "decode_tokens_per_second": statistics.median(rates["decode"][1:]),
                    "load_seconds": load_seconds,
                }
            ),
            flush=True,
        )
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)


if __name__ == "__main__":
    main()
