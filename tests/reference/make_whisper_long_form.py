"""Makes tests/goldens/long_form.json: Whisper's long form by the reference, over scripted logits.

    python make_whisper_long_form.py

A list of {name, frames, script, generation, arguments, attempts, segments}. The script gives the logits of every step:
noise of a hash, which both sides compute, and what is added to single tokens, by window, attempt and step. Attempts
are what the model was asked for: the window, the decoder's prompt, the temperature, the ids that came of it, and where it counts their bytes and what zlib makes of them.
"""

import json
import random
import zlib

import numpy as np
import torch
import transformers
from transformers import GenerationConfig, GenerationMixin, WhisperConfig, WhisperForConditionalGeneration
from transformers.modeling_outputs import Seq2SeqLMOutput

from manifest import GOLDENS

transformers.logging.set_verbosity_error()

TEXT, EOS, SOT, EN, DE, TRANSCRIBE, TRANSLATE, PREVIOUS, NO_SPEECH, NO_TIMES = 20, 20, 21, 22, 23, 24, 25, 26, 27, 28
FIRST = NO_TIMES + 1           # the time 0.00
TIMES = 51                     # of a window of 100 frames
VOCABULARY = FIRST + TIMES
POSITIONS = 40
SILENCE = 1000                 # in place of an attempt: what the no-speech probability is read from


def noise(script, window, attempt, step):
    v = np.arange(VOCABULARY, dtype=np.uint64)
    h = (script["seed"] * 2654435761 + window * 40503 + attempt * 9973 + step * 7919) % 2**32
    mask = np.uint64(0xffffffff)
    h = (np.uint64(h) + v * np.uint64(104729)) & mask
    for shift, factor in ((16, 0x7feb352d), (15, 0x846ca68b), (16, 1)):
        h = ((h ^ (h >> np.uint64(shift))) * np.uint64(factor)) & mask
    return (h.astype(np.float64) / 2**32 * 2 - 1) * script["noise"]


def logits(script, window, attempt, step):
    result = noise(script, window, attempt, step)
    if attempt == SILENCE or (step == 0 and script["start_alone"]):  # then the first logits of all are asked
        result[NO_SPEECH] += script["silence"][window % len(script["silence"])]
    if attempt != SILENCE:
        attempts = script["windows"][window % len(script["windows"])]
        plan = attempts[min(attempt, len(attempts) - 1)]
        token, more = plan[step] if step < len(plan) else (EOS, 20)
        result[token] += more
    return torch.tensor(result.astype(np.float32))


class Scripted(WhisperForConditionalGeneration):
    script = None
    window = attempt = -1
    prompt = 0

    def forward(self, input_features=None, attention_mask=None, decoder_input_ids=None, decoder_attention_mask=None,
                encoder_outputs=None, past_key_values=None, decoder_inputs_embeds=None, decoder_position_ids=None,
                labels=None, use_cache=None, **kwargs):
        ids = decoder_input_ids[0].tolist()
        if encoder_outputs is None:  # the no-speech probability is asked for
            rows = [logits(self.script, self.window, SILENCE, 0) if id == SOT else torch.zeros(VOCABULARY) for id in ids]
            return Seq2SeqLMOutput(logits=torch.stack(rows)[None])
        row = logits(self.script, self.window, self.attempt, len(ids) - self.prompt)
        return Seq2SeqLMOutput(logits=torch.zeros(1, len(ids), VOCABULARY).index_copy_(
            1, torch.tensor([len(ids) - 1]), row[None, None]))

    def _retrieve_compression_ratio(self, tokens, vocab_size):
        ratio = super()._retrieve_compression_ratio(tokens, vocab_size)
        raw = b"".join(t.to_bytes(1, "little") for t in tokens.tolist())  # of a vocabulary below 256
        assert ratio == len(raw) / len(zlib.compress(raw))
        self.attempts[-1]["compressed"] = [len(raw), len(zlib.compress(raw))]
        return ratio

    def generate_with_fallback(self, **kwargs):
        self.window += 1
        self.attempt = -1
        self.seek = int(kwargs["seek"][0])
        return super().generate_with_fallback(**kwargs)


def scripted_generate(original):
    def generate(self, inputs=None, generation_config=None, **kwargs):
        self.attempt += 1
        prompt = kwargs["decoder_input_ids"]
        self.prompt = prompt.shape[1]
        result = original(self, inputs, generation_config=generation_config, **kwargs)
        ids = result if isinstance(result, torch.Tensor) else result["sequences"]
        self.attempts.append({"window": self.window, "seek": self.seek, "prompt": prompt[0].tolist(),
                              "temperature": generation_config.temperature if generation_config.do_sample else 0,
                              "ids": ids[0, self.prompt:].tolist()})
        return result
    return generate


