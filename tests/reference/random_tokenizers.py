"""Random tokenizers of every component that `tokenizers` has, and random nasty texts, from a seeded generator."""

import base64
import functools
import io

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_texts import NASTY, SENTENCES, corpus

LETTERS = ["a", "B", "z", "E", " ", " ", "  ", "\n", "\t", "1", "9", "'", "s", ".", ",", "-", "é", "ß", "ж", "א", "ع", "क",
           "ก", "人", "か", "カ", "한", "😀", "\u0301", "\u0316", "\u200d", "\u00a0", "\u3000", "▁", "<", ">", "|", "½",
           "Ⅷ", "_", "\r\n", "the", " and", "[X]", "word", "İ", "ﬁ", "\x00", "\x07", "\ufffd", "ー", "e\u0301", "Å", "ａ",
           "､", "”", "``", "''", "<mask>", "ing", "right"]


def random_text(choose):
    kind = choose.random()
    if kind < 0.3:
        return choose.choice(NASTY)
    if kind < 0.5:
        sentence = choose.choice(SENTENCES)
        begin = choose.randrange(len(sentence))
        return sentence[begin:begin + choose.randrange(60)]
    if kind < 0.9:
        return "".join(choose.choice(LETTERS) for _ in range(choose.randrange(0, 24)))
    points = [choose.choice([choose.randrange(0x20, 0x3000), choose.randrange(0x110000)]) for _ in range(12)]
    return "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)


