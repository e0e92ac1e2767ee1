"""Compares chat templates with transformers through the tokenize door: published ones, and random ones.

    python check_chat_templates.py BUILD/examples/tokenize --folder FOLDER       every *.jinja and GGUF in it
    python check_chat_templates.py BUILD/examples/tokenize --random 600 [--seed 1]   random templates for 600 seconds

Each template of a folder meets every conversation of chat_templates.py; a random one meets VARIABLES. Prints each
difference, then a line of counts; status 1 if there was one. What fails has to fail on both sides; the messages of
Python's own exceptions are not compared, those that a template raises are.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import tokenizers
import transformers
from gguf import GGUFReader

from chat_templates import CONVERSATIONS, outcome
from random_templates import RandomTemplates

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


class Ours:
    """The door, with a checkpoint that has special tokens and a template nobody uses."""

    def __init__(self, program):
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "tokenizer_config.json").write_text(json.dumps(SPECIAL | {"chat_template": "unused"}))
        self.process = subprocess.Popen([program, str(folder), "--chat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def render(self, variables):
        self.process.stdin.write(json.dumps(variables) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the program ended with {self.process.wait()}, at {json.dumps(variables)}")
        return json.loads(line)


class Theirs:
    def __init__(self):
        self.tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizers.Tokenizer(
                tokenizers.models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2}, "<unk>")), **SPECIAL)

    def render(self, variables):
        rest = {key: value for key, value in variables.items() if key not in ("messages", "chat_template")}
        return outcome(lambda: self.tokenizer.apply_chat_template(
            variables["messages"], chat_template=variables["chat_template"], tokenize=False, **rest))


def differ(ours, theirs):
    """What is different, or None."""
    if "text" in theirs:
        return None if ours == theirs["text"] else "text"
    if not (isinstance(ours, dict) and "error" in ours):
        return "the reference fails"
    # Our messages are one line, control characters shown as '?'.
    if "raised" in theirs and theirs["raised"].replace("\n", "?") not in ours["error"]:
        return "the message"
    return None


def shown(expected, found):
    """Both from a little before the first difference."""
    expected, found = (value if isinstance(value, str) else json.dumps(value)
                       for value in (expected.get("text", expected), found))
    first = next((i for i, (a, b) in enumerate(zip(expected, found)) if a != b), min(len(expected), len(found)))
    begin = max(0, first - 60)
    return f"  expected {expected[begin:first + 200]!r}\n  found    {found[begin:first + 200]!r}"


def templates_of(folder):
    for path in sorted(folder.rglob("*.jinja")):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted(folder.rglob("*.gguf")):
        for field in GGUFReader(path).fields.values():
            if field.name.startswith("tokenizer.chat_template") and field.types[-1].name == "STRING":
                yield f"{path.name} {field.name}", bytes(field.parts[field.data[0]]).decode("utf-8", "replace")


def cases(arguments):
    """Pairs of a name and variables."""
    if arguments.folder:
        for name, source in templates_of(arguments.folder):
            for conversation, variables in CONVERSATIONS.items():
                yield f"{name}, {conversation}", variables | {"chat_template": source}
    if arguments.random:
        templates = RandomTemplates(arguments.seed)
        end = time.monotonic() + arguments.random
        while time.monotonic() < end:
            source = templates.template()
            yield repr(source), templates.VARIABLES | {"messages": [{"role": "user", "content": "x"}],
                                                       "chat_template": source}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--random", type=float, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=20, help="differences to print, the shortest first")
    arguments = parser.parse_args()
    ours, theirs = Ours(arguments.program), Theirs()
    count = texts = 0
    differences = []
    for name, variables in cases(arguments):
        expected, found = theirs.render(variables), ours.render(variables)
        count += 1
        texts += "text" in expected
        what = differ(found, expected)
        if what is None:
            continue
        if " at 0x" in expected.get("text", "").lower():
            continue  # where an object lies in memory
        differences.append(f"--- {name}: {what}\n{shown(expected, found)}")
    for difference in sorted(differences, key=len)[:arguments.most]:
        print(difference)
    print(f"{count} renderings, {texts} of them texts, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
