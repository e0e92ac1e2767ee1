#include <functional>
#include <headformer/auto.hpp>
#include <headformer/auto_encoder.hpp>
#include <nlohmann/json.hpp>

#include "models/encoders.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

// What a config says and leaves out, and how one that does not fit its tensors is refused.
namespace headformer::testing {
namespace {

/// A golden's folder whose config and tensors a test changes.
class EncoderFolder {
 public:
  explicit EncoderFolder(const std::string& golden) : small(SmallCheckpoint::read(goldens() / "encoders" / golden)) {}

  std::unique_ptr<Model> open() {
    small.write(folder_);
    return open_model(folder_.path());
  }
  std::string file(const char* name) const { return (folder_ / name).string(); }

  SmallCheckpoint small;

 private:
  TemporaryFolder folder_;
};

/// tests/reference/class_defaults.py
TEST(EncoderConfig, WhatAConfigLeavesOutIsTheClasss) {
  for (const Json& item : parse_json(Bytes::map(goldens() / "encoder_defaults.json"))) {
    SCOPED_TRACE(item["config"]["architectures"][0].get<std::string>());
    const TemporaryFolder folder;
    folder.write("config.json", item["config"].dump());
    write_tensors(folder / "model.safetensors", {});
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    const EncoderFamily& family = *detail::match_encoder(checkpoint).family;
    EXPECT_EQ(family.model_type, item["model_type"].get<std::string>());
    const EncoderConfig config = family.config(checkpoint);
    EXPECT_EQ(config.vocabulary, item["vocabulary"].get<Index>());
    EXPECT_EQ(config.width, item["width"].get<Index>());
    EXPECT_EQ(config.embedding_width, item["embedding_width"].get<Index>());
    EXPECT_EQ(config.context_length, item["context_length"].get<Index>());
    EXPECT_EQ(config.token_types, item["token_types"].get<Index>());
    EXPECT_EQ(config.padding_id, item["padding_id"].get<TokenId>());
    EXPECT_EQ(config.tied_output, item["tied"].get<bool>());
    EXPECT_EQ(config.heads.labels, item["labels"].get<Index>());
    EXPECT_FLOAT_EQ(config.norm.epsilon, item["epsilon"].get<float>());
    ASSERT_EQ(config.layers.size(), item["layers"].get<std::size_t>());
    for (std::size_t i = 0; i < config.layers.size(); ++i) {
      const LayerConfig& layer = config.layers[i];
      EXPECT_EQ(layer.attention.heads, item["heads"].get<Index>());
      EXPECT_EQ(layer.feed_forward.hidden_width, item["hidden_width"].get<Index>());
      EXPECT_EQ(layer.attention.window, item["windows"].is_null() ? 0 : item["windows"][i].get<Index>());
      EXPECT_EQ(layer.attention.rotary.width, item["thetas"].is_null() ? 0 : layer.attention.head_width);
      if (!item["thetas"].is_null()) {
        EXPECT_EQ(layer.attention.rotary.theta, item["thetas"][i].get<double>());
      }
    }
  }
}

TEST(EncoderConfig, PaddingOfClassifiersOverDecodersIsTheClasss) {
  for (const Json& item : parse_json(Bytes::map(goldens() / "class_defaults.json"))) {
    std::string name = item["config"]["architectures"][0].get<std::string>();
    name.resize(name.find("ForCausalLM"));
    SCOPED_TRACE(name);
    if (name == "Gemma3") name += "Text";
    Json config = item["config"];
    config["architectures"] = {name + "ForSequenceClassification"};
    const TemporaryFolder folder;
    folder.write("config.json", config.dump());
    write_tensors(folder / "model.safetensors", {});
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    const TransformConfig classifier = detail::match_encoder(checkpoint).family->config(checkpoint).heads.classifier;
    const Json& padding = item["padding_id"];
    ASSERT_EQ(classifier.padding_id.has_value(), !padding.is_null());
    if (!padding.is_null()) {
      EXPECT_EQ(*classifier.padding_id, padding.get<TokenId>());
    }
    config["pad_token_id"] = -1;
    folder.write("config.json", config.dump());
    const Checkpoint negative = Checkpoint::open(folder.path());
    EXPECT_EQ(detail::match_encoder(negative).family->config(negative).heads.classifier.padding_id, -1);
    config["pad_token_id"] = nullptr;  // says that there is none
    folder.write("config.json", config.dump());
    const Checkpoint silent = Checkpoint::open(folder.path());
    EXPECT_FALSE(detail::match_encoder(silent).family->config(silent).heads.classifier.padding_id);
  }
}

TEST(EncoderConfig, AWindowPastEverythingIsNoLimit) {
  EncoderFolder folder("mistral_bidirectional");
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{1, 9}, {5, 6, 7, 8, 9, 10, 11, 12, 13}));
  folder.small.config["sliding_window"] = std::numeric_limits<Index>::max();
  const NamedTensors widest = folder.open()->forward(inputs);
  folder.small.config["sliding_window"] = nullptr;
  const NamedTensors none = folder.open()->forward(inputs);
  EXPECT_TRUE(same_bits(std::get<Tensor<float>>(widest.at("last_hidden_state")),
                        std::get<Tensor<float>>(none.at("last_hidden_state"))));
}

