#include <gtest/gtest.h>

#include <headformer/auto_causal_lm.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <nlohmann/json.hpp>

#include "formats/gguf_builder.hpp"
#include "support/program.hpp"
#include "support/small_checkpoint.hpp"

// What memory_estimate promises against what a process takes: `throughput` on checkpoints of many shapes, each in a
// fresh process of its own.
namespace headformer::testing {
namespace {

struct MemoryCase {
  std::string name;
  std::string architecture;  ///< a class, or GGUF's name of it
  DType stored = DType::bf16;
  Index vocabulary = 1024;
  Index width = 512;
  Index hidden = 1024;
  Index layers = 4;
  Index context = 512;
  std::vector<std::string> options = {};  ///< of the program
  WeightType weights = WeightType::stored();
  DType cache = DType::f32;
  Index window = 0;

  static constexpr Index head_width = 64;
  static constexpr Index rows = 512;
  bool gguf() const { return architecture == "llama"; }
};
std::ostream& operator<<(std::ostream& out, const MemoryCase& c) { return out << c.name; }

struct NamedShape {
  std::string name;
  Shape shape;
};

std::vector<NamedShape> tensors_of(const MemoryCase& c) {
  const Index d = c.width;
  std::vector<NamedShape> all;
  const auto add = [&](const std::string& name, const Shape& shape) { all.push_back({name, shape}); };
  for (Index i = 0; i < c.layers; ++i) {
    const std::string n = std::to_string(i);
    if (c.architecture == "GPT2LMHeadModel") {
      const std::string layer = "transformer.h." + n + ".";
      for (const char* norm : {"ln_1", "ln_2"}) {
        add(layer + norm + ".weight", {d});
        add(layer + norm + ".bias", {d});
      }
      add(layer + "attn.c_attn.weight", {d, 3 * d});
      add(layer + "attn.c_attn.bias", {3 * d});
      add(layer + "attn.c_proj.weight", {d, d});
      add(layer + "attn.c_proj.bias", {d});
      add(layer + "mlp.c_fc.weight", {d, c.hidden});
      add(layer + "mlp.c_fc.bias", {c.hidden});
      add(layer + "mlp.c_proj.weight", {c.hidden, d});
      add(layer + "mlp.c_proj.bias", {d});
    } else {
      const bool gguf = c.gguf();
      const std::string layer = gguf ? "blk." + n + "." : "model.layers." + n + ".";
      add(layer + (gguf ? "attn_norm" : "input_layernorm") + ".weight", {d});
      add(layer + (gguf ? "ffn_norm" : "post_attention_layernorm") + ".weight", {d});
      add(layer + (gguf ? "attn_q" : "self_attn.q_proj") + ".weight", {d, d});
      add(layer + (gguf ? "attn_k" : "self_attn.k_proj") + ".weight", {d, d});
      add(layer + (gguf ? "attn_v" : "self_attn.v_proj") + ".weight", {d, d});
      add(layer + (gguf ? "attn_output" : "self_attn.o_proj") + ".weight", {d, d});
      add(layer + (gguf ? "ffn_gate" : "mlp.gate_proj") + ".weight", {c.hidden, d});
      add(layer + (gguf ? "ffn_up" : "mlp.up_proj") + ".weight", {c.hidden, d});
      add(layer + (gguf ? "ffn_down" : "mlp.down_proj") + ".weight", {d, c.hidden});
    }
  }
  if (c.architecture == "GPT2LMHeadModel") {
    add("transformer.wte.weight", {c.vocabulary, d});
    add("transformer.wpe.weight", {c.context, d});
    add("transformer.ln_f.weight", {d});
    add("transformer.ln_f.bias", {d});
  } else {
    add(c.gguf() ? "token_embd.weight" : "model.embed_tokens.weight", {c.vocabulary, d});
    add(c.gguf() ? "output_norm.weight" : "model.norm.weight", {d});
  }
  return all;
}

Json config_of(const MemoryCase& c) {
  const Index heads = c.width / MemoryCase::head_width;
  if (c.architecture == "GPT2LMHeadModel") {
    return {{"architectures", {c.architecture}},
            {"vocab_size", c.vocabulary},
            {"n_embd", c.width},
            {"n_inner", c.hidden},
            {"n_layer", c.layers},
            {"n_head", heads},
            {"n_positions", c.context}};
  }
  return {{"architectures", {c.architecture}},
          {"vocab_size", c.vocabulary},
          {"hidden_size", c.width},
          {"intermediate_size", c.hidden},
          {"num_hidden_layers", c.layers},
          {"num_attention_heads", heads},
          {"num_key_value_heads", heads},
          {"max_position_embeddings", c.context},
          {"rms_norm_eps", 1e-5},
          {"tie_word_embeddings", true},
          {"sliding_window", c.window > 0 ? Json(c.window) : Json()}};
}

/// A Hugging Face folder; every tensor is the same bytes, small numbers in any of the plain types.
std::string write_folder(const MemoryCase& c, const TemporaryFolder& folder) {
  folder.write("config.json", config_of(c).dump());
  const std::vector<NamedShape> tensors = tensors_of(c);
  Index most = 0;
  for (const NamedShape& tensor : tensors) most = std::max(most, tensor.shape.count());
  const std::string bytes(static_cast<std::size_t>(most) * block_bytes(c.stored), '\x3c');
  std::vector<NamedTensor> named;
  for (const NamedShape& tensor : tensors) named.push_back({tensor.name, c.stored, tensor.shape, bytes.data()});
  write_safetensors(folder / "model.safetensors", named);
  return folder.path().string();
}

/// A GGUF whose matrices are Q4_K and all zeros.
std::string write_gguf(const MemoryCase& c, const TemporaryFolder& folder) {
  using tests::GgufBuilder;
  GgufBuilder builder;
  const auto number = [&](const std::string& key, Index value) {
    builder.key(key, 4, GgufBuilder::raw(static_cast<std::uint32_t>(value)));
  };
  builder.string("general.architecture", c.architecture);
  number("llama.embedding_length", c.width);
  number("llama.feed_forward_length", c.hidden);
  number("llama.block_count", c.layers);
  number("llama.attention.head_count", c.width / MemoryCase::head_width);
  number("llama.context_length", c.context);
  std::uint64_t offset = 0;
  for (const NamedShape& tensor : tensors_of(c)) {
    const bool matrix = tensor.shape.rank() == 2;
    const DType dtype = matrix ? DType::q4_k : DType::f32;
    std::vector<std::uint64_t> sizes;
    for (int i = tensor.shape.rank() - 1; i >= 0; --i) sizes.push_back(static_cast<std::uint64_t>(tensor.shape[i]));
    builder.tensor(tensor.name, sizes, matrix ? 12 : 0, offset);
    const auto bytes = static_cast<std::uint64_t>(tensor.shape.count()) / block_length(dtype) * block_bytes(dtype);
    offset += (bytes + 31) / 32 * 32;
  }
  std::string header = builder.bytes();
  header.resize((header.size() + 31) / 32 * 32, '\0');
  const std::filesystem::path file = folder.write("model.gguf", header);
  std::filesystem::resize_file(file, header.size() + offset);
  return file.string();
}

class MemoryPeaks : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(MemoryPeaks, AreWhatTheEstimateSays) {
  const MemoryCase& c = GetParam();
  if (!std::filesystem::exists(std::filesystem::path(HEADFORMER_PROGRAMS_DIR) / "../benchmarks/throughput"))
    GTEST_SKIP() << "built without benchmarks";
  const TemporaryFolder folder;
  const std::string model = c.gguf() ? write_gguf(c, folder) : write_folder(c, folder);
  std::vector<std::string> options = {model, "--json", "--threads", "2", "--repetitions", "1", "--generate", "1"};
  options.insert(options.end(), {"--prompt", std::to_string(c.context)});
  options.insert(options.end(), c.options.begin(), c.options.end());
  const ProgramResult result = run_program("../benchmarks/throughput", options);
  expect_success(result);

