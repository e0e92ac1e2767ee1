"""A GGUF opened by llama.cpp through llama-cpp-python's ctypes, as its own programs open it."""

import llama_cpp
import numpy as np

# The callback must outlive every call of the library.
_silent = llama_cpp.llama_log_callback(lambda level, text, data: None)


class Model:
    """repack: weights are rearranged at load for the processor's kernels (llama.cpp's default), or left mapped."""

    def __init__(self, path: str, repack: bool = True):
        llama_cpp.llama_log_set(_silent, None)
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        parameters.use_extra_bufts = repack
        self.handle = llama_cpp.llama_model_load_from_file(path.encode(), parameters)
        if not self.handle:
            raise RuntimeError(f"{path}: llama.cpp cannot load it")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.handle))

    def close(self) -> None:
        llama_cpp.llama_model_free(self.handle)


class Context:
    """One sequence. Flash attention and the cache's type are llama.cpp's defaults; `rows` ids are computed at once."""

    def __init__(self, model: Model, length: int, rows: int, threads: int):
        self.model = model
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = length
        parameters.n_batch = parameters.n_ubatch = rows
        parameters.n_threads = parameters.n_threads_batch = threads
        self.handle = llama_cpp.llama_init_from_model(model.handle, parameters)
        if not self.handle:
            raise RuntimeError("llama.cpp cannot make a context")
        self.memory = llama_cpp.llama_get_memory(self.handle)
        self.batch = llama_cpp.llama_batch_init(rows, 0, 1)

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(self.memory, True)

    def append(self, ids: list[int], position: int, all_logits: bool = False) -> None:
        """Ids at a position, at most `rows`; logits of the last one only, or of all."""
        batch = self.batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = all_logits or i + 1 == len(ids)
        if llama_cpp.llama_decode(self.handle, batch) != 0:
            raise RuntimeError("llama_decode failed")
        llama_cpp.llama_synchronize(self.handle)

    def logits(self, row: int = -1) -> np.ndarray:
        """[V], a view that the next append overwrites."""
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.handle, row), (self.model.vocabulary,))

    def close(self) -> None:
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.handle)
