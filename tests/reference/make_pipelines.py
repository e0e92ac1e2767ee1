"""Makes tests/goldens/pipelines/: tiny checkpoints with tokenizers, and what the reference's pipelines answer.

    python make_pipelines.py [--only NAME ...]                 sentence-transformers 6.2 and transformers 5.23
    python make_pipelines.py --question-answering [--only ...]  in the second environment (requirements-4.55.txt): that
                                                                pipeline is gone from transformers 5; its folders' files
                                                                must be there already

Each folder has expected.json: a list of calls, {"options": {...}, "inputs": [...], "outputs": [...]}, in the words of the
programs under examples/.
"""

import argparse
import json
import pathlib
import shutil
import tempfile

import numpy as np
import torch
import transformers
from tokenizers import (Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

from make_tokenizer_classes import sentencepiece_file
from tokenizer_texts import SENTENCES
from weights import randomize

OUT = pathlib.Path(__file__).resolve().parent.parent / "goldens" / "pipelines"
SIZES = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40)
LENGTH = 48
TEXTS = ["A quick brown fox jumps over the lazy dog.", "x", "Ünïcödé, 東京 and Привет мир! 👩‍👩‍👧", "", "  spaces   here ",
         "George Washington went to New-York's Wall Street in 1789.", "one two three " * 40, "don't stop, can't wait; 3.14"]
ENTAILMENT = {0: "CONTRADICTION", 1: "neutral", 2: "Entailment"}
ENTITIES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"]
CONTEXT = ("The tower is 324 metres tall, about the same height as an 81-storey building. It was the tallest in Paris "
           "until 1930. Its base is square, measuring 125 metres on each side. José Müller climbed it twice. ")


def word_piece(lower=False):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=420, special_tokens=special,
                                                                       show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return transformers.BertTokenizer(tokenizer_object=tokenizer, do_lower_case=lower, model_max_length=LENGTH,
                                      clean_up_tokenization_spaces=True)


def byte_level():
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=560, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return transformers.RobertaTokenizer(tokenizer_object=tokenizer, model_max_length=LENGTH)


