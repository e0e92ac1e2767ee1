"""Makes tests/goldens/tokenizers/: small tokenizers of every manner, and what the reference does with nasty texts.

Each folder is a checkpoint folder as published (tokenizer.json, tokenizer_config.json, config.json) with expected.json:
for each text of texts.json what transformers' AutoTokenizer gives with and without special tokens, and how it decodes
them and some random ids with and without special tokens. A folder with a tokenizer.gguf holds the same tokenizer as the
metadata of a GGUF file.

Usage: make_tokenizers.py [OUT]
"""

import json
import pathlib
import random
import sys

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer
from transformers.tokenization_utils_base import generate_merges

from tokenizer_texts import corpus, texts

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
DEEPSEEK3 = ["\\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
             "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
             " ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"]
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def train(tokenizer, specials, size=560, byte_level=True):
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else []
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, initial_alphabet=alphabet,
                                  show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def byte_level(pre, specials, normalizer=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, specials)


def template(*items):
    """TemplateProcessing's JSON: a token (text, id) or None for the text."""
    def piece(item, sequence):
        return ({"Sequence": {"id": sequence, "type_id": 0}} if item is None else
                {"SpecialToken": {"id": item[0], "type_id": 0}})
    single = [piece(i, "A") for i in items]
    tokens = {i[0]: {"id": i[0], "ids": [i[1]], "tokens": [i[0]]} for i in items if i}
    return {"type": "TemplateProcessing", "single": single, "pair": single + [piece(i, "B") for i in items],
            "special_tokens": tokens}


def save(folder, tokenizer, config, model_type, edit=None):
    folder.mkdir(parents=True, exist_ok=True)
    data = json.loads(tokenizer.to_str())
    if edit:
        edit(data)
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
    reference = AutoTokenizer.from_pretrained(folder)
    expect(folder, reference)
    return data


def expect(folder, reference):
    size = max(reference.get_vocab().values()) + 1
    choose = random.Random(7)
    random_ids = [[choose.randrange(size) for _ in range(choose.randrange(1, 24))] for _ in range(60)]
    known = set(reference.get_vocab().values())
    random_ids = [[i for i in ids if i in known] for ids in random_ids]
    with_special = [reference(t)["input_ids"] for t in texts()]
    without = [reference(t, add_special_tokens=False)["input_ids"] for t in texts()]
    decode = with_special + random_ids
    (folder / "expected.json").write_text(json.dumps({
        "ids": with_special, "plain_ids": without, "random_ids": random_ids,
        "decoded": [reference.decode(i) for i in decode],
        "decoded_plain": [reference.decode(i, skip_special_tokens=True) for i in decode],
    }, separators=(",", ":"), ensure_ascii=False).replace("],", "],\n") + "\n")


