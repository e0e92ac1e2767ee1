"""Makes tests/goldens/resampling.json: small maps brought to other sizes by torch.nn.functional.interpolate.

    python resampling.py
"""

import json

import torch

from manifest import GOLDENS

KINDS = (("bilinear", False), ("bicubic", False), ("bicubic", True))
SIZES = (((3, 3), (5, 4)), ((4, 5), (2, 9)), ((9, 8), (3, 2)), ((1, 4), (2, 2)), ((14, 14), (16, 13)))


def main():
    generator = torch.Generator().manual_seed(1)
    lines = []
    for kind, antialias in KINDS:
        for size, wanted in SIZES:
            channels = 3
            x = torch.randn(1, channels, *size, generator=generator)
            y = torch.nn.functional.interpolate(x, size=wanted, mode=kind, align_corners=False, antialias=antialias)
            rows = lambda t: [round(v, 6) for v in t[0].permute(1, 2, 0).flatten().tolist()]
            lines.append(json.dumps({"kind": kind, "antialias": antialias, "size": size, "wanted": wanted,
                                     "channels": channels, "from": rows(x), "to": rows(y)}))
    (GOLDENS / "resampling.json").write_text("[\n  " + ",\n  ".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
