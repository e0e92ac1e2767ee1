"""Makes tests/goldens/pipelines/ of embedders with a vector for each token (ColBERT), as make_pipelines.py does.

    python make_multi_vector.py [--only NAME ...]     sentence-transformers 6.2
"""

import json
import string

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from make_pipelines import CONTEXT, LENGTH, TEXTS, byte_level, main, save, sentence_folder, word_piece
from weights import randomize

ROLES = ({}, {"role": "query"}, {"role": "document"})
IDENTITY = "torch.nn.modules.linear.Identity"


def embed_calls(folder, *options, ranks=True):
    from sentence_transformers import MultiVectorEncoder
    model = MultiVectorEncoder(str(folder), device="cpu")
    calls = []
    for given in options:
        encode = {None: model.encode, "query": model.encode_query, "document": model.encode_document}[given.get("role")]
        arguments = {k: v for k, v in given.items() if k == "prompt_name"}
        calls.append({"options": given, "inputs": TEXTS,
                      "outputs": [[[float(f"{x:.7g}") for x in row] for row in rows.tolist()]
                                  for rows in encode(TEXTS, **arguments)]})
    calls[0]["similarity"] = float(model.similarity(model.encode_query(TEXTS[0]), model.encode_document(TEXTS[5]))[0, 0])
    if ranks:
        item = {"query": "how tall is the tower?", "documents": [CONTEXT, *TEXTS]}
        scores = model.similarity(model.encode_query([item["query"]]), model.encode_document(item["documents"]))[0].tolist()
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        calls.append({"program": "rerank", "options": {}, "inputs": [item],
                      "outputs": [[{"index": i, "score": scores[i]} for i in order]]})
    return calls


def with_markers(tokenizer, special):
    """PyLate's markers, each one token with its space. Not special they are looked for in lower case."""
    tokenizer.add_tokens(["[Q] ", "[D] "], special_tokens=special)
    return tokenizer


def projection(folder, seed):
    """A matrix [8, 32] that takes from the hidden states of the encoder in the folder what all tokens have in common:
    otherwise all vectors point the same way."""
    model = transformers.AutoModel.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        states = [model(**tokenizer(t, truncation=True, return_tensors="pt")).last_hidden_state[0] for t in TEXTS]
    common = torch.cat(states).mean(0)
    common = common / common.norm()
    weight = torch.randn(8, 32, generator=torch.Generator().manual_seed(seed)) / 4
    return weight - torch.outer(weight @ common, common)


def dense(weight, **options):
    from sentence_transformers.base.modules.dense import Dense
    outputs, inputs = weight.shape
    return Dense(inputs, outputs, module_input_name="token_embeddings", init_weight=weight, **options)


def save_modules(folder, modules, **options):
    """As the reference saves an embedder over the encoder in the folder."""
    from sentence_transformers import MultiVectorEncoder
    model = MultiVectorEncoder(modules=modules, device="cpu", **options)
    model.save(str(folder), create_model_card=False)


def embed_colbert(folder):
    """Classic: queries filled up to one length by [MASK], which sees and is not seen; documents without punctuation."""
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    save(folder, "bert", "BertModel", 41, tokenizer=with_markers(word_piece(lower=True), special=True))
    save_modules(folder, [
        Transformer(str(folder), query_expansion={"strategy": "fixed", "length": 16}, document_length=30),
        dense(projection(folder, 41), bias=False, activation_function=torch.nn.Identity()),
        MultiVectorMask(skiplist_words=list(string.punctuation)), Normalize(module_input_name="token_embeddings")],
        prompts={"query": "[Q] ", "document": "[D] ", "task": "compare: "})
    return embed_calls(folder, *ROLES, {"prompt_name": "task"})


