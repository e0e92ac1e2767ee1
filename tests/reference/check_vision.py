"""Compares encoders of pictures of published sizes, with random weights, with the reference: sizes find what toys hide.

    python check_vision.py FORWARD [NAME ...]      FORWARD: build/examples/forward

Prints the greatest difference of each output, relative to its largest magnitude.
"""

import pathlib
import sys
import tempfile

import torch
import transformers

from check_encoders import compare
from make_decoders import seed_of
from vision_cases import make_inputs, outputs
from weights import randomize

CLIP_TEXT = dict(vocab_size=49408)
MODELS = {
    "vit-b-16": ("ViTConfig", "ViTForImageClassification", dict(num_labels=1000), "pictures"),
    "vit-b-16-larger": ("ViTConfig", "ViTModel", {}, "wide"),
    "deit-s-16": ("DeiTConfig", "DeiTForImageClassificationWithTeacher",
                  dict(hidden_size=384, num_attention_heads=6, intermediate_size=1536, num_labels=1000), "picture"),
    "dinov2-b-14": ("Dinov2Config", "Dinov2Model", dict(image_size=518), "smaller"),
    "dinov2-g-14-2": ("Dinov2Config", "Dinov2Model", dict(hidden_size=1536, num_attention_heads=24, use_swiglu_ffn=True,
                                                          num_hidden_layers=2), "picture"),
    "dinov2-registers-s-14": ("Dinov2WithRegistersConfig", "Dinov2WithRegistersModel",
                              dict(hidden_size=384, num_attention_heads=6, patch_size=14, image_size=518), "smaller"),
    "beit-b-16": ("BeitConfig", "BeitForImageClassification", dict(use_relative_position_bias=True, num_labels=1000),
                  "pictures"),
    "vit-mae-b-16": ("ViTMAEConfig", "ViTMAEForPreTraining", {}, "picture"),
    "swin-t": ("SwinConfig", "SwinForImageClassification", dict(num_labels=1000), "pictures"),
    "swin-t-wide": ("SwinConfig", "SwinModel", {}, "wide"),
    "segformer-b0": ("SegformerConfig", "SegformerForSemanticSegmentation", dict(num_labels=150), "photograph"),
    "yolos-tiny": ("YolosConfig", "YolosForObjectDetection",
                   dict(hidden_size=192, num_attention_heads=3, intermediate_size=768, image_size=[800, 1344],
                        use_mid_position_embeddings=False, num_labels=91), "photograph"),
    "yolos-s": ("YolosConfig", "YolosForObjectDetection",
                dict(hidden_size=384, num_attention_heads=6, intermediate_size=1536, image_size=[800, 1344],
                     num_labels=91), "photograph"),
    "dpt-large": ("DPTConfig", "DPTForDepthEstimation",
                  dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
                       backbone_out_indices=[5, 11, 17, 23], neck_hidden_sizes=[256, 512, 1024, 1024],
                       add_projection=True), "picture"),
    "depth-anything-s": ("DepthAnythingConfig", "DepthAnythingForDepthEstimation", {}, "picture"),
    "clip-vit-b-32": ("CLIPConfig", "CLIPModel", dict(text_config=CLIP_TEXT), "pair"),
    "siglip-b-16": ("SiglipConfig", "SiglipModel", dict(text_config=dict(bos_token_id=1, eos_token_id=2)), "pair"),
}


def check(name, forward, folder):
    config_class, model_class, options, case = MODELS[name]
    config = getattr(transformers, config_class)(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).eval()
    randomize(model, seed_of(name))
    for key, p in model.named_parameters():  # at this width 1.5 / sqrt(fan-in) saturates every softmax
        if p.ndim == 2 and ("q_proj" in key or "k_proj" in key):
            p.data.mul_(0.5)
    model.save_pretrained(folder)
    return compare(name, model, make_inputs(case, model, seed_of(name)), outputs, forward, folder)


def main():
    forward, *names = sys.argv[1:]
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    good = True
    for name in names or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            good = check(name, forward, pathlib.Path(folder)) and good
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
