#include "headformer/weights/packed_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "headformer/core/thread_pool.hpp"
#include "headformer/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {
namespace {

/// Two matrices, the second of two parts, of which one is stored in each file manner.
class PackedCacheFile : public ::testing::Test {
 protected:
  static constexpr NameRow rows[] = {{"a", "a", ""}, {"b", "b", ""}, {"c", "c", ""}};
  static constexpr NameTable names = {rows, {}};

  struct Loaded {
    std::vector<std::vector<std::byte>> packed;
    LoadReport report;
    std::vector<std::string> warnings;
  };

  PackedCacheFile() { write_checkpoint(1); }

  void write_checkpoint(float scale) {
    SmallCheckpoint small;
    small.config = Json::object();
    small.tensors["a.weight"] = values(50, 256, scale);
    small.tensors["b.weight"] = values(70, 256, 2);
    small.tensors["c.weight"] = values(30, 256, 3);
    small.write(folder_);
  }
  static StoredTensor values(Index outputs, Index inputs, float scale) {
    std::vector<float> numbers(static_cast<std::size_t>(outputs * inputs));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = scale * std::sin(static_cast<float>(i));
    return StoredTensor::of(Shape{outputs, inputs}, numbers);
  }

  std::filesystem::path cache() const { return folder_.path() / "packed"; }

  Loaded load(WeightType type, bool with_cache = true) {
    Loaded result;
    const Checkpoint checkpoint = Checkpoint::open(folder_.path());
    LoadOptions options;
    options.weights = type;
    if (with_cache) options.packed_cache = cache();
    options.log = [&](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) result.warnings.emplace_back(text);
    };
    const Weights weights(checkpoint, names, options, executor_);
    const MatrixPart a{"a", 50};
    const MatrixPart fused[] = {{"b", 70}, {"c", 30}};
    std::vector<kernels::PackedMatrix> matrices = weights.matrices(std::span(&a, 1), 256);
    for (const kernels::PackedMatrix& matrix : weights.matrices(fused, 256)) matrices.push_back(matrix);
    weights.finish();
    for (const kernels::PackedMatrix& matrix : matrices)
      result.packed.emplace_back(matrix.packed().begin(), matrix.packed().end());
    result.report = weights.report();
    return result;
  }

