#include "headformer/kernels/attention.hpp"

#include <memory>

#include "row_kernels.hpp"

namespace headformer {
namespace {

using kernels::AttentionParameters;
using kernels::AttentionSequence;
using kernels::KeyValueLayout;
using kernels::page_positions;
using kernels::unlimited;

/// One sequence's queries, pages and options.
struct Problem {
  AttentionParameters parameters;
  KeyValueLayout layout;
  Index rows = 0;
  Index first_position = 0;
  Index keys = 0;
  std::vector<float> queries;  // [rows][H * Dk]
  std::vector<AlignedArray<std::byte>> storage;
  std::vector<const std::byte*> pages;
  std::vector<float> bias;  // [H][rows][keys] or empty
  std::vector<float> slopes;

  AttentionSequence sequence(Index first_row = 0, Index row = 0, Index count = -1) const {
    AttentionSequence s;
    s.first_row = first_row;
    s.rows = count < 0 ? rows - row : count;
    s.first_position = first_position + row;
    s.keys = keys;
    s.pages = pages;
    if (!bias.empty()) {
      s.bias = bias.data() + row * keys;
      s.bias_head_stride = rows * keys;
      s.bias_row_stride = keys;
    }
    return s;
  }
  TensorView<const float> query_rows(Index row, Index count) const {
    const Index width = parameters.heads * parameters.key_width;
    return {queries.data() + row * width, {count, width}};
  }
};

struct Options {
  Index heads = 4;
  Index key_value_heads = 2;
  Index key_width = 32;
  Index value_width = 32;
  Index rows = 1;
  Index first_position = 0;
  Index keys = -1;  // the last query's own key is the last
  Index left = unlimited;
  Index right = 0;
  float soft_cap = 0.0F;
  bool bias = false;
  bool slopes = false;
  DType dtype = DType::f32;
  float sharpness = 1.0F;
  bool bf16_products = false;
};

Problem make(const Options& o, unsigned seed = 1) {
  Problem p;
  p.parameters = {o.heads, o.key_value_heads, o.key_width, o.value_width};
  p.parameters.scale = 1.0F / std::sqrt(static_cast<float>(o.key_width));
  p.parameters.soft_cap = o.soft_cap;
  p.parameters.left = o.left;
  p.parameters.right = o.right;
  p.parameters.bf16_products = o.bf16_products;
  p.layout = {o.key_value_heads, o.key_width, o.value_width, o.dtype};
  p.rows = o.rows;
  p.first_position = o.first_position;
  p.keys = o.keys < 0 ? o.first_position + o.rows : o.keys;
  p.queries = testing::random_values(static_cast<std::size_t>(o.rows * o.heads * o.key_width), seed, o.sharpness);
  const auto key_row = static_cast<std::size_t>(o.key_value_heads * o.key_width);
  const auto value_row = static_cast<std::size_t>(o.key_value_heads * o.value_width);
  const auto count = static_cast<std::size_t>(p.keys);
  const std::vector<float> keys = testing::random_values(count * key_row, seed + 1, 2.0F);
  const std::vector<float> values = testing::random_values(count * value_row, seed + 2);
  for (Index begin = 0; begin < p.keys; begin += page_positions) {
    p.storage.emplace_back(p.layout.page_bytes());
    std::fill(p.storage.back().begin(), p.storage.back().end(), std::byte{0xff});  // NaN, until it is written
    p.pages.push_back(p.storage.back().data());
  }
  for (std::size_t i = 0; i < count; ++i) {
    kernels::append(p.layout, p.storage[i / page_positions].data(), static_cast<Index>(i % page_positions),
                    keys.data() + i * key_row, values.data() + i * value_row);
  }
  if (o.bias) {
    p.bias = testing::random_values(static_cast<std::size_t>(o.heads * o.rows * p.keys), seed + 3);
    for (std::size_t i = 0; i < p.bias.size(); i += 7) p.bias[i] = i % 2 == 0 ? -INFINITY : -3.4e38F;
  }
  if (o.slopes) {
    for (Index h = 0; h < o.heads; ++h) p.slopes.push_back(std::ldexp(1.0F, static_cast<int>(-h - 1)));
    p.parameters.slopes = p.slopes.data();
  }
  return p;
}

/// The definition, in double precision.
std::vector<double> exact(const Problem& p) {
  const AttentionParameters& a = p.parameters;
  const Index group = a.heads / a.key_value_heads;
  std::vector<float> keys(static_cast<std::size_t>(p.keys * a.key_value_heads * a.key_width));
  std::vector<float> values(static_cast<std::size_t>(p.keys * a.key_value_heads * a.value_width));
  for (Index j = 0; j < p.keys; ++j) {
    kernels::read_position(p.layout, p.pages[static_cast<std::size_t>(j / page_positions)], j % page_positions,
                           keys.data() + j * a.key_value_heads * a.key_width,
                           values.data() + j * a.key_value_heads * a.value_width);
  }
  std::vector<double> out(static_cast<std::size_t>(p.rows * a.heads * a.value_width), 0.0);
  for (Index t = 0; t < p.rows; ++t) {
    for (Index h = 0; h < a.heads; ++h) {
      const Index i = p.first_position + t;
      const float* query = p.queries.data() + (t * a.heads + h) * a.key_width;
      std::vector<double> scores(static_cast<std::size_t>(p.keys), -INFINITY);
      double maximum = -INFINITY;
      for (Index j = 0; j < p.keys; ++j) {
        if ((a.left != unlimited && j < i - a.left) || (a.right != unlimited && j > i + a.right)) continue;
        const float* key = keys.data() + (j * a.key_value_heads + h / group) * a.key_width;
        double score = 0.0;
        for (Index d = 0; d < a.key_width; ++d) score += static_cast<double>(query[d]) * static_cast<double>(key[d]);
        score *= static_cast<double>(a.scale);
        if (a.soft_cap != 0.0F) score = a.soft_cap * std::tanh(score / a.soft_cap);
        if (!p.bias.empty()) score += p.bias[static_cast<std::size_t>((h * p.rows + t) * p.keys + j)];
        if (score < -1e30) continue;
        if (a.slopes != nullptr) score += a.slopes[h] * static_cast<double>(j - i);
        scores[static_cast<std::size_t>(j)] = score;
        maximum = std::max(maximum, score);
      }
      double total = 0.0;
      double* row = out.data() + (t * a.heads + h) * a.value_width;
      for (Index j = 0; j < p.keys; ++j) {
        const double weight = maximum == -INFINITY ? 0.0 : std::exp(scores[static_cast<std::size_t>(j)] - maximum);
        const float* value = values.data() + (j * a.key_value_heads + h / group) * a.value_width;
        total += weight;
        for (Index d = 0; d < a.value_width; ++d) row[d] += weight * static_cast<double>(value[d]);
      }
      for (Index d = 0; d < a.value_width; ++d) row[d] = total == 0.0 ? 0.0 : row[d] / total;
    }
  }
  return out;
}

/// Rows in the given chunks, one call each.
std::vector<float> run(const Compute& compute, const Problem& p, std::span<const Index> chunks = {}) {
  Scratch scratch;
  const Index width = p.parameters.heads * p.parameters.value_width;
  std::vector<float> out(static_cast<std::size_t>(p.rows * width), -77.0F);
  Index row = 0;
  for (std::size_t k = 0; row < p.rows; ++k) {
    const Index count = chunks.empty() ? p.rows : std::min(chunks[k % chunks.size()], p.rows - row);
    const AttentionSequence sequence = p.sequence(0, row, count);
    kernels::attention(compute, p.parameters, p.layout, p.query_rows(row, count), {&sequence, 1},
                       {out.data() + row * width, {count, width}}, scratch);
    row += count;
  }
  return out;
}

std::vector<Options> all_options() {
  std::vector<Options> cases;
  const auto with = [&](auto&& change) {
    Options o;
    o.rows = 100;
    change(o);
    cases.push_back(o);
  };
  with([](Options&) {});
  with([](Options& o) { o.heads = 7, o.key_value_heads = 1; });
  with([](Options& o) { o.heads = o.key_value_heads = 3; });
  with([](Options& o) { o.heads = 9, o.key_value_heads = 3, o.rows = 1, o.first_position = 200; });
  with([](Options& o) { o.first_position = 150, o.rows = 30; });
  with([](Options& o) { o.left = 0; });
  with([](Options& o) { o.left = 20, o.rows = 200; });
  with([](Options& o) { o.left = 99, o.rows = 5, o.first_position = 300; });
  with([](Options& o) { o.right = unlimited; });
  with([](Options& o) { o.right = unlimited, o.left = 12, o.rows = 150; });
  with([](Options& o) { o.right = 9, o.left = 9, o.rows = 150; });
  with([](Options& o) { o.right = unlimited, o.rows = 20, o.keys = 131; });               // cross attention
  with([](Options& o) { o.first_position = 90, o.rows = 10, o.left = 5, o.keys = 50; });  // some see nothing
  with([](Options& o) { o.soft_cap = 2.0F; });
  with([](Options& o) { o.bias = true; });
  with([](Options& o) { o.bias = true, o.soft_cap = 5.0F, o.left = 40, o.rows = 150; });
  with([](Options& o) { o.slopes = true, o.heads = 6; });
  with([](Options& o) { o.slopes = true, o.right = unlimited, o.bias = true; });
  with([](Options& o) { o.dtype = DType::f16; });
  with([](Options& o) { o.dtype = DType::bf16, o.left = 70, o.rows = 150; });
  with([](Options& o) { o.dtype = DType::q8_0; });
  with([](Options& o) { o.dtype = DType::q8_0, o.left = 40, o.soft_cap = 8.0F, o.heads = 10; });
  with([](Options& o) { o.sharpness = 30.0F; });
  for (const Index width : {1, 2, 5, 8, 15, 16, 17, 48, 64, 80, 96, 100, 128, 192, 256, 512}) {
    with([&](Options& o) { o.key_width = width, o.rows = 70, o.value_width = width; });
    with([&](Options& o) {
      o.key_width = width, o.rows = 7, o.first_position = 60, o.value_width = width % 37 + 3;
      o.dtype = width % 2 == 0 ? DType::bf16 : DType::f16;
    });
    with([&](Options& o) {
      o.key_width = width, o.rows = 20, o.first_position = 50, o.value_width = width % 41 + 7, o.dtype = DType::q8_0;
    });
  }
  return cases;
}

std::string describe(const Options& o, Isa isa) {
  return std::string(name_of(isa)) + " heads " + std::to_string(o.heads) + "/" + std::to_string(o.key_value_heads) +
         " widths " + std::to_string(o.key_width) + "/" + std::to_string(o.value_width) + " rows " +
         std::to_string(o.rows) + " at " + std::to_string(o.first_position) + " dtype " +
         std::string(name_of(o.dtype)) + " soft cap " + std::to_string(o.soft_cap) + " left " + std::to_string(o.left) +
         " right " + std::to_string(o.right) + (o.bias ? " bias" : "") + (o.slopes ? " slopes" : "");
}

TEST(Attention, AgreesWithTheDefinitionInDoublePrecision) {
  SerialExecutor serial;
  for (const Options& o : all_options()) {
    const Problem p = make(o);
    const std::vector<double> expected = exact(p);
    for (const Isa isa : testing::machine_isas()) {
      const auto d = testing::difference(run({serial, isa}, p), expected);
      // Very sharp scores are some hundreds, and carry their own rounding into the exponential.
      EXPECT_LE(d.greatest, o.sharpness > 1.0F ? 2e-4 : 3e-6 + 1e-8 * static_cast<double>(o.key_width))
          << describe(o, isa) << " at " << d.index;
    }
  }
}

TEST(Attention, Bf16ProductsAreCloseToTheDefinition) {
  SerialExecutor serial;
  for (Options o : all_options()) {
    if (o.sharpness > 1.0F) continue;
    o.bf16_products = true;
    const Problem p = make(o, 9);
    const std::vector<double> expected = exact(p);
    const Isa best = best_isa();
    const std::vector<float> y = run({serial, best}, p);
    double squares = 0.0;
    double errors = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      squares += expected[i] * expected[i];
      errors += (y[i] - expected[i]) * (y[i] - expected[i]);
    }
    EXPECT_LE(std::sqrt(errors), 0.01 * std::sqrt(squares)) << describe(o, best);
    o.bf16_products = false;
    const bool others = best >= Isa::avx512_bf16 && squares > 0.0;  // where some key is seen at all
    EXPECT_NE(testing::same_bits(y, run({serial, best}, make(o, 9))), others) << describe(o, best);
  }
}

TEST(Attention, BitsDoNotDependOnChunksOrThreads) {
  SerialExecutor serial;
  ThreadPool two(2);
  ThreadPool three(3);
  constexpr Index step[] = {1};
  constexpr Index small[] = {3, 1, 7, 2};
  constexpr Index large[] = {48, 5, 64, 17};
  std::vector<Options> cases = all_options();
  for (Options o : all_options()) {
    o.bf16_products = true;
    cases.push_back(o);
  }
  for (const Options& o : cases) {
    const Problem p = make(o, 5);
    for (const Isa isa : testing::machine_isas()) {
      if (o.bf16_products && isa < Isa::avx512_bf16) continue;  // there they are the same as the others
      const std::vector<float> whole = run({serial, isa}, p);
      EXPECT_TRUE(testing::same_bits(whole, run({two, isa}, p))) << "two threads, " << describe(o, isa);
      EXPECT_TRUE(testing::same_bits(whole, run({three, isa}, p))) << "three threads, " << describe(o, isa);
      EXPECT_TRUE(testing::same_bits(whole, run({serial, isa}, p, step))) << "step by step, " << describe(o, isa);
      EXPECT_TRUE(testing::same_bits(whole, run({two, isa}, p, step))) << "steps, two threads, " << describe(o, isa);
      EXPECT_TRUE(testing::same_bits(whole, run({serial, isa}, p, small))) << "small chunks, " << describe(o, isa);
      EXPECT_TRUE(testing::same_bits(whole, run({three, isa}, p, large))) << "large chunks, " << describe(o, isa);
    }
  }
}

TEST(Attention, KeysOfTheFutureChangeNothing) {
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    Options o;
    o.rows = 40;
    o.first_position = 100;
    o.left = 60;
    Problem p = make(o);
    p.keys = 140;
    const std::vector<float> now = run({serial, isa}, p);
    // Later keys in the same page and in pages after it; pages before the window dropped.
    const std::vector<float> later = testing::random_values(64, 99, 50.0F);
    for (Index slot = 140 % page_positions; slot < page_positions; ++slot) {
      kernels::append(p.layout, p.storage.back().data(), slot, later.data(), later.data());
    }
    p.storage.emplace_back(p.layout.page_bytes());
    std::fill(p.storage.back().begin(), p.storage.back().end(), std::byte{0});
    p.pages.push_back(p.storage.back().data());
    p.keys = 256;
    EXPECT_TRUE(testing::same_bits(now, run({serial, isa}, p))) << name_of(isa);

    Options far = o;
    far.first_position = 500;
    far.rows = 3;
    Problem windowed = make(far);
    const std::vector<float> all = run({serial, isa}, windowed);
    for (std::size_t page = 0; page < (500 - 60) / page_positions; ++page) windowed.pages[page] = nullptr;
    EXPECT_TRUE(testing::same_bits(all, run({serial, isa}, windowed))) << name_of(isa);
  }
}

