"""Makes tests/goldens/gguf/ of encoders: tiny GGUF files as they are published for BERT-like models.

    python make_gguf_encoders.py [--only NAME ...]

The golden is last_hidden_state of transformers (eager, f32) on the tensors as they are stored, dequantised by the gguf
package. A published file holds the base model without its pooler; of RoBERTa's and XLM-RoBERTa's positions it leaves
out the rows up to the padding id, and counts from 0.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import gguf
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file

import gguf_writer
from decoder_base_variants import GEMMA3
from encoder_cases import make_inputs, outputs
from encoder_variants import BERT_BODY, PADDED, POOLED, EncoderVariant
from make_decoders import build, seed_of
from make_gguf import FOLDER
from manifest import GOLDENS, update
from variants import GLOBAL, LOCAL

BODY = {**BERT_BODY, "hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 80}  # blocks of 32
BERT = ("BERT", "BertConfig", "BertModel", BODY)
NOMIC = ("NomicBERT", "NomicBertConfig", "NomicBertModel", BODY)
XLM = ("BERT", "XLMRobertaConfig", "XLMRobertaModel", {**BODY, "type_vocab_size": 1, "pad_token_id": 1})
GEMMA = ("Gemma 3", "Gemma3TextConfig", "Gemma3TextModel",
         {**GEMMA3, "vocab_size": 301, "hidden_size": 32, "head_dim": 32, "num_attention_heads": 2, "intermediate_size": 32,
          "num_hidden_layers": 7, "sliding_window": 8, "use_bidirectional_attention": True, "query_pre_attn_scalar": 32,
          "layer_types": [LOCAL] * 5 + [GLOBAL, LOCAL]})
MODERN = ("ModernBERT", "ModernBertConfig", "ModernBertModel", {
    **{k: v for k, v in BODY.items() if k != "type_vocab_size"}, "num_hidden_layers": 4, "local_attention": 12,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2})
ARCHITECTURES = {"BertModel": gguf.MODEL_ARCH.BERT, "XLMRobertaModel": gguf.MODEL_ARCH.BERT,
                 "ModernBertModel": gguf.MODEL_ARCH.MODERN_BERT,
                 "NomicBertModel": gguf.MODEL_ARCH.NOMIC_BERT}

# (variant, ggml type of the matrices)
VARIANTS = [
    (EncoderVariant("bert", *BERT, cases=(*PADDED, "long")), Type.F32),
    (EncoderVariant("bert_f16", *BERT), Type.F16),
    (EncoderVariant("bert_q8_0", *BERT), Type.Q8_0),
    (EncoderVariant("xlm_roberta_f16", *XLM, POOLED,
                    notes="architecture bert: positions without the padding's rows, counted by columns"), Type.F16),
    (EncoderVariant("nomic_bert", *NOMIC, cases=(*PADDED, "long")), Type.F32),
    (EncoderVariant("nomic_bert_q8_0", *NOMIC), Type.Q8_0),
    (EncoderVariant("gemma_embedding_f16", *GEMMA, cases=(*PADDED, "long", "holes"),
                    notes="half a window on each side"), Type.F16),
    (EncoderVariant("gemma_embedding_q8_0", *GEMMA), Type.Q8_0),
    (EncoderVariant("modernbert", *MODERN, cases=(*PADDED, "long")), Type.F32),
    (EncoderVariant("modernbert_q8_0", *MODERN), Type.Q8_0),
]


def write(path, model, tensors, kind, add_more=lambda writer: None):
    """Writes the file, with the metadata that add_more puts to it; returns the tensors as stored, widened, under the names they had."""
    config, arch = model.config, ARCHITECTURES[type(model).__name__]
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    w = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_block_count(config.num_hidden_layers)
    w.add_head_count(config.num_attention_heads)
    modern = arch == gguf.MODEL_ARCH.MODERN_BERT
    w.add_layer_norm_eps(config.norm_eps if modern else config.layer_norm_eps)
    w.add_causal_attention(False)
    if modern:
        w.add_sliding_window(config.local_attention)
        w.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"])
        w.add_float32("modern-bert.rope.freq_base_swa", config.rope_parameters["sliding_attention"]["rope_theta"])
    else:
        w.add_token_type_count(config.type_vocab_size)
    w.add_pad_token_id(config.pad_token_id)
    if arch == gguf.MODEL_ARCH.NOMIC_BERT:
        w.add_rope_freq_base(config.rope_parameters["rope_theta"])
    add_more(w)
    widened = {}
    for name, tensor in tensors.items():
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        small = tensor.ndim == 1 or stored.startswith(("position_embd", "token_types"))
        rows = tensor.numpy()
        raw = rows if small or kind == Type.F32 else gguf.quantize(rows, kind)
        widened[name] = torch.from_numpy(rows if raw is rows else gguf.dequantize(raw, kind).reshape(rows.shape))
        if stored == "position_embd.weight" and "Roberta" in type(model).__name__:
            raw = raw[config.pad_token_id + 1:]
        w.add_tensor(stored, raw, raw_dtype=None if raw is rows or kind == Type.F16 or small else kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return widened


def write_decoder(path, model, kind):
    """The same of a decoder's base class."""
    def quantize(rows, t):
        raw = rows if t == Type.F32 else gguf.quantize(rows, t)
        return raw, rows if t == Type.F32 else gguf.dequantize(raw, t)
    return gguf_writer.write(path, model, lambda name, rows: kind, quantize)


def make(variant, kind):
    folder = FOLDER / variant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / f"{variant.name}.gguf"
    with tempfile.TemporaryDirectory() as published:
        file = Path(published) / "model.safetensors"
        model = build(variant)
        model.save_pretrained(published)
        tensors = load_file(file)
        pooler = {name: tensor for name, tensor in tensors.items() if name.startswith("pooler.")}
        bare = {name: tensor for name, tensor in tensors.items() if name not in pooler}
        decoder = type(model).__name__ in gguf_writer.ARCHITECTURES
        stored = write_decoder(path, model, kind) if decoder else write(path, model, bare, kind)
        save_file({**stored, **pooler}, file, {"format": "pt"})
        model = type(model).from_pretrained(published, attn_implementation="eager", dtype=torch.float32).eval()
    entries = []
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of("gguf" + variant.name + case))
        out = {"last_hidden_state": outputs(model, inputs)["last_hidden_state"]}
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(out, folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"encoders/gguf/{variant.name}/{case}", family=variant.family,
                            architecture=variant.model, format="gguf", dtype=kind.name.lower(), path=path,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    for one in folder.iterdir():
        one.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == path.relative_to(GOLDENS).as_posix())
    print(variant.name, path.stat().st_size, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for variant, kind in VARIANTS:
        if not args.only or variant.name in args.only:
            make(variant, kind)


if __name__ == "__main__":
    main()
