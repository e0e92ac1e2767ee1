#include "headformer/weights/load_options.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "headformer/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/small_checkpoint.hpp"

namespace headformer::testing {
namespace {

TEST(WeightType, HasTheNamesOfTheCommandLine) {
  EXPECT_EQ(WeightType::from_name("stored").dtype(), std::nullopt);
  EXPECT_EQ(WeightType().dtype(), std::nullopt);
  for (const DType dtype :
       {DType::f32, DType::bf16, DType::f16, DType::q8_0, DType::q4_0, DType::q5_0, DType::q4_k, DType::q6_k}) {
    EXPECT_EQ(WeightType::from_name(name_of(dtype)).dtype(), dtype) << name_of(dtype);
  }
  for (const char* name : {"", "F32", "float32", "i8", "i64", "q2_k", "iq4_nl", "f32 ", "auto"}) {
    expect_mentions(message_of<ArgumentError>([&] { WeightType::from_name(name); }),
                    {"dtype", "stored", "q4_k", std::string("'") + name + "'"});
  }
}

/// Three matrices of 64, 72 and 256 columns and a norm.
class Loading : public ::testing::Test {
 protected:
  static constexpr NameRow rows[] = {{"a", "a", ""}, {"b", "b", ""}, {"c", "c", ""}, {"norm", "norm", ""}};
  static constexpr NameTable names = {rows, {}};

  Loading() {
    SmallCheckpoint small;
    small.config = Json::object();
    small.tensors["a.weight"] = values(20, 64);
    small.tensors["b.weight"] = values(20, 72);
    small.tensors["c.weight"] = values(20, 256);
    small.tensors["norm.weight"] = StoredTensor::of(Shape{64}, std::vector<float>(64, 0.123456789F));
    small.write(folder_);
    checkpoint_ = Checkpoint::open(folder_.path());
  }
  static StoredTensor values(Index outputs, Index inputs) {
    std::vector<float> numbers(static_cast<std::size_t>(outputs * inputs));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<float>(i));
    return StoredTensor::of(Shape{outputs, inputs}, numbers);
  }
  struct Loaded {
    DType a, b, c;
    LoadReport report;
    std::size_t bytes;
    float norm;
  };
  Loaded load(const LoadOptions& options, bool measure = false) {
    const Weights weights = measure ? Weights::measure(*checkpoint_, names, options, executor_)
                                    : Weights(*checkpoint_, names, options, executor_);
    const auto bind = [&](const char* name, Index inputs) {
      const MatrixPart part{name, 20};
      return weights.matrices(std::span(&part, 1), inputs).front();
    };
    const auto a = bind("a", 64);
    const auto b = bind("b", 72);
    const auto c = bind("c", 256);
    const Tensor<float> norm = (weights / "norm").vector("weight", 64);
    return {a.dtype(),
            b.dtype(),
            c.dtype(),
            weights.report(),
            a.bytes() + b.bytes() + c.bytes() + 64 * sizeof(float),
            measure ? 0 : norm.data()[0]};
  }

  TemporaryFolder folder_;
  std::optional<Checkpoint> checkpoint_;
  SerialExecutor executor_;
};

TEST_F(Loading, QuantisesWhatTheBlocksDivideAndSaysWhatNot) {
  struct Case {
    WeightType type;
    DType a, b, c;
    std::size_t notes;
  };
  const Case table[] = {
      {WeightType::stored(), DType::f32, DType::f32, DType::f32, 0},
      {DType::f32, DType::f32, DType::f32, DType::f32, 0},
      {DType::bf16, DType::bf16, DType::bf16, DType::bf16, 0},
      {DType::f16, DType::f16, DType::f16, DType::f16, 0},
      {DType::q8_0, DType::q8_0, DType::f32, DType::q8_0, 1},
      {DType::q4_0, DType::q4_0, DType::f32, DType::q4_0, 1},
      {DType::q5_0, DType::q5_0, DType::f32, DType::q5_0, 1},
      {DType::q4_k, DType::q8_0, DType::f32, DType::q4_k, 2},
      {DType::q6_k, DType::q8_0, DType::f32, DType::q6_k, 2},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.type.dtype() ? std::string(name_of(*item.type.dtype())) : "stored");
    std::vector<std::string> logged;
    LoadOptions options;
    options.weights = item.type;
    options.log = [&](LogLevel, std::string_view text) { logged.emplace_back(text); };
    const Loaded loaded = load(options);
    EXPECT_EQ(name_of(loaded.a), name_of(item.a));
    EXPECT_EQ(name_of(loaded.b), name_of(item.b));
    EXPECT_EQ(name_of(loaded.c), name_of(item.c));
    EXPECT_EQ(loaded.norm, 0.123456789F) << "norms stay f32";
    EXPECT_EQ(loaded.report.notes.size(), item.notes);
    EXPECT_EQ(logged, loaded.report.notes);
    EXPECT_EQ(loaded.report.packed_bytes, loaded.bytes);
    EXPECT_EQ(load(options, true).report.packed_bytes, loaded.report.packed_bytes) << "measured";
    if (item.notes > 0)
      expect_mentions(loaded.report.notes.back(), {"b.weight", "72", name_of(*item.type.dtype()).data(), "f32"});
    if (item.notes > 1) expect_mentions(loaded.report.notes.front(), {"a.weight", "64", "256", "q8_0"});
  }
}

