"""GPT-2 for the model builder of onnxruntime-genai, which lacks it: the same fused operators as its other models.

The builder leaves out biases of the feed-forward part and of queries, keys and values when all are zero, as random
models have them.
"""

from types import SimpleNamespace

import torch
from builders import Model


def linear(conv) -> torch.nn.Linear:
    """GPT-2 keeps its matrices [inputs, outputs]."""
    inputs, outputs = conv.weight.shape
    made = torch.nn.Linear(inputs, outputs)
    made.weight = torch.nn.Parameter(conv.weight.T.contiguous(), requires_grad=False)
    made.bias = torch.nn.Parameter(conv.bias, requires_grad=False)
    return made


class GPT2Model(Model):
    def __init__(self, config, *others):
        config.intermediate_size = config.n_inner or 4 * config.n_embd
        config.hidden_act = config.activation_function
        super().__init__(config, *others)
        self.model_type = "PhiForCausalLM"  # the runtime's name for a decoder with position_ids and a cache of its own
        self.layernorm_attrs.update(simple=False, epsilon=config.layer_norm_epsilon)
        self.mlp_attrs.update(use_proj=False, use_fc=True)
        self.attention_attrs["rope"] = False

    def is_fused_rope_supported(self):
        return False  # so position_ids stay an input

    def is_layer(self, module):
        return module.__class__.__name__ == "GPT2Block"

    def has_final_norm(self, module, model):
        return module is model.transformer.ln_f

    def make_embedding(self, embedding):
        super().make_embedding(embedding)
        shape = self.make_hidden_state_shape()
        table, rows, total = "model.embed_positions.weight", "/model/embed_positions/Gather", "/model/embed_positions/Add"
        self.make_initializer(self.weights.transformer.wpe.weight, table, to=self.io_dtype)
        self.make_gather(rows, [table, "position_ids"], dtype=self.io_dtype, shape=shape, axis=0)
        self.make_add(total, [self.layernorm_attrs["root_input"], f"{rows}/output_0"], dtype=self.io_dtype, shape=shape)
        self.layernorm_attrs["root_input"] = self.layernorm_attrs["skip_input"] = f"{total}/output_0"

    def make_layer(self, layer_id, layer):
        super().make_layer(layer_id, SimpleNamespace(
            input_layernorm=layer.ln_1, post_attention_layernorm=layer.ln_2,
            self_attn=SimpleNamespace(qkv_proj=linear(layer.attn.c_attn), o_proj=linear(layer.attn.c_proj)),
            mlp=SimpleNamespace(fc1=linear(layer.mlp.c_fc), fc2=linear(layer.mlp.c_proj))))