TEST(Attention, ARaggedBatchGivesEachSequenceTheBitsItHasAlone) {
  SerialExecutor serial;
  ThreadPool two(2);
  ThreadPool three(3);
  for (const Isa isa : testing::machine_isas()) {
    std::vector<Problem> problems;
    Index rows = 0;
    unsigned seed = 20;
    for (const auto& [count, position] :
         {std::pair<Index, Index>{1, 300}, {70, 0}, {1, 0}, {0, 5}, {5, 127}, {200, 3}, {1, 64}}) {
      Options o;
      o.heads = 6;
      o.rows = count;
      o.first_position = position;
      o.key_width = 40;
      problems.push_back(make(o, ++seed));
      rows += count;
    }
    const AttentionParameters& parameters = problems[0].parameters;
    const Index query_width = parameters.heads * parameters.key_width;
    const Index out_width = parameters.heads * parameters.value_width;
    const Index query_stride = query_width + 13;
    const Index out_stride = out_width + 9;
    std::vector<float> queries(static_cast<std::size_t>(rows * query_stride));
    std::vector<AttentionSequence> sequences;
    std::vector<float> expected(static_cast<std::size_t>(rows * out_stride), 3.0F);
    Index row = 0;
    for (const Problem& p : problems) {
      sequences.push_back(p.sequence(row));
      const std::vector<float> alone = run({serial, isa}, p);
      for (Index t = 0; t < p.rows; ++t) {
        std::copy_n(p.queries.begin() + t * query_width, query_width, queries.begin() + (row + t) * query_stride);
        std::copy_n(alone.begin() + t * out_width, out_width, expected.begin() + (row + t) * out_stride);
      }
      row += p.rows;
    }
    for (Executor* executor :
         {static_cast<Executor*>(&serial), static_cast<Executor*>(&two), static_cast<Executor*>(&three)}) {
      std::vector<float> out(expected.size(), 3.0F);
      Scratch scratch;
      kernels::attention({*executor, isa}, parameters, problems[0].layout,
                         {queries.data(), {rows, query_width}, query_stride}, sequences,
                         {out.data(), {rows, out_width}, out_stride}, scratch);
      EXPECT_TRUE(testing::same_bits(out, expected)) << name_of(isa) << " threads " << executor->size();
    }
  }
}

