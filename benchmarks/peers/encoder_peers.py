"""One peer on one encoder: items a second, printed as JSON. An item is a sequence, a picture, or a sound.

    python encoder_peers.py openvino|onnxruntime|pytorch FOLDER [--batch 32] [--length 128] [--seconds 10] [--threads 1]
        [--dtype f32] [--lengths LO HI] [--repetitions 5]

FOLDER is a Hugging Face folder of a BERT-like encoder, of ViT, of CLIP (its tower of pictures), of wav2vec 2.0 or of
Whisper (its encoder). What the peers make of it (OpenVINO's IR, an ONNX file, of BERT-like ones through onnxruntime's
own optimizer for transformers) is kept beside it, in FOLDER-PEER. --lengths: sequences of mixed lengths, padded to the
longest, as these peers have to.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np


class Sequences:
    """Of BERT-like encoders: ids, with padding where lengths differ."""

    outputs = ["last_hidden_state", "pooler_output"]
    dynamic = {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"},
               "token_type_ids": {0: "batch", 1: "length"}}
    optimized_as = "bert"

    def __init__(self, config, options):
        self.vocabulary, self.options = config["vocab_size"], options

    def model(self, load):
        import transformers
        return load(transformers.AutoModel)

    def inputs(self, random, batch):
        lengths = (random.integers(self.options.lengths[0], self.options.lengths[1] + 1, batch) if self.options.lengths
                   else np.full(batch, self.options.length))
        shape = (batch, int(lengths.max()))
        return {"input_ids": random.integers(0, self.vocabulary, shape),
                "attention_mask": (np.arange(shape[1])[None] < lengths[:, None]).astype(np.int64),
                "token_type_ids": np.zeros(shape, np.int64)}


class Pictures:
    """Of the size that the model was made for."""

    dynamic = {"pixel_values": {0: "batch"}}
    optimized_as = "vit"

    def __init__(self, config, options):
        tower = config.get("vision_config", config)
        self.shape = (tower.get("num_channels", 3), tower["image_size"], tower["image_size"])
        self.two_towers = config["model_type"] == "clip"
        self.outputs = ["image_embeds"] if self.two_towers else ["last_hidden_state", "pooler_output"]

    def model(self, load):
        import transformers
        return load(transformers.CLIPVisionModelWithProjection if self.two_towers else transformers.AutoModel)

    def inputs(self, random, batch):
        return {"pixel_values": random.standard_normal((batch, *self.shape), np.float32)}


class Waveforms:
    """At 16 kHz, for wav2vec 2.0 with its head for CTC."""

    outputs = ["logits"]
    dynamic = {"input_values": {0: "batch", 1: "samples"}}
    optimized_as = None

    def __init__(self, config, options):
        self.samples = int(16000 * options.seconds)

    def model(self, load):
        import transformers
        return load(transformers.Wav2Vec2ForCTC)

    def inputs(self, random, batch):
        return {"input_values": random.standard_normal((batch, self.samples), np.float32)}


class Spectrograms:
    """30 s of sound as Whisper's encoder takes it."""

    outputs = ["last_hidden_state"]
    dynamic = {"input_features": {0: "batch"}}
    optimized_as = None

    def __init__(self, config, options):
        self.shape = (config["num_mel_bins"], 2 * config["max_source_positions"])

    def model(self, load):
        import transformers
        return load(transformers.WhisperModel).encoder

    def inputs(self, random, batch):
        return {"input_features": random.standard_normal((batch, *self.shape), np.float32)}


KINDS = {"vit": Pictures, "clip": Pictures, "wav2vec2": Waveforms, "whisper": Spectrograms}