def save(folder, kind, model, seed, lower=False, tokenizer=None, **options):
    """A checkpoint of a class of BERT, RoBERTa or ModernBERT with its tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as at:  # saved twice: the class of the file is not always the one we asked for
        tokenizer = tokenizer or (byte_level() if kind == "roberta" else word_piece(lower))
        tokenizer.save_pretrained(at)
        tokenizer = transformers.AutoTokenizer.from_pretrained(at)
    config = {"bert": transformers.BertConfig, "roberta": transformers.RobertaConfig,
              "modernbert": transformers.ModernBertConfig}[kind]
    positions = {"max_position_embeddings": LENGTH + 2 if kind == "roberta" else LENGTH}
    extra = {"bert": {}, "roberta": dict(pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1),
             "modernbert": dict(pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3)}[kind]
    settings = config(vocab_size=len(tokenizer), **{**SIZES, **positions, **extra, **options})
    network = getattr(transformers, model)(settings).eval()
    randomize(network, seed)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name in ("special_tokens_map.json", "vocab.txt", "merges.txt", "vocab.json"):
        (folder / name).unlink(missing_ok=True)


def save_whole(folder, model, seed, **options):
    """A checkpoint of an encoder-decoder's class with its tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if model.startswith("Bart"):
        sizes = dict(d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=2,
                     encoder_ffn_dim=40, decoder_ffn_dim=48, max_position_embeddings=LENGTH)
        byte_level().save_pretrained(folder)
    else:
        sizes = dict(d_model=32, d_kv=8, d_ff=40, num_layers=2, num_heads=4, decoder_start_token_id=0)
        (folder / "spiece.model").write_bytes(sentencepiece_file("unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1))
        (folder / "tokenizer_config.json").write_text(json.dumps(
            {"tokenizer_class": "T5Tokenizer", "extra_ids": 10, "model_max_length": LENGTH}) + "\n")
        (folder / "config.json").write_text(json.dumps({"model_type": "t5"}))
    network = getattr(transformers, model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = network(network.config_class(vocab_size=len(tokenizer), **sizes, **options)).eval()
    randomize(network, seed)
    network.save_pretrained(folder)


def write(folder, calls, indent=1):
    (folder / "expected.json").write_text(json.dumps(calls, indent=indent, ensure_ascii=False) + "\n")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    print(folder.name, flush=True)


# --- sentence-transformers ---

def sentence_folder(folder, modules, config=None, length=LENGTH):
    """Puts modules, as (class, config, weights), behind the encoder in the folder."""
    listed = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for i, (kind, settings, weights) in enumerate(modules, 1):
        listed.append({"idx": i, "name": str(i), "path": f"{i}_{kind}", "type": f"sentence_transformers.models.{kind}"})
        (folder / f"{i}_{kind}").mkdir()
        if settings is not None:
            (folder / f"{i}_{kind}" / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
        if weights:
            from safetensors.torch import save_file
            save_file(weights, folder / f"{i}_{kind}" / "model.safetensors")
    (folder / "modules.json").write_text(json.dumps(listed, indent=2) + "\n")
    if length:
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": length, "do_lower_case": False}))
    if config:
        (folder / "config_sentence_transformers.json").write_text(json.dumps(config, indent=2) + "\n")


def embed_calls(folder, *options):
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(str(folder), device="cpu")
    calls = []
    for given in options:
        arguments = {k: v for k, v in given.items() if k in ("prompt_name", "truncate_dim")}
        encode = {None: model.encode, "query": model.encode_query, "document": model.encode_document}[given.get("role")]
        vectors = encode(TEXTS, convert_to_tensor=True, **arguments)
        calls.append({"options": given, "inputs": TEXTS, "outputs": vectors.tolist(),
                      "similarity": float(model.similarity(vectors[0], vectors[5])[0, 0])})
    return calls


def embed_mean(folder):
    save(folder, "bert", "BertModel", 1)
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    sentence_folder(folder, [("Pooling", pooling, None), ("Normalize", None, None)],
                    {"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": None}, length=20)
    return embed_calls(folder, {}, {"role": "query"}, {"role": "document"}, {"prompt_name": "passage"},
                       {"truncate_dim": 7})


def embed_modes(folder):
    save(folder, "bert", "BertModel", 2)
    torch.manual_seed(2)
    pooling = {"embedding_dimension": 32, "include_prompt": False,
               "pooling_mode": ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]}
    dense = {"in_features": 192, "out_features": 24, "bias": True,
             "activation_function": "torch.nn.modules.activation.Tanh"}
    residual = {"in_features": 24, "out_features": 16, "bias": False, "use_residual": True,
                "activation_function": "torch.nn.modules.linear.Identity"}
    sentence_folder(folder, [
        ("Pooling", pooling, None), ("Dropout", {"dropout": 0.1}, None),
        ("Dense", dense, {"linear.weight": torch.randn(24, 192) / 14, "linear.bias": torch.randn(24) / 2}),
        ("LayerNorm", {"dimension": 24}, {"norm.weight": 1 + torch.randn(24) / 3, "norm.bias": torch.randn(24) / 2}),
        ("Dense", residual, {"linear.weight": torch.randn(16, 24) / 4, "residual.weight": torch.randn(16, 24) / 4}),
    ], {"prompts": {"query": "find this: ", "task": "compare "}, "default_prompt_name": "task",
        "similarity_fn_name": "euclidean", "truncate_dim": 12})
    return embed_calls(folder, {}, {"role": "query"}, {"truncate_dim": 16})


def embed_plain(folder):
    save(folder, "roberta", "RobertaModel", 3)
    return embed_calls(folder, {})


def embed_static(folder):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    torch.manual_seed(17)
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = byte_level()._tokenizer
    static = StaticEmbedding(tokenizer, embedding_weights=torch.randn(tokenizer.get_vocab_size(), 20))
    SentenceTransformer(modules=[static, Normalize()]).save(str(folder), create_model_card=False)
    return embed_calls(folder, {}, {"truncate_dim": 5})


def embed_t5(folder):
    save_whole(folder, "T5EncoderModel", 25)
    torch.manual_seed(25)
    dense = {"in_features": 32, "out_features": 20, "bias": False,
             "activation_function": "torch.nn.modules.linear.Identity"}
    sentence_folder(folder, [("Pooling", {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}, None),
                             ("Dense", dense, {"linear.weight": torch.randn(20, 32) / 6}), ("Normalize", None, None)],
                    length=20)
    return embed_calls(folder, {})


def embed_gguf(folder):
    """BERT as llama.cpp's converter writes it: pieces inside a word without ##, others with a space before them."""
    from make_gguf_encoders import Type, write
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with tempfile.TemporaryDirectory() as at:
        source = pathlib.Path(at) / "source"
        save(source, "bert", "BertModel", 21, lower=True)
        sentence_folder(source, [("Pooling", {"embedding_dimension": 32, "pooling_mode": "cls"}, None)])
        pieces = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
        special = list(pieces)[:5]

        def tokenizer(writer):
            tokens = [t if t in special else t[2:] if t.startswith("##") else "\u2581" + t
                      for t in sorted(pieces, key=pieces.get)]
            writer.add_tokenizer_model("bert")
            writer.add_tokenizer_pre("default")
            writer.add_token_list(tokens)
            writer.add_token_types([3 if t in special else 1 for t in tokens])
            for add, id in ((writer.add_bos_token_id, 2), (writer.add_eos_token_id, 3), (writer.add_unk_token_id, 1),
                            (writer.add_sep_token_id, 3), (writer.add_pad_token_id, 0),
                            (writer.add_mask_token_id, 4)):
                add(id)
            writer.add_uint32("bert.pooling_type", 2)

        model = transformers.BertModel.from_pretrained(source)
        tensors = {n: t.contiguous() for n, t in model.state_dict().items() if not n.startswith("pooler") and t.is_floating_point()}
        write(folder / "model.gguf", model, tensors, Type.F32, tokenizer)
        return embed_calls(source, {})


def embed_router(folder):
    """Queries by a table, documents by an encoder."""
    from safetensors.torch import save_file
    torch.manual_seed(18)
    save(folder, "bert", "BertModel", 18)
    document = folder / "document_0_Transformer"
    document.mkdir()
    for path in list(folder.iterdir()):
        if path.is_file():
            path.rename(document / path.name)
    query = folder / "query_0_StaticEmbedding"
    query.mkdir()
    tokenizer = word_piece()._tokenizer
    tokenizer.save(str(query / "tokenizer.json"))
    save_file({"embedding.weight": torch.randn(tokenizer.get_vocab_size(), 32)}, query / "model.safetensors")
    pooling = folder / "document_1_Pooling"
    pooling.mkdir()
    (pooling / "config.json").write_text(json.dumps({"embedding_dimension": 32, "pooling_mode": "cls"}) + "\n")
    kinds = {query.name: "StaticEmbedding", document.name: "Transformer", pooling.name: "Pooling"}
    (folder / "router_config.json").write_text(json.dumps({
        "types": {name: f"sentence_transformers.models.{kind}" for name, kind in kinds.items()},
        "structure": {"query": [query.name], "document": [document.name, pooling.name]},
        "parameters": {"default_route": "document", "allow_empty_key": True}}, indent=2) + "\n")
    (folder / "1_Normalize").mkdir()
    (folder / "modules.json").write_text(json.dumps([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Router"},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}], indent=2) + "\n")
    (folder / "1_Normalize" / "config.json").write_text("{}\n")
    return embed_calls(folder, {}, {"role": "query"}, {"role": "document"})


def splade(folder, seed, options):
    from sentence_transformers import SparseEncoder
    save(folder, "bert", "BertForMaskedLM", seed)
    sentence_folder(folder, [("SpladePooling", options, None)], {"model_type": "SparseEncoder"})
    listed = json.loads((folder / "modules.json").read_text())
    listed[0]["type"] = "sentence_transformers.sparse_encoder.models.MLMTransformer"
    listed[1]["type"] = "sentence_transformers.sparse_encoder.models.SpladePooling"
    (folder / "modules.json").write_text(json.dumps(listed, indent=2) + "\n")
    model = SparseEncoder(str(folder), device="cpu")
    texts = TEXTS[:3]
    return [{"options": {}, "inputs": texts, "outputs": model.encode(texts, convert_to_sparse_tensor=False).tolist()}]


def embed_splade(folder):
    return splade(folder, 19, {"pooling_strategy": "max", "activation_function": "relu", "word_embedding_dimension": 420})


def embed_splade_sum(folder):
    return splade(folder, 20, {"pooling_strategy": "sum", "activation_function": "log1p_relu"})


# --- transformers ---

def pipeline(task, folder, **options):
    return transformers.pipeline(task, model=str(folder), device="cpu", dtype=torch.float32, **options)


def classify_call(folder, inputs):
    pipe = pipeline("text-classification", folder)
    outputs = [pipe(text, top_k=None, truncation=True, max_length=LENGTH) for text in inputs]
    return [{"options": {}, "inputs": inputs, "outputs": outputs}]


def classify(folder):
    save(folder, "bert", "BertForSequenceClassification", 4, id2label={0: "bad", 1: "good", 2: "so-so"},
         label2id={"bad": 0, "good": 1, "so-so": 2})
    return classify_call(folder, TEXTS + [{"text": "one", "text_pair": "two words"}])


def classify_independent(folder):
    save(folder, "bert", "BertForSequenceClassification", 5, num_labels=4, problem_type="multi_label_classification")
    return classify_call(folder, TEXTS[:3])


def classify_regression(folder):
    save(folder, "roberta", "RobertaForSequenceClassification", 6, num_labels=1, problem_type="regression")
    return classify_call(folder, TEXTS[:3])


def classify_one(folder):
    save(folder, "bert", "BertForSequenceClassification", 7, num_labels=1)
    return classify_call(folder, TEXTS[:3])


def classify_bart(folder):
    save_whole(folder, "BartForSequenceClassification", 21, num_labels=4, problem_type="multi_label_classification")
    return classify_call(folder, [*TEXTS, "a </s> b", {"text": "one", "text_pair": "two words"}])


def classify_t5(folder):
    save_whole(folder, "T5ForSequenceClassification", 22, num_labels=3)
    return classify_call(folder, [*TEXTS, {"text": "one", "text_pair": "two words"}])


def zero_shot_bart(folder):
    save_whole(folder, "BartForSequenceClassification", 23, id2label=ENTAILMENT, label2id=dict(zip(ENTAILMENT.values(), range(3))))
    return zero_shot_calls(folder)


def zero_shot(folder):
    save(folder, "bert", "BertForSequenceClassification", 8, id2label=ENTAILMENT,
         label2id=dict(zip(ENTAILMENT.values(), range(3))))
    return zero_shot_calls(folder)


def zero_shot_calls(folder):
    pipe = pipeline("zero-shot-classification", folder)
    texts = [t for t in TEXTS if t]
    calls = []
    for options in ({"labels": ["city", "sports and games", "food"]},
                    {"labels": ["city", "food"], "multi_label": True, "hypothesis": "This is about {}, is it?"},
                    {"labels": ["city"]}):
        arguments = {"candidate_labels": options["labels"], "multi_label": options.get("multi_label", False),
                     "hypothesis_template": options.get("hypothesis", "This example is {}.")}
        outputs = [pipe(text, **arguments) for text in texts]
        calls.append({"options": options, "inputs": texts,
                      "outputs": [[{"label": l, "score": s} for l, s in zip(o["labels"], o["scores"])] for o in outputs]})
    return calls


def rerank_call(folder):
    from sentence_transformers import CrossEncoder
    model = CrossEncoder(str(folder), device="cpu")
    item = {"query": "how tall is the tower?", "documents": [CONTEXT, *TEXTS]}
    ranked = model.rank(item["query"], item["documents"])
    return [{"options": {}, "inputs": [item],
             "outputs": [[{"index": int(r["corpus_id"]), "score": float(r["score"])} for r in ranked]]}]


def rerank(folder):
    save(folder, "bert", "BertForSequenceClassification", 9, num_labels=1)
    return rerank_call(folder)


def rerank_identity(folder):
    save(folder, "roberta", "RobertaForSequenceClassification", 10, num_labels=1,
         sentence_transformers={"activation_fn": "torch.nn.modules.linear.Identity", "version": "4.0.1"})
    return rerank_call(folder)


def fill_call(folder, mask):
    texts = [f"The {mask} fox jumps.", f"{mask}", f"A {mask} and a {mask}, {mask}!", f"Привет {mask}"]
    pipe = pipeline("fill-mask", folder)
    def lines(outputs):
        if isinstance(outputs[0], list):
            return [lines(o) for o in outputs]
        return [{k: o[k] for k in ("token", "token_str", "score")} for o in outputs]
    return [{"options": {"top_k": k}, "inputs": texts, "outputs": [lines(pipe(t, top_k=k)) for t in texts]}
            for k in (5, 2)]


def fill_mask(folder):
    save(folder, "bert", "BertForMaskedLM", 11)
    return fill_call(folder, "[MASK]")


def fill_mask_bytes(folder):
    save(folder, "roberta", "RobertaForMaskedLM", 12)
    return fill_call(folder, "<mask>")


def tag_calls(folder):
    texts = [*TEXTS[:3], *TEXTS[4:], CONTEXT * 2]
    calls = []
    for aggregation in ("none", "simple", "first", "average", "max"):
        pipe = pipeline("token-classification", folder, aggregation_strategy=aggregation)
        calls.append({"options": {"aggregation": aggregation}, "inputs": texts, "outputs": [pipe(t) for t in texts]})
    pipe = pipeline("token-classification", folder, aggregation_strategy="simple", stride=8)
    calls.append({"options": {"aggregation": "simple", "stride": 8}, "inputs": texts, "outputs": [pipe(t) for t in texts]})
    return json.loads(json.dumps(calls, default=lambda x: x.item() if isinstance(x, np.generic) else x))


def tag(folder):
    save(folder, "bert", "BertForTokenClassification", 13, id2label=dict(enumerate(ENTITIES)),
         label2id={l: i for i, l in enumerate(ENTITIES)})
    return tag_calls(folder)


def tag_bytes(folder):
    save(folder, "roberta", "RobertaForTokenClassification", 14, id2label=dict(enumerate(ENTITIES)),
         label2id={l: i for i, l in enumerate(ENTITIES)})
    return tag_calls(folder)


def answer(folder):
    save(folder, "bert", "BertForQuestionAnswering", 15)


def answer_bytes(folder):
    save(folder, "roberta", "RobertaForQuestionAnswering", 16)


def answer_bart(folder):
    save_whole(folder, "BartForQuestionAnswering", 24)


# --- transformers 4.55.4 ---

def answer_calls(folder):
    pipe = transformers.pipeline("question-answering", model=str(folder), device="cpu", torch_dtype=torch.float32)
    items = [{"question": "How tall is the tower?", "context": CONTEXT}, {"question": "Who climbed?", "context": CONTEXT * 4},
             {"question": "Wo?", "context": "Ünïcödé, 東京 and Привет мир! 👩‍👩‍👧 in a row."}]
    calls = []
    for options in ({}, {"top_k": 4}, {"no_answer": True, "top_k": 3}, {"max_answer_length": 2}, {"stride": 5}):
        arguments = {"top_k": options.get("top_k", 1), "handle_impossible_answer": options.get("no_answer", False),
                     "max_answer_len": options.get("max_answer_length", 15)}
        if "stride" in options:
            arguments["doc_stride"] = options["stride"]
        calls.append({"options": options, "inputs": items, "outputs": [pipe(**item, **arguments) for item in items]})
    return calls


FOLDERS = [embed_mean, embed_modes, embed_plain, embed_t5, embed_gguf, embed_static, embed_router, embed_splade, embed_splade_sum, classify, classify_independent, classify_regression, classify_one, classify_bart, classify_t5, zero_shot, zero_shot_bart,
           rerank, rerank_identity, fill_mask, fill_mask_bytes, tag, tag_bytes, answer, answer_bytes, answer_bart]


def main(folders, description, indent=1):
    """Makes folders, with their calls on many lines or (indent None) on one."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--question-answering", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    for make in folders:
        name = make.__name__
        if arguments.only and name not in arguments.only:
            continue
        folder = OUT / name
        if arguments.question_answering:
            if name.startswith("answer"):
                write(folder, answer_calls(folder), indent)
            continue
        calls = make(folder)
        if calls:
            write(folder, calls, indent)


if __name__ == "__main__":
    main(FOLDERS, __doc__)
