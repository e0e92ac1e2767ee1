"""The encoder-decoder variants the goldens cover: one entry a class or a combination of options, as data.

Sizes are tiny and, where the architecture allows, no multiple of 16. BODY is for what differs inside the layers, TINY
for the heads of a family.
"""

from dataclasses import dataclass, field
from typing import Any

PADDED = ("plain", "right_padded", "left_padded")
OWN = ("own", "own_padded")


@dataclass(frozen=True)
class Seq2SeqVariant:
    """One checkpoint and the cases run on it.

    name      folder below tests/goldens/seq2seq/, of a class that is an encoder alone below tests/goldens/encoders/
    family    the family's name in the README table
    config    class in transformers; `model` likewise
    options   arguments of the config class
    cases     names of the cases, see seq2seq_cases.py
    dtype     dtype of the file; the reference computes in f32 on the rounded weights
    untied    the head over the vocabulary has a table of its own, whatever the config says
    keys      of config.json, as published: replaced, or with None left out
    dropped   tensors whose names contain one of these are left out of the file
    generate  also make generate.json
    embedding std of the embedding, where not the usual one (weights.py)
    """

    name: str
    family: str
    config: str
    model: str
    options: dict[str, Any]
    cases: tuple[str, ...] = PADDED
    dtype: str = "float32"
    untied: bool = False
    keys: dict[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    generate: bool = False
    embedding: float | None = None
    notes: str = ""


def heads(prefix, family, config, base, classes):
    """A variant for each class: (suffix, class, options beside the base, cases)."""
    return [Seq2SeqVariant(f"{prefix}_{suffix}", family, config, model, {**base, **options}, cases)
            for suffix, model, options, cases in classes]


THREE = {"num_labels": 3}

BART_BODY = dict(vocab_size=97, d_model=36, encoder_layers=2, decoder_layers=2, encoder_attention_heads=6,
                 decoder_attention_heads=4, encoder_ffn_dim=40, decoder_ffn_dim=56, max_position_embeddings=80)
BART_TINY = dict(vocab_size=53, d_model=24, encoder_layers=1, decoder_layers=2, encoder_attention_heads=3,
                 decoder_attention_heads=2, encoder_ffn_dim=28, decoder_ffn_dim=20, max_position_embeddings=30)
ALL = PADDED + ("long", "holes", "embeddings")


def bart(prefix, family, name, base=BART_TINY, own=OWN, **rest):
    config = f"{name}Config"
    return heads(prefix, family, config, {**base, **rest}, [
        ("base", f"{name}Model", {"activation_function": "relu"}, PADDED + own),
        ("classification", f"{name}ForSequenceClassification", THREE, PADDED + own),
        ("answer", f"{name}ForQuestionAnswering", {}, PADDED + own),
    ])


def generating(name, family, config, model, options, cases=ALL, **rest):
    if options.get("scale_embedding", model.startswith("M2M100")):
        rest["embedding"] = 0.1
    return Seq2SeqVariant(name, family, config, model, options, cases, generate=True, **rest)


BART = [
    generating("bart", "BART", "BartConfig", "BartForConditionalGeneration", BART_BODY, ALL + OWN),
    *bart("bart", "BART", "Bart"),
    generating("bart_scaled", "BART", "BartConfig", "BartForConditionalGeneration",
               {**BART_TINY, "scale_embedding": True, "activation_function": "gelu_new"}, PADDED, dtype="bfloat16",
               dropped=("final_logits_bias",)),
    Seq2SeqVariant("bart_untied", "BART", "BartConfig", "BartForConditionalGeneration",
                   {**BART_TINY, "tie_word_embeddings": False}, dtype="float16"),
]
MBART = [
    generating("mbart", "mBART", "MBartConfig", "MBartForConditionalGeneration",
               {**BART_BODY, "scale_embedding": True, "decoder_start_token_id": 2}, ALL + OWN),
    *bart("mbart", "mBART", "MBart"),
    Seq2SeqVariant("mbart_bf16", "mBART", "MBartConfig", "MBartForConditionalGeneration",
                   {**BART_TINY, "activation_function": "relu"}, PADDED, dtype="bfloat16"),
]
PEGASUS = [
    generating("pegasus", "PEGASUS", "PegasusConfig", "PegasusForConditionalGeneration",
               {**BART_BODY, "scale_embedding": True, "activation_function": "relu"}),
    Seq2SeqVariant("pegasus_base", "PEGASUS", "PegasusConfig", "PegasusModel", BART_TINY),
    Seq2SeqVariant("pegasus_f16", "PEGASUS", "PegasusConfig", "PegasusForConditionalGeneration",
                   {**BART_TINY, "d_model": 30}, PADDED, dtype="float16", dropped=("embed_positions",),
                   notes="without the table of positions"),
]
MARIAN_IDS = dict(pad_token_id=3, decoder_start_token_id=3, eos_token_id=0)
MARIAN = [
    generating("marian", "Marian", "MarianConfig", "MarianMTModel",
               {**BART_BODY, **MARIAN_IDS, "scale_embedding": True, "activation_function": "swish"}),
    Seq2SeqVariant("marian_base", "Marian", "MarianConfig", "MarianModel", {**BART_TINY, **MARIAN_IDS}),
    generating("marian_two_vocabularies", "Marian", "MarianConfig", "MarianMTModel",
               {**BART_TINY, **MARIAN_IDS, "share_encoder_decoder_embeddings": False, "decoder_vocab_size": 71},
               PADDED),
    Seq2SeqVariant("marian_untied", "Marian", "MarianConfig", "MarianMTModel",
                   {**BART_TINY, **MARIAN_IDS, "share_encoder_decoder_embeddings": False, "decoder_vocab_size": 61,
                    "tie_word_embeddings": False}, PADDED, dtype="bfloat16"),
]
M2M_100 = [
    generating("m2m_100", "M2M-100", "M2M100Config", "M2M100ForConditionalGeneration",
               {**BART_BODY, "max_position_embeddings": 60}, ALL + ("padding_inside",),
               notes="long: past max_position_embeddings"),
    Seq2SeqVariant("m2m_100_base", "M2M-100", "M2M100Config", "M2M100Model",
                   {**BART_TINY, "scale_embedding": False, "activation_function": "gelu"}),
    Seq2SeqVariant("m2m_100_bf16", "M2M-100", "M2M100Config", "M2M100ForConditionalGeneration", BART_TINY, PADDED,
                   dtype="bfloat16"),
]
BLENDERBOT = [
    generating("blenderbot", "Blenderbot", "BlenderbotConfig", "BlenderbotForConditionalGeneration",
               {**BART_BODY, "scale_embedding": True}),
    Seq2SeqVariant("blenderbot_base", "Blenderbot", "BlenderbotConfig", "BlenderbotModel", BART_TINY, dtype="float16"),
    generating("blenderbot_small", "BlenderbotSmall", "BlenderbotSmallConfig", "BlenderbotSmallForConditionalGeneration",
               {**BART_BODY, "scale_embedding": True}),
    Seq2SeqVariant("blenderbot_small_base", "BlenderbotSmall", "BlenderbotSmallConfig", "BlenderbotSmallModel",
                   BART_TINY, dtype="bfloat16"),
]

T5_BODY = dict(vocab_size=97, d_model=40, d_kv=12, d_ff=56, num_layers=3, num_decoder_layers=2, num_heads=3,
               relative_attention_num_buckets=10, relative_attention_max_distance=24, decoder_start_token_id=0)
T5_TINY = dict(vocab_size=53, d_model=24, d_kv=10, d_ff=28, num_layers=2, num_heads=2,
               relative_attention_num_buckets=8, relative_attention_max_distance=12, decoder_start_token_id=0)
GATED = {"feed_forward_proj": "gated-gelu"}


def t5(prefix, family, name):
    return heads(prefix, family, f"{name}Config", T5_TINY, [
        ("base", f"{name}Model", {}, PADDED),
        ("classification", f"{name}ForSequenceClassification", THREE, PADDED + OWN),
        ("answer", f"{name}ForQuestionAnswering", {"feed_forward_proj": "gated-relu"}, PADDED + OWN),
        ("encoder", f"{name}EncoderModel", {}, PADDED + ("holes",)),
        ("tokens", f"{name}ForTokenClassification", {"num_labels": 5}, PADDED),
    ])


T5 = [
    generating("t5", "T5", "T5Config", "T5ForConditionalGeneration", T5_BODY),
    *t5("t5", "T5", "T5"),
    generating("t5_flan", "T5", "T5Config", "T5ForConditionalGeneration", {**T5_TINY, **GATED}, dtype="bfloat16",
               untied=True, keys={"tie_word_embeddings": False, "scale_decoder_outputs": None},
               notes="a head of its own, output not scaled, as versions 1.1 and Flan are published"),
    Seq2SeqVariant("t5_silu", "T5", "T5Config", "T5ForConditionalGeneration",
                   {**T5_TINY, "feed_forward_proj": "gated-silu", "tie_word_embeddings": False}, dtype="float16",
                   keys={"num_decoder_layers": None}, notes="tied, but not scaled, as UL2"),
    generating("mt5", "mT5", "MT5Config", "MT5ForConditionalGeneration", {**T5_BODY, **GATED}, untied=True,
               keys={"tie_word_embeddings": False}),
    *t5("mt5", "mT5", "MT5"),
    generating("umt5", "UMT5", "UMT5Config", "UMT5ForConditionalGeneration", {**T5_BODY, **GATED}),
    *t5("umt5", "UMT5", "UMT5"),
]

SEQ2SEQ_VARIANTS = [*T5, *BART, *MBART, *PEGASUS, *MARIAN, *M2M_100, *BLENDERBOT]
