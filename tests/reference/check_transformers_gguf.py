"""Compares the GGUF goldens with what transformers itself makes of the files, from_pretrained(gguf_file=...).

    python check_transformers_gguf.py

Its GGUF reader is another implementation than gguf_writer.py, but does not know every key: it drops rope scaling,
rope_freqs and rope_factors, query scales and windows of some families. So the config is the golden's own and the
tensors are the reader's; files of architectures it does not know are named.
"""

import json

import torch
import transformers
from safetensors.torch import load_file

from cases import logits
from make_gguf import FAMILIES, quantised_variants
from make_decoders import build
from manifest import GOLDENS


def main():
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    variants = {v.name: v for v, _ in [*FAMILIES, *quantised_variants()]}
    for entry in json.loads((GOLDENS / "manifest.json").read_text()):
        if entry["format"] != "gguf":
            continue
        path = GOLDENS / entry["path"]
        model = build(variants[path.parent.name])
        try:
            read = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name,
                                                                     dtype=torch.float32)
            for p in model.parameters():
                p.data.zero_()
            missing = model.load_state_dict(read.state_dict(), strict=False)
        except Exception as error:  # an architecture or a type that the reader does not know
            print(f"{entry['name']:40} not read: {str(error).splitlines()[0][:90]}")
            continue
        model.tie_weights()
        wanted = load_file(GOLDENS / entry["outputs"])["logits"]
        got = logits(model, load_file(GOLDENS / entry["inputs"]))
        exact = logits(model.double(), load_file(GOLDENS / entry["inputs"]))
        print(f"{entry['name']:40} {float((got - wanted).abs().max() / wanted.abs().max()):.1e} "
              f"against f64 {float((exact - wanted).abs().max() / wanted.abs().max()):.1e} "
              f"{[k for k in missing.missing_keys if 'lm_head' not in k][:3]}", flush=True)


if __name__ == "__main__":
    main()