def write_gguf(path, architecture, model, pre, tokens, types, scores=None, merges=None, **extra):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if scores is not None:
        writer.add_token_scores(scores)
    if merges is not None:
        writer.add_token_merges(merges)
    for name, value in extra.items():
        getattr(writer, "add_" + name)(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def gguf_of(folder, data, architecture, pre, **extra):
    """The GGUF of a byte-level tokenizer."""
    added = {t["id"]: t for t in data["added_tokens"]}
    by_id = {i: t for t, i in data["model"]["vocab"].items()} | {i: t["content"] for i, t in added.items()}
    tokens = [by_id[i] for i in range(len(by_id))]
    types = [gguf.TokenType.NORMAL if i not in added else
             gguf.TokenType.CONTROL if added[i]["special"] else gguf.TokenType.USER_DEFINED for i in range(len(tokens))]
    merges = [" ".join(m) for m in data["model"]["merges"]]
    write_gguf(folder / "tokenizer.gguf", architecture, "gpt2", pre, tokens, types, merges=merges, **extra)


def added(content, **flags):
    return AddedToken(content, **flags)


def byte_level_tokenizers(out):
    end = "<|endoftext|>"
    gpt2 = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), [end])
    data = save(out / "gpt2", gpt2, {"tokenizer_class": "GPT2Tokenizer", "bos_token": end, "eos_token": end,
                                     "unk_token": end, "add_prefix_space": False}, "gpt2",
                lambda d: d.update(post_processor={"type": "ByteLevel", "add_prefix_space": True,
                                                   "trim_offsets": False, "use_regex": True}))
    gguf_of(out / "gpt2", data, "gpt2", "gpt-2", bos_token_id=0, eos_token_id=0)

    llama3 = byte_level(pre_tokenizers.Sequence([split(LLAMA3), pre_tokenizers.ByteLevel(False, use_regex=False)]), [])
    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    llama3.add_special_tokens([begin, end, "<|start_header_id|>", "<|eot_id|>"])
    size = llama3.get_vocab_size(with_added_tokens=False)

    def edit(d):
        d["model"]["ignore_merges"] = True
        # A piece that merges cannot make, which ignore_merges finds.
        d["post_processor"] = {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            template((begin, size), None)]}
        d["model"]["merges"] = d["model"]["merges"][:-40] + d["model"]["merges"][-20:]
    tokens = {"bos_token": begin, "eos_token": end}
    # merges that would miss a part are left out again
    def consistent(d):
        edit(d)
        made = {c for c in d["model"]["vocab"] if len(c) == 1}
        kept = []
        for a, b in d["model"]["merges"]:
            if a in made and b in made:
                made.add(a + b)
                kept.append([a, b])
        d["model"]["merges"] = kept
    data = save(out / "llama3", llama3, tokens | {"tokenizer_class": "PreTrainedTokenizerFast"}, "llama", consistent)
    gguf_of(out / "llama3", data, "llama", "llama-bpe", bos_token_id=size, eos_token_id=size + 1)

    qwen2 = byte_level(pre_tokenizers.Sequence([split(QWEN2), pre_tokenizers.ByteLevel(False, use_regex=False)]), [],
                       normalizers.NFC())
    end = "<|endoftext|>"
    qwen2.add_special_tokens([end, "<|im_start|>", "<|im_end|>"])
    qwen2.add_tokens([added("<tool_call>", normalized=False), added("<think>", normalized=False)])
    data = save(out / "qwen2", qwen2, {"tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|im_end|>",
                                       "pad_token": end, "unk_token": None,
                                       "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}, "qwen2")
    size = len(data["model"]["vocab"])
    gguf_of(out / "qwen2", data, "qwen2", "qwen2", eos_token_id=size + 2, pad_token_id=size, add_bos_token=False)

    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    smollm = byte_level(digits, [end, "<|im_start|>", "<|im_end|>"])
    tokens = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": end, "pad_token": "<|im_end|>"}
    save(out / "smollm", smollm, tokens | {"tokenizer_class": "GPT2Tokenizer"}, "llama")
    data = save(out / "smollm_as_written", smollm, tokens | {"tokenizer_class": "PreTrainedTokenizerFast"}, "llama")
    gguf_of(out / "smollm_as_written", data, "llama", "smollm", bos_token_id=1, eos_token_id=2, add_bos_token=False)

    deepseek = byte_level(pre_tokenizers.Sequence([*map(split, DEEPSEEK3),
                                                   pre_tokenizers.ByteLevel(False, use_regex=False)]), [])
    begin = "<｜begin▁of▁sentence｜>"
    deepseek.add_special_tokens([begin, "<｜end▁of▁sentence｜>", "<｜User｜>"])
    size = deepseek.get_vocab_size(with_added_tokens=False)
    data = save(out / "deepseek3", deepseek, {"tokenizer_class": "LlamaTokenizerFast", "bos_token": begin,
                                              "eos_token": "<｜end▁of▁sentence｜>"}, "deepseek_v3",
                lambda d: d.update(post_processor=template((begin, size), None)))
    gguf_of(out / "deepseek3", data, "deepseek2", "deepseek-v3", bos_token_id=size, eos_token_id=size + 1,
            add_bos_token=True)

    gpt4o = byte_level(pre_tokenizers.Sequence([split(GPT4O), pre_tokenizers.ByteLevel(False, use_regex=False)]), [end])
    save(out / "gpt4o", gpt4o, {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": end}, "gpt_oss")

    # Roberta's processor, a space before the first word, and texts that two templates surround.
    roberta = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), ["<s>", "</s>"])
    save(out / "roberta", roberta, {"tokenizer_class": "PreTrainedTokenizerFast"}, "none",
         lambda d: d.update(post_processor={"type": "Sequence", "processors": [
             {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": True,
              "add_prefix_space": True}, template(None, ("</s>", 1))]}))


def sentencepiece_model(prefix):
    """Pieces, scores and types of a small SentencePiece BPE model with bytes."""
    import io
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="bpe", vocab_size=700, byte_fallback=True,
        character_coverage=0.98, add_dummy_prefix=prefix, remove_extra_whitespaces=False,
        normalization_rule_name="identity", split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    scores = [processor.get_score(i) for i in range(len(pieces))]
    types = [gguf.TokenType.UNKNOWN if processor.is_unknown(i) else gguf.TokenType.CONTROL if processor.is_control(i)
             else gguf.TokenType.BYTE if processor.is_byte(i) else gguf.TokenType.NORMAL for i in range(len(pieces))]
    return pieces, scores, types


def sentencepiece_tokenizers(out):
    pieces, scores, types = sentencepiece_model(True)
    vocab = {p: i for i, p in enumerate(pieces)}
    merges = generate_merges(vocab, dict(zip(pieces, scores)))
    specials = ["<unk>", "<s>", "</s>"]

    def as_published():
        tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                               decoders.Strip(" ", 1, 0)])
        tokenizer.add_special_tokens(specials)
        return tokenizer
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
             "add_eos_token": False}

    def edit(data):
        data["post_processor"] = template(("<s>", 1), None)
    save(out / "llama2", as_published(), names | {"tokenizer_class": "LlamaTokenizer", "legacy": False}, "llama", edit)
    ids = dict(bos_token_id=1, eos_token_id=2, unk_token_id=0, add_bos_token=True, add_eos_token=False)
    save(out / "llama2_legacy", as_published(), names | {"tokenizer_class": "LlamaTokenizerFast", "legacy": True},
         "llama", edit)
    save(out / "mistral", as_published(), names | {"tokenizer_class": "LlamaTokenizer"}, "mistral", edit)
    write_gguf(out / "mistral" / "tokenizer.gguf", "llama", "llama", "default", pieces, types, scores, **ids)

    phi3 = as_published()
    phi3.add_special_tokens([added("<|endoftext|>", normalized=False)] +
                            [added(t, normalized=False, rstrip=True) for t in ("<|assistant|>", "<|end|>", "<|user|>")])

    def phi3_edit(data):
        edit(data)
        for token in data["added_tokens"]:
            if token["content"] == "</s>":
                token["rstrip"] = True
                token["special"] = False
    save(out / "phi3", phi3, names | {"tokenizer_class": "LlamaTokenizer", "eos_token": "<|endoftext|>"}, "phi3",
         phi3_edit)
    more = ["<|endoftext|>", "<|assistant|>", "<|end|>", "<|user|>"]
    control = gguf.TokenType.CONTROL
    phi3_types = [gguf.TokenType.USER_DEFINED if p == "</s>" else t for p, t in zip(pieces, types)] + [control] * 4
    write_gguf(out / "phi3" / "tokenizer.gguf", "phi3", "llama", "default", pieces + more, phi3_types,
               scores + [-1000.0] * 4, **(ids | {"eos_token_id": len(pieces)}))

    # Metaspace that splits, with its own decoder, and unknown characters without bytes.
    metaspace = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    metaspace.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    metaspace.decoder = decoders.Metaspace(prepend_scheme="always")
    train(metaspace, ["<unk>", "<s>"], 500, False)
    save(out / "metaspace", metaspace, {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}, "none")