TEST(Attention, AQuantisedCacheStaysCloseToAnF32One) {
  SerialExecutor serial;
  for (const Isa isa : testing::machine_isas()) {
    for (const Index width : {64, 80, 128}) {
      Options o;
      o.rows = 150;
      o.key_width = o.value_width = width;
      const std::vector<float> wide = run({serial, isa}, make(o));
      o.dtype = DType::q8_0;
      const std::vector<float> narrow = run({serial, isa}, make(o));
      double squares = 0.0;
      for (std::size_t i = 0; i < wide.size(); ++i) {
        squares += std::pow(static_cast<double>(narrow[i]) - static_cast<double>(wide[i]), 2);
      }
      // Values of unit scale in steps of about 0.02, keys of twice that.
      EXPECT_LE(testing::difference(narrow, wide).greatest, 0.05) << name_of(isa) << " width " << width;
      EXPECT_LE(std::sqrt(squares / static_cast<double>(wide.size())), 0.006) << name_of(isa) << " width " << width;
    }
  }
}

TEST(Attention, SteadyStateAllocatesNothing) {
  SerialExecutor serial;
  Options o;
  o.rows = 50;
  const Problem p = make(o);
  Scratch scratch;
  std::vector<float> out(static_cast<std::size_t>(o.rows * o.heads * o.value_width));
  const AttentionSequence sequence = p.sequence();
  const auto attend = [&] {
    kernels::attention({serial}, p.parameters, p.layout, p.query_rows(0, p.rows), {&sequence, 1},
                       {out.data(), {p.rows, o.heads * o.value_width}}, scratch);
  };
  attend();
  const std::size_t held = scratch.capacity();
  attend();
  EXPECT_EQ(scratch.capacity(), held);
}

