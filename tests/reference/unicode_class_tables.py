"""Writes include/headformer/preprocess/unicode/class_tables.hpp: where the pinned `tokenizers` has tables of its own.

Its components lean on Rust crates of several Unicode versions. Each is asked about every code point: what
BertNormalizer and StripAccents take away, what Punctuation and Whitespace split at, which scripts UnicodeScripts tells
apart, which characters its normalisers leave alone although utf8proc does not, and which have a lower case that
utf8proc does not know.

Usage: unicode_class_tables.py UTF8PROC > ../../include/headformer/preprocess/unicode/class_tables.hpp
UTF8PROC: what unicode_properties.cpp prints (g++ unicode_properties.cpp -lutf8proc).
"""

import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

from unicode_tables import POINTS, lines, ranges, regex_class

CHARACTERS = list(map(chr, POINTS))


def removed_by(normalizer):
    """The code points that a normaliser takes away, each between letters."""
    return {p for p, c in zip(POINTS, CHARACTERS) if normalizer.normalize_str("a" + c + "b") == "ab"}


def isolated_by(pre_tokenizer):
    """The code points that are a piece of their own between letters."""
    return {p for p, c in zip(POINTS, CHARACTERS) if any(piece == c for piece, _ in
                                                       pre_tokenizer.pre_tokenize_str("a" + c + "b"))}


def words():
    """The code points that Whitespace takes for a part of a word."""
    whitespace = pre_tokenizers.Whitespace()
    return {p for p, c in zip(POINTS, CHARACTERS)
            if [piece for piece, _ in whitespace.pre_tokenize_str("a" + c + "b")] == ["a" + c + "b"]}


def scripts():
    """Runs (first, class): code points of one class are one piece; class 0 joins any."""
    split = pre_tokenizers.UnicodeScripts()

    def together(a, b):
        return len(split.pre_tokenize_str(a + b)) == 1
    representatives, runs, previous = [], [], None
    for point, character in zip(POINTS, CHARACTERS):
        if together("a", character) and together("\u4e00", character):
            found = 0
        elif previous and together(representatives[previous - 1], character):
            found = previous
        else:
            found = next((i + 1 for i, r in enumerate(representatives) if together(r, character)), None)
            if found is None:
                representatives.append(character)
                found = len(representatives)
        if found != previous:
            runs.append((point, found))
        previous = found
    return runs


def utf8proc(path):
    """For each code point: combining class, lower case, canonical and compatible decomposition."""
    for line in open(path, encoding="ascii"):
        if line.startswith("#"):
            continue
        point, combining, lower, canonical, compatible = line.split()
        parts = [[int(x, 16) for x in field[1:].split(",")] for field in (lower, canonical, compatible)]
        yield int(point, 16), int(combining), *parts


def differences(path):
    """Code points that the reference's NFx leave alone, and those whose lower case utf8proc does not have."""
    nfd, nfkd, lowercase = normalizers.NFD(), normalizers.NFKD(), normalizers.Lowercase()
    alone, lower_cases = set(), []
    for point, combining, lower, canonical, compatible in utf8proc(path):
        character = chr(point)
        theirs = nfd.normalize_str(character), nfkd.normalize_str(character)
        ours = "".join(map(chr, canonical)), "".join(map(chr, compatible))
        if theirs != ours:
            assert theirs == (character, character), hex(point)
            alone.add(point)
        elif ours[0] == character:
            moves = nfd.normalize_str("a" + character + "\u0334") != "a" + character + "\u0334"
            if moves != (combining > 1):
                assert not moves, hex(point)
                alone.add(point)
        reference = lowercase.normalize_str(character)
        if reference != "".join(map(chr, lower)) and point != 0x130:
            assert len(reference) == 1, hex(point)
            lower_cases.append((point, ord(reference)))
    return alone, lower_cases


SETS = ["Han", "Hiragana", "Katakana", "Hangul", "Latin", "Greek", "Cyrillic", "Thai", "Arabic", "Hebrew", "Devanagari",
        "Alpha", "Blank", "Cntrl", "Lower", "Punct", "PosixPunct", "Upper", "XDigit"]


def named_sets():
    """Ranges of every named set that patterns may use, one after the other, and where each begins."""
    items, begins = [], []
    for name in SETS:
        begins.append(len(items))
        # The bracket has symbols that the property has not.
        items += ranges(regex_class("[[:punct:]]" if name == "PosixPunct" else rf"\p{{{name}}}"))
    return items, begins + [len(items)]


def table(comment, name, points):
    print(f"\n/// {comment}\ninline constexpr CodePointRange {name}[] = {{")
    print("\n".join(lines([f"{{0x{a:x}, 0x{b:x}}}," for a, b in ranges(points)])))
    print("};")


def main():
    alone, lower_cases = differences(sys.argv[1])
    print(f"""#pragma once

// Generated by tests/reference/unicode_class_tables.py from tokenizers {tokenizers.__version__}; do not edit.

#include <cstdint>

#include "headformer/preprocess/unicode/tables.hpp"

namespace headformer::unicode::detail {{""")
    bert = dict(handle_chinese_chars=False, lowercase=False)
    table("What BertNormalizer's cleaning takes away.", "bert_controls",
          removed_by(normalizers.BertNormalizer(clean_text=True, strip_accents=False, **bert)))
    table("What BertNormalizer's strip_accents takes away of the decomposed text.", "bert_accents",
          removed_by(normalizers.BertNormalizer(clean_text=False, strip_accents=True, **bert)))
    table("What StripAccents takes away.", "combining_marks", removed_by(normalizers.StripAccents()))
    table("What Punctuation and BertPreTokenizer cut out.", "punctuation", isolated_by(pre_tokenizers.Punctuation()))
    table("Word characters of Rust's regex crate: Whitespace, single_word of added tokens.", "rust_words", words())
    table("What the normal forms leave alone, as if it had no decomposition and no combining class.", "unnormalized",
          alone)
    print("\nstruct CodePointPair {\n  std::uint32_t from, to;\n};")
    print("\n/// Lower cases that utf8proc does not have.\ninline constexpr CodePointPair lower_cases[] = {")
    print("\n".join(lines([f"{{0x{a:x}, 0x{b:x}}}," for a, b in lower_cases])))
    print("};")
    items, begins = named_sets()
    print("\n/// The scripts and POSIX classes that patterns name, as the reference's regular expressions have them.\n"
          "inline constexpr const char* set_names[] = {")
    print("\n".join(lines([f'"{name}",' for name in SETS])))
    print("};\ninline constexpr std::uint32_t set_begins[] = {")
    print("\n".join(lines([f"{begin}," for begin in begins])))
    print("};\ninline constexpr CodePointRange set_ranges[] = {")
    print("\n".join(lines([f"{{0x{a:x}, 0x{b:x}}}," for a, b in items])))
    print("};")
    print("\n/// Every run of code points that UnicodeScripts keeps together: first code point << 8 | class; class 0 joins any."
          "\ninline constexpr std::uint32_t script_runs[] = {")
    print("\n".join(lines([f"0x{point << 8 | kind:x}," for point, kind in scripts()])))
    print("};\n\n}  // namespace headformer::unicode::detail")


if __name__ == "__main__":
    sys.exit(main())
