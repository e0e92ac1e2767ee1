#include "headformer/weights/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {
namespace {

const std::filesystem::path& goldens() {
  static const std::filesystem::path path = std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens";
  return path;
}
std::filesystem::path llama() { return goldens() / "decoders/llama_grouped"; }
std::filesystem::path gguf() { return goldens() / "gguf/llama/llama.gguf"; }

TEST(Checkpoint, OpensAFolder) {
  const Checkpoint checkpoint = Checkpoint::open(llama());
  EXPECT_EQ(checkpoint.name(), llama().string());
  EXPECT_FALSE(checkpoint.is_gguf());
  EXPECT_EQ(checkpoint.architecture(), "LlamaForCausalLM");
  EXPECT_EQ(checkpoint.config().integer("hidden_size"), 72);
  const TensorEntry* entry = checkpoint.find("model.embed_tokens.weight");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->shape, (Shape{151, 72}));
  EXPECT_EQ(entry->dtype, DType::f32);
  EXPECT_EQ(checkpoint.find("model.embed_tokens"), nullptr);
  EXPECT_FALSE(checkpoint.files()("generation_config.json").name().empty());
  EXPECT_TRUE(checkpoint.files()("tokenizer.json").name().empty()) << "this folder has none";
}

TEST(Checkpoint, OpensAGgufFromItsPathAndFromBytes) {
  const Checkpoint mapped = Checkpoint::open(gguf());
  const std::string content = read_file(gguf());
  const Checkpoint memory =
      Checkpoint::from_gguf(Bytes(std::as_bytes(std::span(content)), nullptr, "weights from memory"));
  EXPECT_EQ(mapped.name(), gguf().string());
  EXPECT_EQ(memory.name(), "weights from memory");
  for (const Checkpoint* checkpoint : {&mapped, &memory}) {
    EXPECT_TRUE(checkpoint->is_gguf());
    EXPECT_EQ(checkpoint->architecture(), "llama");
    EXPECT_EQ(checkpoint->tensors().size(), 21U);
    EXPECT_TRUE(checkpoint->files()("config.json").name().empty());
  }
  for (const TensorEntry& entry : mapped.tensors()) {
    const TensorEntry* other = memory.find(entry.name);
    ASSERT_NE(other, nullptr) << entry.name;
    EXPECT_EQ(other->shape, entry.shape) << entry.name;
    ASSERT_EQ(other->bytes.size(), entry.bytes.size()) << entry.name;
    EXPECT_EQ(std::memcmp(other->bytes.data(), entry.bytes.data(), entry.bytes.size()), 0) << entry.name;
  }
}

TEST(Checkpoint, ReadsWhatACallersReaderDelivers) {
  std::vector<std::string> asked;
  const FileReader reader = [&](const std::string& name) {
    asked.push_back(name);
    if (!std::filesystem::exists(llama() / name)) return Bytes();
    auto content = std::make_shared<const std::string>(read_file(llama() / name));
    const auto bytes = std::as_bytes(std::span(*content));
    return Bytes(bytes, std::move(content), "archive:" + name);
  };
  const Checkpoint checkpoint = Checkpoint::from_reader(reader, "archive");
  const Checkpoint folder = Checkpoint::open(llama());
  EXPECT_EQ(checkpoint.name(), "archive");
  EXPECT_EQ(checkpoint.tensors().size(), folder.tensors().size());
  const TensorEntry* entry = checkpoint.find("model.norm.weight");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(std::memcmp(entry->bytes.data(), folder.find("model.norm.weight")->bytes.data(), entry->bytes.size()), 0)
      << "the reader's bytes are kept alive by the entry";
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "model.safetensors"), 1) << "asked for once";
}