TEST(Attention, WrongSizesThrow) {
  SerialExecutor serial;
  Options o;
  o.rows = 3;
  const Problem p = make(o);
  Scratch scratch;
  std::vector<float> out(static_cast<std::size_t>(o.rows * o.heads * o.value_width));
  const auto attend = [&](auto&& change) {
    AttentionParameters parameters = p.parameters;
    KeyValueLayout layout = p.layout;
    AttentionSequence sequence = p.sequence();
    change(parameters, layout, sequence);
    kernels::attention({serial}, parameters, layout, p.query_rows(0, p.rows), {&sequence, 1},
                       {out.data(), {o.rows, o.heads * o.value_width}}, scratch);
  };
  EXPECT_NO_THROW(attend([](auto&, auto&, auto&) {}));
  EXPECT_THROW(attend([](auto& a, auto&, auto&) { a.key_value_heads = 3; }), ArgumentError);
  EXPECT_THROW(attend([](auto& a, auto&, auto&) { a.heads = 2; }), ArgumentError);
  EXPECT_THROW(attend([](auto&, auto& layout, auto&) { layout.key_width = 8; }), ArgumentError);
  EXPECT_THROW(attend([](auto&, auto& layout, auto&) { layout.dtype = DType::q4_0; }), ArgumentError);
  EXPECT_THROW(attend([](auto&, auto&, auto& sequence) { sequence.rows = 4; }), ArgumentError);
  EXPECT_THROW(attend([](auto&, auto&, auto& sequence) { sequence.keys = 65; }), ArgumentError);
}

