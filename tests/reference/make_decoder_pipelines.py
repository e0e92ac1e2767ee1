"""Makes tests/goldens/pipelines/ of decoders as encoders, as make_pipelines.py does.

    python make_decoder_pipelines.py [--only NAME ...]
    python make_decoder_pipelines.py --question-answering [--only ...]   in the second environment
"""

import json
import pathlib
import shutil
import tempfile

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from make_pipelines import (CONTEXT, ENTITIES, LENGTH, SIZES, TEXTS, classify_call, embed_calls, main, rerank_call,
                            save, sentence_folder, tag_calls)
from tokenizer_texts import SENTENCES
from weights import randomize

SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
PAD, END = 0, 1
POSITIONS = 128  # a GGUF says no other limit of a text
CHAT = ("{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}")


def tokenizer_of(side, **options):
    """Byte-level BPE that ends each text, as embedders over decoders have it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=360, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|end|>", pair="$A <|end|> $B:1 <|end|>:1", special_tokens=[("<|end|>", END)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|end|>",
                                                padding_side=side, model_max_length=LENGTH, **options)


def save_decoder(folder, model, seed, config=None, side="left", tokenizer=None, **options):
    """A checkpoint of a decoder's class, tiny, with its tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = tokenizer or tokenizer_of(side)
    name = config or model[:model.index("Model") if model.endswith("Model") else model.index("For")] + "Config"
    ids = {"pad_token_id": PAD, "eos_token_id": END, "bos_token_id": None}
    settings = getattr(transformers, name)(vocab_size=len(tokenizer), max_position_embeddings=POSITIONS,
                                           **{**SIZES, "num_key_value_heads": 2, **ids, **options})
    network = getattr(transformers, model)(settings).eval()
    randomize(network, seed)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


# --- sentence-transformers ---

def embed_decoder(folder):
    """As Qwen3-Embedding: the class of the file has a head, the last token is the vector, padding is on the left."""
    save_decoder(folder, "Qwen3ForCausalLM", 31, head_dim=10, tie_word_embeddings=True)
    sentence_folder(folder, [("Pooling", {"embedding_dimension": 32, "pooling_mode": "lasttoken"}, None),
                             ("Normalize", None, None)],
                    {"prompts": {"query": "Instruct: find a passage\nQuery:", "document": ""},
                     "default_prompt_name": None}, length=None)
    return embed_calls(folder, {}, {"role": "query"}, {"role": "document"}, {"truncate_dim": 8})


def embed_decoder_mean(folder):
    """Padding on the right, a window, and the mean without the prompt."""
    save_decoder(folder, "MistralModel", 32, side="right", sliding_window=6)
    sentence_folder(folder, [("Pooling", {"embedding_dimension": 32, "pooling_mode": ["mean", "weightedmean"],
                                          "include_prompt": False}, None)],
                    {"prompts": {"query": "search: ", "document": ""}, "default_prompt_name": None}, length=24)
    return embed_calls(folder, {}, {"role": "query"})


GEMMA = dict(head_dim=10, query_pre_attn_scalar=14, sliding_window=8, use_bidirectional_attention=True,
             num_hidden_layers=4, layer_types=["sliding_attention", "sliding_attention", "full_attention",
                                               "sliding_attention"])


def gemma_modules():
    torch.manual_seed(33)
    identity = {"bias": False, "activation_function": "torch.nn.modules.linear.Identity"}
    return [("Pooling", {"embedding_dimension": 32, "pooling_mode": "mean"}, None),
            ("Dense", {"in_features": 32, "out_features": 40, **identity}, {"linear.weight": torch.randn(40, 32) / 5}),
            ("Dense", {"in_features": 40, "out_features": 32, **identity}, {"linear.weight": torch.randn(32, 40) / 6}),
            ("Normalize", None, None)]


GEMMA_PROMPTS = {"prompts": {"query": "task: search result | query: ", "document": "title: none | text: "},
                 "default_prompt_name": None, "similarity_fn_name": "cosine"}


def embed_gemma(folder):
    """As EmbeddingGemma."""
    save_decoder(folder, "Gemma3TextModel", 33, "Gemma3TextConfig", **GEMMA)
    sentence_folder(folder, gemma_modules(), GEMMA_PROMPTS, length=40)
    return embed_calls(folder, {}, {"role": "query"}, {"role": "document"}, {"truncate_dim": 16})


def gguf_of(folder, source, architecture, pooling, more=None):
    """The encoder of a folder as GGUF, with its tokenizer."""
    import gguf
    from gguf_writer import write as write_gguf
    model = getattr(transformers, architecture).from_pretrained(source, dtype=torch.float32)
    bpe = json.loads((source / "tokenizer.json").read_text())["model"]

    def vocabulary(writer, architecture, config):
        pieces = sorted(bpe["vocab"], key=bpe["vocab"].get)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(pieces)
        writer.add_token_types([3 if piece in SPECIAL else 1 for piece in pieces])
        writer.add_token_merges([" ".join(pair) for pair in bpe["merges"]])
        writer.add_eos_token_id(END)
        writer.add_pad_token_id(PAD)
        writer.add_add_bos_token(False)
        writer.add_add_eos_token(True)
        writer.add_pooling_type(pooling)

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_gguf(folder / "model.gguf", model, lambda name, rows: gguf.GGMLQuantizationType.F32,
               lambda rows, kind: (rows, rows), vocabulary, more)