TEST(Checkpoint, ReadsPyTorchFilesAsSafetensors) {
  const Checkpoint expected = Checkpoint::open(goldens() / "decoders/llama_bf16");
  for (const char* folder : {"pytorch/llama", "pytorch/llama_shards"}) {
    SCOPED_TRACE(folder);
    const Checkpoint checkpoint = Checkpoint::open(goldens() / folder);
    EXPECT_NE(checkpoint.tensors_name().find("pytorch_model.bin"), std::string::npos);
    EXPECT_EQ(checkpoint.tensors().size(), expected.tensors().size());
    for (const TensorEntry& entry : expected.tensors()) {
      const TensorEntry* tensor = checkpoint.find(entry.name);
      ASSERT_NE(tensor, nullptr) << entry.name;
      EXPECT_EQ(tensor->dtype, entry.dtype);
      EXPECT_EQ(tensor->shape, entry.shape);
      ASSERT_EQ(tensor->bytes.size(), entry.bytes.size());
      EXPECT_EQ(std::memcmp(tensor->bytes.data(), entry.bytes.data(), entry.bytes.size()), 0) << entry.name;
    }
  }
}

TEST(Checkpoint, PrefersSafetensorsToPyTorchFiles) {
  std::vector<std::string> opened;
  const FileReader folder = Checkpoint::folder_reader(goldens() / "decoders/llama_bf16");
  const Checkpoint checkpoint = Checkpoint::from_reader(
      [&](const std::string& name) {
        opened.push_back(name);
        return folder(name);
      },
      "both");
  EXPECT_EQ(std::count(opened.begin(), opened.end(), "pytorch_model.bin"), 0);
}

TEST(Checkpoint, ReadsShards) {
  const Checkpoint checkpoint = Checkpoint::open(goldens() / "decoders/llama");
  std::set<std::string> files;
  for (const TensorEntry& entry : checkpoint.tensors()) files.insert(entry.bytes.name());
  EXPECT_EQ(files.size(), 2U);
  EXPECT_NE(checkpoint.find("lm_head.weight"), nullptr);
  EXPECT_NE(checkpoint.find("model.embed_tokens.weight"), nullptr);
}

// ---------------------------------------------------------------------------------------------------------------------

/// A folder that is whole, to be broken in one place.
class BrokenCheckpoint : public ::testing::Test {
 protected:
  BrokenCheckpoint() {
    SmallCheckpoint small;
    small.config = {{"architectures", {"LlamaForCausalLM"}}};
    small.tensors.emplace("a", StoredTensor::of(Shape{2}, {1, 2}));
    small.tensors.emplace("b", StoredTensor::of(Shape{3}, {3, 4, 5}));
    small.write(folder_);
  }
  /// In place of model.safetensors: shards of these tensors, and this index.
  void shard(const std::map<std::string, StoredTensors>& shards, const std::string& index) {
    std::filesystem::remove(folder_ / "model.safetensors");
    for (const auto& [file, tensors] : shards) write_tensors(folder_ / file, tensors);
    folder_.write("model.safetensors.index.json", index);
  }
  template <class Error>
  void expect_refused(const std::vector<std::string>& parts) const {
    expect_mentions(message_of<Error>([&] { Checkpoint::open(folder_.path()); }), parts);
  }

  TemporaryFolder folder_;
  const StoredTensor one_ = StoredTensor::of(Shape{1}, {1});
};

TEST_F(BrokenCheckpoint, IsWholeUntilItIsBroken) { EXPECT_EQ(Checkpoint::open(folder_.path()).tensors().size(), 2U); }

TEST_F(BrokenCheckpoint, PathsThatAreNoCheckpoint) {
  const std::string missing = (folder_ / "nowhere").string();
  expect_mentions(message_of<IoError>([&] { Checkpoint::open(missing); }), {missing, "no such file or folder"});
  const std::filesystem::path text = folder_.write("notes.txt", "hello");
  expect_mentions(message_of<FormatError>([&] { Checkpoint::open(text); }), {text.string(), "GGUF"});
  const std::filesystem::path empty = folder_.write("empty.gguf", "");
  expect_mentions(message_of<FormatError>([&] { Checkpoint::open(empty); }), {empty.string(), "GGUF"});
  EXPECT_THROW(Checkpoint::open("/dev/null"), IoError);
}

TEST_F(BrokenCheckpoint, FilesThatAreMissingOrBroken) {
  std::filesystem::remove(folder_ / "model.safetensors");
  expect_refused<IoError>({folder_.path().string(), "model.safetensors", "model.safetensors.index.json"});
  folder_.write("model.safetensors", "");
  expect_refused<FormatError>({(folder_ / "model.safetensors").string()});
  std::filesystem::remove(folder_ / "config.json");
  expect_refused<IoError>({folder_.path().string(), "config.json"});
  for (const char* text : {"", "{", "[1, 2", "{\"a\": \n}", "\xff\xfe"}) {
    folder_.write("config.json", text);
    expect_refused<FormatError>({(folder_ / "config.json").string()});
  }
}

