#include <nlohmann/json.hpp>

#include "models/decoder_families.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

// A config that lies is refused in one line that names the file and the key or the tensor, before memory is asked for.
namespace headformer::testing {
namespace {

/// A published folder whose config or tensors a test changes.
class Folder {
 public:
  explicit Folder(const std::string& golden) : small_(SmallCheckpoint::read(goldens() / "decoders" / golden)) {
    small_.write(folder_);
  }
  Json& config() { return small_.config; }
  StoredTensors& tensors() { return small_.tensors; }

  void open() {
    folder_.write("config.json", small_.config.dump());
    open_decoder(Checkpoint::open(folder_.path()));
  }
  void write_tensors() { small_.write(folder_); }
  std::string file(const char* name) const { return (folder_ / name).string(); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  SmallCheckpoint small_;
};

struct BadKeys {
  std::string name;
  std::string golden;
  std::vector<std::string> sizes;    ///< integers that must be there and fit the tensors
  std::vector<std::string> numbers;  ///< others that are read
};
std::ostream& operator<<(std::ostream& out, const BadKeys& keys) { return out << keys.name; }

class BadConfigs : public ::testing::TestWithParam<BadKeys> {
 protected:
  /// Either the config's key is named, or the first tensor that does not fit it.
  static void expect_refused(Folder& folder, const std::string& key) {
    try {
      folder.open();
      ADD_FAILURE() << "expected an error, found none";
    } catch (const ConfigError& error) {
      expect_one_line(error);
      expect_mentions(error.what(), {folder.file("config.json"), key, "expected", "found"});
    } catch (const WeightError& error) {
      expect_one_line(error);
      expect_mentions(error.what(), {folder.path().string(), "tensor", "expected", "found"});
    } catch (const std::exception& error) {
      ADD_FAILURE() << "another kind of error: " << error.what();
    }
  }
  static void expect_one_line(const std::exception& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
};

TEST_P(BadConfigs, SizesOfEveryWrongKindAreRefused) {
  const Json bad[] = {0, -1, 1.5, "72", true, Json::array(), Json::object(), 1e300, std::int64_t{1} << 62, 4096};
  for (const std::string& key : GetParam().sizes) {
    for (const Json& value : bad) {
      SCOPED_TRACE(key + " = " + value.dump());
      Folder folder(GetParam().golden);
      folder.config()[key] = value;
      expect_refused(folder, key);
    }
  }
}

TEST_P(BadConfigs, SizesThatAreMissingOrNullAreRefusedOrHaveADefaultThatDoesNotFit) {
  for (const std::string& key : GetParam().sizes) {
    for (const bool null : {false, true}) {
      SCOPED_TRACE(key + (null ? " = null" : " missing"));
      Folder folder(GetParam().golden);
      if (null) {
        folder.config()[key] = nullptr;
      } else {
        folder.config().erase(key);
      }
      expect_refused(folder, key);
    }
  }
}

TEST_P(BadConfigs, NumbersOfAWrongKindAreRefused) {
  const Json bad[] = {-1, "1e-5", true, Json::array({1}), Json::object(), std::nan("")};
  for (const std::string& path : GetParam().numbers) {
    const auto dot = path.find('.');
    const std::string key = path.substr(dot == std::string::npos ? 0 : dot + 1);
    for (const Json& value : bad) {
      SCOPED_TRACE(path + " = " + value.dump());
      Folder folder(GetParam().golden);
      Json& object = dot == std::string::npos ? folder.config() : folder.config()[path.substr(0, dot)];
      object[key] = value;
      if (value.is_number_float() && std::isnan(value.get<double>())) continue;  // dumps as null
      expect_refused(folder, path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Families, BadConfigs,
    ::testing::Values(
        BadKeys{"llama",
                "llama_head_dim",
                {"hidden_size", "vocab_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                 "head_dim", "intermediate_size"},
                {"rms_norm_eps", "rope_parameters.rope_theta", "max_position_embeddings"}},
        BadKeys{"gpt2",
                "gpt2",
                {"n_embd", "n_head", "n_layer", "n_positions", "n_inner", "vocab_size"},
                {"layer_norm_epsilon"}},
        BadKeys{
            "yarn", "llama_yarn", {}, {"rope_parameters.factor", "rope_parameters.original_max_position_embeddings"}},
        BadKeys{"llama3",
                "llama_llama3",
                {},
                {"rope_parameters.factor", "rope_parameters.low_freq_factor", "rope_parameters.high_freq_factor",
                 "rope_parameters.original_max_position_embeddings"}},
        BadKeys{"gemma2",
                "gemma2",
                {},
                {"query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping", "sliding_window"}},
        BadKeys{"phi3", "phi3_longrope", {}, {"rope_parameters.short_factor", "sliding_window"}},
        BadKeys{"mistral", "mistral", {}, {"sliding_window"}}),
    case_name<BadKeys>);

TEST(DecoderConfig, OptionsThatDoNotExistAreNamed) {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"llama_grouped",
       "architectures",
       {"RecurrentForCausalLM"},
       {"architectures", "'RecurrentForCausalLM'", "Llama"}},
      {"llama_grouped", "hidden_act", "swoosh", {"hidden_act", "'swoosh'", "silu"}},
      {"llama_grouped", "num_attention_heads", 5, {"num_key_value_heads", "divisor", "5"}},
      {"llama_grouped", "tie_word_embeddings", "yes", {"tie_word_embeddings", "'yes'"}},
      {"llama_grouped", "attention_bias", 1, {"attention_bias", "1"}},
      {"llama_grouped", "rope_parameters", "plain", {"rope_parameters", "'plain'"}},
      {"llama_grouped", "rope_parameters", {{"rope_type", "spiral"}, {"rope_theta", 1e4}}, {"rope_type", "'spiral'"}},
      {"llama_grouped", "rope_parameters", {{"rope_type", "linear"}}, {"rope_parameters.factor", "nothing"}},
      {"gpt2", "activation_function", 3, {"activation_function", "3"}},
      {"gpt2", "add_cross_attention", true, {"add_cross_attention", "true"}},
      {"gpt2", "n_head", 5, {"n_head", "divisor", "72"}},
      {"gemma2", "layer_types", {"sliding_attention"}, {"layer_types", "2 entries"}},
      {"gemma2", "layer_types", {"sliding_attention", "strange"}, {"layer_types"}},
      {"smollm3", "no_rope_layers", {1, 0}, {"no_rope_layers", "3 entries"}},
      {"phi3_longrope",
       "rope_parameters",
       {{"rope_type", "longrope"}, {"short_factor", {1, 2}}, {"long_factor", {1, 2}}},
       {"short_factor", "6 numbers"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(std::string(item.golden) + ": " + item.key + " = " + item.value.dump());
    Folder folder(item.golden);
    folder.config()[item.key] = item.value;
    std::vector<std::string> mentions = item.mentions;
    mentions.push_back(folder.file("config.json"));
    expect_mentions(message_of<ConfigError>([&] { folder.open(); }), mentions);
  }
}

/// tests/reference/class_defaults.py
TEST(DecoderConfig, WhatAConfigLeavesOutIsTheClasss) {
  const Json golden = parse_json(Bytes::map(goldens() / "class_defaults.json"));
  for (const Json& item : golden) {
    SCOPED_TRACE(item["config"]["architectures"][0].get<std::string>());
    const TemporaryFolder folder;
    folder.write("config.json", item["config"].dump());
    write_tensors(folder / "model.safetensors", {});
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    const CausalLmConfig config = family_of(checkpoint).config(checkpoint);
    EXPECT_EQ(config.context_length, item["context_length"].get<Index>());
    EXPECT_EQ(config.tied_output, item["tied"].get<bool>());
    EXPECT_EQ(config.logits_soft_cap, item["logits_soft_cap"].get<float>());
    ASSERT_EQ(config.layers.size(), item["windows"].size());
    for (std::size_t i = 0; i < config.layers.size(); ++i) {
      SCOPED_TRACE("layer " + std::to_string(i));
      const AttentionConfig& attention = config.layers[i].attention;
      EXPECT_EQ(attention.key_value_heads, item["key_value_heads"].get<Index>());
      EXPECT_EQ(attention.head_width, item["head_width"].get<Index>());
      EXPECT_FLOAT_EQ(attention.scale, item["scale"].get<float>());
      EXPECT_EQ(attention.soft_cap, item["soft_cap"].get<float>());
      EXPECT_EQ(attention.window, item["windows"][i].get<Index>());
      EXPECT_FLOAT_EQ(config.layers[i].norm.epsilon, item["epsilon"].get<float>());
      const auto theta = item["thetas"][i].get<double>();
      EXPECT_EQ(attention.rotary.width, theta > 0 ? attention.head_width : 0);
      if (theta > 0) {
        EXPECT_EQ(attention.rotary.theta, theta);
      }
    }
  }
}

TEST(DecoderConfig, KeyValueHeadsOfNullAreAsManyAsHeads) {
  Folder folder("mistral");
  folder.config()["num_key_value_heads"] = nullptr;
  folder.write_tensors();
  const Checkpoint checkpoint = Checkpoint::open(folder.path());
  EXPECT_EQ(family_of(checkpoint).config(checkpoint).layers[0].attention.key_value_heads, 6);
}

TEST(DecoderConfig, SmolLm3CountsItsUnrotatedLayersWithoutAList) {
  Folder folder("smollm3");
  folder.config().erase("no_rope_layers");
  folder.config()["no_rope_layer_interval"] = 2;
  folder.open();
  const Checkpoint checkpoint = Checkpoint::open(folder.path());
  const CausalLmConfig config = family_of(checkpoint).config(checkpoint);
  ASSERT_EQ(config.layers.size(), 3U);
  EXPECT_GT(config.layers[0].attention.rotary.width, 0);
  EXPECT_EQ(config.layers[1].attention.rotary.width, 0);
  EXPECT_GT(config.layers[2].attention.rotary.width, 0);
}

TEST(DecoderTensors, WhatDoesNotFitTheConfigIsNamed) {
  struct Case {
    const char* name;
    std::function<void(StoredTensors&)> change;
    std::vector<std::string> mentions;
  };
  const std::string norm = "model.layers.1.input_layernorm.weight";
  const std::string query = "model.layers.0.self_attn.q_proj.weight";
  const std::string embedding = "model.embed_tokens.weight";
  const Case table[] = {
      {"a missing norm", [&](StoredTensors& t) { t.erase(norm); }, {norm, "found none"}},
      {"a missing matrix", [&](StoredTensors& t) { t.erase(query); }, {query, "found none"}},
      {"a missing embedding", [&](StoredTensors& t) { t.erase(embedding); }, {embedding, "found none"}},
      {"one too many",
       [&](StoredTensors& t) { t["model.layers.2.input_layernorm.weight"] = t.at(norm); },
       {"'model.layers.2.input_layernorm.weight'", "found one"}},
      {"a bias that the config denies",
       [&](StoredTensors& t) {
         t["model.layers.0.self_attn.q_proj.bias"] = StoredTensor::zeros(DType::f32, Shape{72});
       },
       {"'model.layers.0.self_attn.q_proj.bias'"}},
      {"a norm of another width",
       [&](StoredTensors& t) { t[norm] = StoredTensor::zeros(DType::f32, Shape{71}); },
       {"'" + norm + "'", "[72]", "[71]"}},
      {"a matrix that is turned",
       [&](StoredTensors& t) { t[query] = StoredTensor::zeros(DType::f32, Shape{71, 72}); },
       {"'" + query + "'", "[72, 72]", "[71, 72]"}},
      {"ids in place of weights",
       [&](StoredTensors& t) { t[query] = StoredTensor::zeros(DType::i64, Shape{72, 72}); },
       {"'" + query + "'", "i64"}},
      {"a norm of whole numbers",
       [&](StoredTensors& t) { t[norm] = StoredTensor::zeros(DType::u8, Shape{72}); },
       {"'" + norm + "'", "u8"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    Folder folder("llama_grouped");
    item.change(folder.tensors());
    folder.write_tensors();
    std::vector<std::string> mentions = item.mentions;
    mentions.push_back(folder.path().string());
    expect_mentions(message_of<WeightError>([&] { folder.open(); }), mentions);
  }
}

/// transformers 5.23, PreTrainedModel.tie_weights: a checkpoint that ties may hold either table, or both; two that
/// differ are not tied.
TEST(DecoderTensors, OfTiedTablesEitherOrBothMayBeThere) {
  const std::string embedding = "model.embed_tokens.weight";
  const auto logits = [](Folder& folder) {
    folder.write_tensors();
    const auto model = open_decoder(Checkpoint::open(folder.path()));
    return logits_of(model, std::vector<TokenId>{5, 9, 77}, workspace_of());
  };
  Folder one("llama_grouped");
  const Tensor<float> expected = logits(one);

  Folder both("llama_grouped");
  both.tensors()["lm_head.weight"] = both.tensors()[embedding];
  EXPECT_TRUE(same_bits(logits(both), expected));
  EXPECT_EQ(open_decoder(Checkpoint::open(both.path()))->report().packed_bytes,
            open_decoder(Checkpoint::open(one.path()))->report().packed_bytes)
      << "equal tables are packed once";

  Folder head("llama_grouped");
  head.tensors()["lm_head.weight"] = head.tensors()[embedding];
  head.tensors().erase(embedding);
  EXPECT_TRUE(same_bits(logits(head), expected));

  Folder tied("llama_grouped");
  tied.tensors()["lm_head.weight"] = tied.tensors()[embedding];
  std::swap(tied.tensors()["lm_head.weight"].bytes[3], tied.tensors()["lm_head.weight"].bytes[300 * 4 + 3]);
  Folder untied("llama_grouped");
  untied.config()["tie_word_embeddings"] = false;
  untied.tensors() = tied.tensors();
  EXPECT_TRUE(same_bits(logits(tied), logits(untied)));

  Folder neither("llama_grouped");
  neither.tensors().erase(embedding);
  neither.write_tensors();
  expect_mentions(message_of<WeightError>([&] { neither.open(); }), {neither.file("model.safetensors"), embedding});
}

TEST(DecoderTensors, AModelOpensFromBytesAndFromAReaderAsFromItsPath) {
  const auto workspace = workspace_of();
  const std::filesystem::path gguf = goldens() / "gguf/llama_q4_k_m/llama_q4_k_m.gguf";
  const std::filesystem::path folder = goldens() / "decoders/llama";  // two shards
  const FileReader reader = [&](const std::string& name) {
    if (!std::filesystem::exists(folder / name)) return Bytes();
    auto content = std::make_shared<const std::string>(read_file(folder / name));
    const auto bytes = std::as_bytes(std::span(*content));
    return Bytes(bytes, std::move(content), name);
  };
  std::shared_ptr<const CausalLanguageModel> from_memory;
  {
    const std::string content = read_file(gguf);
    from_memory = open_decoder(Checkpoint::from_gguf(Bytes(std::as_bytes(std::span(content)), nullptr, "memory")));
  }  // the weights are packed: the bytes may go
  const auto from_reader = open_decoder(Checkpoint::from_reader(reader, "archive"));
  for (const auto& [model, path] : {std::pair(from_memory, gguf), std::pair(from_reader, folder)}) {
    const auto expected = open_decoder(Checkpoint::open(path));
    const std::vector<TokenId> ids = random_ids(*expected, 20);
    EXPECT_TRUE(same_bits(logits_of(model, ids, workspace), logits_of(expected, ids, workspace))) << path;
  }
}

TEST(DecoderTensors, LoadingReportsAndCanBeCancelled) {
  double last = 0;
  int calls = 0;
  LoadOptions options;
  options.progress = [&](const Progress& progress) {
    EXPECT_GE(progress.done / progress.total, last);
    last = progress.done / progress.total;
    ++calls;
  };
  open_decoder("decoders/llama", options);
  EXPECT_EQ(last, 1);
  EXPECT_GT(calls, 10);
  options.progress = [&](const Progress& progress) {
    if (progress.done > progress.total / 2) options.cancellation.cancel();
  };
  EXPECT_THROW(open_decoder("decoders/llama", options), CancelledError);
}

TEST(DecoderTensors, QuantisingAtLoadStaysCloseAndSaysWhatItCouldNot) {
  struct Case {
    DType dtype;
    double tolerance;  // of the logits: random weights make the most of every rounding
  };
  const auto workspace = workspace_of();
  const auto wide = open_decoder("gguf/llama_f16_wide/llama_f16_wide.gguf");
  const std::vector<TokenId> ids = random_ids(*wide, 30);
  const Tensor<float> expected = logits_of(wide, ids, workspace);
  for (const auto [dtype, tolerance] : {Case{DType::bf16, 0.02}, Case{DType::q8_0, 0.05}, Case{DType::q6_k, 0.15},
                                        Case{DType::q5_0, 0.4}, Case{DType::q4_0, 0.8}, Case{DType::q4_k, 0.8}}) {
    SCOPED_TRACE(name_of(dtype));
    LoadOptions options;
    options.weights = dtype;
    const auto narrow = open_decoder("gguf/llama_f16_wide/llama_f16_wide.gguf", options);
    EXPECT_LT(narrow->report().packed_bytes, wide->report().packed_bytes + 1);
    EXPECT_LE(relative_difference(logits_of(narrow, ids, workspace), expected), tolerance);
  }
  LoadOptions options;
  options.weights = DType::q8_0;
  const auto odd = open_decoder("decoders/llama_grouped", options);  // rows of 72 and 56
  EXPECT_EQ(odd->report().notes.size(), 1 + 2 * 7U) << "the embedding and seven matrices a layer";
  const auto plain = open_decoder("decoders/llama_grouped");
  const std::vector<TokenId> some = {5, 6, 7};
  EXPECT_TRUE(same_bits(logits_of(odd, some, workspace), logits_of(plain, some, workspace)))
      << "all of it fell back to f32";
}

}  // namespace
}  // namespace headformer::testing
