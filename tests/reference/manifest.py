"""tests/goldens/manifest.json: the list that drives the golden tests and the README's table."""

import json
from pathlib import Path

GOLDENS = Path(__file__).resolve().parent.parent / "goldens"
DECODERS = GOLDENS / "decoders"
ENCODERS = GOLDENS / "encoders"
SEQ2SEQ = GOLDENS / "seq2seq"
PATH = GOLDENS / "manifest.json"
KEYS = ("name", "family", "architecture", "format", "dtype", "path", "inputs", "outputs", "tolerance", "reference",
        "notes")
TOLERANCE = 2e-4


def reference():
    import torch
    import transformers
    return f"transformers {transformers.__version__} / torch {torch.__version__.split('+')[0]}, eager, f32"


def _relative(value):
    return value.relative_to(GOLDENS).as_posix() if isinstance(value, Path) else value


def read():
    return json.loads(PATH.read_text()) if PATH.exists() else []


def update(entries, replacing):
    """Puts entries in the place of those that replacing() names; paths become relative to tests/goldens/."""
    kept = [e for e in read() if not replacing(e)]
    for entry in entries:
        full = {"tolerance": TOLERANCE, "reference": reference(), "notes": "", **entry}
        kept.append({key: _relative(full[key]) for key in KEYS})
    kept.sort(key=lambda e: (e["format"], e["path"], e["name"]))
    PATH.write_text("[\n" + ",\n".join("  " + json.dumps(e) for e in kept) + "\n]\n")
