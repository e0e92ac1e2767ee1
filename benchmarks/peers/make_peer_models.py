"""Converts what make_models.py made for ONNX Runtime, OpenVINO and CTranslate2, with their own converters:

    FOLDER_OF_PEERS/export/bin/python make_peer_models.py FOLDER [--only llama-1.1b gpt2-124m]
        [--peers onnxruntime openvino ctranslate2] [--types f32 bf16 int8 int4]

FOLDER/NAME-PEER-TYPE/ are the results. What exists is left as it is. All of it takes 22 GB of disk and
about 15 minutes.

- ONNX Runtime: the model builder of onnxruntime-genai, with its options for processors: int8 and int4 in blocks of 32,
  int8 activations. It has no GPT-2; onnxruntime_gpt2.py describes that one to it.
- OpenVINO: optimum-intel, a stateful model; its own default int8 (a scale a row) and int4 (blocks of 128).
- CTranslate2: float32 and int8 (a scale a row); on a processor it has no bf16. Its vocabulary is the ids as text.
"""

import argparse
import shutil
from pathlib import Path

import transformers

TYPES = {"onnxruntime": ("f32", "int8", "int4"), "openvino": ("f32", "bf16", "int8", "int4"),
         "ctranslate2": ("f32", "int8")}
KINDS = ("f32", "bf16", "int8", "int4")
MODELS = {"llama-1.1b": KINDS, "gpt2-124m": ("f32", "int8")}


def make_onnxruntime(source: Path, target: Path, kind: str) -> None:
    import onnx_ir
    import onnxruntime_genai.models  # noqa: F401  its folder is where the builder's modules are found
    import torch
    from builders import LlamaModel

    from onnxruntime_gpt2 import GPT2Model
    config = transformers.AutoConfig.from_pretrained(source)
    architecture = GPT2Model if config.model_type == "gpt2" else LlamaModel
    weights = {"f32": onnx_ir.DataType.FLOAT, "int8": onnx_ir.DataType.INT8, "int4": onnx_ir.DataType.INT4}[kind]
    options = {"prune_lm_head": True, "shared_embeddings": config.tie_word_embeddings, "hf_token": None}
    with torch.no_grad():
        model = architecture(config, onnx_ir.DataType.FLOAT, weights, "cpu", str(target / "cache"), options)
        model.make_model(str(source))
        model.save_model(str(target))
        model.make_genai_config(config, {}, str(target))


def keep_last_logits(model) -> None:
    """The output head of the last position only, as OpenVINO GenAI's pipeline does at load."""
    import numpy as np
    from openvino import opset13
    product = model.output("logits").get_node().input_value(0).get_node()
    while product.get_type_name() != "MatMul":
        product = product.input_value(0).get_node()
    hidden = product.input_value(0)
    last = opset13.gather(hidden, np.array([-1]), np.array(1))
    product.input(0).replace_source_output(last.output(0))
    model.validate_nodes_and_infer_types()


def make_openvino(source: Path, target: Path, kind: str) -> None:
    from optimum.intel import OVModelForCausalLM, OVWeightQuantizationConfig
    narrow = {"int8": 8, "int4": 4}.get(kind)
    model = OVModelForCausalLM.from_pretrained(
        source, export=True, compile=False, load_in_8bit=False, torch_dtype="float32" if kind == "f32" else None,
        quantization_config=OVWeightQuantizationConfig(bits=narrow) if narrow else None)
    keep_last_logits(model.model)
    model.save_pretrained(target)


def make_ctranslate2(source: Path, target: Path, kind: str) -> None:
    from ctranslate2.converters import TransformersConverter

    class Ids:
        """What the converter asks of a tokenizer."""

        bos_token = eos_token = unk_token = "0"

        def __init__(self, size: int):
            self.size = size

        def get_vocab(self) -> dict[str, int]:
            return {str(i): i for i in range(self.size)}

    class Converter(TransformersConverter):
        def load_tokenizer(self, *_, **__):
            return Ids(transformers.AutoConfig.from_pretrained(source).vocab_size)

    types = {"f32": "float32", "int8": "int8_float32"}
    Converter(str(source)).convert(str(target), quantization=types[kind], force=True)


MAKE = {"onnxruntime": make_onnxruntime, "openvino": make_openvino, "ctranslate2": make_ctranslate2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--peers", nargs="+", choices=MAKE, default=list(MAKE))
    parser.add_argument("--types", nargs="+", choices=KINDS, default=KINDS)
    arguments = parser.parse_args()
    for name in arguments.only:
        for peer in arguments.peers:
            for kind in TYPES[peer]:
                target = arguments.folder / f"{name}-{peer}-{kind}"
                if kind not in arguments.types or kind not in MODELS[name]:
                    continue
                if not target.exists():
                    partial = target.with_name(target.name + ".part")
                    shutil.rmtree(partial, ignore_errors=True)
                    partial.mkdir()
                    MAKE[peer](arguments.folder / name, partial, kind)
                    partial.rename(target)
                print(target, sum(f.stat().st_size for f in target.rglob("*") if f.is_file()), flush=True)


if __name__ == "__main__":
    main()
