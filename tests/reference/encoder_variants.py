"""The encoder variants the goldens cover: one entry a class or a combination of options, as data.

Sizes are tiny and, where the architecture allows, no multiple of 16. TINY is for the heads of a family, which share its
body; BODY for what differs inside the layers.
"""

from dataclasses import dataclass
from typing import Any

PADDED = ("plain", "right_padded", "left_padded")
POOLED = ("plain", "right_padded")  # the reference pools the first column, padding or not
CHOICES = ("choices",)
ALL = PADDED + ("long", "given_positions", "holes", "embeddings")


@dataclass(frozen=True)
class EncoderVariant:
    """One checkpoint and the cases run on it.

    name      folder below tests/goldens/encoders/
    family    the family's name in the README table
    config    class in transformers; `model` likewise
    options   arguments of the config class
    cases     names of the cases, see encoder_cases.py
    published what the file is like: "" as transformers 5 saves it, or one of published.ENCODER_MANNERS
    dtype     dtype of the file; the reference computes in f32 on the rounded weights
    embedding std of the embeddings, where not the usual one (weights.py)
    """

    name: str
    family: str
    config: str
    model: str
    options: dict[str, Any]
    cases: tuple[str, ...] = PADDED
    published: str = ""
    dtype: str = "float32"
    embedding: float | None = None
    notes: str = ""


BERT_TINY = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28,
                 max_position_embeddings=30, type_vocab_size=2)
BERT_BODY = dict(vocab_size=61, hidden_size=40, num_hidden_layers=2, num_attention_heads=4, intermediate_size=44,
                 max_position_embeddings=128, type_vocab_size=2)
THREE = dict(num_labels=3)


def heads(prefix, family, config, tiny, tasks, pooled=POOLED):
    """A variant for each of a family's heads: (suffix of the folder, class, options, cases)."""
    return [EncoderVariant(f"{prefix}_{suffix}", family, config, model, {**tiny, **options},
                           {"pooled": pooled, "tokens": PADDED, "choices": CHOICES}[kind])
            for suffix, model, options, kind in tasks]


