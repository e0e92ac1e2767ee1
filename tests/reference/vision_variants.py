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
    idle      what names of tensors begin with that the options leave unused
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
    idle: tuple[str, ...] = ()


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

SEG_TINY = dict(num_encoder_blocks=2, depths=[1, 1], hidden_sizes=[8, 20], num_attention_heads=[2, 5], patch_sizes=[7, 3],
                strides=[4, 2], sr_ratios=[4, 1], mlp_ratios=[2, 3], decoder_hidden_size=20)
ANY_SIZE = SEEN + ("larger", "wide", "smaller")
SEGFORMER = [
    VisionVariant("segformer", "SegFormer", "SegformerConfig", "SegformerModel",
                  dict(depths=[1, 1, 1, 2], hidden_sizes=[8, 12, 20, 24], num_attention_heads=[1, 2, 5, 3],
                       sr_ratios=[4, 2, 2, 1], mlp_ratios=[2, 2, 1, 2]), SEEN + ("wide",)),
    *classes("segformer", "SegFormer", "SegformerConfig", SEG_TINY, [
        ("rows", "SegformerModel", {"reshape_last_stage": False, "hidden_act": "gelu_new", "num_channels": 1}, ANY_SIZE),
        ("classification", "SegformerForImageClassification", THREE, ANY_SIZE),
        ("segmentation", "SegformerForSemanticSegmentation", {"num_labels": 5}, ANY_SIZE),
    ]),
    VisionVariant("segformer_bf16", "SegFormer", "SegformerConfig", "SegformerForSemanticSegmentation",
                  {**SEG_TINY, "num_labels": 5}, ("picture",), dtype="bfloat16"),
]

YOLOS_TINY = dict(TINY, image_size=[12, 20], num_hidden_layers=3, num_detection_tokens=5)
YOLOS = [
    VisionVariant("yolos", "YOLOS", "YolosConfig", "YolosModel", YOLOS_TINY, ANY_SIZE),
    *classes("yolos", "YOLOS", "YolosConfig", YOLOS_TINY, [
        ("unrepeated", "YolosModel", {"use_mid_position_embeddings": False, "qkv_bias": False, "hidden_act": "gelu_new"},
         SEEN),
        ("detection", "YolosForObjectDetection", THREE, ANY_SIZE),
        ("detection_unrepeated", "YolosForObjectDetection", {**THREE, "use_mid_position_embeddings": False}, SEEN),
    ]),
    VisionVariant("yolos_bf16", "YOLOS", "YolosConfig", "YolosForObjectDetection", {**YOLOS_TINY, **THREE}, ("picture",),
                  dtype="bfloat16"),
]

SQUARE = SEEN + ("larger",)  # the reference takes a map for a square
NECK = dict(neck_hidden_sizes=[6, 8, 10, 12], fusion_hidden_size=14)
DPT_TINY = dict(TINY, num_hidden_layers=4, image_size=16, backbone_out_indices=[0, 1, 2, 3], **NECK)
DPT = [
    VisionVariant("dpt", "DPT", "DPTConfig", "DPTModel", {**DPT_TINY, "pooler_output_size": 11, "pooler_act": "relu"},
                  ANY_SIZE),
    *classes("dpt", "DPT", "DPTConfig", DPT_TINY, [
        ("depth", "DPTForDepthEstimation", {"fusion_hidden_size": 16}, SQUARE),
        ("added", "DPTForDepthEstimation",
         {"readout_type": "add", "backbone_out_indices": [3, 1], "neck_hidden_sizes": [6, 8],
          "reassemble_factors": [2, 0.25], "use_bias_in_fusion_residual": False}, SQUARE),
        ("segmentation", "DPTForSemanticSegmentation",
         {"num_labels": 3, "use_batch_norm_in_fusion_residual": True, "use_bias_in_fusion_residual": True}, SEEN),
        ("segmentation_alone", "DPTForSemanticSegmentation", {"num_labels": 3, "use_auxiliary_head": False},
         ("picture",)),
    ]),
    VisionVariant("dpt_ignored", "DPT", "DPTConfig", "DPTForDepthEstimation",
                  {**DPT_TINY, "readout_type": "ignore", "use_batch_norm_in_fusion_residual": True, "head_in_index": 2,
                   "qkv_bias": False}, SQUARE, notes="of the fused maps the last but one",
                  idle=("neck.reassemble_stage.layers.0.", "neck.convs.0.", "neck.fusion_stage.layers.3.")),
    VisionVariant("dpt_bf16", "DPT", "DPTConfig", "DPTForDepthEstimation", DPT_TINY, ("picture",), dtype="bfloat16"),
]

BACKBONE = dict(DINO_TINY, model_type="dinov2", num_hidden_layers=4, image_size=16, mlp_ratio=2, out_indices=[1, 2, 3, 4],
                reshape_hidden_states=False)
DEPTH_TINY = dict(backbone_config=BACKBONE, patch_size=4, reassemble_hidden_size=24, head_hidden_size=9, **NECK)
DEPTH_ANYTHING = [
    VisionVariant("depth_anything", "Depth Anything", "DepthAnythingConfig", "DepthAnythingForDepthEstimation",
                  DEPTH_TINY, ANY_SIZE),
    *classes("depth_anything", "Depth Anything", "DepthAnythingConfig", DEPTH_TINY, [
        ("metric", "DepthAnythingForDepthEstimation", {"depth_estimation_type": "metric", "max_depth": 20}, ANY_SIZE),
    ]),
    VisionVariant("depth_anything_swiglu", "Depth Anything", "DepthAnythingConfig", "DepthAnythingForDepthEstimation",
                  {**DEPTH_TINY, "backbone_config": {**BACKBONE, "use_swiglu_ffn": True, "apply_layernorm": False,
                                                     "num_hidden_layers": 2, "out_indices": [0, 2]},
                   "neck_hidden_sizes": [6, 8], "head_in_index": 0},
                  notes="the embeddings and the last layer, of the fused maps the first",
                  idle=("backbone.layernorm.", "neck.reassemble_stage.layers.0.", "neck.convs.0.",
                        "neck.fusion_stage.layers.1.")),
    VisionVariant("depth_anything_bf16", "Depth Anything", "DepthAnythingConfig", "DepthAnythingForDepthEstimation",
                  DEPTH_TINY, ("picture",), dtype="bfloat16"),
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

VISION_VARIANTS = VIT + DEIT + DINOV2 + BEIT + MAE + SWIN + SEGFORMER + YOLOS + DPT + DEPTH_ANYTHING + CLIP + SIGLIP
