"""Makes tests/goldens/tokenizer_classes/: a small checkpoint folder for every tokenizer class that transformers rebuilds
and every file format it reads, with what the reference does with 2,000 nasty texts (tokenizer_hashes.py).

Usage: make_tokenizer_classes.py [OUT] [--only NAME...]
"""

import argparse
import base64
import io
import json
import pathlib
import tempfile

import sentencepiece
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)
from transformers import AutoTokenizer
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

from tokenizer_hashes import hash_lines, nasty_texts
from tokenizer_texts import SENTENCES, corpus

SIZE = 420
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def rules():
    """A small table of character rules in SentencePiece's form."""
    import unicodedata
    lines = {"\t": " ", "\n": " ", "\r": " ", "\r\n": " ", "\u200b": "", "\u00a0": " ", "\u3000": " ", "\ufeff": ""}
    for point in list(range(0xFF01, 0xFF5F)) + list(range(0xFB00, 0xFB07)) + list(range(0xFF65, 0xFFA0)):
        lines[chr(point)] = unicodedata.normalize("NFKC", chr(point))
    for base in "aeiounAEIOUN":
        for mark in "\u0300\u0301\u0303\u0308\u030a":
            joint = unicodedata.normalize("NFKC", base + mark)
            if len(joint) == 1:
                lines[base + mark] = joint
    lines["ｶﾞ"] = "ガ"
    lines["½"] = "1⁄2"
    return "".join("{}\t{}\n".format(" ".join(f"{ord(c):X}" for c in a), " ".join(f"{ord(c):X}" for c in b))
                   for a, b in lines.items())


def sentencepiece_file(kind, rule="small", size=SIZE, **options):
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        if rule == "small":
            table.write(rules())
            table.flush()
            options["normalization_rule_tsv"] = table.name
        else:
            options["normalization_rule_name"] = rule
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus()), model_writer=model, model_type=kind, vocab_size=size,
            hard_vocab_limit=False, character_coverage=0.98, minloglevel=2, **options)
    return model.getvalue()


def train(model, trainer, normalizer=None, pre=None, **parts):
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(SENTENCES, trainer)
    for name, value in parts.items():
        setattr(tokenizer, name, value)
    return tokenizer


def word_piece(special=BERT, lower=True, unk="[UNK]"):
    return train(models.WordPiece(unk_token=unk), trainers.WordPieceTrainer(
        vocab_size=SIZE, special_tokens=special, show_progress=False), normalizers.BertNormalizer(lowercase=lower),
        pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece())


def byte_level(special, suffix=None, pre=None, normalizer=None):
    options = {"end_of_word_suffix": suffix} if suffix else {}
    return train(models.BPE(**options), trainers.BpeTrainer(
        vocab_size=SIZE + 256 * (2 if suffix else 1), special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **options), normalizer,
        pre or pre_tokenizers.ByteLevel(add_prefix_space=False), decoder=decoders.ByteLevel(),
        post_processor=processors.ByteLevel(trim_offsets=False))


def bert_bpe(special, unk):
    return train(models.BPE(unk_token=unk, end_of_word_suffix="</w>"), trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=special, show_progress=False, end_of_word_suffix="</w>"),
        normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), decoder=decoders.BPEDecoder("</w>"))