BERT = [
    EncoderVariant("bert", "BERT", "BertConfig", "BertModel", BERT_BODY, ALL, notes="long passes a page of 64 keys"),
    *heads("bert", "BERT", "BertConfig", BERT_TINY, [
        ("masked_lm", "BertForMaskedLM", {}, "tokens"),
        ("untied", "BertForMaskedLM", {"tie_word_embeddings": False, "hidden_act": "relu"}, "tokens"),
        ("lm_head", "BertLMHeadModel", {}, "tokens"),
        ("decoder", "BertLMHeadModel", {"is_decoder": True}, "tokens"),
        ("pre_training", "BertForPreTraining", {"hidden_act": "gelu_new"}, "pooled"),
        ("next_sentence", "BertForNextSentencePrediction", {}, "pooled"),
        ("classification", "BertForSequenceClassification", THREE, "pooled"),
        ("regression", "BertForSequenceClassification", {"num_labels": 1, "problem_type": "regression"}, "pooled"),
        ("multiple_choice", "BertForMultipleChoice", {}, "choices"),
        ("tokens", "BertForTokenClassification", {"num_labels": 5, "hidden_act": "silu"}, "tokens"),
        ("answer", "BertForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("bert_bf16", "BERT", "BertConfig", "BertModel", {**BERT_TINY, "layer_norm_eps": 1e-5},
                   dtype="bfloat16", cases=POOLED),
    EncoderVariant("bert_f16", "BERT", "BertConfig", "BertForMaskedLM", BERT_TINY, dtype="float16"),
    EncoderVariant("bert_gamma_beta", "BERT", "BertConfig", "BertForMaskedLM", BERT_TINY, published="gamma_beta",
                   notes="pytorch_model.bin as BERT was published: LayerNorm.gamma, a pooler, next sentence"),
    EncoderVariant("bert_prefixed", "BERT", "BertConfig", "BertModel", {**BERT_TINY, "type_vocab_size": 1},
                   published="prefixed", cases=POOLED, notes="the base class on a checkpoint with a head"),
]

ROBERTA_TINY = {**BERT_TINY, "type_vocab_size": 1, "pad_token_id": 1, "max_position_embeddings": 32}


def roberta(prefix, family, name):
    config = f"{name}Config"
    return heads(prefix, family, config, ROBERTA_TINY, [
        ("masked_lm", f"{name}ForMaskedLM", {"hidden_act": "relu"}, "tokens"),
        ("classification", f"{name}ForSequenceClassification", THREE, "pooled"),
        ("multiple_choice", f"{name}ForMultipleChoice", {}, "choices"),
        ("tokens", f"{name}ForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", f"{name}ForQuestionAnswering", {}, "tokens"),
        ("decoder", f"{name}ForCausalLM", {"is_decoder": True}, "tokens"),
    ])


ROBERTA = [
    EncoderVariant("roberta", "RoBERTa", "RobertaConfig", "RobertaModel",
                   {**BERT_BODY, "type_vocab_size": 1, "pad_token_id": 1, "max_position_embeddings": 130},
                   ALL + ("padding_inside",)),
    *roberta("roberta", "RoBERTa", "Roberta"),
    EncoderVariant("roberta_untied", "RoBERTa", "RobertaConfig", "RobertaForMaskedLM",
                   {**ROBERTA_TINY, "tie_word_embeddings": False, "pad_token_id": 4, "layer_norm_eps": 1e-5},
                   dtype="bfloat16"),
    EncoderVariant("xlm_roberta", "XLM-RoBERTa", "XLMRobertaConfig", "XLMRobertaModel", ROBERTA_TINY, POOLED,
                   dtype="float16"),
    *roberta("xlm_roberta", "XLM-RoBERTa", "XLMRoberta"),
    EncoderVariant("camembert", "CamemBERT", "CamembertConfig", "CamembertModel", ROBERTA_TINY, POOLED),
    *roberta("camembert", "CamemBERT", "Camembert"),
]

DISTIL_TINY = dict(vocab_size=53, dim=24, n_layers=2, n_heads=3, hidden_dim=28, max_position_embeddings=30)
DISTILBERT = [
    EncoderVariant("distilbert", "DistilBERT", "DistilBertConfig", "DistilBertModel",
                   dict(vocab_size=61, dim=40, n_layers=2, n_heads=4, hidden_dim=44, max_position_embeddings=128),
                   ALL),
    *heads("distilbert", "DistilBERT", "DistilBertConfig", DISTIL_TINY, [
        ("masked_lm", "DistilBertForMaskedLM", {"activation": "relu"}, "tokens"),
        ("classification", "DistilBertForSequenceClassification", THREE, "pooled"),
        ("multiple_choice", "DistilBertForMultipleChoice", {}, "choices"),
        ("tokens", "DistilBertForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "DistilBertForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("distilbert_sinusoidal", "DistilBERT", "DistilBertConfig", "DistilBertForMaskedLM",
                   {**DISTIL_TINY, "sinusoidal_pos_embds": True, "tie_word_embeddings": False}, dtype="bfloat16"),
]

ALBERT_TINY = dict(vocab_size=53, embedding_size=20, hidden_size=24, num_hidden_layers=3, num_attention_heads=3,
                   intermediate_size=28, max_position_embeddings=30, type_vocab_size=2)
ALBERT = [
    EncoderVariant("albert", "ALBERT", "AlbertConfig", "AlbertModel",
                   {**ALBERT_TINY, "hidden_size": 40, "num_attention_heads": 4, "max_position_embeddings": 128}, ALL),
    EncoderVariant("albert_groups", "ALBERT", "AlbertConfig", "AlbertModel",
                   {**ALBERT_TINY, "num_hidden_groups": 2, "embedding_size": 24, "hidden_act": "gelu"}, POOLED),
    EncoderVariant("albert_inner_groups", "ALBERT", "AlbertConfig", "AlbertModel",
                   {**ALBERT_TINY, "num_hidden_layers": 2, "inner_group_num": 2}, POOLED),
    *heads("albert", "ALBERT", "AlbertConfig", ALBERT_TINY, [
        ("masked_lm", "AlbertForMaskedLM", {}, "tokens"),
        ("pre_training", "AlbertForPreTraining", {}, "pooled"),
        ("classification", "AlbertForSequenceClassification", THREE, "pooled"),
        ("multiple_choice", "AlbertForMultipleChoice", {}, "choices"),
        ("tokens", "AlbertForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "AlbertForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("albert_bf16", "ALBERT", "AlbertConfig", "AlbertForMaskedLM", ALBERT_TINY, dtype="bfloat16"),
]

ELECTRA_TINY = {**BERT_TINY, "embedding_size": 20}
ELECTRA = [
    EncoderVariant("electra", "ELECTRA", "ElectraConfig", "ElectraModel", {**BERT_BODY, "embedding_size": 28}, ALL),
    EncoderVariant("electra_wide", "ELECTRA", "ElectraConfig", "ElectraModel", {**ELECTRA_TINY, "embedding_size": 24},
                   dtype="float16", notes="embeddings as wide as the layers: no projection"),
    *heads("electra", "ELECTRA", "ElectraConfig", ELECTRA_TINY, [
        ("generator", "ElectraForMaskedLM", {"hidden_act": "relu"}, "tokens"),
        ("decoder", "ElectraForCausalLM", {"is_decoder": True, "tie_word_embeddings": False}, "tokens"),
        ("discriminator", "ElectraForPreTraining", {"hidden_act": "silu"}, "tokens"),
        ("classification", "ElectraForSequenceClassification", {**THREE, "hidden_act": "relu"}, "pooled"),
        ("multiple_choice", "ElectraForMultipleChoice", {}, "choices"),
        ("tokens", "ElectraForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "ElectraForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("electra_summary", "ELECTRA", "ElectraConfig", "ElectraForMultipleChoice",
                   {**ELECTRA_TINY, "summary_type": "mean", "summary_activation": "tanh"}, ("unpadded_choices",)),
]

MPNET_TINY = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28,
                  max_position_embeddings=32, pad_token_id=1)
MPNET = [
    EncoderVariant("mpnet", "MPNet", "MPNetConfig", "MPNetModel",
                   {**MPNET_TINY, "hidden_size": 40, "num_attention_heads": 4, "max_position_embeddings": 210},
                   ALL + ("longer",), notes="longer passes the greatest distance of the buckets, 128"),
    *heads("mpnet", "MPNet", "MPNetConfig", MPNET_TINY, [
        ("masked_lm", "MPNetForMaskedLM", {"hidden_act": "relu"}, "tokens"),
        ("classification", "MPNetForSequenceClassification", THREE, "pooled"),
        ("multiple_choice", "MPNetForMultipleChoice", {}, "choices"),
        ("tokens", "MPNetForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "MPNetForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("mpnet_bf16", "MPNet", "MPNetConfig", "MPNetModel", MPNET_TINY, POOLED, dtype="bfloat16"),
]

MODERN_TINY = dict(vocab_size=53, hidden_size=24, num_hidden_layers=4, num_attention_heads=3, intermediate_size=28,
                   max_position_embeddings=128, local_attention=8, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                   cls_token_id=1, sep_token_id=2)
MODERNBERT = [
    EncoderVariant("modernbert", "ModernBERT", "ModernBertConfig", "ModernBertModel",
                   {**MODERN_TINY, "hidden_size": 40, "num_attention_heads": 4}, ALL),
    EncoderVariant("modernbert_biases", "ModernBERT", "ModernBertConfig", "ModernBertModel",
                   {**MODERN_TINY, "norm_bias": True, "attention_bias": True, "mlp_bias": True,
                    "hidden_activation": "silu", "global_attn_every_n_layers": 2, "local_attention": 7},
                   PADDED + ("long",)),
    *heads("modernbert", "ModernBERT", "ModernBertConfig", MODERN_TINY, [
        ("masked_lm", "ModernBertForMaskedLM", {}, "tokens"),
        ("untied", "ModernBertForMaskedLM", {"tie_word_embeddings": False, "decoder_bias": False,
                                             "classifier_bias": True, "norm_bias": True,
                                             "classifier_activation": "relu"}, "tokens"),
        ("classification", "ModernBertForSequenceClassification", THREE, "pooled"),
        ("mean", "ModernBertForSequenceClassification", {**THREE, "classifier_pooling": "mean"}, "pooled"),
        ("multiple_choice", "ModernBertForMultipleChoice", {}, "choices"),
        ("mean_choice", "ModernBertForMultipleChoice", {"classifier_pooling": "mean"}, "choices"),
        ("tokens", "ModernBertForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "ModernBertForQuestionAnswering", {}, "tokens"),
    ]),
    EncoderVariant("modernbert_published", "ModernBERT", "ModernBertConfig", "ModernBertForMaskedLM", MODERN_TINY,
                   PADDED + ("long",), published="modernbert", dtype="bfloat16",
                   notes="config of transformers 4: global_rope_theta, local_rope_theta, global_attn_every_n_layers"),
]

NOMIC_TINY = {**BERT_TINY, "max_position_embeddings": 128}
NOMICBERT = [
    EncoderVariant("nomic_bert", "NomicBERT", "NomicBertConfig", "NomicBertModel",
                   {**BERT_BODY, "hidden_act": "silu"}, ALL),
    *heads("nomic_bert", "NomicBERT", "NomicBertConfig", NOMIC_TINY, [
        ("masked_lm", "NomicBertForMaskedLM", {"hidden_act": "gelu"}, "tokens"),
        ("classification", "NomicBertForSequenceClassification", THREE, "pooled"),
        ("tokens", "NomicBertForTokenClassification", {"num_labels": 5, "head_dim": 10}, "tokens"),
    ]),
    EncoderVariant("nomic_bert_published", "NomicBERT", "NomicBertConfig", "NomicBertModel", NOMIC_TINY,
                   published="nomic", dtype="bfloat16", notes="config as published: n_embd, n_inner"),
    EncoderVariant("nomic_bert_modules", "NomicBERT", "NomicBertConfig", "NomicBertModel", NOMIC_TINY,
                   published="nomic_modules", notes="names of the reference's modules, not of the published files"),
]

DEBERTA_TINY = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=28,
                    max_position_embeddings=30, type_vocab_size=0, relative_attention=True, position_buckets=8,
                    pos_att_type="p2c|c2p", norm_rel_ebd="layer_norm", share_att_key=True,
                    position_biased_input=False, max_relative_positions=-1)
DEBERTA = [
    EncoderVariant("deberta_v3", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {**DEBERTA_TINY, "hidden_size": 40, "num_attention_heads": 4, "position_buckets": 16}, ALL),
    EncoderVariant("deberta_v2_convolution", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {**DEBERTA_TINY, "conv_kernel_size": 3, "conv_act": "gelu"}, PADDED + ("holes",)),
    EncoderVariant("deberta_v2_own_projections", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {**DEBERTA_TINY, "share_att_key": False, "norm_rel_ebd": "none", "position_buckets": -1,
                    "max_relative_positions": 12, "type_vocab_size": 2, "position_biased_input": True},
                   PADDED + ("given_positions",)),
    EncoderVariant("deberta_v2_content_to_position", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {**DEBERTA_TINY, "pos_att_type": ["c2p"], "share_att_key": False, "embedding_size": 20},
                   dtype="bfloat16"),
    EncoderVariant("deberta_v2_position_to_content", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {**DEBERTA_TINY, "pos_att_type": ["p2c"], "attention_head_size": 8, "share_att_key": False,
                    "num_hidden_layers": 1}, POOLED),
    EncoderVariant("deberta_v2_absolute", "DeBERTa-v2", "DebertaV2Config", "DebertaV2Model",
                   {k: v for k, v in DEBERTA_TINY.items() if k in BERT_TINY} | {"type_vocab_size": 2}, POOLED,
                   notes="the class's defaults: no relative attention"),
    *heads("deberta_v2", "DeBERTa-v2", "DebertaV2Config", DEBERTA_TINY, [
        ("masked_lm", "DebertaV2ForMaskedLM", {}, "tokens"),
        ("new_masked_lm", "DebertaV2ForMaskedLM", {"legacy": False, "hidden_act": "relu"}, "tokens"),
        ("classification", "DebertaV2ForSequenceClassification", {**THREE, "pooler_hidden_act": "tanh"}, "pooled"),
        ("multiple_choice", "DebertaV2ForMultipleChoice", {}, "choices"),
        ("tokens", "DebertaV2ForTokenClassification", {"num_labels": 5}, "tokens"),
        ("answer", "DebertaV2ForQuestionAnswering", {}, "tokens"),
    ]),
]

ENCODER_VARIANTS = [*BERT, *ROBERTA, *DISTILBERT, *ALBERT, *ELECTRA, *MPNET, *MODERNBERT, *NOMICBERT, *DEBERTA]