def gemma_tokenizer(out):
    pieces, scores, types = sentencepiece_model(False)
    head = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "\n", "\n\n", "▁▁", "▁▁▁", "<table>"]
    normal = [p for p, t in zip(pieces, types) if t == gguf.TokenType.NORMAL and p not in head + ["\t"]]
    tabs = ["\t\t", "\t\t\t"]
    order = head + [f"<0x{b:02X}>" for b in range(256)] + tabs + normal
    vocab = {("\t" if p == "<0x09>" else p): i for i, p in enumerate(order)}
    merges = generate_merges(vocab, {p: -i for p, i in vocab.items()})
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(head[:6])
    tokenizer.add_tokens([added(t, normalized=False) for t in head[6:]])
    save(out / "gemma", tokenizer, {"tokenizer_class": "GemmaTokenizer", "bos_token": "<bos>", "eos_token": "<eos>",
                                    "pad_token": "<pad>", "unk_token": "<unk>"}, "gemma3_text",
         lambda d: d.update(post_processor=template(("<bos>", 2), None)))
    kinds = [gguf.TokenType.CONTROL] * 6 + [gguf.TokenType.USER_DEFINED] * 5 + [gguf.TokenType.BYTE] * 256
    kinds += [gguf.TokenType.NORMAL] * (len(order) - len(kinds))
    stored = [" " * len(p) if set(p) == {"▁"} and len(p) > 1 else p for p in order]
    write_gguf(out / "gemma" / "tokenizer.gguf", "gemma3", "llama", "default", stored, kinds,
               [-1000.0] * 11 + [0.0] * 256 + [-float(i) for i in range(len(order) - 267)], bos_token_id=2,
               eos_token_id=1, unk_token_id=3, pad_token_id=0, add_bos_token=True, add_space_prefix=False)


