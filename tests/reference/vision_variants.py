"""The variants of encoders of pictures that the goldens cover: one entry a class or a combination of options, as data.

Sizes are tiny and, where the architecture allows, no multiple of 16. TINY is for the heads of a family, which share its
body; BODY for what differs inside the layers: more patches than a page of 64 keys.
"""

from dataclasses import dataclass
from typing import Any

SEEN = ("picture", "pictures")
SIZED = SEEN + ("larger", "wide", "smaller")  # positions resampled


@dataclass(frozen=True)
class VisionVariant:
    """One checkpoint and the cases run on it.

    name      folder below tests/goldens/vision/
    family    the family's name in the README table
    config    class in transformers; `model` likewise
    options   arguments of the config class
    cases     names of the cases, see vision_cases.py
    dtype     dtype of the file; the reference computes in f32 on the rounded weights
    embedding std of the embeddings, where not the usual one (weights.py)
    room      folder below tests/goldens/: "encoders" for the towers of texts, "dual" for both
    """

    name: str
    family: str
    config: str
    model: str
    options: dict[str, Any]
    cases: tuple[str, ...] = SEEN
    dtype: str = "float32"
    embedding: float | None = None
    notes: str = ""
    room: str = "vision"


TINY = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28, image_size=12,
            patch_size=4)
BODY = dict(hidden_size=40, num_hidden_layers=2, num_attention_heads=4, intermediate_size=44, image_size=36,
            patch_size=4)
THREE = dict(num_labels=3)


def classes(prefix, family, config, tiny, table):
    """A variant for each of a family's classes: (suffix of the folder, class, options, cases)."""
    return [VisionVariant(f"{prefix}_{suffix}", family, config, model, {**tiny, **options}, cases)
            for suffix, model, options, cases in table]


VIT = [
    VisionVariant("vit", "ViT", "ViTConfig", "ViTModel", BODY, SIZED),
    *classes("vit", "ViT", "ViTConfig", TINY, [
        ("options", "ViTModel", {"qkv_bias": False, "hidden_act": "gelu_new", "pooler_act": "relu",
                                 "pooler_output_size": 11, "num_channels": 1, "layer_norm_eps": 1e-6}, SEEN),
        ("classification", "ViTForImageClassification", THREE, SIZED),
        ("masked", "ViTForMaskedImageModeling", {"encoder_stride": 4}, ("masked", "picture")),
        ("stride", "ViTForMaskedImageModeling", {"encoder_stride": 3}, SEEN),
    ]),
    VisionVariant("vit_wide", "ViT", "ViTConfig", "ViTForImageClassification",
                  {**TINY, "image_size": [8, 16], "patch_size": [4, 2]}, notes="neither pictures nor patches are square"),
    VisionVariant("vit_bf16", "ViT", "ViTConfig", "ViTModel", TINY, dtype="bfloat16"),
    VisionVariant("vit_f16", "ViT", "ViTConfig", "ViTForImageClassification", TINY, dtype="float16"),
]
DEIT = [
    VisionVariant("deit", "DeiT", "DeiTConfig", "DeiTModel", BODY, SIZED),
    *classes("deit", "DeiT", "DeiTConfig", TINY, [
        ("classification", "DeiTForImageClassification", THREE, SEEN),
        ("teacher", "DeiTForImageClassificationWithTeacher", THREE, SIZED),
        ("masked", "DeiTForMaskedImageModeling", {"encoder_stride": 4}, ("masked", "picture")),
    ]),
]

