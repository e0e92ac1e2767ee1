#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/program.hpp"
#include "support/small_checkpoint.hpp"

// The program `forward` as anyone runs it: goldens, and what it answers to bad input.
namespace headformer::testing {
namespace {

std::filesystem::path goldens() { return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens"; }
std::string golden(const std::string& name) { return (goldens() / name).string(); }

StoredTensor integers(const Shape& shape, const std::vector<std::int64_t>& values, DType dtype = DType::i64) {
  StoredTensor tensor = StoredTensor::zeros(dtype, shape);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto narrow = static_cast<std::int32_t>(values[i]);
    if (dtype == DType::i64) std::memcpy(tensor.bytes.data() + i * 8, &values[i], 8);
    if (dtype == DType::i32) std::memcpy(tensor.bytes.data() + i * 4, &narrow, 4);
  }
  return tensor;
}

StoredTensors read_outputs(const std::filesystem::path& path) {
  StoredTensors tensors;
  const Safetensors file = Safetensors::parse(Bytes::map(path));
  for (const TensorEntry& entry : file.tensors()) tensors.emplace(entry.name, StoredTensor::of(entry));
  return tensors;
}

class ForwardDoor : public ::testing::Test {
 protected:
  ProgramResult forward(const std::string& model, const std::string& inputs, std::vector<std::string> options = {}) {
    std::filesystem::remove(output_);
    options.insert(options.begin(), {model, inputs, output_.string()});
    return run_program("forward", options);
  }
  void expect_refused_without_output(const ProgramResult& result, const std::vector<std::string>& mentions) {
    expect_refused(result, mentions);
    std::vector<std::string> left;
    for (const auto& file : std::filesystem::directory_iterator(output_.parent_path())) left.push_back(file.path());
    EXPECT_TRUE(left.empty()) << "left behind: " << left.front();
  }
  std::string write_inputs(const StoredTensors& tensors) {
    const std::filesystem::path path = folder_ / "inputs.safetensors";
    write_tensors(path, tensors);
    return path.string();
  }