def odd_tokenizers(out):
    """Flags, behaviours and normalisers that the families above do not use."""
    flags = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), [], normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Strip(True, False), normalizers.Lowercase()]))
    flags.add_special_tokens([added("[LEFT]", lstrip=True, normalized=False),
                              added("[RIGHT]", rstrip=True, normalized=False),
                              added("[BOTH]", lstrip=True, rstrip=True, normalized=False)])
    flags.add_tokens([added("word", single_word=True, normalized=False), added("Capital", normalized=True),
                      added("ab", normalized=False), added("abc", normalized=False), added("ﬁne", normalized=True),
                      added("größe", single_word=True, lstrip=True, normalized=True), added("  two", normalized=False)])
    save(out / "flags", flags, {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "[BOTH]"}, "none")

    def splits(normalizer, *steps):
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(list(steps))
        return train(tokenizer, ["<unk>"], 420, False)
    config = {"tokenizer_class": "PreTrainedTokenizerFast"}
    save(out / "split_removed", splits(normalizers.NFD(), split(r"\s+", "removed"), split(r"\d", "contiguous")), config,
         "none")
    save(out / "split_previous", splits(normalizers.NFKD(), split(r"[aeiou]", "merged_with_previous"),
                                        split(r"(?i)x|\bT\w+\b", "isolated")), config, "none")
    save(out / "split_next", splits(normalizers.Replace(Regex(r"[^\p{L}\s&&[^Q]]{2}+|^a|o$"), "é"),
                                    split(r"[[:.,;]&&[^:]]|\p{Lu}", "merged_with_next"),
                                    split(r"\p{L}+", "removed", True)), config, "none")
    save(out / "split_inverted", splits(normalizers.Sequence([normalizers.Strip(False, True), normalizers.Prepend("a ")]),
                                        split(r"\w+", "isolated", True), pre_tokenizers.Split("e", "merged_with_next"),
                                        pre_tokenizers.Digits(False)), config, "none")
    # ByteLevel in the middle: what follows sees the spelled text.
    save(out / "falcon", byte_level(pre_tokenizers.Sequence([
        split(r"[\p{P}!-/:-@\[-`{-~]+"), pre_tokenizers.ByteLevel(False), pre_tokenizers.Digits(False),
        split("[0-9][0-9][0-9]")]), ["<|endoftext|>"]), config, "none")
    # A decoder that strips and replaces in the fused text. (Stripping at the end makes the reference panic on short
    # texts.)
    tokenizer = splits(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))
    tokenizer.decoder = decoders.Sequence([decoders.Fuse(), decoders.Replace("▁", " "), decoders.Strip(" ", 2, 0),
                                           decoders.Replace("the", "THE"), decoders.Replace(Regex("[aeiou]+n"), "N")])
    save(out / "fused", tokenizer, config, "none")


def main():
    here = pathlib.Path(__file__).resolve().parent
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "goldens" / "tokenizers"
    out.mkdir(parents=True, exist_ok=True)
    byte_level_tokenizers(out)
    sentencepiece_tokenizers(out)
    gemma_tokenizer(out)
    odd_tokenizers(out)
    (out / "texts.json").write_text(json.dumps(texts(), ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