def embed_gguf_decoder(folder):
    """As the GGUFs of Qwen3-Embedding: a decoder's architecture, the last token, which ends the text."""
    import gguf
    with tempfile.TemporaryDirectory() as at:
        source = pathlib.Path(at) / "source"
        save_decoder(source, "Qwen3Model", 39, head_dim=10)
        sentence_folder(source, [("Pooling", {"embedding_dimension": 32, "pooling_mode": "lasttoken"}, None)],
                        length=POSITIONS)
        gguf_of(folder, source, "Qwen3Model", gguf.PoolingType.LAST)
        return embed_calls(source, {})


def embed_gguf_gemma(folder):
    """As the GGUFs of EmbeddingGemma that hold its dense modules."""
    import gguf
    with tempfile.TemporaryDirectory() as at:
        source = pathlib.Path(at) / "source"
        options = {**GEMMA, "query_pre_attn_scalar": GEMMA["head_dim"], "num_hidden_layers": 6,
                   "layer_types": ["sliding_attention"] * 5 + ["full_attention"]}
        save_decoder(source, "Gemma3TextModel", 40, "Gemma3TextConfig", **options)
        modules = gemma_modules()[:-1]
        sentence_folder(source, modules, length=POSITIONS)
        gguf_of(folder, source, "Gemma3TextModel", gguf.PoolingType.MEAN,
                {f"dense_{i}.weight": weights["linear.weight"] for i, (_, _, weights) in enumerate(modules[1:], 2)})
        return embed_calls(source, {})


# --- transformers, sentence-transformers' cross-encoders ---

def classify_decoder(folder):
    save_decoder(folder, "LlamaForSequenceClassification", 34, id2label={0: "bad", 1: "good", 2: "so-so"},
                 label2id={"bad": 0, "good": 1, "so-so": 2})
    return classify_call(folder, [text for text in TEXTS if text] + [{"text": "one", "text_pair": "two words"}])


def tag_decoder(folder):
    save_decoder(folder, "Qwen2ForTokenClassification", 35, side="right", id2label=dict(enumerate(ENTITIES)),
                 label2id={label: i for i, label in enumerate(ENTITIES)})
    return tag_calls(folder)


def rerank_decoder(folder):
    save_decoder(folder, "Qwen3ForSequenceClassification", 36, head_dim=10, num_labels=1)
    return rerank_call(folder)


def answer_decoder(folder):
    save_decoder(folder, "LlamaForQuestionAnswering", 41, side="right")
    path = folder / "tokenizer_config.json"  # a class that transformers 4 knows, too
    path.write_text(path.read_text().replace("TokenizersBackend", "PreTrainedTokenizerFast"))


# --- reward models ---

PROMPT = "how tall is the tower?"
ANSWERS = ["The tower is 324 metres tall.", "I do not know.", "", "Wall Street! " * 3]


@torch.no_grad()
def score_calls(folder, items, ids_of):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    outputs = [[float(model(**ids_of(tokenizer, item["prompt"], answer)).logits[0, 0]) for answer in item["answers"]]
               for item in items]
    return [{"options": {}, "inputs": items, "outputs": outputs}]


def score_chat(folder):
    """As the cards of reward models over chat models do it: the whole conversation by the chat template."""
    save_decoder(folder, "LlamaForSequenceClassification", 37, num_labels=1,
                 tokenizer=tokenizer_of("left", chat_template=CHAT))
    conversation = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": PROMPT},
                    {"role": "assistant", "content": "Which one?"}, {"role": "user", "content": "Paris"}]

    def ids_of(tokenizer, prompt, answer):
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        return tokenizer.apply_chat_template([*messages, {"role": "assistant", "content": answer}], tokenize=True,
                                             return_dict=True, return_tensors="pt", truncation=True, max_length=LENGTH)

    items = [{"prompt": PROMPT, "answers": ANSWERS}, {"prompt": conversation, "answers": ANSWERS[:2]},
             {"prompt": CONTEXT, "answers": ANSWERS[:1]}, {"prompt": PROMPT, "answers": []}]
    return score_calls(folder, items, ids_of)


def score_pair(folder):
    """As the cards of encoders do it: prompt and answer as a pair."""
    save(folder, "bert", "BertForSequenceClassification", 38, num_labels=1)

    def ids_of(tokenizer, prompt, answer):  # lists: alone, the tokenizer takes an empty answer for none
        return tokenizer([prompt], [answer], return_tensors="pt", truncation=True, max_length=LENGTH)

    items = [{"prompt": PROMPT, "answers": ANSWERS}, {"prompt": CONTEXT, "answers": ANSWERS}]
    return score_calls(folder, items, ids_of)


FOLDERS = [embed_decoder, embed_decoder_mean, embed_gemma, embed_gguf_decoder, embed_gguf_gemma, classify_decoder,
           tag_decoder, rerank_decoder, answer_decoder, score_chat, score_pair]

if __name__ == "__main__":
    main(FOLDERS, __doc__)
