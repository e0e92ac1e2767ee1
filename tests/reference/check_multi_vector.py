"""Compares embedders with a vector for each token, of random families and settings, with the reference.

    python check_multi_vector.py EMBED [COUNT] [--seed S]     EMBED: build/examples/embed
"""

import argparse
import json
import logging
import pathlib
import random
import string
import subprocess
import tempfile

import torch
import transformers

from make_multi_vector import dense, projection
from make_pipelines import LENGTH, SIZES, TEXTS, byte_level, word_piece
from weights import randomize

TOLERANCE = 2e-4
ROBERTA = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1,
           "max_position_embeddings": LENGTH + 2}
FAMILIES = {
    "BertModel": {}, "ElectraModel": {"embedding_size": 16}, "AlbertModel": {"embedding_size": 16, "pad_token_id": 0},
    "DistilBertModel": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40}, "RobertaModel": ROBERTA,
    "CamembertModel": ROBERTA, "MPNetModel": {"pad_token_id": 1, "max_position_embeddings": LENGTH + 2},
    "ModernBertModel": {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3,
                        "num_hidden_layers": 3, "local_attention": 6},
    "NomicBertModel": {"pad_token_id": 0},
    "DebertaV2Model": {"pad_token_id": 0, "relative_attention": True, "pos_att_type": ["p2c", "c2p"],
                       "position_buckets": 8},
    "T5EncoderModel": {"d_model": 32, "d_kv": 8, "d_ff": 40, "num_layers": 2, "num_heads": 4},
}


def save_random(folder, draw, seed):
    """An embedder as the reference saves it; answers what was drawn."""
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    family = draw.choice(sorted(FAMILIES))
    tokenizer = byte_level() if family in ("RobertaModel", "CamembertModel", "MPNetModel") else word_piece(draw.random() < 0.5)
    pieces = tokenizer.get_vocab()
    network = getattr(transformers, family)
    sizes = {} if family == "T5EncoderModel" else {**SIZES, "max_position_embeddings": LENGTH}
    model = network(network.config_class(vocab_size=len(tokenizer), **{**sizes, **FAMILIES[family]})).eval()
    randomize(model, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)

    expansion = None
    if draw.random() < 0.7:
        # In DeBERTa what is not seen sees nothing, and the reference's numbers depend on the rest of the batch.
        expansion = {"strategy": draw.choice(["fixed", "min"]), "length": draw.randint(4, 30),
                     "attend": draw.random() < 0.5 or family == "DebertaV2Model"}
        if draw.random() < 0.3:
            expansion["token"] = draw.choice(sorted(pieces))
    query_length = draw.choice([None, draw.randint(3, 40)])
    if expansion and query_length and query_length < expansion["length"]:
        query_length = expansion["length"] + 3
    modules = [Transformer(str(folder), query_expansion=expansion, query_length=query_length,
                           document_length=draw.choice([None, draw.randint(3, 40)]))]
    if draw.random() < 0.8:
        activation = draw.choice([torch.nn.Identity(), torch.nn.Tanh(), torch.nn.GELU()])
        modules.append(dense(projection(folder, seed), bias=draw.random() < 0.5, activation_function=activation))
    if draw.random() < 0.85:
        modules.append(MultiVectorMask(
            skiplist_words=draw.choice([None, list(string.punctuation), draw.sample(sorted(pieces), 40)]),
            skiplist_tasks=draw.choice([None, "query", ["query", "document"], []]),
            keep_only_token_ids=draw.choice([None, None, draw.sample(sorted(pieces.values()), 250)])))
    if draw.random() < 0.6:
        modules.append(Normalize(module_input_name="token_embeddings"))
    prompts = {"query": draw.choice(["", "q: ", "[CLS] "]), "document": draw.choice(["", "doc ", "<s>"])}
    encoder = MultiVectorEncoder(modules=modules, device="cpu", prompts=prompts,
                                 similarity_fn_name=draw.choice(["maxsim", "meanmaxsim", None]))
    encoder.save(str(folder), create_model_card=False)
    return f"{family} {expansion} query_length={query_length} {[type(m).__name__ for m in modules[1:]]} {prompts}"


def run(program, folder, *options, lines=()):
    result = subprocess.run([program, str(folder), "--threads", "1", *options], capture_output=True, text=True,
                            input="".join(json.dumps(line) + "\n" for line in lines))
    if result.returncode:
        raise RuntimeError(result.stderr.strip())
    return [json.loads(line) for line in result.stdout.splitlines()]


def difference(found, expected):
    """The greatest over the greatest magnitude of all; infinite where shapes differ."""
    if [len(rows) for rows in found] != [len(rows) for rows in expected]:
        return float("inf")
    pairs = [(x, y) for a, b in zip(found, expected) for r, s in zip(a, b) for x, y in zip(r, s)]
    scale = max((abs(y) for _, y in pairs), default=1) or 1
    return max((abs(x - y) for x, y in pairs), default=0) / scale


def check(program, folder):
    from sentence_transformers import MultiVectorEncoder
    model = MultiVectorEncoder(str(folder), device="cpu")
    greatest = 0
    for option, encode in (([], model.encode), (["--query"], model.encode_query), (["--document"], model.encode_document)):
        expected = [rows.tolist() for rows in encode(TEXTS)]
        greatest = max(greatest, difference(run(program, folder, *option, lines=TEXTS), expected))
    score = float(model.similarity(model.encode_query(TEXTS[7]), model.encode_document(TEXTS[0]))[0, 0])
    found = run(program, folder, "--similarity", TEXTS[7], TEXTS[0])[0]
    return max(greatest, abs(found - score) / max(1, abs(score)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("embed")
    parser.add_argument("count", nargs="?", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    draw = random.Random(arguments.seed)
    greatest = bad = 0
    for i in range(arguments.count):
        with tempfile.TemporaryDirectory() as at:
            what = save_random(pathlib.Path(at), draw, arguments.seed + i)
            try:
                found = check(arguments.embed, at)
            except RuntimeError as error:
                what, found = f"{what}: {error}", float("inf")
        greatest = max(greatest, found)
        if found > TOLERANCE:
            bad += 1
            print(f"{found:.2e} {what}", flush=True)
    print(f"{arguments.count} models, {bad} beyond {TOLERANCE:g}, greatest difference {greatest:.2e}")
    raise SystemExit(bad > 0)


if __name__ == "__main__":
    main()
