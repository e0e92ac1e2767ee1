#include <nlohmann/json.hpp>

#include "models/decoder_families.hpp"
#include "support/small_checkpoint.hpp"

// The same weights in both containers give the same logits. Each folder is made from a GGUF's f32 tensors by undoing
// what the published converters do; its config says in Hugging Face's manner what the GGUF says in its own.
namespace headformer::testing {
namespace {

struct Twin {
  std::string name;
  const char* config;  ///< what the common keys leave out
};
std::ostream& operator<<(std::ostream& out, const Twin& twin) { return out << twin.name; }

/// The keys that all decoders but GPT-2 share.
Json config_of(const Checkpoint& checkpoint, const char* more) {
  const Gguf& gguf = checkpoint.gguf();
  const auto key = [&](const char* name) { return checkpoint.architecture() + "." + name; };
  Json config = {{"hidden_size", gguf.integer(key("embedding_length"))},
                 {"vocab_size", gguf.find("token_embd.weight")->shape[0]},
                 {"num_hidden_layers", gguf.integer(key("block_count"))},
                 {"num_attention_heads", gguf.integer(key("attention.head_count"))},
                 {"num_key_value_heads", gguf.integer_or(key("attention.head_count_kv"), 0)},
                 {"intermediate_size", gguf.integer(key("feed_forward_length"))},
                 {"max_position_embeddings", gguf.integer(key("context_length"))},
                 {"rms_norm_eps", gguf.number_or(key("attention.layer_norm_rms_epsilon"), 0)},
                 {"rope_theta", gguf.number_or(key("rope.freq_base"), 10000)},
                 {"tie_word_embeddings", gguf.find("output.weight") == nullptr}};
  if (gguf.has(key("attention.key_length"))) config["head_dim"] = gguf.integer(key("attention.key_length"));
  config.update(Json::parse(more));
  return config;
}

/// The tensors under Hugging Face's names, in Hugging Face's order of rows.
SmallCheckpoint as_folder(const Checkpoint& gguf, const Twin& twin) {
  SmallCheckpoint result;
  result.config = config_of(gguf, twin.config);
  const NameTable names = family_of(gguf).names();
  const Index heads = result.config["num_attention_heads"].get<Index>();
  const Index key_heads = result.config["num_key_value_heads"].get<Index>();
  for (const TensorEntry& entry : gguf.tensors()) {
    const std::string stem = entry.name.substr(0, entry.name.rfind('.'));
    const std::string member = entry.name.substr(entry.name.rfind('.'));
    std::string layer;
    std::string pattern = stem;
    if (stem.starts_with("blk.")) {
      layer = stem.substr(4, stem.find('.', 4) - 4);
      pattern = "blk.#" + stem.substr(4 + layer.size());
    }
    const auto row =
        std::find_if(names.rows.begin(), names.rows.end(), [&](const NameRow& r) { return r.gguf == pattern; });
    if (row == names.rows.end()) {
      ADD_FAILURE() << "no row for " << entry.name;
      continue;
    }
    StoredTensor tensor = StoredTensor::of(entry);
    std::vector<float> values = tensor.floats();
    const std::vector<float> stored = values;
    const bool matrix = tensor.shape.rank() == 2;
    const Index rows = tensor.shape[0];
    const Index columns = matrix ? tensor.shape[1] : 1;
    Shape shape = tensor.shape;
    if (row->hugging_face_transform == Transform::transposed && matrix) {
      shape = Shape{columns, rows};
      for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c)
          values[static_cast<std::size_t>(c * rows + r)] = stored[static_cast<std::size_t>(r * columns + c)];
      }
    } else if (gguf.architecture().starts_with("gemma") && pattern.ends_with("norm")) {
      for (float& value : values) value -= 1.0F;
    } else if (names.gguf_transform == Transform::interleaved_heads &&
               (pattern.ends_with("attn_q") || pattern.ends_with("attn_k"))) {
      const Index height = rows / (pattern.ends_with("attn_q") ? heads : key_heads);
      for (Index r = 0; r < rows; ++r) {
        const Index in_head = r % height;
        const Index from = r - in_head + (in_head < height / 2 ? 2 * in_head : 2 * (in_head - height / 2) + 1);
        std::copy_n(stored.data() + from * columns, columns, values.data() + r * columns);
      }
    }
    result.tensors.emplace(with_layers(row->hugging_face, std::span(&layer, 1)) + member,
                           StoredTensor::of(shape, values));
  }
  return result;
}

class GgufTwins : public ::testing::TestWithParam<Twin> {};

TEST_P(GgufTwins, TheSameWeightsGiveTheSameLogits) {
  const std::filesystem::path gguf = goldens() / "gguf" / GetParam().name / (GetParam().name + ".gguf");
  TemporaryFolder folder;
  as_folder(Checkpoint::open(gguf), GetParam()).write(folder);
  const auto from_folder = open_decoder(Checkpoint::open(folder.path()));
  const auto from_gguf = open_decoder(Checkpoint::open(gguf));
  EXPECT_EQ(from_folder->config().vocabulary, from_gguf->config().vocabulary);
  EXPECT_EQ(from_folder->config().context_length, from_gguf->config().context_length);
  const auto workspace = workspace_of();
  const std::vector<TokenId> ids = random_ids(*from_gguf, 70);
  const Tensor<float> expected = logits_of(from_gguf, ids, workspace);
  const Tensor<float> found = logits_of(from_folder, ids, workspace);
  if (GetParam().name.starts_with("gemma")) {
    // A norm weight less 1 and plus 1 again is not always the same float.
    EXPECT_LE(relative_difference(found, expected), 1e-5);
  } else {
    EXPECT_TRUE(same_bits(found, expected));
  }
}

const Twin twins[] = {
    {"gpt2", R"({"architectures": ["GPT2LMHeadModel"], "n_embd": 40, "n_head": 4, "n_inner": 100, "n_layer": 2,
         "n_positions": 72, "layer_norm_epsilon": 1e-5})"},
    {"llama", R"({"architectures": ["LlamaForCausalLM"]})"},
    {"llama_biases", R"({"architectures": ["LlamaForCausalLM"], "attention_bias": true})"},
    {"qwen2", R"({"architectures": ["Qwen2ForCausalLM"]})"},
    {"qwen3", R"({"architectures": ["Qwen3ForCausalLM"]})"},
    {"gemma", R"({"architectures": ["GemmaForCausalLM"]})"},
    {"gemma2", R"({"architectures": ["Gemma2ForCausalLM"], "sliding_window": 9, "query_pre_attn_scalar": 12,
         "attn_logit_softcapping": 5.0, "final_logit_softcapping": 1.5})"},
    {"gemma3", R"({"architectures": ["Gemma3ForCausalLM"], "sliding_window": 9, "query_pre_attn_scalar": 12})"},
    {"phi3",
     R"({"architectures": ["Phi3ForCausalLM"], "sliding_window": null, "original_max_position_embeddings": 128})"},
    {"smollm3", R"({"architectures": ["SmolLM3ForCausalLM"]})"},
};

INSTANTIATE_TEST_SUITE_P(Families, GgufTwins, ::testing::ValuesIn(twins), case_name<Twin>);

}  // namespace
}  // namespace headformer::testing