  void change_byte(std::size_t from_end) {
    std::fstream file(cache(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-static_cast<std::streamoff>(from_end), std::ios::end);
    const int byte = file.get();
    file.seekp(-static_cast<std::streamoff>(from_end), std::ios::end);
    file.put(static_cast<char>(byte ^ 1));
  }

  TemporaryFolder folder_;
  ThreadPool executor_{2};
};

TEST_F(PackedCacheFile, TheSecondStartMapsWhatTheFirstPacked) {
  for (const WeightType type : {WeightType::stored(), WeightType(DType::bf16), WeightType(DType::q8_0),
                                WeightType(DType::q4_k), WeightType(DType::q6_k)}) {
    const Loaded plain = load(type, false);
    const Loaded first = load(type);
    EXPECT_EQ(first.report.cached_bytes, 0U);
    const auto written = std::filesystem::last_write_time(cache());
    const Loaded second = load(type);
    EXPECT_EQ(second.report.cached_bytes, second.report.packed_bytes);
    EXPECT_EQ(std::filesystem::last_write_time(cache()), written) << "nothing was missing";
    EXPECT_EQ(first.packed, plain.packed);
    EXPECT_EQ(second.packed, plain.packed);
    EXPECT_TRUE(second.warnings.empty() && second.report.notes.empty());
  }
}

TEST_F(PackedCacheFile, WhatChangedInTheCheckpointIsPackedAnew) {
  load(DType::q8_0);
  write_checkpoint(1.5F);
  const Loaded changed = load(DType::q8_0);
  EXPECT_EQ(changed.packed, load(DType::q8_0, false).packed);
  EXPECT_GT(changed.report.cached_bytes, 0U) << "the other matrices";
  EXPECT_LT(changed.report.cached_bytes, changed.report.packed_bytes);
  EXPECT_EQ(load(DType::q8_0).report.cached_bytes, changed.report.packed_bytes) << "and kept";
}

TEST_F(PackedCacheFile, DamagedBytesArePackedAnew) {
  const Loaded whole = load(DType::q4_k);
  for (const std::size_t from_end : {std::size_t{1}, std::size_t{1000}}) {
    change_byte(from_end);
    const Loaded repaired = load(DType::q4_k);
    EXPECT_LT(repaired.report.cached_bytes, repaired.report.packed_bytes);
    EXPECT_EQ(repaired.packed, whole.packed);
    EXPECT_EQ(load(DType::q4_k).report.cached_bytes, whole.report.packed_bytes);
  }
}

TEST_F(PackedCacheFile, ATruncatedFileCountsAsNone) {
  const Loaded whole = load(DType::bf16);
  const auto size = std::filesystem::file_size(cache());
  for (const auto left : {size - 1, size / 2, std::uintmax_t{80}}) {
    std::filesystem::resize_file(cache(), left);
    const Loaded repaired = load(DType::bf16);
    EXPECT_EQ(repaired.report.cached_bytes, 0U);
    EXPECT_EQ(repaired.packed, whole.packed);
    ASSERT_EQ(repaired.warnings.size(), 1U);
    EXPECT_NE(repaired.warnings[0].find(cache().string()), std::string::npos) << repaired.warnings[0];
    EXPECT_EQ(std::filesystem::file_size(cache()), size);
  }
  std::filesystem::resize_file(cache(), 0);
  EXPECT_EQ(load(DType::bf16).packed, whole.packed);
}

TEST_F(PackedCacheFile, LyingHeadersAreNoFit) {
  const Loaded whole = load(DType::q8_0);
  const std::string text(Bytes::map(cache()).text());
  const auto replace = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    const auto at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    std::ofstream(cache(), std::ios::binary) << changed;
    return load(DType::q8_0);
  };
  // Another name, another dtype, a seal of another matrix.
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>{R"("a.weight":{)", R"("x.weight":{)"},
                                 {R"("dtype":"U8")", R"("dtype":"I8")"},
                                 {R"("a.weight":")", R"("a.weighs":")"}}) {
    EXPECT_EQ(replace(from, to).packed, whole.packed) << from;
  }
}

TEST_F(PackedCacheFile, AnotherFileIsNeverReplaced) {
  for (const char* content : {"a letter to the family", "{}", "\x08"}) {
    std::ofstream(cache(), std::ios::binary) << content;
    expect_mentions(message_of<FormatError>([&] { load(DType::q8_0); }), {cache().string(), "packed cache"});
    EXPECT_EQ(Bytes::map(cache()).text(), content);
  }
  std::filesystem::copy_file(folder_.path() / "model.safetensors", cache(),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(load(DType::q8_0), FormatError);
}

TEST_F(PackedCacheFile, AFileThatCannotBeWrittenIsAWarning) {
  const Loaded plain = load(DType::q8_0, false);
  const Checkpoint checkpoint = Checkpoint::open(folder_.path());
  LoadOptions options;
  options.weights = DType::q8_0;
  options.packed_cache = folder_.path() / "no_such_folder" / "packed";
  const Weights weights(checkpoint, names, options, executor_);
  const MatrixPart parts[] = {{"a", 50}, {"b", 70}, {"c", 30}};
  weights.matrices(parts, 256);
  EXPECT_NO_THROW(weights.finish());
  ASSERT_EQ(weights.report().notes.size(), 1U);
  expect_mentions(weights.report().notes[0], {"no_such_folder"});
}

TEST_F(PackedCacheFile, MeasuringNeitherReadsNorWrites) {
  const Checkpoint checkpoint = Checkpoint::open(folder_.path());
  LoadOptions options;
  options.packed_cache = cache();
  const Weights weights = Weights::measure(checkpoint, names, options, executor_);
  const MatrixPart parts[] = {{"a", 50}, {"b", 70}, {"c", 30}};
  weights.matrices(parts, 256);
  weights.finish();
  EXPECT_FALSE(std::filesystem::exists(cache()));
}

}  // namespace
}  // namespace headformer::testing