DINO_TINY = {key: value for key, value in TINY.items() if key != "intermediate_size"}
DINO_BODY = {key: value for key, value in BODY.items() if key != "intermediate_size"}
ANY = SIZED + ("masked",)
DINOV2 = [
    VisionVariant("dinov2", "DINOv2", "Dinov2Config", "Dinov2Model", {**DINO_BODY, "mlp_ratio": 2}, ANY),
    *classes("dinov2", "DINOv2", "Dinov2Config", {**DINO_TINY, "mlp_ratio": 2}, [
        ("swiglu", "Dinov2Model", {"use_swiglu_ffn": True, "qkv_bias": False}, SEEN),
        ("unmasked", "Dinov2Model", {"use_mask_token": False, "hidden_act": "gelu_new"}, SEEN),
        ("classification", "Dinov2ForImageClassification", THREE, SIZED),
    ]),
    VisionVariant("dinov2_bf16", "DINOv2", "Dinov2Config", "Dinov2Model", {**DINO_TINY, "mlp_ratio": 2},
                  dtype="bfloat16"),
    VisionVariant("dinov2_registers", "DINOv2 with registers", "Dinov2WithRegistersConfig", "Dinov2WithRegistersModel",
                  {**DINO_BODY, "mlp_ratio": 2, "num_register_tokens": 3}, ANY),
    *classes("dinov2_registers", "DINOv2 with registers", "Dinov2WithRegistersConfig", {**DINO_TINY, "mlp_ratio": 2}, [
        ("swiglu", "Dinov2WithRegistersModel", {"use_swiglu_ffn": True}, SEEN),
        ("classification", "Dinov2WithRegistersForImageClassification", THREE, SIZED),
    ]),
]

OWN = dict(use_relative_position_bias=True)
SHARED = dict(use_shared_relative_position_bias=True)
BEIT = [
    VisionVariant("beit", "BEiT", "BeitConfig", "BeitModel", {**BODY, **OWN}, SIZED),
    *classes("beit", "BEiT", "BeitConfig", TINY, [
        ("token", "BeitModel", {"use_mean_pooling": False, "use_mask_token": True, **SHARED,
                                "use_absolute_position_embeddings": True}, ANY),
        ("unscaled", "BeitModel", {"layer_scale_init_value": 0.0, "use_mean_pooling": False}, SEEN),
        ("classification", "BeitForImageClassification", {**THREE, **OWN}, SIZED),
        ("token_classification", "BeitForImageClassification",
         {**THREE, "use_mean_pooling": False, "layer_scale_init_value": 0.0, **SHARED}, SEEN),
        ("unscaled_classification", "BeitForImageClassification",
         {**THREE, "layer_scale_init_value": 0.0, "use_absolute_position_embeddings": True}, SIZED),
        ("masked", "BeitForMaskedImageModeling", {"vocab_size": 31, "use_mask_token": True, **OWN}, ANY),
    ]),
    VisionVariant("beit_bf16", "BEiT", "BeitConfig", "BeitForImageClassification", {**TINY, **OWN}, dtype="bfloat16"),
]

MAE_TINY = dict(TINY, decoder_hidden_size=20, decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
                decoder_intermediate_size=28)
MAE = classes("vit_mae", "ViT-MAE", "ViTMAEConfig", {**MAE_TINY, "image_size": 20}, [
    ("encoder", "ViTMAEModel", {}, SIZED),
    ("half", "ViTMAEModel", {"mask_ratio": 0.45, "qkv_bias": False}, SEEN),
    ("reconstruction", "ViTMAEForPreTraining", {"mask_ratio": 0.6}, SEEN),
])
MAE.append(VisionVariant("vit_mae_bf16", "ViT-MAE", "ViTMAEConfig", "ViTMAEForPreTraining", MAE_TINY, dtype="bfloat16"))

SWIN_TINY = dict(image_size=20, patch_size=2, embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=4, mlp_ratio=2.0)
SWIN = [
    VisionVariant("swin", "Swin", "SwinConfig", "SwinModel",
                  {**SWIN_TINY, "image_size": 32, "depths": [2, 2, 1], "num_heads": [1, 2, 4]}, SIZED,
                  notes="windows of 4: moved ones, padded ones, whole maps"),
    *classes("swin", "Swin", "SwinConfig", SWIN_TINY, [
        ("odd", "SwinModel", {"window_size": 3, "use_absolute_embeddings": True, "qkv_bias": False},
         SEEN + ("larger", "smaller")),
        ("classification", "SwinForImageClassification", {**THREE, "hidden_act": "gelu_new"}, SIZED),
        ("masked", "SwinForMaskedImageModeling", {"encoder_stride": 4, "image_size": 16}, ("masked", "picture")),
    ]),
    VisionVariant("swin_bf16", "Swin", "SwinConfig", "SwinForImageClassification", SWIN_TINY, dtype="bfloat16"),
]

