"""Makes tests/goldens/images.json: small pictures resized by Pillow, and made pixel_values of by transformers'
Pillow-backed image processors.

    python image_processors.py      needs pillow beside requirements.txt: requirements-images.txt
"""

import base64
import json

import numpy
import PIL
import transformers
from PIL import Image

from manifest import GOLDENS

FILTERS = range(6)  # nearest, lanczos, bilinear, bicubic, box, hamming
SIZES = (((9, 14), (5, 6)), ((7, 5), (12, 11)), ((8, 8), (8, 3)), ((8, 6), (13, 6)), ((1, 1), (3, 2)), ((40, 3), (2, 4)), ((12, 9), (4, 5)),
         ((12, 9), (4, 6)))
PROCESSORS = [  # class, options, sizes of pictures
    ("ViTImageProcessor", {"size": {"height": 8, "width": 9}}, ((11, 7),)),
    ("ViTImageProcessor", {"size": 6, "resample": 3, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]}, ((5, 9),)),
    ("ViTImageProcessor", {"do_resize": False, "do_normalize": False}, ((4, 5),)),
    ("ViTImageProcessor", {"size": {"height": 5, "width": 5}, "do_rescale": False}, ((9, 4),)),
    ("DeiTImageProcessor", {"size": {"height": 10, "width": 10}, "crop_size": {"height": 7, "width": 6}}, ((13, 17),)),
    ("CLIPImageProcessor", {"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}}, ((11, 17), (23, 9), (8, 12))),
    ("CLIPImageProcessor", {"size": 7, "crop_size": 10}, ((9, 20), (20, 9))),
    ("SiglipImageProcessor", {"size": {"height": 7, "width": 7}}, ((30, 40),)),
    ("BeitImageProcessor", {"size": {"height": 9, "width": 9}, "do_center_crop": True, "crop_size": {"height": 6, "width": 6}}, ((5, 6),)),
    ("SegformerImageProcessor", {"size": {"height": 6, "width": 9}}, ((12, 10),)),
    ("DPTImageProcessor", {"size": {"height": 8, "width": 8}}, ((12, 10),)),
    ("DPTImageProcessor", {"size": {"height": 12, "width": 12}, "keep_aspect_ratio": True, "ensure_multiple_of": 4},
     ((9, 20), (20, 9), (15, 21), (7, 7))),
    ("DPTImageProcessor", {"do_resize": False, "do_pad": True, "size_divisor": 4}, ((5, 7), (8, 9))),
    ("YolosImageProcessor", {"size": {"shortest_edge": 32, "longest_edge": 80}}, ((9, 20), (20, 9), (30, 31), (32, 50), (12, 40))),
    ("YolosImageProcessor", {"size": 20, "max_size": 36, "pad_size": {"height": 20, "width": 48}}, ((11, 16),)),
    ("ViTImageProcessor", {"size": {"max_height": 8, "max_width": 9}}, ((11, 7), (4, 20))),
    ("ViTImageProcessor", {"size": {"height": 5, "width": 6}, "do_pad": True, "pad_size": {"height": 7, "width": 6}}, ((11, 7),)),
    ("BitImageProcessor", {"size": {"shortest_edge": 9}, "crop_size": {"height": 7, "width": 7}, "rescale_factor": 0.005}, ((12, 10),)),
]


def main():
    random = numpy.random.default_rng(1)
    picture = lambda size: random.integers(0, 256, (*size, 3), dtype=numpy.uint8)
    text = lambda array: base64.b16encode(array.tobytes()).decode()
    resized = []
    for size, wanted in SIZES:
        pixels = picture(size)
        for kind in FILTERS:
            found = numpy.array(Image.fromarray(pixels).resize(wanted[::-1], kind))
            resized.append({"filter": kind, "size": size, "wanted": wanted, "from": text(pixels), "to": text(found)})
    processed = []
    for name, options, sizes in PROCESSORS:
        processor = getattr(transformers, name + "Pil")(**options)
        for size in sizes:
            pixels = picture(size)
            found = processor(Image.fromarray(pixels), return_tensors="np")["pixel_values"][0]
            processed.append({"config": {"image_processor_type": name, **options}, "size": size, "from": text(pixels),
                              "shape": found.shape, "to": [round(float(v), 6) for v in found.flatten()]})
    gray = random.integers(0, 256, (3, 4, 4), dtype=numpy.uint8)
    modes = [{"mode": mode, "size": (3, 4), "channels": channels, "from": text(gray[..., :channels].squeeze()),
              "to": text(numpy.array(Image.fromarray(gray[..., :channels].squeeze()).convert("RGB")))}
             for mode, channels in (("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4))]
    lines = {"resized": resized, "processed": processed, "modes": modes}
    body = ",\n".join(f' "{key}": [\n  ' + ",\n  ".join(map(json.dumps, items)) + "\n ]" for key, items in lines.items())
    reference = f"transformers {transformers.__version__} / pillow {PIL.__version__}"
    (GOLDENS / "images.json").write_text(f'{{\n "reference": "{reference}",\n{body}\n}}\n')


if __name__ == "__main__":
    main()
