#include <functional>
#include <headformer/auto.hpp>
#include <headformer/auto_seq2seq.hpp>
#include <nlohmann/json.hpp>

#include "models/seq2seq.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

// What a config says and leaves out, and how one that does not fit its tensors is refused.
namespace headformer::testing {
namespace {

kernels::Activation activation_named(const std::string& name) {
  const Json object = {{"name", name}};
  return detail::read_activation(JsonObject(object, "test"), "name", "");
}

/// tests/reference/class_defaults.py
TEST(Seq2SeqConfig, WhatAConfigLeavesOutIsTheClasss) {
  for (const Json& item : parse_json(Bytes::map(goldens() / "seq2seq_defaults.json"))) {
    SCOPED_TRACE(item["config"]["architectures"][0].get<std::string>());
    const TemporaryFolder folder;
    folder.write("config.json", item["config"].dump());
    write_tensors(folder / "model.safetensors", {});
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    const Seq2SeqConfig config = detail::match_seq2seq(checkpoint).family->config(checkpoint);
    const auto id = [&](const char* key) {
      return item[key].is_null() ? std::optional<TokenId>() : item[key].get<TokenId>();
    };
    const auto width = item["width"].get<Index>();
    const double root = std::sqrt(static_cast<double>(width));
    EXPECT_EQ(config.encoder.vocabulary, item["vocabulary"].get<Index>());
    EXPECT_EQ(config.decoder.vocabulary, item["vocabulary"].get<Index>());
    EXPECT_EQ(config.decoder.width, width);
    EXPECT_EQ(config.encoder.layers.size(), item["layers"].get<std::size_t>());
    EXPECT_EQ(config.decoder.layers.size(), item["decoder_layers"].get<std::size_t>());
    const LayerConfig& layer = config.decoder.layers.back();
    EXPECT_EQ(layer.cross_attention.heads, item["heads"].get<Index>());
    EXPECT_EQ(layer.feed_forward.hidden_width, item["hidden_width"].get<Index>());
    EXPECT_EQ(layer.feed_forward.activation, activation_named(item["activation"].get<std::string>()));
    EXPECT_FLOAT_EQ(config.encoder.embedding_scale, item["scaled"].get<bool>() ? static_cast<float>(root) : 1.0F);
    EXPECT_FLOAT_EQ(config.decoder.output_scale,
                    item["output_scaled"].get<bool>() ? static_cast<float>(1 / root) : 1.0F);
    EXPECT_EQ(config.decoder.learned_positions, item["positions"].get<Index>());
    EXPECT_EQ(config.padding_id, item["padding_id"].get<TokenId>());
    EXPECT_EQ(config.end_id, id("end_id"));
    EXPECT_EQ(config.start_id, id("start_id"));
    EXPECT_EQ(config.forced_end_id, id("forced_end_id"));
    EXPECT_EQ(config.encoder.heads.labels, item["labels"].get<Index>());
    EXPECT_EQ(config.decoder.tied_output, item["tied"].get<bool>());
  }
}

TEST(Seq2SeqConfig, WhatDoesNotFitIsNamed) {
  struct Case {
    const char* name;
    const char* golden;
    std::function<void(SmallCheckpoint&)> change;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"heads that do not divide the width",
       "bart",
       [](auto& c) { c.config["decoder_attention_heads"] = 5; },
       {"config.json", "decoder_attention_heads", "divisor", "36"}},
      {"an activation nobody knows",
       "bart",
       [](auto& c) { c.config["activation_function"] = "wish"; },
       {"activation_function", "'wish'"}},
      {"a feed-forward nobody knows",
       "t5",
       [](auto& c) { c.config["feed_forward_proj"] = "gated-wish"; },
       {"feed_forward_proj"}},
      {"too few buckets",
       "t5",
       [](auto& c) { c.config["relative_attention_num_buckets"] = 1; },
       {"relative_attention_num_buckets", "1"}},
      {"a distance that near buckets reach",
       "t5",
       [](auto& c) { c.config["relative_attention_max_distance"] = 5; },
       {"relative_attention_max_distance", "more than half", "10"}},
      {"a gate that the file lacks",
       "t5",
       [](auto& c) { c.config["feed_forward_proj"] = "gated-gelu"; },
       {"model.safetensors", "encoder.block.0.layer.1.DenseReluDense.wi_0.weight", "none"}},
      {"a layer that the file lacks",
       "bart",
       [](auto& c) { c.config["decoder_layers"] = 3; },
       {"decoder.layers.2.self_attn.q_proj.weight", "none"}},
      {"a table of another size",
       "mbart",
       [](auto& c) { c.config["max_position_embeddings"] = 50; },
       {"encoder.embed_positions.weight", "[52, 36]", "[82, 36]"}},
      {"a bias of another size",
       "bart",
       [](auto& c) { c.tensors.at("final_logits_bias") = StoredTensor::zeros(DType::f32, Shape{1, 96}); },
       {"final_logits_bias", "[97]", "[1, 96]"}},
      {"a tensor that no class has",
       "bart",
       [](auto& c) { c.tensors.emplace("model.extra.weight", StoredTensor::zeros(DType::f32, Shape{2})); },
       {"'model.extra.weight'", "found one"}},
      {"no start id where one is needed",
       "bart_base",
       [](auto& c) { c.config["decoder_start_token_id"] = nullptr; },
       {"decoder_start_token_id"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    SmallCheckpoint small = SmallCheckpoint::read(goldens() / "seq2seq" / item.golden);
    item.change(small);
    const TemporaryFolder folder;
    small.write(folder);
    NamedTensors inputs;
    inputs.emplace("input_ids", integers(Shape{1, 2}, {7, 8}));
    expect_mentions(message_of<Error>([&] { open_model(folder.path())->forward(inputs); }), item.mentions);
  }
}

TEST(Seq2SeqConfig, OfTwoTablesThatAreTiedOneIsPacked) {
  SmallCheckpoint small = SmallCheckpoint::read(goldens() / "seq2seq/t5_silu");
  small.tensors.emplace("lm_head.weight", StoredTensor::zeros(DType::f16, Shape{53, 24}));
  const TemporaryFolder folder;
  small.write(folder);
  const auto tied = open_seq2seq_of_goldens("t5_silu");
  const auto apart = open_seq2seq(folder.path());
  EXPECT_TRUE(tied->decoder().config().tied_output);
  EXPECT_FALSE(apart->decoder().config().tied_output);
  EXPECT_EQ(apart->report().packed_bytes - tied->report().packed_bytes,
            kernels::PackedMatrix::packed_bytes(DType::f16, 53, 24));
}

}  // namespace
}  // namespace headformer::testing