TEST(KeyValuePage, ReadsBackWhatWasAppendedRoundedToItsDtype) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const KeyValueLayout layout{3, 10, 21, dtype};
    AlignedArray<std::byte> page(layout.page_bytes());
    std::vector<std::vector<float>> keys;
    std::vector<std::vector<float>> values;
    for (Index slot = 0; slot < page_positions; ++slot) {
      keys.push_back(testing::random_values(30, 100 + static_cast<unsigned>(slot)));
      values.push_back(testing::random_values(63, 200 + static_cast<unsigned>(slot)));
      kernels::append(layout, page.data(), slot, keys.back().data(), values.back().data());
    }
    const auto rounded = [&](float x) {
      return dtype == DType::f16    ? static_cast<float>(float16(x))
             : dtype == DType::bf16 ? static_cast<float>(bfloat16(x))
                                    : x;
    };
    for (std::size_t slot = 0; slot < keys.size(); ++slot) {
      std::vector<float> key(30);
      std::vector<float> value(63);
      kernels::read_position(layout, page.data(), static_cast<Index>(slot), key.data(), value.data());
      for (std::size_t i = 0; i < key.size(); ++i) EXPECT_EQ(key[i], rounded(keys[slot][i]));
      for (std::size_t i = 0; i < value.size(); ++i) EXPECT_EQ(value[i], rounded(values[slot][i]));
    }
  }
  AlignedArray<std::byte> page(64);
  EXPECT_THROW(kernels::read_position({1, 1, 1, DType::q4_0}, page.data(), 0, nullptr, nullptr), ArgumentError);
  EXPECT_THROW(kernels::append({1, 1, 1, DType::i8}, page.data(), 0, nullptr, nullptr), ArgumentError);
}

