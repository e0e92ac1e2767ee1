"""Makes tests/goldens/quantization/: bytes and values of every ggml type, in both directions.

    LLAMA_CPP_LIB=.../site-packages/llama_cpp/lib python quantization.py

dequantise.safetensors   "<type>.bytes" U8 [rows, bytes a row], "<type>.dequantised" F32 [rows, columns] by the gguf
                         package: random rows quantised by llama.cpp, and rows of random bits with sane scales
quantise.safetensors     "quantise.source" F32 [rows, 1024], "quantise.<type>.ggml" U8 by ggml_quantize_chunk and
                         "quantise.<type>.gguf" U8 by the gguf package, where it quantises that type
quantise.json            what each source row is; for each type the rms error of llama.cpp's bytes a row, and whether
                         the two quantisers agree in all bytes
"""

import json
import warnings

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

from ggml_library import Ggml
from manifest import GOLDENS

FOLDER = GOLDENS / "quantization"
TYPES = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K,
         Type.IQ4_NL, Type.IQ4_XS, Type.MXFP4]
TARGETS = [Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q4_K, Type.Q5_K, Type.Q6_K]
BY_PACKAGE = {Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1}
COLUMNS = 1024


def nasty_rows(rng):
    """Rows a quantiser meets rarely: name and values."""
    normal = lambda scale: rng.standard_normal(COLUMNS).astype(np.float32) * np.float32(scale)
    rows = {
        "normal": normal(1.0),
        "weights": normal(0.02),
        "small": normal(1e-6),
        "large": normal(1e3),
        "uniform": rng.uniform(-1, 1, COLUMNS).astype(np.float32),
        "positive": np.abs(normal(0.5)),
        "negative": -np.abs(normal(0.5)),
        "zeros": np.zeros(COLUMNS, np.float32),
        "negative zeros": np.full(COLUMNS, -0.0, np.float32),
        "constant": np.full(COLUMNS, 0.37, np.float32),
        "constant negative": np.full(COLUMNS, -2.5, np.float32),
        "plus and minus the maximum": np.where(np.arange(COLUMNS) % 2, 3.0, -3.0).astype(np.float32),
        "denormals": rng.uniform(-1, 1, COLUMNS).astype(np.float32) * np.float32(1e-39),
        "scale below f16": normal(1e-9),
        "integers": rng.integers(-8, 9, COLUMNS).astype(np.float32),
        "halves": (rng.integers(-16, 17, COLUMNS) / 2).astype(np.float32),
    }
    outliers = normal(0.02)
    outliers[::97] = 40.0
    outliers[5::193] = -55.0
    rows["outliers"] = outliers
    single = np.zeros(COLUMNS, np.float32)
    single[::300] = 1.0
    rows["one in a block"] = single
    half = normal(1.0)
    half[COLUMNS // 2:] = 0
    rows["half zero"] = half
    ties = np.tile(np.array([1.0, -1.0, 0.5, -0.5, 0.25, -0.25, 0.125, -0.125], np.float32), COLUMNS // 8)
    rows["ties of magnitude"] = ties
    return rows


def random_bits(rng, kind, rows, columns):
    """Rows of random bytes whose scales are finite: bytes no quantiser would write, but a reader must read."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    raw = rng.integers(0, 256, (rows, columns // block, size), dtype=np.uint8)
    scales = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,),
              Type.Q4_1: (0, 2), Type.Q5_1: (0, 2), Type.MXFP4: ()}.get(kind, (0,))
    for at in scales:
        values = rng.standard_normal((rows, columns // block)).astype(np.float16)
        raw[:, :, at:at + 2] = values[..., None].view(np.uint8)
    if kind == Type.MXFP4:  # an E8M0 exponent
        raw[:, :, 0] = rng.integers(110, 140, raw.shape[:2], dtype=np.uint8)
    return raw.reshape(rows, -1)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(11)
    ggml = Ggml()
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = {}
    for kind in TYPES:
        source = rng.standard_normal((3, 512)).astype(np.float32)
        raw = np.concatenate([ggml.quantize(source, kind), random_bits(rng, kind, 3, 512)])
        values = gguf.dequantize(raw, kind)
        assert np.isfinite(values).all(), kind
        known[f"{kind.name}.bytes"] = raw
        known[f"{kind.name}.dequantised"] = np.ascontiguousarray(values)
    for kind, dtype in ((Type.F16, np.float16), (Type.BF16, None)):
        rows = np.concatenate([rng.standard_normal((2, 512)), [[0.0, -0.0, 6.0e-8, -3.0e-5] * 128]]).astype(np.float32)
        raw = gguf.quantize(rows, kind) if dtype is None else rows.astype(dtype).view(np.uint8)
        known[f"{kind.name}.bytes"] = np.ascontiguousarray(raw)
        known[f"{kind.name}.dequantised"] = np.ascontiguousarray(gguf.dequantize(raw, kind))
    save_file(known, FOLDER / "dequantise.safetensors")

    rows = nasty_rows(rng)
    source = np.stack(list(rows.values()))
    wanted, report = {"quantise.source": source}, {"rows": list(rows), "types": {}}
    for kind in TARGETS:
        raw = ggml.quantize(source, kind)
        wanted[f"quantise.{kind.name}.ggml"] = raw
        error = np.sqrt(((gguf.dequantize(raw, kind).astype(np.float64) - source) ** 2).mean(1))
        report["types"][kind.name] = {"rms_error": [float(f"{e:.6e}") for e in error]}
        if kind in BY_PACKAGE:
            by_package = np.ascontiguousarray(gguf.quantize(source, kind))
            wanted[f"quantise.{kind.name}.gguf"] = by_package
            differ = (raw != by_package).any(1)
            report["types"][kind.name]["rows_where_the_quantisers_differ"] = \
                [name for name, d in zip(rows, differ) if d]
    save_file(wanted, FOLDER / "quantise.safetensors")
    (FOLDER / "quantise.json").write_text(json.dumps(report, indent=1) + "\n")
    for path in FOLDER.iterdir():
        path.chmod(0o644)
        print(path.name, path.stat().st_size)
    print({k: v.get("rows_where_the_quantisers_differ") for k, v in report["types"].items()})


if __name__ == "__main__":
    main()
