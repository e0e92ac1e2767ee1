#!/usr/bin/env python3
"""Train the tiny example model: a 1.6M parameter Llama on the King James Bible.

    apt-get install bible-kjv bible-kjv-text
    pip install -r requirements.txt
    python train.py --output DIR [--minutes N]

The text comes from the Debian package bible-kjv-text through its `bible`
command.  A document is one chapter, one verse per line.  DIR becomes a
Hugging Face model folder with bf16 weights; every evaluation that improves on
the best validation loss so far rewrites it, so it is usable during training.

The run has a fixed seed and a fixed number of steps.  --minutes bounds the
wall clock: on a slow machine the learning rate schedule is shortened to fit.
"""

import argparse
import json
import math
import os
import re
import subprocess
import time

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
VOCAB = 1536
CONTEXT = 512
# Ruth, Ecclesiastes, Jonah, Philippians and 1 John: never trained on.
HELD_OUT = {"Ruth", "Eccl", "Jonah", "Phi", "1Jn"}
VERSE = re.compile(r"^(\w+?)(\d+):(\d+) (.*)$")

GENERATION = {
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
    "do_sample": True,
    "temperature": 0.8,
    "top_k": 50,
    "top_p": 0.9,
    "repetition_penalty": 1.05,
    "max_new_tokens": 200,
}


def read_chapters():
    """The whole text as [(book, [verse, ...]), ...], one entry per chapter."""
    # -f switches pretty-printing off: one verse per line, behind its reference.
    out = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True,
                         capture_output=True, text=True).stdout
    chapters, last = [], None
    for line in out.splitlines():
        m = VERSE.match(line.strip())
        if not m:
            raise ValueError(f"not a verse: {line!r}")
        book, chapter, _, text = m.groups()
        if (book, chapter) != last:
            last = (book, chapter)
            chapters.append((book, []))
        chapters[-1][1].append(" ".join(text.split()))
    assert len(chapters) == 1189, len(chapters)
    return chapters


def train_tokenizer(texts):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=[BOS, EOS], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    bos = tok.token_to_id(BOS)
    tok.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B",
                                      special_tokens=[(BOS, bos)])])
    assert tok.get_vocab_size() == VOCAB
    return tok


def encode(tok, chapters):
    """One token stream, and the offset of the first token of every verse."""
    ids, starts = [], []
    for _, verses in chapters:
        ids.append(tok.token_to_id(BOS))
        for i, verse in enumerate(verses):
            starts.append(len(ids))
            end = "\n" if i + 1 < len(verses) else ""
            ids += tok.encode(verse + end, add_special_tokens=False).ids
        ids.append(tok.token_to_id(EOS))
    return torch.tensor(ids), torch.tensor(starts)


def make_config():
    return LlamaConfig(
        vocab_size=VOCAB, hidden_size=192, intermediate_size=384,
        num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=2,
        head_dim=32, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, pad_token_id=None,
        hidden_act="silu", attention_bias=False, mlp_bias=False)


