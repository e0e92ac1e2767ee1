"""Makes the seed corpora of fuzz_safetensors, fuzz_gguf, fuzz_pytorch, fuzz_json_config, fuzz_orientation and fuzz_grammar: a few small files each, in corpus/.

    python make_corpus.py

Needs Python alone. Configs are those of tests/goldens/; the containers are written here, byte by byte.
"""

import json
import shutil
import struct
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDENS = HERE.parent / "goldens"
CORPUS = HERE / "corpus"


def save(name, files, keep=False):
    """`keep`: what else is in the folder was made elsewhere."""
    folder = CORPUS / name
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    print(name, len(files), "files,", sum(map(len, files.values())), "bytes")


def safetensors(tensors, metadata=None):
    header, begin = {"__metadata__": metadata} if metadata else {}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + size]}
        begin += size
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + bytes(range(begin))


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def array(kind, elements):
    return struct.pack("<IQ", kind, len(elements)) + b"".join(elements)


def gguf(keys, tensors=(), version=3):
    """keys: (name, type, bytes); tensors: (name, sizes innermost first, type, bytes of data)."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys))
    head += b"".join(text(name) + struct.pack("<I", kind) + value for name, kind, value in keys)
    data = b""
    for name, sizes, kind, size in tensors:
        head += text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, kind, len(data))
        data += bytes(i * 37 % 251 for i in range(size)) + bytes(-size % 32)
    return head + bytes(-len(head) % 32) + data


def u32(value):
    return struct.pack("<I", value)


def f32(value):
    return struct.pack("<f", value)


def model_keys(architecture):
    """What a converter writes for a model of two layers."""
    prefix = architecture + "."
    return [("general.architecture", 8, text(architecture)), (prefix + "block_count", 4, u32(2)),
            (prefix + "context_length", 4, u32(64)), (prefix + "embedding_length", 4, u32(32)),
            (prefix + "feed_forward_length", 4, u32(64)), (prefix + "attention.head_count", 4, u32(4)),
            (prefix + "attention.head_count_kv", 4, u32(2)), (prefix + "attention.key_length", 4, u32(8)),
            (prefix + "attention.value_length", 4, u32(8)), (prefix + "attention.layer_norm_epsilon", 6, f32(1e-5)),
            (prefix + "attention.layer_norm_rms_epsilon", 6, f32(1e-5)), (prefix + "rope.freq_base", 6, f32(10000)),
            (prefix + "rope.dimension_count", 4, u32(8)), (prefix + "rope.scaling.type", 8, text("linear")),
            (prefix + "rope.scaling.factor", 6, f32(2)), (prefix + "attention.sliding_window", 4, u32(8)),
            (prefix + "vocab_size", 4, u32(4)),
            ("tokenizer.ggml.tokens", 9, array(8, [text(t) for t in ("a", "b", "<s>", "</s>")]))]


def sentencepiece(algorithm):
    """A SentencePiece model of a few pieces; 1: unigram, 2: BPE with bytes."""
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data
    pieces = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("<user>", 4), ("\u2581", 1), ("a", 1), ("b", 1), ("\u2581a", 1),
              ("ab", 1), ("<0x0A>", 6), ("unused", 5)]
    model = b"".join(field(1, field(1, t.encode()) + b"\x15" + f32(-i) + bytes([3 << 3, kind]))
                     for i, (t, kind) in enumerate(pieces))
    trainer = bytes([3 << 3, algorithm, 35 << 3 & 0x7F | 0x80, 2, algorithm - 1])
    return model + field(2, trainer) + field(3, bytes([3 << 3, 1]))


def tokenizers():
    """Small tokenizers of the models and components that the shrunk goldens in the same folder do not have."""
    def file(model, **parts):
        return json.dumps({"model": model} | parts, separators=(",", ":")).encode()
    pieces = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4, "hello": 5}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                                                         {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}}
    return {
        "word_piece.json": file({"type": "WordPiece", "vocab": pieces}, pre_tokenizer={"type": "BertPreTokenizer"},
                                normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                            "strip_accents": None, "lowercase": True}, post_processor=template,
                                decoder={"type": "WordPiece", "prefix": "##", "cleanup": True}) + b"\0H\xc3\xa9llo ab.",
        "unigram.json": file({"type": "Unigram", "unk_id": 0, "byte_fallback": True,
                              "vocab": [["<unk>", 0], ["\u2581", -1], ["a", -2], ["\u2581a", -1.5], ["<0x62>", -9]]},
                             pre_tokenizer={"type": "Sequence", "pretokenizers": [
                                 {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581"}]},
                             normalizer={"type": "Sequence", "normalizers": [
                                 {"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAABhAA=="}, {"type": "Nmt"}]}),
        "word_level.json": file({"type": "WordLevel", "unk_token": "[UNK]", "vocab": pieces}, pre_tokenizer={
            "type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"}, {"type": "FixedLength", "length": 3},
                                                  {"type": "Punctuation"}, {"type": "Digits", "individual_digits": True}]},
            decoder={"type": "CTC", "pad_token": "a", "word_delimiter_token": "|", "cleanup": True}),
        "unigram.model": b"spiece.model:" + sentencepiece(1),
        "bpe.model": b"spiece.model:" + sentencepiece(2),
        "unigram.spm": b"source.spm:" + sentencepiece(1),
        "bpe.spm": b"source.spm:" + sentencepiece(2),
        "vocab.txt": b"vocab.txt:[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\n##s\n",
        "qwen.tiktoken": b"qwen.tiktoken:SA== 0\nZQ== 1\nSGU= 2\nbA== 3\n",
    }


def grammars():
    """The first byte says what the rest is."""
    schemas = [
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": -3, "maximum": 120}, "b": {"$ref": "#"}},
         "required": ["a"], "additionalProperties": {"type": "string", "maxLength": 3}},
        {"type": "array", "prefixItems": [{"enum": ["x", 1, None]}], "items": {"type": "string", "pattern": "^a[^b]+"},
         "minItems": 1, "maxItems": 4},
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0.25, "maximum": 1.5}, {"type": "string", "format": "date-time"}]},
        {"allOf": [{"$ref": "#/$defs/n"}, {"multipleOf": 7}], "$defs": {"n": {"type": "integer"}}}]
    expressions = ["^(?:a|b)*[^c-e\\d]{2,4}?$", "\\x41\\u{1F600}(x|y(z))+", "[\\w.]+@\\S\\s.|"]
    gbnf = ['root ::= "a" (b | [^x-z]{2,3})* # c\nb ::= "\\x41" root? "\\u00e9" .']
    files = [b"0" + json.dumps(schema).encode() for schema in schemas]
    files += [b"1" + text.encode() for text in expressions] + [b"2" + text.encode() for text in gbnf]
    return {f"{i}": content for i, content in enumerate(files)}


def main():
    save("tokenizer", tokenizers(), keep=True)
    save("safetensors", {
        "empty": safetensors({}),
        "all_dtypes": safetensors({d.lower(): (d, [2], 2 * size) for d, size in
                                   (("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4),
                                    ("I16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1), ("F8_E4M3", 1), ("F8_E5M2", 1))}),
        "shapes": safetensors({"scalar": ("F32", [], 4), "none": ("F16", [0, 3], 0), "five": ("U8", [1, 2, 1, 2, 1], 4)},
                              {"format": "pt"}),
        "index": json.dumps({"metadata": {"total_size": 8}, "weight_map": {
            "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}).encode(),
    })

    scalars = [("u8", 0, b"\x01"), ("i8", 1, b"\xff"), ("u16", 2, b"\x01\x02"), ("i16", 3, b"\x01\xff"),
               ("u32", 4, u32(7)), ("i32", 5, u32(7)), ("f32", 6, f32(0.5)), ("bool", 7, b"\x01"),
               ("string", 8, text("hello")), ("u64", 10, struct.pack("<Q", 1)), ("i64", 11, struct.pack("<q", -1)),
               ("f64", 12, struct.pack("<d", 0.25))]
    arrays = [("strings", 9, array(8, [text("a"), text(""), text("bc")])), ("ints", 9, array(5, [u32(1), u32(2)])),
              ("nested", 9, array(9, [array(0, [b"\x01", b"\x02"]), array(8, [text("x")])])),
              ("bools", 9, array(7, [b"\x00", b"\x01"])), ("none", 9, array(4, []))]
    small = [("q4_0", [32], 2, 18), ("q4_1", [32], 3, 20), ("q5_0", [32], 6, 22), ("q5_1", [32], 7, 24),
             ("q8_0", [32, 2], 8, 68), ("iq4_nl", [32], 20, 18), ("mxfp4", [32], 39, 17), ("bf16", [3, 1, 2], 30, 12)]
    large = [("q2_k", [256], 10, 84), ("q3_k", [256], 11, 110), ("q4_k", [256], 12, 144), ("q5_k", [256], 13, 176),
             ("q6_k", [256], 14, 210), ("iq4_xs", [256], 23, 136)]
    aligned = [("general.alignment", 4, u32(32)), ("general.architecture", 8, text("llama"))]
    files = {"scalars": gguf(scalars), "arrays": gguf(arrays, version=2), "small_blocks": gguf([], small),
             "super_blocks": gguf(aligned, large), "plain": gguf([], [("f32", [4, 2], 0, 32), ("f16", [3], 1, 6)])}
    for architecture in ("llama", "gpt2", "gemma3", "phi3", "qwen3", "bert", "nomic-bert"):
        files["model_" + architecture] = gguf(model_keys(architecture))
    save("gguf", files)

    pytorch = {name: (GOLDENS / "pytorch" / (name + ".bin")).read_bytes() for name in ("tensors", "protocol_4", "hostile")}
    for name in ("tensors", "protocol_4"):
        with zipfile.ZipFile(GOLDENS / "pytorch" / (name + ".bin")) as archive:
            pytorch[name + ".pkl"] = archive.read(name + "/data.pkl")
    save("pytorch", pytorch)

    configs = {"literals": b'{"a": Infinity, "b": [-Infinity, NaN], "c": {"d": null, "e": "\\u00e9"}, "f": 1e3}',
               "generation": (GOLDENS / "decoders" / "llama" / "generation_config.json").read_bytes()}
    for family in ("bert_classification", "roberta", "distilbert", "albert_groups", "electra_multiple_choice", "mpnet",
                   "modernbert", "modernbert_published", "nomic_bert_published", "deberta_v2_convolution"):
        config = json.loads((GOLDENS / "encoders" / family / "config.json").read_text())
        configs[family] = json.dumps(config, separators=(",", ":")).encode()
    for family in ("t5", "umt5", "bart_classification", "marian_two_vocabularies", "m2m_100"):
        config = json.loads((GOLDENS / "seq2seq" / family / "config.json").read_text())
        configs[family] = json.dumps(config, separators=(",", ":")).encode()
    for family in ("gemma2", "gemma3", "gpt2", "llama_llama3", "llama_yarn", "llama_dynamic", "mistral_4", "phi3_longrope",
                   "qwen2_window", "qwen3", "smollm3"):
        config = json.loads((GOLDENS / "decoders" / family / "config.json").read_text())
        configs[family] = json.dumps(config, separators=(",", ":")).encode()
    for family in ("vision/vit_masked", "vision/dinov2_registers_swiglu", "vision/beit_token", "vision/vit_mae_encoder",
                   "vision/swin_odd", "vision/segformer_rows", "vision/yolos_detection", "vision/dpt_added",
                   "vision/depth_anything_metric", "vision/clip_classification", "vision/siglip_classification",
                   "encoders/clip_text"):
        config = json.loads((GOLDENS / family / "config.json").read_text())
        configs[family.split("/")[1]] = json.dumps(config, separators=(",", ":")).encode()
    configs["image_processor"] = json.dumps({
        "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 224}, "resample": 3, "crop_size": [224, 224],
        "image_mean": [0.5, 0.5, 0.5], "image_std": 0.5, "rescale_factor": 0.0039, "do_center_crop": True}).encode()
    save("json_config", configs)
    pictures = GOLDENS / "pictures"
    save("orientation", {name: (pictures / name).read_bytes()[:1500] for name in ("turned_6.jpg", "turned_8.webp", "turned_6.png")})
    save("grammar", grammars())


if __name__ == "__main__":
    main()
