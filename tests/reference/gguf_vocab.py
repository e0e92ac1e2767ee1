"""Small vocabularies with the metadata that GGUF files of each tokenizer kind carry.

Sources: the GGUF specification (tokenizer.ggml.*), GPT-2's byte alphabet (Radford et al. 2019, encoder.py),
SentencePiece's piece types (Kudo and Richardson 2018).
"""

import gguf

NORMAL, UNKNOWN, CONTROL, BYTE = (gguf.TokenType.NORMAL, gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL,
                                  gguf.TokenType.BYTE)
MERGES = ["h e", "i n", "a n", "e r", "o n", "Ġ t", "Ġ a", "Ġt he", "an d", "Ġ o", "o f", "in g", "Ġ s", "r e", "Ġt o"]


def byte_alphabet():
    """GPT-2's map of the 256 bytes to printable characters, in the order of the bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in kept else chr(next(others)) for b in range(256)]


def add_byte_level_bpe(writer, size, pre, bos, eos):
    """tokenizer.ggml.model gpt2: 256 bytes, merges, then special tokens up to size."""
    tokens = byte_alphabet() + [m.replace(" ", "") for m in MERGES]
    types = [NORMAL] * len(tokens)
    while len(tokens) < size:
        tokens.append(f"<|special_{size - len(tokens)}|>")
        types.append(CONTROL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(bos)
    writer.add_eos_token_id(eos)


def add_sentencepiece(writer, size, specials, bos, eos, unknown, space_prefix, added=()):
    """tokenizer.ggml.model llama: specials, 256 byte pieces, pieces by falling score, added specials."""
    tokens = list(specials) + [f"<0x{b:02X}>" for b in range(256)]
    types = [UNKNOWN if i == unknown else CONTROL for i in range(len(specials))] + [BYTE] * 256
    scores = [0.0] * len(tokens)
    pieces = ["▁t", "he", "▁the", "in", "▁a", "▁"] + [chr(c) for c in range(ord("a"), ord("z") + 1)] + list(".,!?'")
    for i, piece in enumerate(pieces):
        tokens.append(piece)
        types.append(NORMAL)
        scores.append(-float(i))
    unused = size - len(tokens) - len(added)
    for token in [f"<extra_{i}>" for i in range(unused)] + list(added):
        tokens.append(token)
        types.append(CONTROL)
        scores.append(0.0)
    assert len(tokens) == size
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(bos)
    writer.add_eos_token_id(eos)
    writer.add_unk_token_id(unknown)
    writer.add_add_bos_token(True)
    if not space_prefix:
        writer.add_add_space_prefix(False)