  TemporaryFolder folder_;
  TemporaryFolder outputs_;
  std::filesystem::path output_ = outputs_ / "outputs.safetensors";
  std::string llama_ = golden("decoders/llama_grouped");
  std::string plain_ = golden("decoders/llama_grouped/plain.inputs.safetensors");
};

TEST_F(ForwardDoor, OutputsFollowTheReference) {
  const Json manifest = parse_json(Bytes::map(goldens() / "manifest.json"));
  std::string known;
  int count = 0;
  for (const Json& line : manifest) {
    const auto path = line["path"].get<std::string>();
    if (path == known) continue;  // one of each checkpoint
    known = path;
    ++count;
    SCOPED_TRACE(line["name"].get<std::string>());
    expect_success(forward(golden(path), golden(line["inputs"].get<std::string>()), {"--threads", "1"}));
    const StoredTensors found = read_outputs(output_);
    const StoredTensors reference = read_outputs(goldens() / line["outputs"].get<std::string>());
    ASSERT_EQ(found.size(), reference.size());
    for (const auto& [name, tensor] : reference) {
      ASSERT_EQ(found.count(name), 1U) << name;
      ASSERT_EQ(found.at(name).shape, tensor.shape) << name;
      const std::vector<float> values = found.at(name).floats();
      const std::vector<float> expected = tensor.floats();
      double worst = 0;
      double largest = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double difference = std::abs(static_cast<double>(values[i]) - static_cast<double>(expected[i]));
        if (!(difference <= worst)) worst = difference;
        largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      }
      EXPECT_LE(worst, line["tolerance"].get<double>() * largest) << "greatest difference of " << name;
    }
  }
  EXPECT_GT(count, 80);
}

TEST_F(ForwardDoor, OptionsAndThreadsOfEveryKindRun) {
  expect_success(forward(llama_, plain_));
  const std::string expected = read_file(output_);
  for (const char* threads : {"1", "2", "3"}) {
    expect_success(forward(llama_, plain_, {"--threads", threads}));
    EXPECT_EQ(read_file(output_), expected) << threads << " threads";
  }
  expect_success(forward(llama_, plain_, {"--dtype", "f32", "--cache-dtype", "f32", "--activations", "f32"}));
  EXPECT_EQ(read_file(output_), expected) << "the defaults";
  for (const std::vector<std::string>& options : {std::vector<std::string>{"--dtype", "bf16"},
                                                  {"--cache-dtype", "f16"},
                                                  {"--cache-dtype", "bf16"},
                                                  {"--cache-dtype", "q8_0"}}) {
    expect_success(forward(llama_, plain_, options));
    EXPECT_NE(read_file(output_), expected) << options[0] << " " << options[1];
  }
  expect_success(forward(llama_, plain_, {"--isa", "portable"}));
  const ProgramResult help = run_program("forward", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("--dtype"), std::string::npos);
}

TEST_F(ForwardDoor, APackedCacheChangesNoBit) {
  expect_success(forward(llama_, plain_));
  const std::string expected = read_file(output_);
  const std::string cache = (folder_ / "packed").string();
  for (const char* start : {"first", "second"}) {
    expect_success(forward(llama_, plain_, {"--packed-cache", cache}));
    EXPECT_EQ(read_file(output_), expected) << start << " start";
  }
  EXPECT_GT(std::filesystem::file_size(cache), 10'000U);
  const ProgramResult unwritable = forward(llama_, plain_, {"--packed-cache", "/dev/null/packed"});
  EXPECT_EQ(unwritable.status, 0) << "the model runs without it";
  EXPECT_EQ(read_file(output_), expected);
  EXPECT_TRUE(unwritable.error.starts_with("warning: /dev/null/packed: ")) << unwritable.error;
  expect_refused_without_output(forward(llama_, plain_, {"--packed-cache", plain_}), {plain_, "packed cache"});
}

TEST_F(ForwardDoor, NarrowIdsAreIdsToo) {
  const std::string wide = write_inputs({{"input_ids", integers({1, 3}, {5, 6, 7})}});
  expect_success(forward(llama_, wide));
  const std::string expected = read_file(output_);
  const std::string narrow = write_inputs({{"input_ids", integers({1, 3}, {5, 6, 7}, DType::i32)}});
  expect_success(forward(llama_, narrow));
  EXPECT_EQ(read_file(output_), expected);
}

TEST_F(ForwardDoor, InputsThatDoNotFitAreRefused) {
  const StoredTensor ids = integers({1, 3}, {5, 6, 7});
  struct Case {
    const char* name;
    StoredTensors inputs;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"an id past the vocabulary", {{"input_ids", integers({1, 3}, {5, 151, 7})}}, {"input_ids", "150", "151"}},
      {"a negative id", {{"input_ids", integers({1, 3}, {5, -1, 7})}}, {"input_ids", "-1"}},
      {"ids as F32", {{"input_ids", StoredTensor::zeros(DType::f32, Shape{1, 3})}}, {"input_ids", "I64", "F32"}},
      {"ids as F16", {{"input_ids", StoredTensor::zeros(DType::f16, Shape{1, 3})}}, {"input_ids", "I64", "f16"}},
      {"ids as BOOL", {{"input_ids", StoredTensor::zeros(DType::boolean, Shape{1, 3})}}, {"input_ids", "bool"}},
      {"ids without a batch", {{"input_ids", integers({3}, {5, 6, 7})}}, {"input_ids", "[B, T]", "[3]"}},
      {"an unknown name", {{"input_ids", ids}, {"labels", ids}}, {"'labels'", "attention_mask"}},
      {"no ids", {{"attention_mask", ids}}, {"input_ids", "inputs_embeds"}},
      {"a mask of another shape",
       {{"input_ids", ids}, {"attention_mask", integers({1, 2}, {1, 1})}},
       {"attention_mask", "[1, 3]", "[1, 2]"}},
      {"a mask of floats",
       {{"input_ids", ids}, {"attention_mask", StoredTensor::zeros(DType::f32, Shape{1, 3})}},
       {"attention_mask", "F32"}},
      {"no rows", {{"input_ids", integers({0, 3}, {})}}, {"input_ids", "[0, 3]"}},
      {"no columns", {{"input_ids", integers({1, 0}, {})}}, {"input_ids", "[1, 0]"}},
      {"more rows than there is time for, without columns",
       {{"inputs_embeds", StoredTensor::zeros(DType::f32, Shape{Index{1} << 40, 0, 72})}},
       {"inputs_embeds", "0, 72]"}},
      {"negative positions",
       {{"input_ids", ids}, {"position_ids", integers({1, 3}, {0, -7, 1})}},
       {"position_ids", "-7"}},
      {"embeddings of another width",
       {{"inputs_embeds", StoredTensor::zeros(DType::f32, Shape{1, 2, 70})}},
       {"inputs_embeds", "72", "70"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    const std::string inputs = write_inputs(item.inputs);
    std::vector<std::string> mentions = item.mentions;
    mentions.push_back(inputs);
    expect_refused_without_output(forward(llama_, inputs), mentions);
  }
  const std::string past = write_inputs({{"input_ids", ids}, {"position_ids", integers({1, 3}, {0, 1, 72})}});
  expect_refused_without_output(forward(golden("decoders/gpt2"), past), {"72 learned positions", "72"});
}

TEST_F(ForwardDoor, FilesThatAreNoneAreRefused) {
  const std::string nowhere = (folder_ / "nowhere").string();
  expect_refused_without_output(forward(nowhere, plain_), {nowhere});
  expect_refused_without_output(forward(llama_, nowhere), {nowhere});
  expect_refused_without_output(forward(folder_.path().string(), plain_), {folder_.path().string(), "config.json"});
  const std::string text = folder_.write("text", "this is no checkpoint\nat all\n").string();
  expect_refused_without_output(forward(text, plain_), {text, "GGUF"});
  expect_refused_without_output(forward(llama_, text), {text});
  const std::string hidden = (folder_ / "no_such_folder/outputs.safetensors").string();
  expect_refused(run_program("forward", {llama_, plain_, hidden}), {hidden});
}

TEST_F(ForwardDoor, TruncatedFilesAreRefused) {
  const std::string weights = read_file(goldens() / "decoders/llama_grouped/model.safetensors");
  folder_.write("config.json", read_file(goldens() / "decoders/llama_grouped/config.json"));
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{5}, std::size_t{8}, std::size_t{300}, weights.size() / 2, weights.size() - 1}) {
    SCOPED_TRACE("weights cut after " + std::to_string(length) + " bytes");
    const std::string file = folder_.write("model.safetensors", weights.substr(0, length)).string();
    expect_refused_without_output(forward(folder_.path().string(), plain_), {file});
  }
  folder_.write("model.safetensors", weights);
  expect_success(forward(folder_.path().string(), plain_));
  std::filesystem::remove(output_);
  const std::string inputs = read_file(plain_);
  const std::string gguf = read_file(goldens() / "gguf/llama/llama.gguf");
  for (const double part : {0.01, 0.3, 0.9, 0.999}) {
    SCOPED_TRACE("cut after " + std::to_string(part));
    const auto cut = [&](const std::string& whole) {
      return whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size())));
    };
    const std::string cut_inputs = folder_.write("cut.safetensors", cut(inputs)).string();
    expect_refused_without_output(forward(llama_, cut_inputs), {cut_inputs});
    const std::string cut_gguf = folder_.write("cut.gguf", cut(gguf)).string();
    expect_refused_without_output(forward(cut_gguf, plain_), {cut_gguf});
  }
}

TEST_F(ForwardDoor, OptionsOfOtherValuesAreRefused) {
  struct Case {
    std::vector<std::string> options;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {{"--dtype", "int3"}, {"dtype", "'int3'", "q4_k"}},
      {{"--cache-dtype", "q4_0"}, {"cache-dtype", "'q4_0'", "bf16", "q8_0"}},
      {{"--activations", "f8"}, {"activations", "'f8'"}},
      {{"--isa", "sse"}, {"isa", "sse"}},
      {{"--threads", "-1"}, {"threads", "-1"}},
      {{"--threads", "many"}, {"threads", "many"}},
      {{"--threads", ""}, {"threads", "number"}},
      {{"--no-such-option"}, {"--no-such-option"}},
      {{"one_argument_too_many"}, {"one_argument_too_many"}},
      {{"--dtype"}, {"--dtype"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.options.front());
    expect_refused_without_output(forward(llama_, plain_, item.options), item.mentions);
  }
  expect_refused_without_output(run_program("forward", {}), {"MODEL"});
  expect_refused_without_output(run_program("forward", {llama_, plain_}), {"OUTPUTS"});
}

}  // namespace
}  // namespace headformer::testing
