"""Measures PyTorch, through transformers, on a Hugging Face folder as build/benchmarks/throughput measures headformer:

    python benchmarks/peers/measure_pytorch.py FOLDER --dtype bf16 --threads 2 --prompt 512 --generate 128

Scaled dot-product attention, its default; logits of the last position only. As in measure_llama_cpp.py the
interpreter's start, here with PyTorch's and transformers' imports, counts neither as time nor as memory.
"""

import time

import torch
import transformers

import measuring

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


@torch.inference_mode()
def main() -> None:
    options = measuring.read_options(
        __doc__, lambda parser: parser.add_argument("--dtype", choices=DTYPES, default="f32"))
    torch.set_num_threads(options.threads)
    transformers.utils.logging.disable_progress_bar()
    base = measuring.memory("VmRSS")
    begin = time.perf_counter()
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=DTYPES[options.dtype]).eval()
    load = time.perf_counter() - begin
    vocabulary = model.config.vocab_size

    def append(ids: list[int], cache: transformers.DynamicCache) -> torch.Tensor:
        return model(torch.tensor([ids]), past_key_values=cache, use_cache=True, logits_to_keep=1).logits

    int(append(measuring.random_ids(vocabulary, 5), transformers.DynamicCache(config=model.config)).argmax())
    first_token = time.perf_counter() - begin

    def prefill() -> float:
        ids = measuring.random_ids(vocabulary, options.prompt)
        cache = transformers.DynamicCache(config=model.config)
        return measuring.rate(options.prompt, lambda: append(ids, cache))

    def decode() -> float:
        ids = measuring.random_ids(vocabulary, options.generate)
        cache = transformers.DynamicCache(config=model.config)

        def steps() -> None:
            for token in ids:
                append([token], cache)

        return measuring.rate(options.generate, steps)

    measuring.report(options, measuring.measure(options, prefill, decode), load, first_token, base)


if __name__ == "__main__":
    main()
