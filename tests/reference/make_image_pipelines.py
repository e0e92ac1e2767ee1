"""Makes tests/goldens/pictures/ and tests/goldens/image_pipelines/: small drawn pictures in many formats, tiny checkpoints
with processors, and what the reference's pipelines answer.

    python make_image_pipelines.py      needs pillow beside requirements.txt: requirements-images.txt

Each folder has expected.json: a list of calls, {"options": {...}, "inputs": [names of pictures], "outputs": [...]}, in the
words of the programs under examples/. pictures/pixels.json has of each picture the size and a few pixels as
exif_transpose and convert("RGB") make them.
"""

import json
import shutil

import numpy
import torch
import transformers
from PIL import Image, ImageDraw, ImageOps

from make_pipelines import byte_level, write
from manifest import GOLDENS
from weights import randomize

PICTURES = GOLDENS / "pictures"
OUT = GOLDENS / "image_pipelines"
TINY = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28, image_size=16, patch_size=4)
LABELS = ["cat", "dog", "a red house", "nothing"]


def drawing(width=40, height=30):
    """Nothing of it is like its mirror image."""
    picture = Image.new("RGB", (width, height), (70, 120, 200))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 2 // 3, width, height), fill=(40, 140, 50))
    draw.polygon([(4, 20), (14, 6), (22, 20)], fill=(190, 60, 40))
    draw.ellipse((27, 2, 36, 11), fill=(250, 230, 90), outline=(255, 120, 0))
    draw.line((2, height - 3, width - 9, height - 8), fill=(255, 255, 255), width=2)
    return picture