class Encoder:
    """The reference's model of a folder, and what it is given."""

    def __init__(self, options):
        self.folder = options.folder
        self.config = json.loads((options.folder / "config.json").read_text())
        self.items = KINDS.get(self.config["model_type"], Sequences)(self.config, options)

    def load(self):
        import torch
        import transformers  # noqa: F401
        torch.set_grad_enabled(False)
        return self.items.model(lambda which: which.from_pretrained(
            self.folder, attn_implementation="sdpa", dtype=torch.float32)).eval()

    def example(self):
        """Two items, as arguments by name."""
        import torch
        return {k: torch.from_numpy(v) for k, v in self.items.inputs(np.random.default_rng(1), 2).items()}


def openvino(options, encoder):
    import openvino as ov
    kept = Path(str(options.folder) + "-openvino")
    if not kept.exists():
        model = ov.convert_model(encoder.load(), example_input=encoder.example())
        ov.save_model(model, kept / "model.xml", compress_to_fp16=False)
    compiled = ov.Core().compile_model(kept / "model.xml", "CPU", {
        "PERFORMANCE_HINT": "THROUGHPUT" if options.streams else "LATENCY", "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": options.threads, "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": options.dtype})
    request = compiled.create_infer_request()
    names = {name for port in compiled.inputs for name in port.names}
    return lambda inputs: request.infer({k: v for k, v in inputs.items() if k in names}, share_inputs=True)


def export_onnx(encoder, file):
    """The exporter passes arguments by their places."""
    import torch
    inputs = encoder.example()
    model, names, outputs = encoder.load(), list(inputs), encoder.items.outputs

    class ByPlace(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *arguments):
            results = self.model(**dict(zip(names, arguments)))
            return tuple(getattr(results, name) for name in outputs)

    torch.onnx.export(ByPlace(), tuple(inputs.values()), str(file), dynamo=False, input_names=names,
                      output_names=outputs, dynamic_axes=encoder.items.dynamic, opset_version=17)


def onnxruntime(options, encoder):
    import onnxruntime as ort
    if options.dtype != "f32":
        raise SystemExit("onnxruntime: f32 only on a processor")
    kept = Path(str(options.folder) + "-onnxruntime")
    if not (kept / "model.onnx").exists():
        kept.mkdir(exist_ok=True)
        if not encoder.items.optimized_as:
            export_onnx(encoder, kept / "model.onnx")
        else:
            from onnxruntime.transformers import optimizer
            export_onnx(encoder, kept / "plain.onnx")
            config = encoder.config.get("vision_config", encoder.config)
            fused = optimizer.optimize_model(str(kept / "plain.onnx"), encoder.items.optimized_as,
                                             num_heads=config["num_attention_heads"],
                                             hidden_size=config["hidden_size"])
            fused.save_model_to_file(str(kept / "model.onnx"))
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = ort.InferenceSession(str(kept / "model.onnx"), settings, providers=["CPUExecutionProvider"])
    names = {port.name for port in session.get_inputs()}
    return lambda inputs: session.run(None, {k: v for k, v in inputs.items() if k in names})


def pytorch(options, encoder):
    import torch
    torch.set_num_threads(options.threads)
    model = encoder.load()
    if options.dtype == "bf16":
        model = model.to(torch.bfloat16)
    return lambda inputs: model(**{k: torch.from_numpy(v).to(model.dtype) if v.dtype == np.float32 else
                                   torch.from_numpy(v) for k, v in inputs.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["openvino", "onnxruntime", "pytorch"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--lengths", type=int, nargs=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--streams", action="store_true", help="OpenVINO's hint THROUGHPUT")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    encoder = Encoder(options)
    run = {"openvino": openvino, "onnxruntime": onnxruntime, "pytorch": pytorch}[options.peer](options, encoder)
    random = np.random.default_rng(42)
    rates = []
    for i in range(options.repetitions + 1):
        inputs = encoder.items.inputs(random, options.batch)
        begin = time.perf_counter()
        run(inputs)
        if i > 0:  # the first warms up
            rates.append(options.batch / (time.perf_counter() - begin))
    print(json.dumps({"threads": options.threads, "batch": options.batch, "items_per_second": float(np.median(rates))}))


if __name__ == "__main__":
    main()