@functools.cache
def charsmap(rule="nmt_nfkc"):
    """SentencePiece's own character map of a rule."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="unigram", vocab_size=600, hard_vocab_limit=False,
        normalization_rule_name=rule, character_coverage=0.98, minloglevel=2)
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def random_normalizer(choose, depth=0):
    kinds = [
        normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Lowercase,
        normalizers.StripAccents, normalizers.Nmt, normalizers.ByteLevel,
        lambda: normalizers.Strip(choose.random() < 0.5, choose.random() < 0.5),
        lambda: normalizers.Prepend(choose.choice(["▁", "ab", "é"])),
        lambda: normalizers.Replace(choose.choice(["a", " ", "``", "the", "é"]), choose.choice(["", "▁", "xyz", "\""])),
        lambda: normalizers.Replace(Regex(choose.choice([r"\s+", r" {2,}", r"[aeiou]+", r"\p{Lu}", r"\s{2,}|[\n\r\t]"])),
                                    choose.choice(["", " ", "Q", "éé"])),
        lambda: normalizers.BertNormalizer(*(choose.random() < 0.7 for _ in range(2)), choose.choice([None, True, False]),
                                           choose.random() < 0.5),
        lambda: normalizers.Precompiled(charsmap(choose.choice(["nmt_nfkc", "nmt_nfkc_cf"]))),
    ]
    if depth == 0 and choose.random() < 0.35:
        return normalizers.Sequence([random_normalizer(choose, 1) for _ in range(choose.randrange(1, 4))])
    return choose.choice(kinds)()


BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]


def random_pre_tokenizer(choose, depth=0):
    def flag():
        return choose.random() < 0.5
    kinds = [
        lambda: pre_tokenizers.ByteLevel(flag(), use_regex=flag()),
        lambda: pre_tokenizers.ByteLevel(flag()),
        lambda: pre_tokenizers.Split(Regex(choose.choice([r"\s+", r"\p{L}+", r"\d{1,3}", r"[[:.,;]&&[^:]]| ?\w+", r"(?i)e"])),
                                     choose.choice(BEHAVIORS), flag()),
        lambda: pre_tokenizers.Split(choose.choice([" ", "e", "the"]), choose.choice(BEHAVIORS), flag()),
        lambda: pre_tokenizers.Metaspace(choose.choice("▁_"), choose.choice(["always", "never", "first"]), flag()),
        lambda: pre_tokenizers.Metaspace("▁", choose.choice(["always", "first"])),
        pre_tokenizers.BertPreTokenizer, pre_tokenizers.Whitespace, pre_tokenizers.WhitespaceSplit,
        lambda: pre_tokenizers.Punctuation(choose.choice(BEHAVIORS)), lambda: pre_tokenizers.Digits(flag()),
        lambda: pre_tokenizers.CharDelimiterSplit(choose.choice(" eé▁")), pre_tokenizers.UnicodeScripts,
        lambda: pre_tokenizers.FixedLength(choose.randrange(1, 7)),
    ]
    if depth == 0 and choose.random() < 0.45:
        return pre_tokenizers.Sequence([random_pre_tokenizer(choose, 1) for _ in range(choose.randrange(1, 4))])
    return choose.choice(kinds)()


def random_decoder(choose, depth=0):
    kinds = [
        decoders.ByteLevel, decoders.ByteFallback, decoders.Fuse,
        lambda: decoders.Metaspace("▁", choose.choice(["always", "never", "first"])),
        lambda: decoders.WordPiece(choose.choice(["##", "▁", ""]), choose.random() < 0.6),
        lambda: decoders.BPEDecoder(choose.choice(["</w>", "e", "▁"])),
        lambda: decoders.CTC("<pad>", choose.choice(["|", "▁"]), choose.random() < 0.6),
        lambda: decoders.Strip(choose.choice([" ", "▁", "e"]), choose.randrange(3), 0),
        lambda: decoders.Replace(choose.choice(["▁", "the", "e"]), choose.choice([" ", "", "XY"])),
        lambda: decoders.Replace(Regex("[aeiou]+n"), "N"),
    ]
    if depth == 0 and choose.random() < 0.5:
        return decoders.Sequence([random_decoder(choose, 1) for _ in range(choose.randrange(1, 5))])
    return choose.choice(kinds)()


def random_post_processor(choose, tokenizer, depth=0):
    ids = {t: tokenizer.token_to_id(t) for t in ("<s>", "</s>")}

    def template():
        single = choose.choice(["<s> $A </s>", "$A </s>", "<s>:1 $A:0", "$A", "<s> <s> $A:3 </s>:2"])
        pair = choose.choice(["<s> $A </s> $B:1 </s>:1", "$A </s> </s> $B:1", "$B:1 $A:0", "<s>:2 $A:1 $B:1"])
        return processors.TemplateProcessing(single=single, pair=pair, special_tokens=list(ids.items()))
    kinds = [
        template, template,
        lambda: processors.BertProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"])),
        lambda: processors.RobertaProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"]), choose.random() < 0.7,
                                             choose.random() < 0.5),
        lambda: processors.ByteLevel(choose.random() < 0.5, choose.random() < 0.7),
    ]
    if depth == 0 and choose.random() < 0.25:
        return processors.Sequence([random_post_processor(choose, tokenizer, 1) for _ in range(2)])
    return choose.choice(kinds)()


def random_model(choose):
    """An untrained model with its trainer."""
    size = choose.choice([150, 300, 600])
    special = ["<unk>", "<s>", "</s>", "<pad>", "<mask>"]
    kind = choose.choice(["bpe", "bpe", "wordpiece", "unigram", "wordlevel"])
    if kind == "bpe":
        options = {}
        if choose.random() < 0.8:
            options["unk_token"] = "<unk>"
        if choose.random() < 0.3:
            options["end_of_word_suffix"] = "</w>"
        if choose.random() < 0.15:
            options["continuing_subword_prefix"] = "##"
        affixes = {k: v for k, v in options.items() if k != "unk_token"}
        alphabet = pre_tokenizers.ByteLevel.alphabet() if choose.random() < 0.5 else []
        trainer = trainers.BpeTrainer(vocab_size=size + len(alphabet), special_tokens=special, show_progress=False,
                                      initial_alphabet=alphabet, limit_alphabet=choose.choice([40, 1000]), **affixes)
        return models.BPE(fuse_unk=choose.random() < 0.5, **options), trainer
    if kind == "wordpiece":
        model = models.WordPiece(unk_token="<unk>", max_input_chars_per_word=choose.choice([100, 6]))
        return model, trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                                                limit_alphabet=choose.choice([40, 1000]))
    if kind == "unigram":
        return models.Unigram(), trainers.UnigramTrainer(vocab_size=size, special_tokens=special, unk_token="<unk>",
                                                         show_progress=False)
    return models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=size, special_tokens=special,
                                                                          show_progress=False)


def random_added(choose):
    content = choose.choice(["[X]", "word", "<mask>", "ing", "é", "The", "  two", "right", "ﬁ", "人", " lead", "trail "])

    def flag(p=0.3):
        return choose.random() < p
    return AddedToken(content, single_word=flag(), lstrip=flag(), rstrip=flag(), normalized=flag(0.5), special=flag())


def with_bytes(data, choose):
    """Byte pieces for a model that has byte_fallback."""
    model = data["model"]
    if model["type"] == "BPE":
        model["byte_fallback"] = True
        model["ignore_merges"] = choose.random() < 0.3
        for byte in range(256):
            model["vocab"].setdefault(f"<0x{byte:02X}>", len(model["vocab"]))
    elif model["type"] == "Unigram":
        model["byte_fallback"] = True
        model["vocab"] += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]


def random_tokenizer(choose):
    import json
    model, trainer = random_model(choose)
    tokenizer = Tokenizer(model)
    if choose.random() < 0.6:
        tokenizer.normalizer = random_normalizer(choose)
    if choose.random() < 0.85:
        tokenizer.pre_tokenizer = random_pre_tokenizer(choose)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    if choose.random() < 0.85:
        tokenizer.decoder = random_decoder(choose)
    for _ in range(choose.randrange(0, 4)):
        added = random_added(choose)
        (tokenizer.add_special_tokens if added.special else tokenizer.add_tokens)([added])
    if choose.random() < 0.7:
        tokenizer.post_processor = random_post_processor(choose, tokenizer)
    data = json.loads(tokenizer.to_str())
    if choose.random() < 0.3 and not data["added_tokens"][5:]:
        with_bytes(data, choose)
    return Tokenizer.from_str(json.dumps(data))
