"""Makes tests/goldens/text_to_text/: tiny encoder-decoders with the tokenizers they are published with, and what the
reference's translation and summarization pipelines make of texts, greedily.

    python make_text_to_text.py [--only NAME ...]      in the second environment (requirements-4.55.txt and sentencepiece)

Each folder has expected.json: a list of calls, {"task": ..., "source_language": ..., "target_language": ...,
"config": {...}, "inputs": [...], "outputs": [...]}. Texts whose tokens are close calls (the best two logits within
1e-3 of the greatest) are left out.
"""

import argparse
import json
import pathlib
import shutil

import torch
import transformers
from tokenizers import processors

from make_tokenizer_classes import byte_level, dictionary, sentencepiece_file
from tokenizer_texts import SENTENCES
from weights import randomize

OUT = pathlib.Path(__file__).resolve().parent.parent / "goldens" / "text_to_text"
LENGTH = 40
TEXTS = [*(s[:60] for s in SENTENCES[:6]), "", "x", "Ünïcödé, 東京 and Привет!  👩‍👩‍👧", "a  b\tc", SENTENCES[0] * 3]
BART = dict(d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3, decoder_attention_heads=2,
            encoder_ffn_dim=28, decoder_ffn_dim=20, max_position_embeddings=80)
T5 = dict(d_model=24, d_kv=10, d_ff=28, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, decoder_start_token_id=0)


def save(name, seed, kind, model, options, files, tokenizer_config, generation):
    """A folder as published: the tokenizer's files first, as the vocabulary's size comes from them."""
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data if isinstance(data, bytes) else data.encode())
    tokenizer_config = {"model_max_length": LENGTH, **tokenizer_config}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config) + "\n")
    config = getattr(transformers, f"{kind}Config")
    (folder / "config.json").write_text(json.dumps({"model_type": config.model_type}))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = getattr(transformers, model)(config(vocab_size=max(len(tokenizer), *tokenizer.get_vocab().values()) + 1,
                                                  **options)).eval()
    randomize(network, seed, 0.5 if options.get("scale_embedding") is None else 0.1)
    for part, weight in network.named_parameters():  # what is read decides more than what was said
        if "encoder_attn.out_proj.weight" in part or "EncDecAttention.o.weight" in part:
            weight.data *= 4
    network.generation_config = transformers.GenerationConfig(**generation)
    network.save_pretrained(folder)
    return folder


def close_call(pipe, text, arguments, config):
    inputs = pipe.preprocess(text, truncation=True, **arguments)
    found = pipe.model.generate(**inputs, generation_config=pipe.generation_config, num_beams=1, do_sample=False,
                                output_scores=True, return_dict_in_generate=True, **config)
    for scores in found.scores:
        best = scores[0].topk(2).values
        if best[0] - best[1] < 1e-3 * scores[0][torch.isfinite(scores[0])].abs().max():
            return True
    return False


def calls(folder, *wanted):
    """Of each of (task, source language, target language, what the caller gives)."""
    result = []
    for task, source, target, config in wanted:
        pipe = transformers.pipeline(task, model=str(folder), device="cpu", torch_dtype=torch.float32)
        arguments = {k: v for k, v in (("src_lang", source), ("tgt_lang", target)) if v}
        named = task.split("_") if task.startswith("translation_") else [None] * 4
        texts = [t for t in TEXTS if not close_call(pipe, t, arguments, config)]
        answers = [pipe(t, truncation=True, num_beams=1, do_sample=False, **arguments, **config)[0] for t in texts]
        result.append({"task": "translation" if named[1] else task, "source_language": source or named[1] or "",
                       "target_language": target or named[3] or "", "config": config, "inputs": texts,
                       "outputs": [a[next(k for k in a if k.endswith("_text"))] for a in answers]})
        print(folder.name, task, len(texts), len(set(result[-1]["outputs"])), repr(result[-1]["outputs"][0]), flush=True)
    (folder / "expected.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


MORE = {"max_new_tokens": 12, "repetition_penalty": 1.7}


def t5():
    pieces = sentencepiece_file("unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tasks = {"summarization": {"prefix": "summarize: ", "min_length": 6, "no_repeat_ngram_size": 2, "num_beams": 4,
                               "length_penalty": 2.0, "early_stopping": True},
             "translation_en_to_de": {"prefix": "translate English to German: ", "num_beams": 4}}
    folder = save("t5", 1, "T5", "T5ForConditionalGeneration", {**T5, "task_specific_params": tasks},
                  {"spiece.model": pieces}, {"tokenizer_class": "T5Tokenizer", "extra_ids": 10},
                  dict(decoder_start_token_id=0, eos_token_id=1, pad_token_id=0))
    calls(folder, ("translation_en_to_de", None, None, MORE), ("summarization", None, None, MORE),
          ("translation", None, None, MORE), ("text2text-generation", None, None, {**MORE, "repetition_penalty": 1.4}))