TEST_F(Loading, QuantisedRowsAreCloseToTheStored) {
  struct Case {
    DType dtype;
    double tolerance;  // half a step of the format on values of up to 1
  };
  const MatrixPart part{"c", 20};
  LoadOptions plain;
  const auto exact = Weights(*checkpoint_, names, plain, executor_).matrices(std::span(&part, 1), 256).front();
  for (const auto [dtype, tolerance] :
       {Case{DType::bf16, 0.002}, Case{DType::f16, 0.0003}, Case{DType::q8_0, 0.005}, Case{DType::q5_0, 0.07},
        Case{DType::q4_0, 0.14}, Case{DType::q4_k, 0.1}, Case{DType::q6_k, 0.03}}) {
    SCOPED_TRACE(name_of(dtype));
    LoadOptions options;
    options.weights = dtype;
    const auto packed = Weights(*checkpoint_, names, options, executor_).matrices(std::span(&part, 1), 256).front();
    double worst = 0;
    std::vector<float> expected(256);
    std::vector<float> found(256);
    for (Index r = 0; r < 20; ++r) {
      exact.row(r, expected.data());
      packed.row(r, found.data());
      for (std::size_t i = 0; i < 256; ++i)
        worst = std::max(worst, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    }
    EXPECT_LE(worst, tolerance);
    EXPECT_GT(worst, 0);
  }
}

TEST_F(Loading, AValueThatNoBlockHoldsIsNamedWithItsTensor) {
  SmallCheckpoint small = SmallCheckpoint::read(folder_.path());
  std::vector<float> values = small.tensors["c.weight"].floats();
  values[300] = std::numeric_limits<float>::quiet_NaN();
  small.tensors["c.weight"] = StoredTensor::of(Shape{20, 256}, values);
  small.write(folder_);
  checkpoint_ = Checkpoint::open(folder_.path());
  LoadOptions options;
  options.weights = DType::q4_k;
  expect_mentions(message_of<WeightError>([&] { load(options); }),
                  {(folder_ / "model.safetensors").string(), "'c.weight'", "q4_k", "nan"});
  EXPECT_NO_THROW(load({})) << "stored as it is";
}

TEST_F(Loading, ProgressGrowsToTheWhole) {
  std::vector<double> parts;
  LoadOptions options;
  options.progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.stage, Progress::Stage::loading);
    parts.push_back(progress.done / progress.total);
  };
  load(options);
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_TRUE(std::is_sorted(parts.begin(), parts.end()));
  EXPECT_GT(parts.front(), 0);
  EXPECT_EQ(parts.back(), 1);
  parts.clear();
  load(options, true);
  EXPECT_TRUE(parts.empty()) << "measuring loads nothing";
}

TEST_F(Loading, StopsWhereItIsCancelled) {
  LoadOptions options;
  int seen = 0;
  options.progress = [&](const Progress&) {
    if (++seen == 2) options.cancellation.cancel();
  };
  EXPECT_THROW(load(options), CancelledError);
  EXPECT_EQ(seen, 2) << "nothing was loaded after that";
  options.cancellation.reset();
  EXPECT_NO_THROW(load(options));
}

}  // namespace
}  // namespace headformer::testing