def embed_colbert_min(folder):
    """Short queries filled up by a token that is seen, long ones as they are; some ids of documents only."""
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    save(folder, "roberta", "RobertaModel", 42)
    vocabulary = transformers.AutoTokenizer.from_pretrained(folder).get_vocab()
    torch.manual_seed(42)
    residual = dense(torch.randn(6, 8) / 2, bias=False, use_residual=True)
    randomize(residual.residual, 43)
    save_modules(folder, [
        Transformer(str(folder), query_length=24,
                    query_expansion={"strategy": "min", "length": 14, "attend": True, "token": "<unk>"}),
        dense(projection(folder, 42), init_bias=torch.randn(8) / 2), residual,
        MultiVectorMask(skiplist_words=[".", ",", "no word", "</s>"], skiplist_tasks=["query", "document"],
                        keep_only_token_ids=sorted(vocabulary.values())[::2])],
        prompts={"query": "query: ", "document": "passage: "}, default_prompt_name="document",
        similarity_fn_name="meanmaxsim")
    return embed_calls(folder, *ROLES, ranks=False)


def pylate_folder(folder, config):
    """An encoder and a projection as PyLate up to version 3 saves them: all else is in one config."""
    settings = {"in_features": 32, "out_features": 8, "bias": False, "activation_function": IDENTITY}
    sentence_folder(folder, [("Dense", settings, {"linear.weight": projection(folder, 44)})], config)
    listed = json.loads((folder / "modules.json").read_text())
    listed[1]["type"] = "pylate.models.Dense.Dense"
    (folder / "modules.json").write_text(json.dumps(listed, indent=2) + "\n")


def embed_pylate(folder):
    save(folder, "modernbert", "ModernBertModel", 44, tokenizer=with_markers(word_piece(lower=True), special=False),
         num_hidden_layers=3, local_attention=8, global_attn_every_n_layers=3)
    pylate_folder(folder, {
        "model_type": "ColBERT", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "MaxSim",
        "query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 18, "document_length": 30,
        "attend_to_expansion_tokens": False, "skiplist_words": [",", ".", ";", "fox"], "do_query_expansion": True})
    return embed_calls(folder, *ROLES)


def embed_pylate_first(folder):
    """Before files said what kind of model they are; without expansion, prefixes before prompts."""
    save(folder, "bert", "BertModel", 45, tokenizer=with_markers(word_piece(), special=False))
    pylate_folder(folder, {
        "prompts": {"query": "find: ", "document": "[D] text: "}, "default_prompt_name": "query",
        "similarity_fn_name": "cosine", "query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 12,
        "document_length": None, "do_query_expansion": False})
    return embed_calls(folder, *ROLES)


def embed_stanford(folder):
    """One class with the projection beside the encoder's weights; the markers are pieces of the vocabulary."""
    tokenizer = word_piece(lower=True)
    pieces = tokenizer.get_vocab()
    for marker in ("[unused0]", "[unused1]"):
        pieces[marker] = len(pieces)
    own = tokenizer._tokenizer
    backend = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    backend.normalizer, backend.pre_tokenizer = own.normalizer, own.pre_tokenizer
    backend.post_processor, backend.decoder = own.post_processor, own.decoder
    save(folder, "bert", "BertModel", 46, tokenizer=transformers.BertTokenizer(
        tokenizer_object=backend, do_lower_case=True, model_max_length=LENGTH))
    linear = projection(folder, 46)
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["HF_ColBERT"]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    weights = {f"bert.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file({**weights, "linear.weight": linear}, folder / "model.safetensors", {"format": "pt"})
    (folder / "artifact.metadata").write_text(json.dumps({
        "query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_token": "[Q]", "doc_token": "[D]",
        "attend_to_mask_tokens": True, "mask_punctuation": True, "query_maxlen": 17, "doc_maxlen": 30, "dim": 8,
        "similarity": "cosine"}, indent=2) + "\n")
    return embed_calls(folder, *ROLES)


if __name__ == "__main__":
    main([embed_colbert, embed_colbert_min, embed_pylate, embed_pylate_first, embed_stanford], __doc__, indent=None)