  LoadOptions load;
  load.weights = c.weights;
  MemoryUse use;
  use.context = c.context;
  use.cache = c.cache;
  use.rows = MemoryCase::rows;
  const MemoryEstimate estimate = memory_estimate(Checkpoint::open(model), load, use);
  const auto expected = static_cast<double>(estimate.total());
  const double found = Json::parse(result.out)["peak_bytes"].get<double>();
  const std::string parts = "weights " + std::to_string(estimate.weights) + ", cache " +
                            std::to_string(estimate.cache) + ", scratch " + std::to_string(estimate.scratch);
  EXPECT_LE(std::abs(found - expected), 0.05 * found + 16e6) << "measured " << found << ", estimated " << parts;
  RecordProperty("peak_minus_estimate", std::to_string(found - expected));
}

const MemoryCase smallest = {"", "LlamaForCausalLM"};

MemoryCase with(std::string name, auto change) {
  MemoryCase result = smallest;
  result.name = std::move(name);
  change(result);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Shapes, MemoryPeaks,
                         ::testing::Values(with("long_context", [](MemoryCase& c) { c.context = 4096; }),
                                           with("long_context_f16_cache",
                                                [](MemoryCase& c) {
                                                  c.context = 4096;
                                                  c.options = {"--cache-dtype", "f16"};
                                                  c.cache = DType::f16;
                                                }),
                                           with("long_context_bf16_cache",
                                                [](MemoryCase& c) {
                                                  c.context = 4096;
                                                  c.options = {"--cache-dtype", "bf16"};
                                                  c.cache = DType::bf16;
                                                }),
                                           with("windowed",
                                                [](MemoryCase& c) {
                                                  c.architecture = "MistralForCausalLM";
                                                  c.context = 4096;
                                                  c.window = 512;
                                                }),
                                           with("big_vocabulary", [](MemoryCase& c) { c.vocabulary = 131072; }),
                                           with("widened",
                                                [](MemoryCase& c) {
                                                  c.width = c.hidden = 2048;
                                                  c.layers = 2;
                                                  c.options = {"--dtype", "f32"};
                                                  c.weights = DType::f32;
                                                }),
                                           with("quantised_at_load",
                                                [](MemoryCase& c) {
                                                  c.stored = DType::f32;
                                                  c.width = 1024;
                                                  c.hidden = 4096;
                                                  c.vocabulary = 32768;
                                                  c.options = {"--dtype", "q8_0"};
                                                  c.weights = DType::q8_0;
                                                }),
                                           with("transposed",
                                                [](MemoryCase& c) {
                                                  c.architecture = "GPT2LMHeadModel";
                                                  c.stored = DType::f32;
                                                  c.width = 1024;
                                                  c.hidden = 4096;
                                                  c.layers = 3;
                                                }),
                                           with("gguf",
                                                [](MemoryCase& c) {
                                                  c.architecture = "llama";
                                                  c.width = 2048;
                                                  c.hidden = 5632;
                                                  c.vocabulary = 32768;
                                                })),
                         [](const auto& name) { return name.param.name; });

}  // namespace
}  // namespace headformer::testing