def make_pictures():
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    base = drawing()
    base.save(PICTURES / "rgb.png")
    base.convert("L").save(PICTURES / "gray.png")
    base.convert("L").resize((9, 7)).save(PICTURES / "gray.jpg", quality=92)
    base.quantize(12).save(PICTURES / "palette.png")
    base.quantize(12).save(PICTURES / "palette.gif")
    base.convert("1").save(PICTURES / "black_and_white.png")
    base.save(PICTURES / "rgb.bmp")
    alpha = base.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(base.size))
    alpha.save(PICTURES / "alpha.png")
    alpha.convert("LA").save(PICTURES / "gray_alpha.png")
    Image.fromarray((numpy.arange(20 * 24).reshape(20, 24)).astype(numpy.uint16)).save(PICTURES / "gray16.png")
    base.save(PICTURES / "rgb.jpg", quality=95, subsampling=0)
    base.save(PICTURES / "progressive.jpg", quality=90, progressive=True)
    base.save(PICTURES / "lossless.webp", lossless=True)
    base.save(PICTURES / "lossy.webp", quality=90)
    Image.new("RGB", (1, 1), (9, 200, 31)).save(PICTURES / "one_pixel.png")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        base.save(PICTURES / f"turned_{orientation}.jpg", quality=95, subsampling=0, exif=exif)
    for name in ("turned_6.png", "turned_8.webp"):
        exif = Image.Exif()
        exif[0x0112] = int(name[7])
        base.save(PICTURES / name, exif=exif, **({"lossless": True} if name.endswith("webp") else {}))
    pixels = {}
    for path in sorted(PICTURES.iterdir()):
        found = numpy.array(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        pixels[path.name] = {"height": found.shape[0], "width": found.shape[1],
                             "pixels": [[y, x, *map(int, found[y, x])] for y in range(0, found.shape[0], 4)
                                        for x in range(0, found.shape[1], 5)]}
    (PICTURES / "pixels.json").write_text("{\n" + ",\n".join(f' "{k}": {json.dumps(v)}' for k, v in pixels.items()) + "\n}\n")


def save(name, model, config, processor, seed, tokenizer=None):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    network = getattr(transformers, model)(config).eval()
    randomize(network, seed)
    for scale in ("logit_scale", "logit_bias"):
        if hasattr(network, scale):
            getattr(network, scale).data.fill_(1.3 if scale == "logit_scale" else -0.7)
    network.save_pretrained(folder)
    options = dict(processor)
    kind = options.pop("image_processor_type")
    getattr(transformers, kind + "Pil")(**options).save_pretrained(folder)
    if tokenizer:
        tokenizer.save_pretrained(folder)
        if model == "SiglipModel":  # as SigLIP's own, for which padding counts
            path = folder / "tokenizer_config.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"model_input_names": ["input_ids"]}, indent=2) + "\n")
        (folder / "vocab.json").unlink(missing_ok=True)
        (folder / "merges.txt").unlink(missing_ok=True)
    return folder


def names():
    return [path.name for path in sorted(PICTURES.iterdir()) if path.suffix != ".json"]


def files():
    return [str(PICTURES / name) for name in names()]


def labelled(answer):
    return [{"label": one["label"], "score": one["score"]} for one in answer]


def classify(name, model, config, processor, seed):
    folder = save(name, model, config, processor, seed)
    pipe = transformers.pipeline("image-classification", str(folder))
    write(folder, [{"options": {}, "inputs": names(), "outputs": [labelled(pipe(f, top_k=99)) for f in files()]}])


def zero_shot(name, model, config, processor, seed, tokenizer):
    folder = save(name, model, config, processor, seed, tokenizer)
    pipe = transformers.pipeline("zero-shot-image-classification", str(folder))
    calls = []
    for labels, template in ((LABELS, None), (LABELS[:2], "{} 7"), (LABELS[2:3], None)):
        options = {"labels": labels} | ({"template": template} if template else {})
        more = {"hypothesis_template": template} if template else {}
        calls.append({"options": options, "inputs": names(),
                      "outputs": [labelled(pipe(f, candidate_labels=labels, **more)) for f in files()]})
    write(folder, calls)


def embed(name, model, config, processor, seed, calls):
    """calls: the programs' options and what they make of the pipeline's answers."""
    folder = save(name, model, config, processor, seed)
    pipe = transformers.pipeline("image-feature-extraction", str(folder))
    write(folder, [{"options": options, "inputs": names(),
                    "outputs": [[float(v) for v in numpy.array(of(pipe, f), dtype=numpy.float32)] for f in files()]}
                   for options, of in calls])


def pooled(pipe, file):
    return pipe(file, pool=True)[0]


def first(pipe, file):
    return pipe(file)[0][0]


def mean(pipe, file):
    return torch.tensor(pipe(file)[0])[1:].mean(0).tolist()


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    make_pictures()
    ids = {i: label for i, label in enumerate(("house", "sun", "meadow"))}
    vit = {"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}}
    clip = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 16},
            "crop_size": {"height": 16, "width": 16}}
    classify("classify_image", "ViTForImageClassification", transformers.ViTConfig(**TINY, id2label=ids), vit, 1)
    classify("classify_image_independent", "Dinov2ForImageClassification",
             transformers.Dinov2Config(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, mlp_ratio=2, patch_size=4,
                                       image_size=16, id2label=ids, problem_type="multi_label_classification"),
             dict(clip, image_processor_type="BitImageProcessor"), 2)
    classify("classify_image_teacher", "DeiTForImageClassificationWithTeacher", transformers.DeiTConfig(**TINY, id2label=ids),
             {"image_processor_type": "DeiTImageProcessor", "size": {"height": 20, "width": 20},
              "crop_size": {"height": 16, "width": 16}}, 3)
    tokenizer = byte_level()
    text = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28, vocab_size=len(tokenizer),
                bos_token_id=0, pad_token_id=1)
    zero_shot("zero_shot_image_clip", "CLIPModel", transformers.CLIPConfig(
        text_config=dict(text, max_position_embeddings=48, eos_token_id=tokenizer.eos_token_id), vision_config=TINY,
        projection_dim=20), clip, 4, tokenizer)
    zero_shot("zero_shot_image_siglip", "SiglipModel", transformers.SiglipConfig(
        text_config=dict(text, max_position_embeddings=64, projection_size=24), vision_config=TINY),
        {"image_processor_type": "SiglipImageProcessor", "size": {"height": 16, "width": 16}}, 5, tokenizer)
    embed("embed_image", "ViTModel", transformers.ViTConfig(**TINY), vit, 6,
          [({}, pooled), ({"pooling": "pooler"}, pooled), ({"pooling": "first"}, first), ({"pooling": "mean"}, mean)])


if __name__ == "__main__":
    main()
