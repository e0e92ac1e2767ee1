"""One peer on one encoder: sequences a second, printed as JSON.

    python encoder_peers.py openvino|onnxruntime|pytorch FOLDER [--batch 32] [--length 128] [--threads 1] [--dtype f32]
        [--lengths LO HI] [--repetitions 5]

FOLDER is a Hugging Face folder of a BERT-like encoder. What the peers make of it (OpenVINO's IR, an ONNX file through
onnxruntime's own optimizer for transformers) is kept beside it, in FOLDER-PEER. --lengths: sequences of mixed lengths,
padded to the longest, as these peers have to.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np


def encoder(folder):
    import torch
    import transformers
    torch.set_grad_enabled(False)
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32)
    return model.eval()


def example():
    import torch
    ids = torch.ones(2, 8, dtype=torch.int64)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}


def openvino(options):
    import openvino as ov
    kept = Path(str(options.folder) + "-openvino")
    if not kept.exists():
        model = ov.convert_model(encoder(options.folder), example_input=example())
        ov.save_model(model, kept / "model.xml", compress_to_fp16=False)
    compiled = ov.Core().compile_model(kept / "model.xml", "CPU", {
        "PERFORMANCE_HINT": "THROUGHPUT" if options.streams else "LATENCY", "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": options.threads, "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": options.dtype})
    request = compiled.create_infer_request()
    names = {name for port in compiled.inputs for name in port.names}
    return lambda inputs: request.infer({k: v for k, v in inputs.items() if k in names}, share_inputs=True)


def onnxruntime(options):
    import onnxruntime as ort
    if options.dtype != "f32":
        raise SystemExit("onnxruntime: f32 only on a processor")
    kept = Path(str(options.folder) + "-onnxruntime")
    if not kept.exists():
        import torch
        from onnxruntime.transformers import optimizer
        kept.mkdir()
        inputs = example()
        sizes = {0: "batch", 1: "length"}

        class ByName(torch.nn.Module):
            """The exporter passes arguments by their places."""

            def __init__(self):
                super().__init__()
                self.model = encoder(options.folder)

            def forward(self, input_ids, attention_mask, token_type_ids):
                out = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
                return out.last_hidden_state, out.pooler_output

        torch.onnx.export(ByName(), tuple(inputs.values()), str(kept / "plain.onnx"), dynamo=False,
                          input_names=list(inputs), output_names=["last_hidden_state", "pooler_output"],
                          dynamic_axes={name: sizes for name in inputs}, opset_version=17)
        config = json.loads((Path(options.folder) / "config.json").read_text())
        fused = optimizer.optimize_model(str(kept / "plain.onnx"), "bert", num_heads=config["num_attention_heads"],
                                         hidden_size=config["hidden_size"])
        fused.save_model_to_file(str(kept / "model.onnx"))
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = ort.InferenceSession(str(kept / "model.onnx"), settings, providers=["CPUExecutionProvider"])
    names = {port.name for port in session.get_inputs()}
    return lambda inputs: session.run(None, {k: v for k, v in inputs.items() if k in names})


def pytorch(options):
    import torch
    torch.set_num_threads(options.threads)
    model = encoder(options.folder)
    if options.dtype == "bf16":
        model = model.to(torch.bfloat16)
    return lambda inputs: model(**{k: torch.from_numpy(v) for k, v in inputs.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["openvino", "onnxruntime", "pytorch"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--lengths", type=int, nargs=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--streams", action="store_true", help="OpenVINO's hint THROUGHPUT")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    run = {"openvino": openvino, "onnxruntime": onnxruntime, "pytorch": pytorch}[options.peer](options)
    random = np.random.default_rng(42)
    vocabulary = json.loads((options.folder / "config.json").read_text())["vocab_size"]
    rates = []
    for i in range(options.repetitions + 1):
        lengths = (random.integers(options.lengths[0], options.lengths[1] + 1, options.batch) if options.lengths
                   else np.full(options.batch, options.length))
        shape = (options.batch, int(lengths.max()))
        inputs = {"input_ids": random.integers(0, vocabulary, shape), "token_type_ids": np.zeros(shape, np.int64),
                  "attention_mask": (np.arange(shape[1])[None] < lengths[:, None]).astype(np.int64)}
        begin = time.perf_counter()
        run(inputs)
        if i > 0:  # the first warms up
            rates.append(options.batch / (time.perf_counter() - begin))
    print(json.dumps({"threads": options.threads, "batch": options.batch, "items_per_second": float(np.median(rates))}))


if __name__ == "__main__":
    main()
