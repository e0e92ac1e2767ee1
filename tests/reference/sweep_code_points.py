"""Every code point through every normaliser, pre-tokenizer and case map, against the reference.

The program `tokenize --details` is given each code point between letters, some after others that it may combine with;
offsets and pieces must be the reference's. A WordLevel model makes the pieces visible: all are unknown, their offsets tell.

Usage: sweep_code_points.py TOKENIZE [NAME...]
"""

import pathlib
import sys
import tempfile

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from fuzz_tokenizers import run
from random_tokenizers import charsmap
from unicode_tables import POINTS


def texts():
    """Some hundred code points a text, each with letters around it, every one in several companies."""
    for begin in range(0, len(POINTS), 256):
        points = POINTS[begin:begin + 256]
        yield "".join(f"a{chr(p)}b" for p in points)
        yield "".join(f"A {chr(p)}\u0301 " for p in points)
        yield "".join(f"é{chr(p)}\u0334" for p in points)


def cases():
    whole = pre_tokenizers.FixedLength(1)  # a piece for each character of what a normaliser leaves
    for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"):
        yield name, getattr(normalizers, name)(), whole
    for strip in (True, False):
        yield f"BertNormalizer({strip})", normalizers.BertNormalizer(True, True, strip, strip), whole
    yield "Precompiled", normalizers.Precompiled(charsmap()), whole
    for name in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Punctuation", "UnicodeScripts", "ByteLevel"):
        yield name, None, getattr(pre_tokenizers, name)()
    yield "Digits", None, pre_tokenizers.Digits(True)
    for pattern in (r"\s+", r"\w+", r"\d+", r"\p{L}+", r"\p{N}+", r"\p{Lu}|\p{M}", r"\p{Han}+", r"[[:punct:]]+", r"\h+"):
        yield pattern, None, pre_tokenizers.Split(Regex(pattern), "isolated")


def main():
    program, wrong = sys.argv[1], 0
    lines = list(texts())
    for name, normalizer, pre_tokenizer in cases():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, **{chr(p): i + 1 for i, p in enumerate(range(0x20, 0x3000))}},
                                               unk_token="<unk>"))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "tokenizer.json").write_text(tokenizer.to_str())
            found = run(program, folder, lines, "--details")
        differ = []
        for text, answer in zip(lines, found):
            expected = tokenizer.encode(text)
            if answer.get("ids") != expected.ids or [tuple(o) for o in answer["offsets"]] != expected.offsets:
                differ.append(text)
        wrong += len(differ)
        print(f"{name}: {len(lines)} texts, {3 * len(POINTS)} places, {len(differ)} differ", flush=True)
        for text in differ[:2]:
            print("  " + ascii(text)[:200])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
