"""Makes tests/goldens/rotary_frequencies.json: inverse frequencies of every scaling by transformers' ROPE_INIT_FUNCTIONS.

    python rotary_frequencies.py

An object a case: `config` in Hugging Face's manner (head_dim 16), `length` of the sequence, `frequencies` and
`attention_factor`.
"""

import json

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from manifest import GOLDENS

SHORT = [1.0, 1.05, 1.1, 1.3, 1.7, 2.2, 2.9, 4.0]
LONG = [1.5, 2.0, 3.5, 6.0, 12.0, 20.0, 31.0, 44.0]
CASES = [  # parameters, max_position_embeddings, lengths
    ({"rope_type": "default", "rope_theta": 10000.0}, 128, [1]),
    ({"rope_type": "default", "rope_theta": 1000000.0}, 128, [1]),
    ({"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}, 128, [1]),
    ({"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 3.0}, 64, [1, 64, 65, 300]),
    ({"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 2048}, 8192, [1]),
    ({"rope_type": "yarn", "rope_theta": 500000.0, "factor": 40.0, "original_max_position_embeddings": 4096,
      "beta_fast": 16.0, "beta_slow": 2.0, "mscale": 1.0, "mscale_all_dim": 0.8}, 163840, [1]),
    ({"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "original_max_position_embeddings": 4096,
      "truncate": False}, 131072, [1]),
    ({"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": SHORT, "long_factor": LONG,
      "original_max_position_embeddings": 4096}, 131072, [1, 4096, 4097]),
    ({"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192}, 131072, [1]),
]


def main():
    cases = []
    for parameters, longest, lengths in CASES:
        for length in lengths:
            config = LlamaConfig(hidden_size=64, num_attention_heads=4, head_dim=16, max_position_embeddings=longest,
                                 rope_parameters=dict(parameters))
            kind = parameters["rope_type"]
            if kind == "default":
                theta = parameters["rope_theta"]
                frequencies = 1.0 / (theta ** (torch.arange(0, 16, 2, dtype=torch.int64).float() / 16))
                factor = 1.0
            else:
                frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=length)
            cases.append({"config": {"max_position_embeddings": longest, "rope_parameters": parameters},
                          "length": length, "frequencies": frequencies.tolist(), "attention_factor": factor})
    text = ",\n".join("  " + json.dumps(c) for c in cases)
    (GOLDENS / "rotary_frequencies.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