TEST_F(BrokenCheckpoint, ALinkThatLeadsNowhereIsNoMissingFile) {
  std::filesystem::remove(folder_ / "model.safetensors");
  std::filesystem::create_symlink("model.safetensors", folder_ / "model.safetensors");
  expect_refused<IoError>({(folder_ / "model.safetensors").string()});
}

TEST_F(BrokenCheckpoint, ArchitecturesThatAreNone) {
  const auto refuse = [&](const char* config, const std::vector<std::string>& parts) {
    folder_.write("config.json", config);
    expect_mentions(
        message_of<ConfigError>([&] { static_cast<void>(Checkpoint::open(folder_.path()).architecture()); }), parts);
  };
  const std::string file = (folder_ / "config.json").string();
  refuse("{}", {file, "architectures", "nothing"});
  refuse(R"({"architectures": null})", {file, "architectures", "null"});
  refuse(R"({"architectures": "LlamaForCausalLM"})", {file, "architectures", "'LlamaForCausalLM'"});
  refuse(R"({"architectures": []})", {file, "architectures", "empty"});
  refuse(R"({"architectures": [7]})", {file, "architectures[0]", "7"});
  refuse("[]", {file, "object"});
}

TEST_F(BrokenCheckpoint, IndexesThatLie) {
  const std::string index = (folder_ / "model.safetensors.index.json").string();
  shard({{"x.safetensors", {{"a", one_}}}}, R"({"weight_map": {"a": "x.safetensors", "b": "x.safetensors"}})");
  expect_refused<WeightError>({index, "'b'", "x.safetensors"});
  shard({{"x.safetensors", {{"a", one_}}}}, R"({"weight_map": {"a": "x.safetensors", "b": "y.safetensors"}})");
  expect_refused<IoError>({folder_.path().string(), "y.safetensors"});
  shard({{"x.safetensors", {{"a", one_}}}, {"y.safetensors", {{"a", one_}}}},
        R"({"weight_map": {"a": "x.safetensors", "b": "y.safetensors"}})");
  expect_refused<FormatError>({"y.safetensors", "'a'", "twice"});
  const char* outside[] = {"../x.safetensors", "/etc/passwd", "..", ".", "", "sub/x.safetensors", "a\\\\b"};
  for (const char* file : outside) {
    shard({}, std::string(R"({"weight_map": {"a": ")") + file + "\"}}");
    SCOPED_TRACE(file);
    expect_refused<FormatError>({index, "'a'"});
  }
  for (const char* text : {"{}", "[]", R"({"weight_map": []})", R"({"weight_map": {"a": 1}})", "nothing"}) {
    shard({}, text);
    SCOPED_TRACE(text);
    expect_refused<FormatError>({index});
  }
}

TEST_F(BrokenCheckpoint, SafetensorsCutAnywhere) {
  const std::string whole = read_file(folder_ / "model.safetensors");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    folder_.write("model.safetensors", whole.substr(0, length));
    SCOPED_TRACE("cut after " + std::to_string(length) + " of " + std::to_string(whole.size()) + " bytes");
    expect_refused<FormatError>({(folder_ / "model.safetensors").string()});
  }
}

TEST_F(BrokenCheckpoint, AGgufCutAnywhereInItsHeaderOrTensors) {
  const std::string whole = read_file(gguf());
  for (std::size_t length = 0; length < whole.size(); length += length < 600 ? 1 : 997) {
    SCOPED_TRACE("cut after " + std::to_string(length) + " of " + std::to_string(whole.size()) + " bytes");
    const std::string cut = whole.substr(0, length);
    expect_mentions(message_of<FormatError>(
                        [&] { Checkpoint::from_gguf(Bytes(std::as_bytes(std::span(cut)), nullptr, "cut.gguf")); }),
                    {"cut.gguf"});
  }
}

}  // namespace
}  // namespace headformer::testing