TEST(EncoderConfig, DecodersThatLookToBothSidesOnlyEncode) {
  EncoderFolder gemma("gemma3_embedding");
  gemma.small.config["architectures"] = {"Gemma3ForCausalLM"};
  expect_mentions(message_of<ConfigError>([&] { gemma.open(); }), {"use_bidirectional_attention", "false", "true"});
  EncoderFolder llama("llama_bidirectional");
  llama.small.config["architectures"] = {"LlamaForCausalLM"};
  expect_mentions(message_of<ConfigError>([&] { llama.open(); }), {"is_causal", "true", "false"});
}

TEST(EncoderConfig, AConfigThatNamesItsFamilyOnlyIsTheBaseClass) {
  EncoderFolder folder("deberta_v3");
  folder.small.config.erase("architectures");
  EXPECT_NO_THROW(folder.open());
  folder.small.config["model_type"] = "vogon";
  expect_mentions(message_of<ConfigError>([&] { folder.open(); }), {folder.file("config.json"), "architectures"});
}

TEST(EncoderConfig, LabelsAreCountedWhereTheyAreNamed) {
  EncoderFolder folder("bert_classification");
  ASSERT_TRUE(folder.small.config.contains("id2label"));
  folder.small.config.erase("id2label");
  folder.small.config["num_labels"] = 3;
  EXPECT_NO_THROW(folder.open());
  folder.small.config["id2label"] = {{"0", "no"}, {"1", "yes"}};
  expect_mentions(message_of<WeightError>([&] { folder.open(); }), {"classifier.weight", "[2, 24]", "[3, 24]"});
}

TEST(EncoderConfig, OptionsThatDoNotExistAreNamed) {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"bert",
       "architectures",
       {"VogonModel"},
       {"architectures", "'VogonModel'", "LlamaForCausalLM", "BertForMaskedLM"}},
      {"bert", "position_embedding_type", "relative_key", {"position_embedding_type", "absolute", "'relative_key'"}},
      {"bert", "add_cross_attention", true, {"add_cross_attention", "true"}},
      {"bert", "num_attention_heads", 7, {"num_attention_heads", "divisor", "40"}},
      {"bert", "hidden_act", "swoosh", {"hidden_act", "'swoosh'"}},
      {"bert", "vocab_size", "many", {"vocab_size", "'many'"}},
      {"electra_multiple_choice", "summary_type", "attn", {"summary_type", "first, last", "'attn'"}},
      {"electra_multiple_choice", "summary_use_proj", false, {"summary_use_proj", "true"}},
      {"albert", "num_hidden_groups", 9, {"num_hidden_groups", "9"}},
      {"mpnet", "relative_attention_num_buckets", 16, {"relative_attention_num_buckets", "32", "16"}},
      {"modernbert", "classifier_pooling", "max", {"classifier_pooling", "cls or mean", "'max'"}},
      {"modernbert", "layer_types", {"full_attention"}, {"layer_types", "4 entries"}},
      {"nomic_bert_published", "activation_function", "relu", {"activation_function", "swiglu", "'relu'"}},
      {"deberta_v2_convolution", "conv_groups", 2, {"conv_groups", "1", "2"}},
      {"deberta_v2_convolution", "conv_kernel_size", 4, {"conv_kernel_size", "odd", "4"}},
      {"deberta_v3", "position_buckets", 1, {"position_buckets"}},
      {"deberta_v3", "position_buckets", 400, {"position_buckets"}},
      {"gemma_model", "use_bidirectional_attention", true, {"use_bidirectional_attention", "false", "true"}},
      {"gpt2_model", "add_cross_attention", true, {"add_cross_attention", "true"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(std::string(item.golden) + ": " + item.key + " = " + item.value.dump());
    EncoderFolder folder(item.golden);
    folder.small.config[item.key] = item.value;
    std::vector<std::string> mentions = item.mentions;
    mentions.push_back(folder.file("config.json"));
    expect_mentions(message_of<ConfigError>([&] { folder.open(); }), mentions);
  }
}