def make_model():
    config = WhisperConfig(vocab_size=VOCABULARY, d_model=4, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=4,
                           decoder_ffn_dim=4, encoder_attention_heads=1, decoder_attention_heads=1, num_mel_bins=2,
                           max_source_positions=50, max_target_positions=POSITIONS, pad_token_id=EOS,
                           bos_token_id=EOS, eos_token_id=EOS, decoder_start_token_id=SOT)
    return Scripted(config).eval()


def run(model, frames, script, keys, arguments, seed):
    torch.manual_seed(seed)
    model.script, model.window, model.attempts = script, -1, []
    config = GenerationConfig(pad_token_id=keys.get("pad_token_id", EOS), eos_token_id=EOS, decoder_start_token_id=SOT)
    model.config.forced_decoder_ids = None
    for key, value in keys.items():
        setattr(config, key, value)
    config.no_timestamps_token_id = NO_TIMES
    model.generation_config = config
    arguments = {k: tuple(v) if k == "temperature" else torch.tensor(v) if k == "prompt_ids" else v
                 for k, v in arguments.items()}
    out = model.generate(torch.zeros(1, 2, frames), return_segments=True, use_cache=False, **arguments)
    segments = [{"begin": float(s["start"]), "end": float(s["end"]), "ids": s["tokens"].tolist()}
                for s in out["segments"][0]]
    return model.attempts, segments


def t(index):
    return FIRST + index


def said(bonus, *ids):
    return [[i, bonus] for i in ids]


PAIRS = [said(12, t(0), 3, 4, 5, t(10), t(10), 6, 7, t(31), t(31))]
SINGLE = [said(12, t(2), 8, 9, t(20), t(20), 1, 2, t(44))]
NO_TIME = [said(12, t(0), 5, 6, 7)]
NO_END = [said(12, t(0), 5, 6, t(12), t(12), 7, 8, 9)]
NOTHING = [[]]
REPEATS = said(15, t(0), *[7] * 24, t(40))
GUESS = said(3.5, t(0), 3, 4, 5, t(20), t(20))
SURE = said(60, t(1), 9, 8, 7, 6, t(33), t(33))
COOL = said(60, t(1), 2, 4, t(50))
BASE = dict(max_length=POSITIONS)
TOLD = dict(lang_to_id={"<|en|>": EN, "<|de|>": DE}, task_to_id={"transcribe": TRANSCRIBE, "translate": TRANSLATE},
            is_multilingual=True)
FALLBACK = dict(temperature=[0.0, 0.2, 0.6, 1.0])


