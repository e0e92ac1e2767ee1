"""Measures llama.cpp on a GGUF as build/benchmarks/throughput measures headformer: random ids, medians, a JSON line.

    python benchmarks/peers/measure_llama_cpp.py MODEL.gguf --threads 2 --prompt 512 --generate 128 [--no-repack]

The interpreter's own part is left out in llama.cpp's favour: the time to the first token runs from before the model is
loaded to the first id of a 5-token prompt, in a process that has done nothing else, and the memory that Python and its
libraries hold by then does not count.
"""

import time

import measuring
from llama_cpp_model import Context, Model


def main() -> None:
    options = measuring.read_options(__doc__, lambda parser: parser.add_argument("--no-repack", action="store_true"))
    base = measuring.memory("VmRSS")
    begin = time.perf_counter()
    model = Model(options.model, repack=not options.no_repack)
    load = time.perf_counter() - begin
    rows = max(512, options.prompt)
    context = Context(model, options.prompt + options.generate, rows, options.threads)
    context.append(measuring.random_ids(model.vocabulary, 5), 0)
    int(context.logits().argmax())
    first_token = time.perf_counter() - begin

    def prefill() -> float:
        context.clear()
        ids = measuring.random_ids(model.vocabulary, options.prompt)
        return measuring.rate(options.prompt, lambda: context.append(ids, 0))

    def decode() -> float:
        context.clear()
        ids = measuring.random_ids(model.vocabulary, options.generate)

        def steps() -> None:
            for position, token in enumerate(ids):
                context.append([token], position)

        return measuring.rate(options.generate, steps)

    measuring.report(options, measuring.measure(options, prefill, decode), load, first_token, base)


if __name__ == "__main__":
    main()
