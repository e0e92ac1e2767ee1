"""Compares random tokenizers on random texts with the reference, for as long as one likes.

Each round makes a tokenizer.json of random components, trained on the corpus of tokenizer_texts.py, and random texts;
the program `tokenize --details` must give the same ids, offsets, words, types and masks as `tokenizers`, for one text
and two, truncated and padded, and `tokenize --decode` the same texts for random ids. Differences are printed with the
seed of the round, which --seed runs again.

Usage: fuzz_tokenizers.py TOKENIZE SECONDS [--seed N]
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from tokenizers import Tokenizer, processors

from random_tokenizers import random_text, random_tokenizer


def run(program, folder, lines, *options):
    """The program's answers to JSON lines."""
    result = subprocess.run([program, folder, *options], input="".join(json.dumps(l) + "\n" for l in lines),
                            capture_output=True, text=True, timeout=600)
    if result.returncode != 0:
        return [{"error": result.stderr.strip()}] * len(lines)
    return [json.loads(line) for line in result.stdout.split("\n") if line]


def details(encoding, nested=True):
    """What --details prints. The reference's overflowing parts have parts of their own where two texts overflow, which
    nobody reads and nobody makes here."""
    result = {"ids": encoding.ids, "type_ids": encoding.type_ids, "offsets": [list(o) for o in encoding.offsets],
              "word_ids": [-1 if w is None else w for w in encoding.word_ids],
              "sequence_ids": [-1 if s is None else s for s in encoding.sequence_ids],
              "special_tokens_mask": encoding.special_tokens_mask, "attention_mask": encoding.attention_mask}
    if encoding.overflowing and nested:
        result["overflowing"] = [details(part, False) for part in encoding.overflowing]
    return result


def without_sequences(answer):
    """Without a post-processor the reference counts padding, and texts that were cut, as the first text, and after a
    template ByteLevel and others number its items as if they were texts."""
    if isinstance(answer, dict):
        answer.pop("sequence_ids", None)
        for part in answer.get("overflowing", []):
            part.pop("sequence_ids", None)
    return answer


def attempt(function):
    """What the reference gives; its errors and panics as text."""
    try:
        return function()
    except BaseException as error:  # pyo3's PanicException is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return {"error": f"{type(error).__name__}: {error}"}


def inputs_of(choose):
    """A line for --details."""
    line = {"text": random_text(choose)}
    if choose.random() < 0.35:
        line["pair"] = random_text(choose)
    if choose.random() < 0.3:
        line["max_length"] = choose.randrange(1, 24)
        line["truncation"] = choose.choice(["longest_first", "longest_first", "only_first", "only_second"])
        line["stride"] = choose.choice([0, 0, 1, 2, 5])
        line["truncation_side"] = choose.choice(["left", "right"])
    if choose.random() < 0.2:
        line["pad_to"] = choose.randrange(0, 30)
        line["pad_to_multiple_of"] = choose.choice([0, 4, 7])
        line["padding_side"] = choose.choice(["left", "right"])
    return line


def reference_details(tokenizer, line, special):
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if "max_length" in line:
        tokenizer.enable_truncation(line["max_length"], stride=line["stride"], strategy=line["truncation"],
                                    direction=line["truncation_side"])
    if "pad_to" in line:
        tokenizer.enable_padding(length=line["pad_to"], pad_to_multiple_of=line["pad_to_multiple_of"] or None,
                                 direction=line["padding_side"], pad_id=0)
    return details(tokenizer.encode(line["text"], line.get("pair"), add_special_tokens=special))


def same(theirs, ours):
    """Errors of both count as the same; an error of the reference's panics is nothing to follow."""
    if isinstance(theirs, dict) and "error" in theirs:
        return True
    return theirs == ours


def round_of(program, seed, folder):
    choose = random.Random(seed)
    built = attempt(lambda: random_tokenizer(choose))
    if isinstance(built, dict):
        return 0, []
    text = built.to_str()
    reference = Tokenizer.from_str(text)
    if reference.normalizer and any(not reference.normalizer.normalize_str(t.content)
                                    for t in reference.get_added_tokens_decoder().values() if t.normalized):
        return 0, []  # an added token of no text, which the reference finds between any two characters
    (folder / "tokenizer.json").write_text(text)
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    found, count = [], 0
    simple = not isinstance(reference.post_processor, (type(None), processors.Sequence))
    simplified = (lambda answer: answer) if simple else without_sequences
    for special in (True, False):
        lines = [inputs_of(choose) for _ in range(40)]
        answers = run(program, folder, lines, "--details", *([] if special else ["--no-special"]))
        plain = run(program, folder, [l["text"] for l in lines], *([] if special else ["--no-special"]))
        for line, answer, ids in zip(lines, answers, plain):
            if special and line.get("max_length", 99) < reference.num_special_tokens_to_add("pair" in line):
                continue  # an error here; the reference counts below zero
            theirs = simplified(attempt(lambda: reference_details(reference, line, special)))
            if not same(theirs, simplified(answer)):
                found.append(("details", special, line, theirs, answer))
            only = {"text": line["text"]}
            theirs = attempt(lambda: reference_details(reference, only, special))
            if not same(theirs, {"error": ids["error"]} if isinstance(ids, dict) else {**theirs, "ids": ids}):
                found.append(("ids", special, only, theirs, ids))
            count += 2
    known = sorted(reference.get_vocab().values())
    lines = [[choose.choice(known) for _ in range(choose.randrange(1, 16))] for _ in range(40)]
    for special in (True, False):
        answers = run(program, folder, lines, "--decode", *([] if special else ["--no-special"]))
        for line, answer in zip(lines, answers):
            theirs = attempt(lambda: reference.decode(line, skip_special_tokens=not special))
            if not same(theirs, answer):
                found.append(("decode", special, line, theirs, answer))
            count += 1
    return count, found


def shorten(value):
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) < 600 else text[:600] + "..."


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--most", type=int, default=20, help="differing rounds to print")
    arguments = parser.parse_args()
    begin, count, rounds, bad = time.time(), 0, 0, 0
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 30)
    with tempfile.TemporaryDirectory() as folder:
        while True:
            compared, found = round_of(arguments.program, seed, pathlib.Path(folder))
            count += compared
            rounds += 1
            if found:
                bad += 1
                parts = json.loads((pathlib.Path(folder) / "tokenizer.json").read_text())
                parts = {k: v for k, v in parts.items() if k not in ("version", "truncation", "padding")}
                parts["added_tokens"] = parts["added_tokens"][5:]
                parts["model"] = {k: v for k, v in parts["model"].items() if k not in ("vocab", "merges")}
                print(f"seed {seed}: {len(found)} of {compared} differ")
                for key in parts:
                    print(f"  {key}: {shorten(parts[key])}")
                for kind, special, line, theirs, ours in found[:2]:
                    print(f"  {kind}, special {special}: {shorten(line)}")
                    if isinstance(theirs, dict) and isinstance(ours, dict):
                        for key in theirs:
                            if theirs[key] != ours.get(key):
                                print(f"    {key}: reference {shorten(theirs[key])}\n    found {shorten(ours.get(key, ours))}")
                    else:
                        print(f"    reference {shorten(theirs)}\n    found     {shorten(ours)}")
            if arguments.seed is not None or bad >= arguments.most or time.time() - begin > arguments.seconds:
                break
            seed += 1
    print(f"{rounds} tokenizers, {count} comparisons, {bad} tokenizers with differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
