"""Compares encoders of published sizes, with random weights, with the reference: sizes find what toys hide.

    python check_encoders.py FORWARD [NAME ...]      FORWARD: build/examples/forward

Prints the greatest difference of each output, relative to its largest magnitude, for a padded batch of mixed lengths.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import torch
import transformers
from safetensors.torch import load_file, save_file

from encoder_cases import outputs
from make_decoders import seed_of
from manifest import TOLERANCE
from weights import randomize

LENGTHS = (128, 7, 64, 65, 200)
MODELS = {
    "bert-base": ("BertConfig", "BertForPreTraining", {}),
    "minilm-l6": ("BertConfig", "BertModel", dict(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)),
    "roberta-base": ("RobertaConfig", "RobertaForMaskedLM", dict(vocab_size=50265, max_position_embeddings=514,
                                                                 type_vocab_size=1, layer_norm_eps=1e-5)),
    "xlm-roberta-base": ("XLMRobertaConfig", "XLMRobertaModel", dict(vocab_size=50002, max_position_embeddings=514,
                                                                     type_vocab_size=1, layer_norm_eps=1e-5)),
    "distilbert-base": ("DistilBertConfig", "DistilBertForSequenceClassification", {}),
    "albert-base": ("AlbertConfig", "AlbertForMaskedLM", dict(hidden_size=768, num_attention_heads=12,
                                                              intermediate_size=3072)),
    "electra-base": ("ElectraConfig", "ElectraForPreTraining", dict(hidden_size=768, embedding_size=768,
                                                                    num_attention_heads=12, intermediate_size=3072)),
    "mpnet-base": ("MPNetConfig", "MPNetModel", dict(max_position_embeddings=514, layer_norm_eps=1e-5)),
    "modernbert-base": ("ModernBertConfig", "ModernBertForMaskedLM", {}),
    "nomic-bert": ("NomicBertConfig", "NomicBertModel", {}),
    "deberta-v3-base": ("DebertaV2Config", "DebertaV2ForSequenceClassification", dict(
        vocab_size=20000, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
        relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True,
        pos_att_type="p2c|c2p", position_biased_input=False)),
    "embeddinggemma-300m": ("Gemma3TextConfig", "Gemma3TextModel", dict(
        vocab_size=20000, hidden_size=768, num_hidden_layers=24, num_attention_heads=3, num_key_value_heads=1,
        intermediate_size=1152, sliding_window=128, use_bidirectional_attention=True)),
    "qwen3-embedding-0.6b": ("Qwen3Config", "Qwen3Model", dict(
        vocab_size=20000, hidden_size=1024, num_hidden_layers=8, num_attention_heads=16, num_key_value_heads=8,
        intermediate_size=3072, pad_token_id=0)),
    "llama-1b-reward": ("LlamaConfig", "LlamaForSequenceClassification", dict(
        vocab_size=20000, hidden_size=2048, num_hidden_layers=3, num_attention_heads=32, num_key_value_heads=8,
        intermediate_size=8192, num_labels=4, pad_token_id=0)),
    "gpt2-classifier": ("GPT2Config", "GPT2ForSequenceClassification", dict(num_labels=4, pad_token_id=50256)),
}


def check(name, forward, folder):
    config_class, model_class, options = MODELS[name]
    config = getattr(transformers, config_class)(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).eval()
    randomize(model, seed_of(name))
    for key, p in model.named_parameters():  # at this width 1.5 / sqrt(fan-in) saturates every softmax
        if p.ndim == 2 and ("query" in key or "key" in key or "Wqkv" in key or ".q" in key or ".k" in key):
            p.data.mul_(0.5)
    model.save_pretrained(folder)
    generator = torch.Generator().manual_seed(seed_of(name))
    ids = torch.randint(5, config.vocab_size, (len(LENGTHS), max(LENGTHS)), generator=generator)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    ids[mask == 0] = config.pad_token_id
    return compare(name, model, {"input_ids": ids, "attention_mask": mask}, outputs, forward, folder)


def compare(name, model, inputs, outputs, forward, folder):
    """Runs the checkpoint in the folder by the door and the model by the reference, and prints how far apart they are."""
    save_file(inputs, folder / "inputs.safetensors")
    begin = time.time()
    subprocess.run([forward, folder, folder / "inputs.safetensors", folder / "outputs.safetensors"], check=True)
    seconds = time.time() - begin
    found = load_file(folder / "outputs.safetensors")
    good = True
    for output, expected in outputs(model, inputs).items():
        difference = float((found[output] - expected).abs().max() / expected.abs().max())
        good = good and difference <= TOLERANCE
        print(f"{name:18} {output:20} {difference:.1e}   {seconds:.1f} s with loading", flush=True)
    return good


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
