"""What a tokenizer of the reference does with thousands of nasty texts, as hashes small enough to commit.

A line for each text of nasty_texts.json, four hashes (FNV-1a, 32 bits) of little-endian 32-bit integers and UTF-8:
  ids with special tokens, -1, ids without;
  for the text alone: offsets, types, words, sequences, special tokens;
  for the text and another, some truncated, some padded: ids, types, offsets, sequences, masks, overflowing parts;
  the ids with special tokens decoded with and without them.
A tokenizer of the reference that runs in Python knows the ids alone: `--------` for the second, and for the third `ids:`
and a hash of the pair's. `--------` where the reference panics or refuses. tests/preprocess/tokenizer_class_test.cpp makes the same.
"""

import random
import struct

from random_tokenizers import LETTERS
from tokenizer_texts import NASTY, SENTENCES

SCRIPTS = ["hello world", "привет мир", "γειά σου", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "হ্যালো বিশ্ব", "สวัสดีชาวโลก",
           "你好世界", "こんにちは世界", "안녕 세상아", "გამარჯობა", "բարև աշխարհ", "ሰላም ዓለም", "ᓄᓇᕗᑦ", "ᏣᎳᎩ", "ഹലോ", "வணக்கம்",
           "ខ្មែរ", "မြန်မာ", "ພາສາລາວ", "བོད་ཡིག", "ಕನ್ನಡ", "తెలుగు", "සිංහල"]


def nasty_texts(count=2000):
    choose = random.Random(20261126)
    texts = list(NASTY) + list(SENTENCES) + SCRIPTS
    looks = ["<s>", "</s>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "<mask>", "<pad>", "<|endoftext|>", "<extra_id_7>", "<0x0A>",
             "##", "</w>", "en_XX", "<|startoftranscript|>", "<|notimestamps|>", "<|0.02|>", "[unused1]", "<|en|>"]
    pieces = LETTERS + looks + [w for s in SENTENCES for w in s.split()[:6]]
    while len(texts) < count:
        kind = choose.random()
        if kind < 0.45:
            texts.append("".join(choose.choice(LETTERS) for _ in range(choose.randrange(1, 30))))
        elif kind < 0.75:
            texts.append(choose.choice(["", " "]).join(choose.choice(pieces) for _ in range(choose.randrange(1, 8))))
        elif kind < 0.8:
            texts.append(choose.choice(LETTERS + SCRIPTS) * choose.randrange(1, 120))
        elif kind < 0.9:
            points = [choose.choice([choose.randrange(0x20, 0x250), choose.randrange(0x250, 0x3100)]) for _ in range(10)]
            texts.append("".join(map(chr, points)))
        else:
            points = [choose.randrange(0x110000) for _ in range(8)]
            texts.append("".join(chr(p) for p in points if not 0xD800 <= p < 0xE000))
    return texts[:count]


def fnv(data, value=0x811C9DC5):
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def pack(*lists):
    return b"".join(struct.pack(f"<{len(values)}i", *values) for values in lists)


def flat(offsets):
    return [x for pair in offsets for x in pair]


def numbers(values):
    return [-1 if v is None else v for v in values]


def pair_options(i):
    """Truncation and padding of the i-th pair."""
    truncation = dict(max_length=8 + i % 11, stride=i % 3, strategy=["longest_first", "only_first", "only_second"][i % 3],
                      direction=["right", "left"][i // 3 % 2]) if i % 3 == 0 else None
    padding = dict(length=16 + i % 9, pad_to_multiple_of=[None, 8][i % 2], direction=["right", "left"][i // 4 % 2],
                   pad_id=0) if i % 4 == 0 else None
    return truncation, padding


def pair_bytes(encoding):
    result = pack(encoding.ids, encoding.type_ids, flat(encoding.offsets), numbers(encoding.sequence_ids),
                  encoding.special_tokens_mask, encoding.attention_mask)
    return result + b"".join(pack(part.ids, flat(part.offsets)) for part in encoding.overflowing)


def attempt(function):
    try:
        return f"{fnv(function()):08x}"
    except BaseException as error:  # pyo3's PanicException is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return "--------"


def slow_hash_lines(tokenizer, texts):
    lines = []
    for i, text in enumerate(texts):
        def ids():
            return pack(tokenizer(text)["input_ids"], [-1], tokenizer(text, add_special_tokens=False)["input_ids"])

        def pair():
            return pack(tokenizer(text, texts[(i * 7 + 3) % len(texts)])["input_ids"])

        def decoded():
            ids = tokenizer(text)["input_ids"]
            return tokenizer.decode(ids).encode() + b"\0" + tokenizer.decode(ids, skip_special_tokens=True).encode()
        lines.append(f"{attempt(ids)} -------- ids:{attempt(pair)} {attempt(decoded)}")
    return lines


def hash_lines(tokenizer, texts):
    """tokenizer: transformers' own."""
    if not tokenizer.is_fast:
        return slow_hash_lines(tokenizer, texts)
    backend = tokenizer._tokenizer
    backend.no_truncation()
    backend.no_padding()
    lines = []
    for i, text in enumerate(texts):
        def ids():
            with_special = backend.encode(text).ids
            assert tokenizer(text)["input_ids"] == with_special
            return pack(with_special, [-1], backend.encode(text, add_special_tokens=False).ids)

        def details():
            encoding = backend.encode(text)
            return pack(flat(encoding.offsets), encoding.type_ids, numbers(encoding.word_ids),
                        numbers(encoding.sequence_ids), encoding.special_tokens_mask)

        def pair():
            truncation, padding = pair_options(i)
            if truncation:
                backend.enable_truncation(**truncation)
            if padding:
                backend.enable_padding(**padding)
            try:
                return pair_bytes(backend.encode(text, texts[(i * 7 + 3) % len(texts)]))
            finally:
                backend.no_truncation()
                backend.no_padding()

        def decoded():
            with_special = backend.encode(text).ids
            return tokenizer.decode(with_special).encode() + b"\0" + tokenizer.decode(
                with_special, skip_special_tokens=True).encode()
        lines.append(" ".join(map(attempt, (ids, details, pair, decoded))))
    return lines
