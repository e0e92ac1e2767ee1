"""Makes tests/goldens/image_pipelines/detect, segment and depth: tiny checkpoints with processors, and what the
reference's processors make of the models' outputs for tests/goldens/pictures/.

    python make_dense_pipelines.py      after make_image_pipelines.py, with the same packages

Each folder has expected.json as make_image_pipelines.py describes it. Of maps the sums are kept: of classes how
many pixels each has, and of how many pixels the greatest logit is hardly greater than the next one.
"""

import numpy
import torch
import transformers
from PIL import Image, ImageOps

from make_image_pipelines import PICTURES, TINY, names, save
from make_pipelines import write


def each(folder, model):
    """Of each picture its size and what the model puts out; None where the reference takes no such picture."""
    network = getattr(transformers, model).from_pretrained(folder, attn_implementation="eager").eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    for name in names():
        picture = ImageOps.exif_transpose(Image.open(PICTURES / name)).convert("RGB")
        inputs = processor(images=picture, return_tensors="pt")
        with torch.no_grad():
            yield processor, picture.size[::-1], network(pixel_values=inputs["pixel_values"])


def detect(folder, model, thresholds):
    calls = []
    for threshold in thresholds:
        outputs = []
        for processor, size, out in each(folder, model):
            found = processor.post_process_object_detection(out, threshold=threshold, target_sizes=[size])[0]
            outputs.append([{"label": f"LABEL_{i}", "score": float(s), "box": dict(zip(("xmin", "ymin", "xmax", "ymax"), map(float, box)))}
                            for s, i, box in zip(found["scores"], found["labels"], found["boxes"])])
        calls.append({"options": {"threshold": threshold}, "inputs": names(), "outputs": outputs})
    write(folder, calls)


def segment(folder, model):
    outputs = []
    for processor, size, out in each(folder, model):
        found = processor.post_process_semantic_segmentation(out, target_sizes=[size])[0]
        scores = torch.nn.functional.interpolate(out.logits, size=size, mode="bilinear", align_corners=False)[0]
        best = scores.topk(2, dim=0).values
        sure = (best[0] - best[1] > 1e-2 * out.logits.abs().max()).numpy()
        map_ = numpy.array(found)
        areas = {int(i): int((map_ == i).sum()) for i in numpy.unique(map_)}
        outputs.append({"height": size[0], "width": size[1], "unsure": int((~sure).sum()),
                        "areas": [[i, n] for i, n in sorted(areas.items(), key=lambda a: -a[1])]})
    write(folder, [{"options": {}, "inputs": names(), "outputs": outputs}])


def depth(folder, model):
    outputs = []
    for processor, size, out in each(folder, model):
        found = processor.post_process_depth_estimation(out, target_sizes=[size])[0]["predicted_depth"].reshape(size)
        outputs.append({"height": size[0], "width": size[1], "least": float(found.min()), "greatest": float(found.max()),
                        "mean": float(found.double().mean())})
    write(folder, [{"options": {}, "inputs": names(), "outputs": outputs}])


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    yolos = save("detect", "YolosForObjectDetection",
                 transformers.YolosConfig(**{**TINY, "image_size": [16, 24], "num_detection_tokens": 6}, num_labels=4),
                 {"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 24, "longest_edge": 40}}, 11)
    detect(yolos, "YolosForObjectDetection", [0.5, 0.0])
    segformer = save("segment", "SegformerForSemanticSegmentation",
                     transformers.SegformerConfig(num_encoder_blocks=2, depths=[1, 1], hidden_sizes=[8, 20],
                                                  num_attention_heads=[2, 5], patch_sizes=[7, 3], strides=[4, 2],
                                                  sr_ratios=[4, 1], mlp_ratios=[2, 3], decoder_hidden_size=20,
                                                  num_labels=5),
                     {"image_processor_type": "SegformerImageProcessor", "size": {"height": 32, "width": 48}}, 12)
    segment(segformer, "SegformerForSemanticSegmentation")
    dpt = save("depth", "DepthAnythingForDepthEstimation", transformers.DepthAnythingConfig(
        backbone_config=dict(model_type="dinov2", hidden_size=24, num_hidden_layers=2, num_attention_heads=3, patch_size=4,
                             image_size=16, mlp_ratio=2, out_indices=[1, 2], reshape_hidden_states=False),
        patch_size=4, reassemble_hidden_size=24, neck_hidden_sizes=[6, 8], reassemble_factors=[2, 0.5],
        fusion_hidden_size=10, head_hidden_size=9),
               {"image_processor_type": "DPTImageProcessor", "size": {"height": 24, "width": 24},
                "ensure_multiple_of": 4, "keep_aspect_ratio": True}, 13)
    depth(dpt, "DepthAnythingForDepthEstimation")


if __name__ == "__main__":
    main()
