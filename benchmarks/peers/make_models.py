"""Makes random-weight decoders at published shapes, the same weights as a Hugging Face folder and as GGUF files:

    python make_models.py FOLDER [--only llama-1.1b gpt2-124m] [--types bf16 q8_0 q4_0 q4_k_m]

FOLDER/llama-1.1b/ (bf16) and FOLDER/gpt2-124m/ (f32) are Hugging Face folders, FOLDER/NAME-TYPE.gguf the GGUF files. The
f32 GGUF is written from the same tensors; llama.cpp's own quantiser makes the others from it, so that a file called
q4_k_m or q4_0 has the mixture of types that published files of that name have. What exists is left as it is. All of it
takes 16 GB and some minutes.

Shapes: TinyLlama 1.1B and GPT-2 small, as their publishers' config.json has them. The vocabularies are of the published
sizes and kinds, with made-up pieces.
"""

import argparse
import ctypes
import itertools
import random
import sys
from pathlib import Path

import gguf
import llama_cpp
import torch
import transformers

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from gguf_vocab import BYTE, CONTROL, NORMAL, UNKNOWN, byte_alphabet  # noqa: E402
from gguf_writer import write  # noqa: E402

FILE_TYPES = {
    "bf16": llama_cpp.LLAMA_FTYPE_MOSTLY_BF16,
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
    "q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
}


def llama():
    config = transformers.LlamaConfig(
        vocab_size=32000, hidden_size=2048, num_hidden_layers=22, num_attention_heads=32, num_key_value_heads=4,
        intermediate_size=5632, max_position_embeddings=2048, rms_norm_eps=1e-5, tie_word_embeddings=False,
        dtype=torch.bfloat16)
    return config, transformers.LlamaForCausalLM


def gpt2():
    return transformers.GPT2Config(dtype=torch.float32), transformers.GPT2LMHeadModel


MODELS = {"llama-1.1b": llama, "gpt2-124m": gpt2}


def words():
    """All different, shorter ones first."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    for count in itertools.count(1):
        for parts in itertools.product(syllables, repeat=count):
            yield "".join(parts)


def add_sentencepiece(writer, size):
    """tokenizer.ggml.model llama, as Llama 2: specials, bytes, then pieces by falling score."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    types = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256
    pieces = (mark + word for word in words() for mark in ("▁", ""))
    tokens += itertools.islice(itertools.chain((chr(c) for c in range(33, 127)), "▁", pieces), size - len(tokens))
    types += [NORMAL] * (size - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0 if t != NORMAL else 259.0 - i for i, t in enumerate(types)])
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def add_byte_level_bpe(writer, size):
    """tokenizer.ggml.model gpt2, as GPT-2: bytes, as many merges as fit, one special token."""
    choose = random.Random(1)
    tokens, known, merges = byte_alphabet(), set(byte_alphabet()), []
    while len(tokens) < size - 1:
        left, right = choose.choice(tokens), choose.choice(tokens)
        if left + right not in known and len(left + right) <= 12:
            tokens.append(left + right)
            known.add(left + right)
            merges.append(f"{left} {right}")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens + ["<|endoftext|>"])
    writer.add_token_types([NORMAL] * len(tokens) + [CONTROL])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(size - 1)
    writer.add_eos_token_id(size - 1)


def add_vocabulary(writer, architecture, config):
    add = add_byte_level_bpe if architecture == "GPT2LMHeadModel" else add_sentencepiece
    add(writer, config.vocab_size)


def make_folder(path, name):
    config, architecture = MODELS[name]()
    torch.manual_seed(1)
    torch.set_default_dtype(config.dtype)
    model = architecture(config)
    torch.set_default_dtype(torch.float32)
    model.save_pretrained(path)


def make_f32(path, folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    partial = path.with_suffix(".part")
    write(partial, model, lambda *_: gguf.GGMLQuantizationType.F32, lambda rows, _: (rows, rows), add_vocabulary)
    partial.rename(path)


def quantise(source, path, kind):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FILE_TYPES[kind]
    partial = path.with_suffix(".part")
    if llama_cpp.llama_model_quantize(str(source).encode(), str(partial).encode(), ctypes.byref(parameters)) != 0:
        raise RuntimeError(f"{source}: llama.cpp cannot make {kind} of it")
    partial.rename(path)


@llama_cpp.llama_log_callback
def silent(level, text, data):
    pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--types", nargs="*", choices=FILE_TYPES, default=list(FILE_TYPES))
    arguments = parser.parse_args()
    llama_cpp.llama_log_set(silent, None)
    transformers.utils.logging.disable_progress_bar()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        folder, f32 = arguments.folder / name, arguments.folder / f"{name}-f32.gguf"
        if not (folder / "config.json").exists():
            make_folder(folder, name)
        if not f32.exists():
            make_f32(f32, folder)
        for kind in arguments.types:
            path = arguments.folder / f"{name}-{kind}.gguf"
            if not path.exists():
                quantise(f32, path, kind)
            print(path, path.stat().st_size, flush=True)


if __name__ == "__main__":
    main()