def unigram(pieces, charsmap=None):
    """A tokenizer.json of SentencePiece pieces (text, score) as classes read it."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    if charsmap:
        tokenizer.normalizer = normalizers.Precompiled(charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def proto_of(data):
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(data)
    return proto


def vocab_lines(tokenizer):
    ids = tokenizer.get_vocab()
    return "".join(t + "\n" for t in sorted(ids, key=ids.get))


class Maker:
    def __init__(self, out, only):
        self.out, self.only, self.texts = out, only, nasty_texts()

    def __call__(self, name, class_name, model_type, files, **config):
        if self.only and name not in self.only:
            return
        folder = self.out / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            if isinstance(data, Tokenizer):
                data = json.dumps(json.loads(data.to_str()), ensure_ascii=False, separators=(",", ":"))
            (folder / file).write_bytes(data if isinstance(data, bytes) else data.encode())
        if class_name:
            config["tokenizer_class"] = class_name
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
        (folder / "config.json").write_text(json.dumps({"model_type": model_type}) + "\n")
        reference = AutoTokenizer.from_pretrained(folder)
        print(name, type(reference).__name__, len(reference), flush=True)
        (folder / "hashes.txt").write_text("\n".join(hash_lines(reference, self.texts)) + "\n")


def word_pieces(make):
    bert, cased = word_piece(), word_piece(lower=False)
    make("bert", "BertTokenizer", "bert", {"tokenizer.json": bert}, do_lower_case=True)
    make("bert_cased_files", "BertTokenizer", "bert", {"vocab.txt": vocab_lines(cased)}, do_lower_case=False,
         clean_up_tokenization_spaces=True, tokenize_chinese_chars=True)
    make("bert_no_accents", "DistilBertTokenizer", "distilbert", {"vocab.txt": vocab_lines(cased)}, do_lower_case=False,
         strip_accents=True, tokenize_chinese_chars=False)
    mpnet = word_piece(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    make("mpnet", "MPNetTokenizer", "mpnet", {"tokenizer.json": mpnet})
    make("funnel", "FunnelTokenizer", "funnel", {"vocab.txt": vocab_lines(
        word_piece(["<pad>", "<unk>", "<cls>", "<sep>", "<mask>", "<s>", "</s>"], unk="<unk>"))})
    written = word_piece()
    written.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    make("bert_as_written", "PreTrainedTokenizerFast", "none", {"tokenizer.json": written}, unk_token="[UNK]",
         clean_up_tokenization_spaces=True)
    level = train(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(
        vocab_size=150, special_tokens=["<unk>", "<s>"], show_progress=False), normalizers.Sequence(
            [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()]), pre_tokenizers.Whitespace(),
        post_processor=processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B:1",
                                                     special_tokens=[("<s>", 1)]))
    make("word_level", "PreTrainedTokenizerFast", "none", {"tokenizer.json": level})


def byte_levels(make):
    end = "<|endoftext|>"
    roberta = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    data = json.loads(roberta.to_str())
    merges = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in data["model"]["merges"])
    files = {"vocab.json": json.dumps(data["model"]["vocab"]), "merges.txt": merges}
    make("roberta_class", "RobertaTokenizer", "roberta", {"tokenizer.json": roberta})
    make("roberta_files", "RobertaTokenizer", "roberta", files, add_prefix_space=True)
    make("deberta", "DebertaTokenizer", "deberta", {"tokenizer.json": byte_level(BERT)})
    gpt2 = byte_level([end])
    data = json.loads(gpt2.to_str())
    merges = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in data["model"]["merges"])
    files = {"vocab.json": json.dumps(data["model"]["vocab"]), "merges.txt": merges}
    make("gpt2_files", "GPT2Tokenizer", "gpt2", files)
    make("gpt2_files_bos", "GPT2Tokenizer", "gpt2", files | {"added_tokens.json": json.dumps({"<|x|>": len(
        data["model"]["vocab"])}), "special_tokens_map.json": json.dumps({"bos_token": "<|x|>"})}, add_bos_token=True)
    make("code_gen", "CodeGenTokenizer", "codegen", {"tokenizer.json": gpt2})
    make("gpt_neox", "GPTNeoXTokenizer", "gpt_neox", {"tokenizer.json": byte_level([end, "<|padding|>"])})
    make("blenderbot", "BlenderbotTokenizer", "blenderbot", {"tokenizer.json": roberta})
    cohere = byte_level(["<PAD>", "<UNK>", "<CLS>", "<SEP>", "<MASK_TOKEN>", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"])
    make("cohere", "CohereTokenizer", "cohere", {"tokenizer.json": cohere})
    whisper = byte_level([end])
    whisper.add_special_tokens(["<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"])
    whisper.add_tokens([AddedToken(f"<|{i / 50:.2f}|>", normalized=False) for i in range(5)])
    make("whisper", "WhisperTokenizer", "whisper", {"tokenizer.json": whisper})
    clip = byte_level(["<|startoftext|>", end], "</w>", normalizer=normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
        pre=pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", True),
                                     pre_tokenizers.ByteLevel(False)]))
    data = json.loads(clip.to_str())
    merges = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in data["model"]["merges"])
    make("clip", "CLIPTokenizer", "clip", {"tokenizer.json": clip})
    make("clip_files", "CLIPTokenizer", "clip", {"vocab.json": json.dumps(data["model"]["vocab"]), "merges.txt": merges})


def bert_bpes(make):
    make("openai_gpt", "OpenAIGPTTokenizer", "openai-gpt", {"tokenizer.json": bert_bpe(["<unk>"], "<unk>")})
    make("herbert", "HerbertTokenizer", "herbert", {"tokenizer.json": bert_bpe(
        ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<unk>")})


def sentence_pieces(make):
    big = sentencepiece_file("unigram", "nmt_nfkc", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    small = sentencepiece_file("unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    proto = proto_of(small)
    charsmap = proto.normalizer_spec.precompiled_charsmap
    pieces = [(p.piece, p.score) for p in proto.pieces]
    t5 = unigram(pieces + [(f"<extra_id_{i}>", 0.0) for i in range(9, -1, -1)], charsmap)
    t5.add_special_tokens(["<pad>", "</s>", "<unk>"] + [f"<extra_id_{i}>" for i in range(9, -1, -1)])
    extra = dict(extra_ids=10, additional_special_tokens=[f"<extra_id_{i}>" for i in range(10)])
    make("t5", "T5Tokenizer", "t5", {"tokenizer.json": t5}, **extra)
    make("t5_files", "T5Tokenizer", "t5", {"spiece.model": big})
    make("pegasus_files", "PegasusTokenizer", "pegasus", {"spiece.model": big})
    make("pegasus_named_files", "PegasusTokenizer", "pegasus", {"spiece.model": small}, offset=20, mask_token="<mask_2>",
         mask_token_sent="<mask_1>")

    fairseq = sentencepiece_file("unigram", user_defined_symbols=["<sep>", "right"])
    proto = proto_of(fairseq)
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(p.piece, p.score) for p in proto.pieces[3:]]
    tokenizer = unigram(pieces + [("<mask>", 0.0)], proto.normalizer_spec.precompiled_charsmap)
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    make("xlm_roberta", "XLMRobertaTokenizer", "xlm-roberta", {"tokenizer.json": tokenizer})
    make("xlm_roberta_files", "XLMRobertaTokenizer", "xlm-roberta", {"sentencepiece.bpe.model": fairseq})
    make("xglm", "XGLMTokenizer", "xglm", {"tokenizer.json": tokenizer})
    make("barthez", "BarthezTokenizer", "barthez", {"tokenizer.json": tokenizer})
    make("camembert_files", "CamembertTokenizer", "camembert", {"sentencepiece.bpe.model": fairseq})
    make("mbart_files", "MBartTokenizer", "mbart", {"sentencepiece.bpe.model": fairseq})
    make("mbart50_files", "MBart50Tokenizer", "mbart", {"sentencepiece.bpe.model": fairseq})

    albert = sentencepiece_file("unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
                                control_symbols=["[CLS]", "[SEP]", "[MASK]"])
    make("albert_files", "AlbertTokenizer", "albert", {"spiece.model": albert})
    make("albert_cased_files", "AlbertTokenizer", "albert", {"spiece.model": albert}, do_lower_case=False,
         keep_accents=True)
    deberta = sentencepiece_file("unigram", pad_id=0, unk_id=3, bos_id=1, eos_id=2, bos_piece="[CLS]", eos_piece="[SEP]",
                                 pad_piece="[PAD]", unk_piece="[UNK]")
    make("deberta_v2_files", "DebertaV2Tokenizer", "deberta-v2", {"spm.model": deberta}, split_by_punct=True)
    rembert = sentencepiece_file("unigram", pad_id=0, unk_id=2, bos_id=1, eos_id=-1,
                                 control_symbols=["[CLS]", "[SEP]", "[MASK]"])
    make("rembert_files", "RemBertTokenizer", "rembert", {"sentencepiece.model": rembert})
    make("big_bird_files", "BigBirdTokenizer", "big_bird", {"spiece.model": sentencepiece_file(
        "unigram", pad_id=0, eos_id=1, bos_id=2, unk_id=100, control_symbols=["[SEP]", "[MASK]", "[CLS]"])})

    bpe = sentencepiece_file("bpe", "identity", 700, byte_fallback=True, user_defined_symbols=["<sep>", "right"],
                             remove_extra_whitespaces=False)
    make("llama_files", "LlamaTokenizer", "llama", {"tokenizer.model": bpe}, add_bos_token=True)
    make("llama_legacy_files", "LlamaTokenizer", "llama", {"tokenizer.model": bpe}, legacy=True, add_eos_token=True)
    make("code_llama_files", "CodeLlamaTokenizer", "code_llama", {"tokenizer.model": bpe})
    make("nllb_files", "NllbTokenizer", "nllb", {"sentencepiece.bpe.model": sentencepiece_file("bpe")})
    make("plain_bpe_files", "PreTrainedTokenizerFast", "none", {"tokenizer.model": bpe})
    make("plain_unigram_files", "PreTrainedTokenizerFast", "none", {"tokenizer.model": small})
    ranks = [bytes([b]) for b in range(256)] + [b"th", b"he", b"the", b" the", b"an", b"and", b" and", b"\n\n", b"  ", b"    ",
                                                b"\xc3\xa9", b"er", b"in", b"ing", b"igh", b"right", b"12", b"123", b"\xe4\xba"]
    lines = "".join(f"{base64.b64encode(t).decode()} {i}\n" for i, t in enumerate(ranks))
    decoder = {str(len(ranks) + i): {"content": t, "special": True, "normalized": False, "lstrip": False, "rstrip": False,
                                     "single_word": False} for i, t in ((0, "<|begin|>"), (3, "<|end|>"))}
    make("tiktoken_files", "PreTrainedTokenizerFast", "none", {"tokenizer.model": lines}, added_tokens_decoder=decoder,
         bos_token="<|begin|>")


def dictionary(*files, first=("<s>", "<pad>", "</s>", "<unk>"), last=()):
    """vocab.json: ids that are not the SentencePiece files' own, without some of their pieces."""
    pieces = list(first)
    for proto in map(proto_of, files):
        pieces += [p.piece for i, p in enumerate(proto.pieces) if p.type == 1 and i % 13 and p.piece not in pieces]
    pieces += last
    return json.dumps({piece: i for i, piece in enumerate(pieces)}, ensure_ascii=False)