def written_cases():
    yield "pairs", 250, PAIRS, {}, {}
    yield "single_end", 250, SINGLE, {}, {}
    yield "no_time", 230, NO_TIME, {}, {}
    yield "no_end", 260, NO_END, {}, {}
    yield "nothing", 201, NOTHING, {}, {}
    yield "one_window", 100, PAIRS, {}, dict(return_timestamps=True)
    yield "one_window_without_times", 100, [said(12, 5, 6, 7)], {}, dict(return_timestamps=False)
    yield "short", 57, SINGLE, {}, dict(return_timestamps=True)
    yield "mixed", 777, PAIRS + SINGLE + NO_TIME + NO_END + NOTHING, {}, {}
    yield "initial_limit", 250, [said(12, t(30), 4, t(40), t(40))], dict(max_initial_timestamp_index=5), {}
    yield "times_outweigh", 250, [[[t(3), 3], [t(9), 0], [4, 3], [t(25), 1], [t(28), 1]]], {}, {}
    yield "suppressed", 250, PAIRS, dict(suppress_tokens=[4, 6], begin_suppress_tokens=[t(0), EOS]), {}
    yield "few_tokens", 250, PAIRS, dict(max_new_tokens=4, max_length=None), {}
    yield "length_grows", 350, NO_END + PAIRS, dict(max_length=6), dict(condition_on_prev_tokens=True)
    yield "told", 250, PAIRS, TOLD, dict(language="de", task="translate")
    yield "conditioned", 420, PAIRS + SINGLE + NO_TIME, dict(prev_sot_token_id=PREVIOUS), dict(
        condition_on_prev_tokens=True)
    yield "conditioned_by_suppressed", 420, PAIRS + SINGLE, dict(suppress_tokens=[1, PREVIOUS, SOT]), dict(
        condition_on_prev_tokens=True)
    yield "conditioned_by_nothing", 320, PAIRS + NO_TIME, {}, dict(condition_on_prev_tokens=True)
    yield "padding_written", 330, PAIRS + NO_TIME, dict(pad_token_id=7, prev_sot_token_id=PREVIOUS), dict(
        condition_on_prev_tokens=True)
    yield "padding_last", 230, [said(12, t(0), 7, 5, 7)], dict(pad_token_id=7, max_new_tokens=4, max_length=None), {}
    for name, arguments in [("prompt", {}), ("prompt_conditioned", dict(condition_on_prev_tokens=True)),
                            ("prompt_all", dict(condition_on_prev_tokens=True, prompt_condition_type="all-segments"))]:
        yield name, 330, PAIRS + SINGLE, dict(prev_sot_token_id=PREVIOUS), dict(
            prompt_ids=[PREVIOUS, 11, 12, 13], **arguments)
    yield "prompt_forgotten_when_warm", 330, [[GUESS, SURE], *PAIRS], dict(prev_sot_token_id=PREVIOUS), dict(
        prompt_ids=[PREVIOUS, 11, 12], condition_on_prev_tokens=True, temperature=[0.0, 0.6], logprob_threshold=-0.5)
    yield "repeats", 320, [[REPEATS, SURE], *PAIRS], {}, dict(**FALLBACK, compression_ratio_threshold=1.35)
    yield "repeats_always", 230, [[REPEATS]], {}, dict(temperature=[0.0], compression_ratio_threshold=1.35)
    yield "guesses", 320, [[GUESS, GUESS, SURE], [GUESS, SURE], *PAIRS], dict(top_k=1), dict(
        **FALLBACK, logprob_threshold=-0.5, condition_on_prev_tokens=True)
    yield "guess_accepted", 320, [[GUESS, SURE]], {}, dict(**FALLBACK, logprob_threshold=-3.0)
    yield "both_thresholds", 420, [[REPEATS, SURE], [GUESS, COOL], *SINGLE], {}, dict(
        **FALLBACK, logprob_threshold=-0.5, compression_ratio_threshold=1.35)
    yield "silence", 420, [[GUESS, SURE], *PAIRS], TOLD, dict(
        **FALLBACK, language="en", logprob_threshold=-0.5, no_speech_threshold=0.6)
    yield "silence_but_sure", 320, PAIRS, TOLD, dict(
        **FALLBACK, language="en", logprob_threshold=-0.5, no_speech_threshold=0.6)
    yield "silence_conditioned", 420, [*PAIRS, [GUESS, SURE], *SINGLE], dict(prev_sot_token_id=PREVIOUS, **TOLD), dict(
        **FALLBACK, language="en", logprob_threshold=-0.5, no_speech_threshold=0.6, condition_on_prev_tokens=True)
    yield "silence_without_language", 320, [[GUESS, SURE], *PAIRS], {}, dict(
        **FALLBACK, logprob_threshold=-0.5, no_speech_threshold=0.6)
    yield "penalty", 320, PAIRS, dict(repetition_penalty=1.5, no_repeat_ngram_size=2), {}


def random_plan(generator):
    plan, now = [], 0
    for _ in range(generator.randint(0, 14)):
        kind = generator.random()
        if kind < 0.5:
            plan.append([generator.randrange(TEXT), generator.choice([2, 4, 8])])
        elif kind < 0.9:
            now = min(now + generator.randint(0, 25), TIMES - 1)
            plan += [[t(now), generator.choice([3, 6, 12])]] * generator.choice([1, 2, 2])
        else:
            plan.append([generator.randrange(VOCABULARY), generator.choice([1, 5, 9])])
    return plan


def random_cases():
    generator = random.Random(11)
    for i in range(40):
        keys = generator.choice([{}, dict(prev_sot_token_id=PREVIOUS), dict(max_initial_timestamp_index=3),
                                 dict(suppress_tokens=[1, 2, 3])])
        arguments = generator.choice([{}, dict(condition_on_prev_tokens=True), dict(prompt_ids=[PREVIOUS, 5, 6])])
        yield f"random_{i}", generator.randint(60, 700), [random_plan(generator) for _ in range(5)], keys, {
            "return_timestamps": True, **arguments}


def main():
    GenerationMixin.generate = scripted_generate(GenerationMixin.generate)
    model = make_model()
    result = []
    for number, (name, frames, windows, keys, arguments) in enumerate([*written_cases(), *random_cases()]):
        windows = [[w] if not w or isinstance(w[0][0], int) else w for w in windows]
        keys = {**BASE, **keys}
        for seed in range(60):
            script = {"seed": 1000 * number + seed, "noise": 1.0, "windows": windows,
                      "silence": [9, -9] if "silence" in name else [-9], "start_alone": "language" not in arguments}
            found = [run(model, frames, script, keys, arguments, torch_seed) for torch_seed in (1, 2, 3)]
            if found[0] == found[1] == found[2]:
                break
        else:
            raise RuntimeError(f"{name}: no draws that are sure")
        attempts, segments = found[0]
        print(name, len(attempts), "attempts", len(segments), "segments")
        result.append({"name": name, "frames": frames, "script": script, "generation": keys, "arguments": arguments,
                       "attempts": attempts, "segments": segments})
    text = ",\n".join("  " + json.dumps(item) for item in result)
    (GOLDENS / "long_form.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