TEST(KeyValuePage, RowsTogetherAreAsOneByOne) {
  for (const Isa isa : testing::machine_isas()) {
    for (const DType dtype : {DType::f32, DType::f16, DType::q8_0}) {
      for (const auto& [key_width, value_width] : {std::pair{10, 21}, {16, 16}, {64, 80}, {1, 3}}) {
        const KeyValueLayout layout{3, key_width, value_width, dtype};
        const std::vector<float> keys = testing::random_values(static_cast<std::size_t>(64 * 3 * key_width), 1);
        const std::vector<float> values = testing::random_values(static_cast<std::size_t>(64 * 3 * value_width), 2);
        const auto key_rows = TensorView<const float>(keys.data(), Shape{64, Index{3} * key_width});
        const auto value_rows = TensorView<const float>(values.data(), Shape{64, Index{3} * value_width});
        AlignedArray<std::byte> expected(layout.page_bytes());
        for (Index slot = 0; slot < 64; ++slot)
          kernels::append(layout, expected.data(), slot, key_rows.row(slot), value_rows.row(slot), isa);
        AlignedArray<std::byte> found(layout.page_bytes());
        Index slot = 0;
        for (const Index count : {5, 27, 16, 1, 15}) {
          kernels::append(layout, found.data(), slot, key_rows.slice_rows(slot, slot + count),
                          value_rows.slice_rows(slot, slot + count), isa);
          slot += count;
        }
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), found.begin())) << name_of(isa) << name_of(dtype);
      }
    }
  }
}

