"""The variants of speech models that the goldens cover: one entry a class or a combination of options, as data.

Sizes are tiny and, where the architecture allows, no multiple of 16. BODY is for what differs inside the layers, TINY
for the heads of a family, which share its body.
"""

from dataclasses import dataclass, field
from typing import Any

HEARD = ("sound", "sounds")
DECODED = ("sound", "sounds", "masked", "left_padded", "positions", "embeddings")
MASKED = ("sound", "sounds", "masked")


@dataclass(frozen=True)
class SpeechVariant:
    """One checkpoint and the cases run on it.

    name      folder below tests/goldens/speech/
    family    the family's name in the README table
    config    class in transformers; `model` likewise
    options   arguments of the config class
    cases     names of the cases, see speech_cases.py
    dtype     dtype of the file; the reference computes in f32 on the rounded weights
    renamed   parts of tensor names as older files spell them
    generate  also make generate.json
    embedding std of the embedding, where not the usual one (weights.py)
    samples   of a waveform, where not the usual number (speech_cases.py)
    """

    name: str
    family: str
    config: str
    model: str
    options: dict[str, Any]
    cases: tuple[str, ...] = MASKED
    dtype: str = "float32"
    renamed: dict[str, str] = field(default_factory=dict)
    generate: bool = False
    embedding: float | None = None
    samples: int = 700
    notes: str = ""


THREE = dict(num_labels=3)


def classes(prefix, family, config, tiny, table):
    """A variant for each of a family's classes: (suffix of the folder, class, options, cases)."""
    return [SpeechVariant(f"{prefix}_{suffix}", family, config, model, {**tiny, **options}, cases, samples=320)
            for suffix, model, options, cases in table]


IDS = dict(pad_token_id=1, bos_token_id=1, eos_token_id=1, decoder_start_token_id=2, begin_suppress_tokens=None)
WHISPER_BODY = dict(vocab_size=61, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
                    decoder_attention_heads=4, encoder_ffn_dim=28, decoder_ffn_dim=24, num_mel_bins=5,
                    max_source_positions=70, max_target_positions=40, **IDS)
WHISPER_TINY = {**WHISPER_BODY, "decoder_attention_heads": 3, "max_source_positions": 14}
WHISPER = [
    SpeechVariant("whisper", "Whisper", "WhisperConfig", "WhisperForConditionalGeneration", WHISPER_BODY, DECODED,
                  generate=True),
    SpeechVariant("whisper_bf16", "Whisper", "WhisperConfig", "WhisperForConditionalGeneration", WHISPER_TINY, HEARD,
                  "bfloat16"),
    SpeechVariant("whisper_f16", "Whisper", "WhisperConfig", "WhisperForConditionalGeneration",
                  {**WHISPER_TINY, "scale_embedding": True, "activation_function": "relu"}, HEARD, "float16"),
    SpeechVariant("whisper_base", "Whisper", "WhisperConfig", "WhisperModel", WHISPER_TINY, ("sounds", "masked")),
    *classes("whisper", "Whisper", "WhisperConfig", WHISPER_TINY, [
        ("classification", "WhisperForAudioClassification", {**THREE, "classifier_proj_size": 9}, HEARD),
        ("weighted", "WhisperForAudioClassification",
         {**THREE, "classifier_proj_size": 9, "use_weighted_layer_sum": True}, HEARD),
    ]),
]


CONVOLUTIONS = dict(conv_dim=[10, 12, 14], conv_kernel=[10, 3, 2], conv_stride=[5, 2, 2])
WAVE_BODY = dict(hidden_size=36, num_hidden_layers=3, num_attention_heads=4, intermediate_size=44, vocab_size=21,
                 num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=3, **CONVOLUTIONS)
WAVE_TINY = {**WAVE_BODY, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 28,
             "num_conv_pos_embeddings": 5, "num_conv_pos_embedding_groups": 2, "conv_dim": [8, 9],
             "conv_kernel": [10, 3], "conv_stride": [5, 3]}
STABLE = dict(do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True)
OLD_NAMES = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
SUMMED = {**THREE, "classifier_proj_size": 9, "use_weighted_layer_sum": True}
SPEAKER = dict(tdnn_dim=[11, 11, 13], tdnn_kernel=[3, 2, 1], tdnn_dilation=[1, 3, 1], xvector_output_dim=7, num_labels=5)
LONG = ("long", "sounds", "masked")