def loss_of(model, x, reduction="mean"):
    """x: [batch, length + 1] tokens."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=model.training and not ARGS.f32):
        logits = model(input_ids=x[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), x[:, 1:].flatten(), reduction=reduction)


@torch.no_grad()
def evaluate(model, documents):
    """Mean loss per token over whole documents, cut into context-sized pieces."""
    model.eval()
    total, count = 0.0, 0
    for doc in documents:
        for at in range(0, len(doc) - 1, CONTEXT):
            piece = doc[at:at + CONTEXT + 1]
            if at:  # as at the start of a prompt
                piece = torch.cat([doc[:1], piece[1:]])
            total += loss_of(model, piece[None], "sum").item()
            count += len(piece) - 1
    model.train()
    return total / count, count


def write_json(path, value):
    with open(path + ".new", "w") as f:
        json.dump(value, f, indent=2)
        f.write("\n")
    os.replace(path + ".new", path)


def export(folder, tok, state):
    """Write the Hugging Face folder, each file atomically."""
    os.makedirs(folder, exist_ok=True)
    config = make_config().to_dict()
    config.update(architectures=["LlamaForCausalLM"], dtype="bfloat16", rope_theta=10000.0)
    keep = ["architectures", "attention_bias", "attention_dropout", "bos_token_id", "dtype",
            "eos_token_id", "head_dim", "hidden_act", "hidden_size", "initializer_range",
            "intermediate_size", "max_position_embeddings", "mlp_bias", "model_type",
            "num_attention_heads", "num_hidden_layers", "num_key_value_heads",
            "rms_norm_eps", "rope_parameters", "rope_theta", "tie_word_embeddings",
            "use_cache", "vocab_size"]
    write_json(f"{folder}/config.json", {k: config[k] for k in keep})
    write_json(f"{folder}/generation_config.json", GENERATION)
    write_json(f"{folder}/tokenizer_config.json", {
        "add_prefix_space": False, "bos_token": BOS, "eos_token": EOS,
        "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT,
        "tokenizer_class": "PreTrainedTokenizerFast"})
    tok.save(f"{folder}/tokenizer.json.new", pretty=False)
    os.replace(f"{folder}/tokenizer.json.new", f"{folder}/tokenizer.json")
    tensors = {k: v.to(torch.bfloat16).contiguous() for k, v in state.items()
               if k != "lm_head.weight"}  # tied to the embedding
    save_file(tensors, f"{folder}/model.safetensors.new", metadata={"format": "pt"})
    os.chmod(f"{folder}/model.safetensors.new", 0o644)
    os.replace(f"{folder}/model.safetensors.new", f"{folder}/model.safetensors")


def main():
    torch.manual_seed(ARGS.seed)
    torch.set_num_threads(ARGS.threads)
    began = time.monotonic()

    chapters = read_chapters()
    train_set = [c for c in chapters if c[0] not in HELD_OUT]
    valid_set = [c for c in chapters if c[0] in HELD_OUT]
    tok = train_tokenizer("\n".join(verses) for _, verses in train_set)
    data, starts = encode(tok, train_set)
    starts = starts[starts < len(data) - CONTEXT]
    valid = [encode(tok, [c])[0] for c in valid_set]
    valid_bytes = sum(len("\n".join(verses)) for _, verses in valid_set)

    model = LlamaForCausalLM(make_config())
    print(f"{model.num_parameters()} parameters, {len(data)} training tokens, "
          f"{sum(map(len, valid))} validation tokens", flush=True)

    # The text is small: in a 7000-step run without dropout the held-out loss
    # began to rise after 6 epochs (at 3.12).
    def dropout(module, args, out):
        return torch.nn.functional.dropout(out, 0.1, module.training)
    model.model.embed_tokens.register_forward_hook(dropout)
    for layer in model.model.layers:
        layer.self_attn.o_proj.register_forward_hook(dropout)
        layer.mlp.down_proj.register_forward_hook(dropout)

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    # In one short comparison (1.4 minutes) Muon for the matrices reached a held-out
    # loss of 4.06, AdamW alone 4.26.
    opts = [torch.optim.Muon(matrices, lr=0.02, weight_decay=0.05, momentum=0.95),
            torch.optim.AdamW(others, lr=4e-3, betas=(0.9, 0.98), weight_decay=0.0)]
    for opt in opts:
        for g in opt.param_groups:
            g["peak"] = g["lr"]

    # Exponential moving average of the weights: what is evaluated and exported.
    average = {k: v.clone() for k, v in model.state_dict().items()}
    probe = LlamaForCausalLM(make_config())
    best, step, recent, next_eval = math.inf, 0, [], ARGS.eval_minutes * 60
    bos = torch.tensor([tok.token_to_id(BOS)])
    while True:
        elapsed = time.monotonic() - began
        progress = min(1.0, max(step / ARGS.steps, elapsed / (60 * ARGS.minutes)))
        last = progress >= 1.0
        if last or elapsed >= next_eval:
            next_eval = elapsed + ARGS.eval_minutes * 60
            # Evaluate exactly what is exported: bf16 weights.
            probe.load_state_dict({k: v.to(torch.bfloat16).float() for k, v in average.items()})
            loss, count = evaluate(probe, valid)
            print(f"step {step} {elapsed / 60:.1f} min: train {sum(recent) / max(1, len(recent)):.3f} "
                  f"valid {loss:.4f} perplexity {math.exp(loss):.2f} "
                  f"bits/byte {loss * count / valid_bytes / math.log(2):.3f}", flush=True)
            recent = []
            if loss < best:
                best = loss
                export(ARGS.output, tok, average)
            if last:
                break
        scale = min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for opt in opts:
            for g in opt.param_groups:
                g["lr"] = g["peak"] * scale
        # Every window starts at a verse, behind a begin-of-text token.
        at = starts[torch.randint(len(starts), (ARGS.batch,))]
        x = torch.stack([torch.cat([bos, data[a:a + CONTEXT]]) for a in at])
        loss = loss_of(model, x)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        recent.append(loss.item())
        step += 1
        decay = min(0.99, step / (step + 10))
        with torch.no_grad():
            for k, v in model.state_dict().items():
                average[k].lerp_(v, 1 - decay)
    print(f"best validation loss {best:.4f}, perplexity {math.exp(best):.2f}, in {ARGS.output}")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--output", required=True, help="folder to write the model to")
    p.add_argument("--minutes", type=float, default=36, help="limit on the wall clock")
    p.add_argument("--steps", type=int, default=3600)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--f32", action="store_true", help="train without bf16 autocast")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--eval-minutes", type=float, default=2.5)
    p.add_argument("--seed", type=int, default=1611)
    ARGS = p.parse_args()
    main()