def dictionaries(make):
    """Classes that run in Python: ids by a dictionary beside SentencePiece files, or by a BPE of their own."""
    source = sentencepiece_file("unigram", user_defined_symbols=["<sep>", "right"])
    target = sentencepiece_file("unigram", size=360, remove_extra_whitespaces=False)
    spm = {"source.spm": source, "target.spm": target}
    marian = ("</s>", "<unk>")
    published = sentencepiece_file("unigram", "nmt_nfkc")
    make("marian_files", "MarianTokenizer", "marian", {"source.spm": published, "target.spm": target, "vocab.json": dictionary(
        published, target, first=marian, last=["<pad>"])}, source_lang="en", target_lang="de", model_max_length=512)
    make("marian_languages_files", None, "marian", spm | {"vocab.json": dictionary(
        target, source, first=marian, last=[">>fra<<", ">>deu<<", "<pad>"])}, unk_token="<unk>",
        additional_special_tokens=["<sep>"])
    make("marian_bytes_files", None, "marian", {"source.spm": sentencepiece_file(
        "bpe", size=700, byte_fallback=True, user_defined_symbols=["right", "the"], add_dummy_prefix=False), "target.spm": target,
        "vocab.json": dictionary(source, target, first=marian, last=["<pad>"] + [f"<0x{i:02X}>" for i in range(256)])})
    make("marian_separate_files", None, "marian", spm | {"vocab.json": dictionary(source, first=marian, last=["<pad>"]),
         "target_vocab.json": dictionary(target, first=marian, last=["<pad>"])}, separate_vocabs=True)

    pairs = sentencepiece_file("bpe")
    languages = FAIRSEQ_LANGUAGE_CODES["m2m100"]
    files = {"sentencepiece.bpe.model": pairs, "vocab.json": dictionary(pairs)}
    make("m2m_100_files", "M2M100Tokenizer", "m2m_100", files, src_lang="fr", tgt_lang="en",
         additional_special_tokens=[f"__{language}__" for language in languages])
    make("m2m_100_bare_files", None, "m2m_100", files)
    make("m2m_100_wmt_files", "M2M100Tokenizer", "m2m_100", files, language_codes="wmt21", src_lang="de")
    make("nllb_published_files", "NllbTokenizer", "m2m_100", {"sentencepiece.bpe.model": pairs}, src_lang="fra_Latn",
         additional_special_tokens=["fra_Latn", "deu_Latn", "eng_Latn"])

    words = train(models.BPE(unk_token="__unk__", continuing_subword_prefix="", end_of_word_suffix="</w>"),
                  trainers.BpeTrainer(vocab_size=3 * SIZE, show_progress=False, end_of_word_suffix="</w>"),
                  normalizers.Lowercase(), pre_tokenizers.Whitespace())
    merges = [pair for pair in json.loads(words.to_str())["model"]["merges"]]
    symbols = sorted({s for pair in merges for s in (*pair, "".join(pair))})
    spelled = [s[:-4] if s.endswith("</w>") else s + "@@" for s in symbols]
    vocabulary = ["__null__", "__start__", "__end__", "__unk__", "__newln__", *dict.fromkeys(spelled), ".", "!", "'"]
    make("blenderbot_small_files", "BlenderbotSmallTokenizer", "blenderbot-small", {
        "vocab.json": json.dumps({t: i for i, t in enumerate(dict.fromkeys(vocabulary))}, ensure_ascii=False),
        "merges.txt": "#version: 0.2\n" + "".join(" ".join(pair) + "\n" for pair in merges)})


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", type=pathlib.Path, default=here.parent / "goldens" / "tokenizer_classes")
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    make = Maker(arguments.out, arguments.only)
    for group in (word_pieces, byte_levels, bert_bpes, sentence_pieces, dictionaries):
        group(make)
    (arguments.out / "nasty_texts.json").write_text(json.dumps(make.texts, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
