"""Makes tests/goldens/gguf/ of encoder-decoders: tiny GGUF files of T5 and its heirs, as llama.cpp's converter writes
them (architectures t5 and t5encoder).

    python make_gguf_seq2seq.py [--only NAME ...]

The golden is what transformers (eager, f32) makes of the tensors as they are stored, dequantised by the gguf package.
llama.cpp takes distances up to 128 and one activation for granted: no key of the file says otherwise.
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

from make_decoders import build, seed_of
from make_gguf import FOLDER
from make_seq2seq import prepare, publish
from manifest import GOLDENS, update
from seq2seq_cases import ENCODERS_ALONE, encoder_inputs, make_inputs, outputs
from seq2seq_variants import PADDED, Seq2SeqVariant

BODY = dict(vocab_size=97, d_model=32, d_kv=32, d_ff=64, num_layers=3, num_decoder_layers=2, num_heads=3,
            relative_attention_num_buckets=10, decoder_start_token_id=0)
GATED = {**BODY, "feed_forward_proj": "gated-gelu"}

# (variant, ggml type of the matrices)
VARIANTS = [
    (Seq2SeqVariant("t5", "T5", "T5Config", "T5ForConditionalGeneration", BODY, (*PADDED, "long")), Type.F32),
    (Seq2SeqVariant("t5_flan_q8_0", "T5", "T5Config", "T5ForConditionalGeneration", GATED, untied=True,
                    keys={"tie_word_embeddings": False, "scale_decoder_outputs": None}), Type.Q8_0),
    (Seq2SeqVariant("umt5_f16", "UMT5", "UMT5Config", "UMT5ForConditionalGeneration", GATED, untied=True), Type.F16),
    (Seq2SeqVariant("t5_encoder_f16", "T5", "T5Config", "T5EncoderModel", GATED), Type.F16),
]


def write(path, model, tensors, kind):
    """Writes the file; returns the tensors as stored, widened, under the names they had."""
    config = model.config
    alone = type(model).__name__.endswith(ENCODERS_ALONE)
    arch = gguf.MODEL_ARCH.T5ENCODER if alone else gguf.MODEL_ARCH.T5
    names = gguf.get_tensor_name_map(arch, config.num_layers)
    w = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    w.add_context_length(512)
    w.add_embedding_length(config.d_model)
    w.add_feed_forward_length(config.d_ff)
    w.add_block_count(config.num_layers)
    w.add_decoder_block_count(config.num_decoder_layers)
    w.add_head_count(config.num_heads)
    w.add_key_length(config.d_kv)
    w.add_value_length(config.d_kv)
    w.add_layer_norm_eps(config.layer_norm_epsilon)
    w.add_relative_attn_buckets_count(config.relative_attention_num_buckets)
    w.add_layer_norm_rms_eps(config.layer_norm_epsilon)
    w.add_decoder_start_token_id(config.decoder_start_token_id)
    w.add_eos_token_id(config.eos_token_id)
    w.add_pad_token_id(config.pad_token_id)
    widened = {}
    for name, tensor in tensors.items():
        if "embed_tokens" in name:
            continue  # the shared one's copies
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        small = tensor.ndim == 1 or "rel_b" in stored
        rows = tensor.float().numpy()
        raw = rows if small or kind == Type.F32 else gguf.quantize(rows, kind)
        widened[name] = torch.from_numpy(rows if raw is rows else gguf.dequantize(raw, kind).reshape(rows.shape))
        w.add_tensor(stored, raw, raw_dtype=None if raw is rows or kind == Type.F16 or small else kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return widened


def make(variant, kind):
    folder = FOLDER / variant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / f"{variant.name}.gguf"
    with tempfile.TemporaryDirectory() as published:
        model = prepare(variant, build(variant))
        model.save_pretrained(published)
        publish(variant, Path(published))
        file = Path(published) / "model.safetensors"
        widened = write(path, model, load_file(file), kind)
        save_file(widened, file, {"format": "pt"})
        model = type(model).from_pretrained(published, attn_implementation="eager", dtype=torch.float32).eval()
        for name, tensor in model.state_dict().items():
            if name in widened:
                assert torch.equal(tensor, widened[name]), name
    entries = []
    alone = variant.model.endswith(ENCODERS_ALONE)
    for case in variant.cases:
        inputs = make_inputs(case, model, seed_of("gguf" + variant.name + case))
        inputs = encoder_inputs(inputs) if alone else inputs
        save_file(inputs, folder / f"{case}.inputs.safetensors")
        save_file(outputs(model, inputs), folder / f"{case}.outputs.safetensors")
        entries.append(dict(name=f"{'encoders' if alone else 'seq2seq'}/gguf/{variant.name}/{case}", family=variant.family,
                            architecture=variant.model, format="gguf", dtype=kind.name.lower(), path=path,
                            inputs=folder / f"{case}.inputs.safetensors",
                            outputs=folder / f"{case}.outputs.safetensors", notes=variant.notes))
    for one in folder.iterdir():
        one.chmod(0o644)
    update(entries, replacing=lambda e: e["path"] == path.relative_to(GOLDENS).as_posix())
    print(variant.name, path.stat().st_size, sorted(outputs(model, inputs)), flush=True)


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
