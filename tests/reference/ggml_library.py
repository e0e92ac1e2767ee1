"""ggml_quantize_chunk of llama.cpp's own library, through ctypes.

The library comes with llama-cpp-python (requirements-llama-cpp.txt). Where it lies is given by the environment
variable LLAMA_CPP_LIB, the folder of libggml-base.so (site-packages/llama_cpp/lib).
"""

import ctypes
import os
from pathlib import Path

import gguf
import numpy as np


class Ggml:
    def __init__(self):
        folder = Path(os.environ["LLAMA_CPP_LIB"])
        self.lib = ctypes.CDLL(str(folder / "libggml-base.so"))
        self.lib.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64,
                                                 ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]

    def quantize(self, rows, kind):
        """Bytes [rows, bytes a row] of f32 rows [rows, columns], without an importance matrix."""
        rows = np.ascontiguousarray(rows, np.float32)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        out = np.zeros((rows.shape[0], rows.shape[1] // block * size), np.uint8)
        written = self.lib.ggml_quantize_chunk(int(kind), rows.ctypes.data, out.ctypes.data, 0, rows.shape[0],
                                               rows.shape[1], None)
        assert written == out.nbytes
        return out


def available():
    return "LLAMA_CPP_LIB" in os.environ