def marian_model(name, seed, last, **languages):
    pieces = sentencepiece_file("unigram"), sentencepiece_file("unigram", size=380)
    vocabulary = dictionary(*pieces, first=("</s>", "<unk>"), last=[*last, "<pad>"])
    pad = len(json.loads(vocabulary)) - 1
    generation = dict(bad_words_ids=[[pad]], decoder_start_token_id=pad, eos_token_id=0, forced_eos_token_id=0,
                      pad_token_id=pad, max_length=512, num_beams=4)
    ids = dict(pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, forced_eos_token_id=0)
    return save(name, seed, "Marian", "MarianMTModel", {**BART, **ids, "scale_embedding": True},
                {"source.spm": pieces[0], "target.spm": pieces[1], "vocab.json": vocabulary}, languages, generation)


def marian():
    calls(marian_model("marian", 2, [], source_lang="eng", target_lang="deu"), ("translation", None, None, MORE),
          ("translation", None, None, {"max_length": 9, "repetition_penalty": 1.7}))


def marian_languages():
    folder = marian_model("marian_languages", 3, [">>fra<<", ">>deu<<", ">>ita_Latn<<"], source_lang="eng",
                          target_lang="mul")
    calls(folder, ("translation", None, None, MORE))
    # The reference's callers write the code themselves.
    expected = json.loads((folder / "expected.json").read_text())
    global TEXTS
    kept, TEXTS = TEXTS, [">>deu<< " + t for t in TEXTS]
    calls(folder, ("translation", None, None, MORE))
    TEXTS = kept
    coded = json.loads((folder / "expected.json").read_text())[0]
    named = {**coded, "target_language": "deu", "inputs": [t.removeprefix(">>deu<< ") for t in coded["inputs"]]}
    (folder / "expected.json").write_text(json.dumps([*expected, coded, named], indent=1, ensure_ascii=False) + "\n")


M2M_100 = dict(decoder_start_token_id=2, eos_token_id=2, bos_token_id=0, pad_token_id=1, max_length=200, num_beams=5)


def m2m_100():
    pieces = sentencepiece_file("bpe")
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES
    languages = [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]]
    folder = save("m2m_100", 4, "M2M100", "M2M100ForConditionalGeneration", {**BART, "scale_embedding": True},
                  {"sentencepiece.bpe.model": pieces, "vocab.json": dictionary(pieces)},
                  {"tokenizer_class": "M2M100Tokenizer", "additional_special_tokens": languages}, M2M_100)
    calls(folder, ("translation", "en", "fr", MORE), ("translation", "zh", "de", MORE))


def nllb():
    pieces = sentencepiece_file("bpe")
    languages = ["eng_Latn", "fra_Latn", "deu_Latn", "zho_Hans"]
    folder = save("nllb", 5, "M2M100", "M2M100ForConditionalGeneration", {**BART, "scale_embedding": True},
                  {"sentencepiece.bpe.model": pieces},
                  {"tokenizer_class": "NllbTokenizer", "src_lang": "fra_Latn", "additional_special_tokens": languages},
                  M2M_100)
    calls(folder, ("translation", "eng_Latn", "deu_Latn", MORE), ("translation", "zho_Hans", "fra_Latn", MORE))


def mbart50():
    folder = save("mbart50", 6, "MBart", "MBartForConditionalGeneration", {**BART, "scale_embedding": True},
                  {"sentencepiece.bpe.model": sentencepiece_file("unigram")},
                  {"tokenizer_class": "MBart50Tokenizer", "src_lang": "en_XX"},
                  dict(M2M_100, forced_eos_token_id=2))
    calls(folder, ("translation", "en_XX", "de_DE", MORE), ("translation", "gl_ES", "ar_AR", MORE))


def bart():
    tokenizer = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    folder = save("bart", 7, "Bart", "BartForConditionalGeneration",
                  {**BART, "task_specific_params": {"summarization": {"max_length": 20, "min_length": 5}}},
                  {"tokenizer.json": tokenizer.to_str()}, {"tokenizer_class": "BartTokenizer"},
                  dict(decoder_start_token_id=2, eos_token_id=2, bos_token_id=0, pad_token_id=1, forced_bos_token_id=0,
                       forced_eos_token_id=2, no_repeat_ngram_size=3, min_length=8, max_length=142, num_beams=4,
                       length_penalty=2.0, early_stopping=True))
    calls(folder, ("summarization", None, None, {**MORE, "max_new_tokens": 24}), ("summarization", None, None, {"max_length": 15, "repetition_penalty": 1.7}),
          ("text2text-generation", None, None, {**MORE, "no_repeat_ngram_size": 1, "encoder_no_repeat_ngram_size": 2}))


def pegasus():
    folder = save("pegasus", 8, "Pegasus", "PegasusForConditionalGeneration", {**BART, "scale_embedding": True},
                  {"spiece.model": sentencepiece_file("unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)},
                  {"tokenizer_class": "PegasusTokenizer"},
                  dict(decoder_start_token_id=0, eos_token_id=1, pad_token_id=0, forced_eos_token_id=1, max_length=64,
                       num_beams=8, length_penalty=0.8))
    calls(folder, ("summarization", None, None, MORE), ("summarization", None, None, {**MORE, "min_new_tokens": 9}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    for make in (t5, marian, marian_languages, m2m_100, nllb, mbart50, bart, pegasus):
        if not arguments.only or make.__name__ in arguments.only:
            make()


if __name__ == "__main__":
    main()
