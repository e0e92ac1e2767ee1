"""Makes tests/goldens/pytorch/: checkpoints of torch.save, and the same tensors as safetensors.

    python make_pytorch.py

`tensors.bin` has every dtype and the odd layouts: transposed and strided views, a view that begins inside its storage,
tied tensors, a scalar, an empty one, a Parameter, values that are no tensors. `protocol_4.bin` is the same with another
pickle. `llama` is goldens/decoders/llama_bf16 as pytorch_model.bin, `llama_shards` in two shards; `old.bin` is written as
before PyTorch 1.6, `hostile.bin` would run a command.
"""

import collections
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file

from manifest import GOLDENS

FOLDER = GOLDENS / "pytorch"


def tensors():
    torch.manual_seed(20261126)
    base = torch.randn(6, 10)
    whole = torch.arange(24, dtype=torch.float32)
    state = collections.OrderedDict()
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        state["float." + str(dtype).split(".")[1]] = torch.randn(3, 4).to(dtype)
    for dtype in (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool):
        state["integer." + str(dtype).split(".")[1]] = torch.randint(0, 2, (5,)).to(dtype)
    state["eight_bits.e4m3"] = torch.randn(7).to(torch.float8_e4m3fn)
    state["eight_bits.e5m2"] = torch.randn(7).to(torch.float8_e5m2)
    state["transposed"] = base.t()
    state["strided"] = base[::2, 1::3]
    state["permuted"] = whole.view(2, 3, 4).permute(2, 0, 1)
    state["inside"] = whole[5:17].view(3, 4)
    state["tied.a"] = base
    state["tied.b"] = base
    state["row"] = torch.arange(8).expand(1, -1)
    state["scalar"] = torch.tensor(2.5)
    state["empty"] = torch.zeros(0, 3)
    state["parameter"] = torch.nn.Parameter(torch.randn(2, 2))
    return state


class Command:
    def __reduce__(self):
        return os.system, ("true",)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    state = tensors()
    save_file({name: tensor.detach().contiguous().clone() for name, tensor in state.items()}, FOLDER / "tensors.safetensors")
    state["epoch"] = 7
    state["rate"] = 1e-4
    state["note"] = {"nested": [1, -2, 3 << 40, (None, True)], "text": "größe"}
    state._metadata = {"": {"version": 1}}
    torch.save(state, FOLDER / "tensors.bin")
    torch.save(state, FOLDER / "protocol_4.bin", pickle_protocol=4)
    torch.save({"w": torch.ones(2)}, FOLDER / "old.bin", _use_new_zipfile_serialization=False)
    torch.save({"w": torch.ones(2), "run": Command()}, FOLDER / "hostile.bin")

    source = GOLDENS / "decoders" / "llama_bf16"
    weights = load_file(source / "model.safetensors")
    for folder in (FOLDER / "llama", FOLDER / "llama_shards"):
        folder.mkdir()
        shutil.copy(source / "config.json", folder)
    torch.save(weights, FOLDER / "llama" / "pytorch_model.bin")
    names = sorted(weights)
    shards = {f"pytorch_model-0000{i + 1}-of-00002.bin": names[i::2] for i in range(2)}
    for file, part in shards.items():
        torch.save({name: weights[name] for name in part}, FOLDER / "llama_shards" / file)
    weight_map = {name: file for file, part in shards.items() for name in part}
    (FOLDER / "llama_shards" / "pytorch_model.bin.index.json").write_text(
        json.dumps({"metadata": {"total_size": sum(w.nbytes for w in weights.values())}, "weight_map": weight_map},
                   indent=1) + "\n")


if __name__ == "__main__":
    main()