def waveforms(prefix, family, config):
    """What wav2vec 2.0 and its heirs have in common."""
    return [
        SpeechVariant(prefix, family, config, f"{config[:-6]}Model", WAVE_BODY, LONG),
        SpeechVariant(f"{prefix}_stable", family, config, f"{config[:-6]}Model", {**WAVE_BODY, **STABLE}, LONG,
                      renamed=OLD_NAMES),
        SpeechVariant(f"{prefix}_bf16", family, config, f"{config[:-6]}ForCTC", {**WAVE_TINY, **STABLE}, HEARD,
                      "bfloat16", samples=320),
        *classes(prefix, family, config, WAVE_TINY, [
            ("ctc", f"{config[:-6]}ForCTC", {"hidden_act": "gelu_new", "feat_extract_activation": "relu"}, MASKED),
            ("classification", f"{config[:-6]}ForSequenceClassification", {**THREE, "classifier_proj_size": 9}, MASKED),
            ("summed", f"{config[:-6]}ForSequenceClassification", SUMMED, MASKED),
            ("stable_summed", f"{config[:-6]}ForSequenceClassification", {**SUMMED, **STABLE}, MASKED),
        ]),
    ]


def frames(prefix, family, config):
    return classes(prefix, family, config, WAVE_TINY, [
        ("frames", f"{config[:-6]}ForAudioFrameClassification", THREE, MASKED),
        ("frames_summed", f"{config[:-6]}ForAudioFrameClassification", {**SUMMED, **STABLE}, HEARD),
        ("speaker", f"{config[:-6]}ForXVector", SPEAKER, HEARD),
    ])


BUCKETS = dict(num_buckets=20, max_bucket_distance=30)
WAVEFORMS = [
    *waveforms("wav2vec2", "Wav2Vec2", "Wav2Vec2Config"), *frames("wav2vec2", "Wav2Vec2", "Wav2Vec2Config"),
    SpeechVariant("wav2vec2_adapted", "Wav2Vec2", "Wav2Vec2Config", "Wav2Vec2ForCTC",
                  {**WAVE_TINY, **STABLE, "adapter_attn_dim": 7}, HEARD, samples=320),
    *waveforms("hubert", "HuBERT", "HubertConfig"),
    SpeechVariant("hubert_adapted", "HuBERT", "HubertConfig", "HubertModel",
                  {**WAVE_TINY, **STABLE, "adapter_attn_dim": 7}, HEARD, samples=320),
    SpeechVariant("hubert_unnormed", "HuBERT", "HubertConfig", "HubertModel",
                  {**WAVE_TINY, "feat_proj_layer_norm": False}, HEARD, "float16"),
    *waveforms("wavlm", "WavLM", "WavLMConfig"), *frames("wavlm", "WavLM", "WavLMConfig"),
]
for variant in WAVEFORMS:
    if variant.family == "WavLM":
        variant.options.update(BUCKETS)

AST_BODY = dict(hidden_size=40, num_hidden_layers=2, num_attention_heads=4, intermediate_size=44, patch_size=4,
                frequency_stride=3, time_stride=2, max_length=37, num_mel_bins=13)
AST_TINY = {**AST_BODY, "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 28, "max_length": 15}
SPECTROGRAMS = [
    SpeechVariant("ast", "AST", "ASTConfig", "ASTModel", AST_BODY, HEARD),
    SpeechVariant("ast_bf16", "AST", "ASTConfig", "ASTModel", {**AST_TINY, "qkv_bias": False, "hidden_act": "relu"},
                  HEARD, "bfloat16"),
    SpeechVariant("ast_classification", "AST", "ASTConfig", "ASTForAudioClassification", {**AST_TINY, **THREE}, HEARD),
]

MOONSHINE_BODY = dict(vocab_size=61, hidden_size=24, encoder_num_hidden_layers=2, decoder_num_hidden_layers=2,
                      encoder_num_attention_heads=2, decoder_num_attention_heads=2, intermediate_size=28,
                      rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.9),
                      pad_token_id=2, eos_token_id=60)
MOONSHINE_TINY = {**MOONSHINE_BODY, "attention_bias": True}
MOONSHINE = [
    SpeechVariant("moonshine", "Moonshine", "MoonshineConfig", "MoonshineForConditionalGeneration", MOONSHINE_BODY,
                  ("long", "sounds", "left_padded", "positions", "embeddings"), samples=2200, generate=True),
    SpeechVariant("moonshine_f16", "Moonshine", "MoonshineConfig", "MoonshineModel", MOONSHINE_TINY, MASKED,
                  "float16", samples=2200),
]

SPEECH_VARIANTS = [*WHISPER, *WAVEFORMS, *SPECTROGRAMS, *MOONSHINE]