TEST(KeyValuePage, Q8IsWithinHalfAStepOfEachBlocksGreatest) {
  for (const Isa isa : testing::machine_isas()) {
    for (const Index width : {1, 31, 32, 33, 80, 100, 256}) {
      const KeyValueLayout layout{2, width, width + 5, DType::q8_0};
      EXPECT_EQ(layout.page_bytes() % 64, 0U);
      AlignedArray<std::byte> page(layout.page_bytes());
      const auto keys = static_cast<std::size_t>(2 * width);
      const auto values = static_cast<std::size_t>(2 * (width + 5));
      std::vector<std::vector<float>> written;
      for (Index slot = 0; slot < page_positions; ++slot) {
        written.push_back(
            testing::random_values(keys + values, 300 + static_cast<unsigned>(slot), slot % 3 == 0 ? 1e-3F : 40.0F));
        if (slot == 5) std::fill(written.back().begin(), written.back().end(), 0.0F);
        if (slot == 6) written.back()[0] = 1e9F;
        kernels::append(layout, page.data(), slot, written.back().data(), written.back().data() + keys, isa);
      }
      for (Index slot = 0; slot < page_positions; ++slot) {
        const std::vector<float>& expected = written[static_cast<std::size_t>(slot)];
        std::vector<float> read(keys + values);
        kernels::read_position(layout, page.data(), slot, read.data(), read.data() + keys);
        if (slot == 6) {  // saturates
          EXPECT_EQ(read[0], 127.0F * 65504.0F);
          continue;
        }
        const auto check = [&](std::size_t begin, Index head_width) {
          for (Index first = 0; first < head_width; first += kernels::cache_block) {
            const std::size_t block = begin + static_cast<std::size_t>(first);
            const auto count = static_cast<std::size_t>(std::min(kernels::cache_block, head_width - first));
            float greatest = 0.0F;
            for (std::size_t i = block; i < block + count; ++i) greatest = std::max(greatest, std::abs(expected[i]));
            // Half a step, and what rounding the scale to f16 takes: 2^-11, or half of its smallest number.
            const double step = static_cast<double>(greatest) / 127.0;
            const double limit = 0.5 * step + 127.0 * std::max(step * 0x1p-11, 0x1p-25) + 1e-7 * greatest;
            for (std::size_t i = block; i < block + count; ++i) EXPECT_NEAR(read[i], expected[i], limit);
          }
        };
        for (const std::size_t head : {0U, 1U}) {
          check(head * static_cast<std::size_t>(width), width);
          check(keys + head * static_cast<std::size_t>(width + 5), width + 5);
        }
      }
    }
  }
}

}  // namespace
}  // namespace headformer
