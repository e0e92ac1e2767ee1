"""Compares speech models of published sizes, with random weights, with the reference: sizes find what toys hide.

    python check_speech.py FORWARD [NAME ...]      FORWARD: build/examples/forward

Prints the greatest difference of each output, relative to its largest magnitude.
"""

import pathlib
import sys
import tempfile

import torch
import transformers

from check_encoders import compare
from make_decoders import seed_of
from make_speech import SHARPER, prepare
from speech_cases import make_inputs, outputs
from speech_variants import SpeechVariant
from weights import randomize

BASE = dict(d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8,
            encoder_ffn_dim=2048, decoder_ffn_dim=2048)
LARGE = dict(do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True)
MODELS = {  # class of the config, of the model, options, case, samples
    "whisper-tiny": ("WhisperConfig", "WhisperForConditionalGeneration", {}, "sound", 0),
    "whisper-base": ("WhisperConfig", "WhisperForConditionalGeneration", BASE, "sound", 0),
    "wav2vec2-base": ("Wav2Vec2Config", "Wav2Vec2ForCTC", {}, "sound", 40000),
    "wav2vec2-base-masked": ("Wav2Vec2Config", "Wav2Vec2Model", LARGE, "masked", 30000),
    "hubert-base": ("HubertConfig", "HubertForCTC", {}, "sound", 40000),
    "wavlm-base": ("WavLMConfig", "WavLMModel", {}, "sound", 40000),
    "wavlm-base-xvector": ("WavLMConfig", "WavLMForXVector", dict(use_weighted_layer_sum=True), "sound", 40000),
    "ast": ("ASTConfig", "ASTForAudioClassification", dict(num_labels=527), "sound", 0),
    "moonshine-tiny": ("MoonshineConfig", "MoonshineForConditionalGeneration", dict(pad_token_id=2), "sound", 40000),
}


def check(name, forward, folder):
    config_class, model_class, options, case, samples = MODELS[name]
    config = getattr(transformers, config_class)(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).eval()
    randomize(model, seed_of(name))
    prepare(SpeechVariant(name, "", config_class, model_class, {}), model)
    for key, p in model.named_parameters():  # at this width 1.5 / sqrt(fan-in) saturates every softmax
        if key.endswith(SHARPER):
            p.data.mul_(0.25)
    model.save_pretrained(folder)
    return compare(name, model, make_inputs(case, model, seed_of(name), samples), outputs, forward, folder)


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
