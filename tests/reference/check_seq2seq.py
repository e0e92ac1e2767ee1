"""Compares encoder-decoders of published sizes, with random weights, with the reference: sizes find what toys hide.

    python check_seq2seq.py FORWARD [NAME ...]      FORWARD: build/examples/forward

Prints the greatest difference of each output, relative to its largest magnitude, for a padded batch of mixed lengths.
"""

import pathlib
import sys
import tempfile

import torch
import transformers

from check_encoders import compare
from make_decoders import seed_of
from seq2seq_cases import outputs
from weights import randomize

SOURCES = (128, 7, 64, 200)
TARGETS = (32, 65, 1, 40)
MODELS = {
    "t5-small": ("T5", "T5ForConditionalGeneration", dict(decoder_start_token_id=0)),
    "flan-t5-small": ("T5", "T5ForConditionalGeneration", dict(
        d_ff=1024, num_layers=8, num_heads=6, feed_forward_proj="gated-gelu", tie_word_embeddings=False)),
    "umt5-small": ("UMT5", "UMT5ForConditionalGeneration", dict(vocab_size=20000)),
    "bart-base": ("Bart", "BartForConditionalGeneration", dict(
        d_model=768, encoder_layers=6, decoder_layers=6, encoder_attention_heads=12, decoder_attention_heads=12,
        encoder_ffn_dim=3072, decoder_ffn_dim=3072)),
    "mbart": ("MBart", "MBartForConditionalGeneration", dict(
        vocab_size=20000, encoder_layers=3, decoder_layers=3, scale_embedding=True)),
    "pegasus": ("Pegasus", "PegasusForConditionalGeneration", dict(
        vocab_size=20000, encoder_layers=3, decoder_layers=3, scale_embedding=True, activation_function="relu")),
    "opus-mt": ("Marian", "MarianMTModel", dict(
        d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8,
        encoder_ffn_dim=2048, decoder_ffn_dim=2048, max_position_embeddings=512, scale_embedding=True,
        activation_function="swish")),
    "m2m-100": ("M2M100", "M2M100ForConditionalGeneration", dict(vocab_size=20000, encoder_layers=3, decoder_layers=3)),
}
SHARP = ("q_proj.weight", "k_proj.weight", ".q.weight", ".k.weight")


def side(vocabulary, lengths, padding, generator):
    ids = torch.randint(5, vocabulary, (len(lengths), max(lengths)), generator=generator)
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids[mask == 0] = padding
    return ids, mask


def check(name, forward, folder):
    family, model_class, options = MODELS[name]
    config = getattr(transformers, f"{family}Config")(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).eval()
    randomize(model, seed_of(name), 0.05)
    for key, p in model.named_parameters():  # at this width 1.5 / sqrt(fan-in) saturates every softmax, T5's at once
        if key.endswith(SHARP):
            p.data.mul_(0.25 if "T5" in family else 0.5)
    for module in model.modules():
        if hasattr(module, "create_weight"):
            module.weight.data.copy_(module.create_weight())
    model.save_pretrained(folder)
    generator = torch.Generator().manual_seed(seed_of(name))
    inputs = {}
    inputs["input_ids"], inputs["attention_mask"] = side(config.vocab_size, SOURCES, config.pad_token_id, generator)
    inputs["decoder_input_ids"], inputs["decoder_attention_mask"] = side(config.vocab_size, TARGETS,
                                                                         config.pad_token_id, generator)
    return compare(name, model, inputs, outputs, forward, folder)


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
