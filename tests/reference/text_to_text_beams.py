"""Makes tests/goldens/text_to_text_beams.json: translations with the beams that the checkpoints' files ask for.

    python text_to_text_beams.py

A list of {folder, source_language, target_language, config, inputs, outputs}: what generate() makes of texts that the
folder's tokenizer encodes (goldens/text_to_text/), its generation_config.json as it is. Texts whose answer changes with
small noise on the scores are left out.
"""

import json

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, LogitsProcessorList

from beams import Noise
from manifest import GOLDENS

CASES = [("m2m_100", "zh", "de", {"max_new_tokens": 12, "repetition_penalty": 1.7}),
         ("m2m_100", "en", "fr", {"max_new_tokens": 12, "length_penalty": 0.3, "min_new_tokens": 6}),
         ("nllb", "eng_Latn", "deu_Latn", {"max_new_tokens": 12, "repetition_penalty": 1.7})]


def main():
    torch.set_num_threads(1)
    result = []
    for folder, source, target, config in CASES:
        path = GOLDENS / "text_to_text" / folder
        model = AutoModelForSeq2SeqLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
        tokenizer = AutoTokenizer.from_pretrained(path, src_lang=source)
        assert model.generation_config.num_beams > 1
        first = tokenizer.convert_tokens_to_ids(f"__{target}__" if folder == "m2m_100" else target)

        def answer(text, **more):
            ids = tokenizer(text, return_tensors="pt", truncation=True)
            found = model.generate(**ids, forced_bos_token_id=first, do_sample=False, **config, **more)
            return tokenizer.decode(found[0], skip_special_tokens=True)

        texts = json.loads((path / "expected.json").read_text())[0]["inputs"][:4]
        inputs, outputs = [], []
        for text in texts:
            found = answer(text)
            if all(answer(text, logits_processor=LogitsProcessorList([Noise(seed)])) == found for seed in range(3)):
                inputs.append(text)
                outputs.append(found)
        assert inputs, folder
        result.append({"folder": folder, "source_language": source, "target_language": target, "config": config,
                       "inputs": inputs, "outputs": outputs})
    (GOLDENS / "text_to_text_beams.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