TEST(EncoderTensors, WhatDoesNotFitTheConfigIsNamed) {
  const std::string query = "encoder.layer.1.attention.self.query.weight";
  struct Case {
    const char* golden;
    std::function<void(StoredTensors&)> change;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"bert", [&](StoredTensors& t) { t.erase(query); }, {query, "layers.1.attn.query", "found none"}},
      {"bert",
       [&](StoredTensors& t) { t.at(query) = StoredTensor::zeros(DType::f32, Shape{40, 39}); },
       {query, "[40, 40]", "[40, 39]"}},
      {"bert", [](StoredTensors& t) { t.emplace("vogon", StoredTensor::zeros(DType::f32, Shape{1})); }, {"'vogon'"}},
      {"bert", [](StoredTensors& t) { t.erase("embeddings.LayerNorm.bias"); }, {"embeddings.LayerNorm.bias"}},
      {"bert_masked_lm", [](StoredTensors& t) { t.erase("cls.predictions.bias"); }, {"cls.predictions", "bias"}},
      {"mpnet",
       [](StoredTensors& t) { t.erase("encoder.relative_attention_bias.weight"); },
       {"encoder.relative_attention_bias.weight"}},
      {"deberta_v3",
       [](StoredTensors& t) { t.erase("encoder.rel_embeddings.weight"); },
       {"encoder.rel_embeddings.weight"}},
      {"deberta_v2_convolution",
       [](StoredTensors& t) { t.at("encoder.conv.conv.weight") = StoredTensor::zeros(DType::f32, Shape{24, 24, 5}); },
       {"encoder.conv.conv.weight", "[24, 72]", "[24, 24, 5]"}},
      {"albert_groups",
       [](StoredTensors& t) { t.erase("encoder.albert_layer_groups.1.albert_layers.0.ffn.weight"); },
       {"encoder.albert_layer_groups.1.albert_layers.0.ffn.weight", "layers.1.0.ff.up"}},
      {"llama_classification", [](StoredTensors& t) { t.erase("score.weight"); }, {"score.weight", "classifier"}},
      {"llama_answer", [](StoredTensors& t) { t.erase("qa_outputs.bias"); }, {"qa_outputs", "bias"}},
      {"gemma2_model", [](StoredTensors& t) { t.erase("norm.weight"); }, {"norm.weight", "final_norm"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.golden + std::string(": ") + item.mentions.front());
    EncoderFolder folder(item.golden);
    item.change(folder.small.tensors);
    std::vector<std::string> mentions = item.mentions;
    mentions.push_back(folder.file("model.safetensors"));
    expect_mentions(message_of<WeightError>([&] { folder.open(); }), mentions);
  }
}

TEST(EncoderTensors, ABaseModelWithoutAPoolerHasNoPooledOutput) {
  EncoderFolder folder("bert");
  folder.small.tensors.erase("pooler.dense.weight");
  folder.small.tensors.erase("pooler.dense.bias");
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{1, 2}, {5, 6}));
  const NamedTensors outputs = folder.open()->forward(inputs);
  EXPECT_TRUE(outputs.contains("last_hidden_state"));
  EXPECT_FALSE(outputs.contains("pooler_output"));
}

TEST(EncoderTensors, TiedTablesThatDifferAreTwo) {
  // As the reference settles it: the config says tied, the file holds both.
  EncoderFolder folder("bert_untied");
  NamedTensors inputs;
  inputs.emplace("input_ids", integers(Shape{1, 3}, {5, 6, 7}));
  const NamedTensors untied = folder.open()->forward(inputs);
  folder.small.config["tie_word_embeddings"] = true;
  const NamedTensors settled = folder.open()->forward(inputs);
  EXPECT_TRUE(same_bits(std::get<Tensor<float>>(settled.at("logits")), std::get<Tensor<float>>(untied.at("logits"))));
}

}  // namespace
}  // namespace headformer::testing