TEXT = dict(vocab_size=53, hidden_size=20, num_hidden_layers=2, num_attention_heads=2, intermediate_size=28,
            max_position_embeddings=18, pad_token_id=1, bos_token_id=49, eos_token_id=50)
LONG = dict(TEXT, max_position_embeddings=90)
TEXTS = ("text", "texts", "unmasked", "given_positions")


def texts(name, family, config, model, options, cases=TEXTS, **rest):
    return VisionVariant(name, family, config, model, options, cases, room="encoders", **rest)


CLIP = [
    texts("clip_text", "CLIP", "CLIPTextConfig", "CLIPTextModel", LONG, TEXTS + ("long_text",)),
    texts("clip_text_greatest", "CLIP", "CLIPTextConfig", "CLIPTextModel", {**TEXT, "eos_token_id": 2},
          notes="an end of 2 stands for the greatest id"),
    texts("clip_text_projection", "CLIP", "CLIPTextConfig", "CLIPTextModelWithProjection",
          {**TEXT, "projection_dim": 11, "hidden_act": "gelu"}),
    texts("clip_text_bf16", "CLIP", "CLIPTextConfig", "CLIPTextModel", TEXT, ("text", "texts"), dtype="bfloat16"),
    VisionVariant("clip_image", "CLIP", "CLIPVisionConfig", "CLIPVisionModel", BODY, SIZED),
    VisionVariant("clip_image_projection", "CLIP", "CLIPVisionConfig", "CLIPVisionModelWithProjection",
                  {**TINY, "projection_dim": 11}, SIZED),
    VisionVariant("clip_classification", "CLIP", "CLIPConfig", "CLIPForImageClassification",
                  {"text_config": TEXT, "vision_config": TINY, "num_labels": 3}),
    VisionVariant("clip", "CLIP", "CLIPConfig", "CLIPModel",
                  {"text_config": TEXT, "vision_config": TINY, "projection_dim": 11}, ("pair", "masked_pair", "larger"), room="dual"),
    VisionVariant("clip_f16", "CLIP", "CLIPConfig", "CLIPModel",
                  {"text_config": TEXT, "vision_config": TINY, "projection_dim": 11}, ("pair",), dtype="float16", room="dual"),
]
SIGLIP = [
    texts("siglip_text", "SigLIP", "SiglipTextConfig", "SiglipTextModel", LONG,
          ("text", "unmasked", "left_texts", "given_positions", "long_text")),
    texts("siglip_text_projection", "SigLIP", "SiglipTextConfig", "SiglipTextModel", {**TEXT, "projection_size": 24},
          ("text", "unmasked")),
    VisionVariant("siglip_image", "SigLIP", "SiglipVisionConfig", "SiglipVisionModel", BODY, SIZED),
    VisionVariant("siglip_headless", "SigLIP", "SiglipVisionConfig", "SiglipVisionModel",
                  {**TINY, "vision_use_head": False, "num_channels": 1}),
    VisionVariant("siglip_classification", "SigLIP", "SiglipConfig", "SiglipForImageClassification",
                  {"text_config": TEXT, "vision_config": TINY, "num_labels": 3}, SIZED),
    VisionVariant("siglip", "SigLIP", "SiglipConfig", "SiglipModel",
                  {"text_config": {**TEXT, "projection_size": 24}, "vision_config": TINY}, ("pair", "larger"), room="dual"),
    VisionVariant("siglip_bf16", "SigLIP", "SiglipConfig", "SiglipModel",
                  {"text_config": {**TEXT, "projection_size": 24}, "vision_config": TINY}, ("pair",), dtype="bfloat16", room="dual"),
]

VISION_VARIANTS = VIT + DEIT + DINOV2 + BEIT + MAE + SWIN + CLIP + SIGLIP
