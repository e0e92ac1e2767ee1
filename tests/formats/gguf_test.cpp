#include "headformer/formats/gguf.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bad_input.hpp"
#include "gguf_builder.hpp"

namespace headformer {
namespace {

using tests::expect_error;
using tests::GgufBuilder;
using tests::in_memory;

constexpr const char* file = "folder/model.gguf";

Gguf parsed(const GgufBuilder& builder) { return Gguf::parse(in_memory(builder.bytes(), file)); }

template <class T>
std::string raw(T value) {
  return GgufBuilder::raw(value);
}

GgufBuilder with_every_type() {
  GgufBuilder b;
  b.key("u8", 0, raw(std::uint8_t{200})).key("i8", 1, raw(std::int8_t{-5})).key("u16", 2, raw(std::uint16_t{60000}));
  b.key("i16", 3, raw(std::int16_t{-300})).key("u32", 4, raw(std::uint32_t{4000000000U})).key("i32", 5, raw(-70000));
  b.key("f32", 6, raw(0.5F)).key("yes", 7, raw(std::uint8_t{1})).key("no", 7, raw(std::uint8_t{0}));
  b.string("text", "hello").key("u64", 10, raw(std::uint64_t{1} << 40)).key("i64", 11, raw(-(std::int64_t{1} << 40)));
  b.key("f64", 12, raw(1e-300)).key("huge", 10, raw(~std::uint64_t{0})).key("nan", 6, raw(std::nanf("")));
  b.array<std::string>("tokens", 8, {"a", "", "b\xff", "end"}).array<std::int32_t>("ints", 5, {1, -2, 3});
  b.array<float>("floats", 6, {1.5F, 2.5F}).array<std::uint8_t>("bools", 7, {1, 0});
  b.array<std::string>("nested", 9,
                       {GgufBuilder::elements<std::uint16_t>(2, {7, 8}), GgufBuilder::elements<std::string>(8, {"x"})});
  b.array<std::uint32_t>("empty", 4, {});
  return b;
}

TEST(Gguf, ReadsEveryTypeOfMetadata) {
  const Gguf gguf = parsed(with_every_type());
  EXPECT_EQ(gguf.version(), 3);
  EXPECT_EQ(gguf.integer("u8"), 200);
  EXPECT_EQ(gguf.integer("i8"), -5);
  EXPECT_EQ(gguf.integer("u16"), 60000);
  EXPECT_EQ(gguf.integer("i16"), -300);
  EXPECT_EQ(gguf.integer("u32"), 4000000000);
  EXPECT_EQ(gguf.integer("i32", -70000, -70000), -70000);
  EXPECT_EQ(gguf.integer("u64"), Index{1} << 40);
  EXPECT_EQ(gguf.integer("i64"), -(Index{1} << 40));
  EXPECT_EQ(gguf.integer_or("absent", 9), 9);
  EXPECT_EQ(gguf.number("f32"), 0.5);
  EXPECT_EQ(gguf.number("f64"), 1e-300);
  EXPECT_EQ(gguf.number("u8", 0, 200), 200.0);
  EXPECT_EQ(gguf.number("huge"), 0x1p64);
  EXPECT_TRUE(std::isnan(gguf.number("nan")));
  EXPECT_EQ(gguf.number_or("absent", 1.5), 1.5);
  EXPECT_TRUE(gguf.boolean("yes"));
  EXPECT_FALSE(gguf.boolean("no"));
  EXPECT_TRUE(gguf.boolean_or("absent", true));
  EXPECT_EQ(gguf.string("text"), "hello");
  EXPECT_EQ(gguf.string_or("absent", "other"), "other");
  EXPECT_TRUE(gguf.has("nan"));
  EXPECT_FALSE(gguf.has("na"));
  EXPECT_EQ(gguf.type("tokens"), GgufType::array);
  EXPECT_EQ(gguf.type("absent"), std::nullopt);
  EXPECT_EQ(gguf.keys().size(), 21U);
  EXPECT_EQ(gguf.keys().front(), "bools");
}

TEST(Gguf, ReadsArrays) {
  const Gguf gguf = parsed(with_every_type());
  const GgufArray tokens = gguf.array("tokens");
  ASSERT_EQ(tokens.size(), 4U);
  EXPECT_EQ(tokens.type(), GgufType::string);
  EXPECT_EQ(tokens.string(0), "a");
  EXPECT_EQ(tokens.string(1), "");
  EXPECT_EQ(tokens.string(2), "b\xff");
  EXPECT_EQ(tokens.string(3), "end");
  EXPECT_EQ(gguf.array("ints").integer(1), -2);
  EXPECT_EQ(gguf.array("ints").number(2), 3.0);
  EXPECT_EQ(gguf.array("floats").number(1), 2.5);
  EXPECT_TRUE(gguf.array("bools").boolean(0));
  EXPECT_FALSE(gguf.array("bools").boolean(1));
  EXPECT_EQ(gguf.array("empty").size(), 0U);
  const GgufArray nested = gguf.array("nested");
  ASSERT_EQ(nested.size(), 2U);
  EXPECT_EQ(nested.array(0).integer(1), 8);
  EXPECT_EQ(nested.array(1).string(0), "x");
  EXPECT_EQ(gguf.integers("ints"), (std::vector<Index>{1, -2, 3}));
  EXPECT_EQ(gguf.integers("u8"), (std::vector<Index>{200}));
}

TEST(GgufArray, OutlivesTheGguf) {
  const GgufArray tokens = parsed(with_every_type()).array("tokens");
  EXPECT_EQ(tokens.string(3), "end");
}

TEST(Gguf, SaysFileKeyExpectedAndFound) {
  const Gguf gguf = parsed(with_every_type());
  struct Case {
    void (*action)(const Gguf& gguf);
    std::string message;
  };
#define CASE(expression, message) {[](const Gguf& g) { static_cast<void>(expression); }, message}
  const Case cases[] = {
      CASE(g.integer("absent"), "'absent': expected an integer, found nothing"),
      CASE(g.integer("f32"), "'f32': expected an integer, found 0.5"),
      CASE(g.integer("huge"), "'huge': expected an integer, found 18446744073709551615"),
      CASE(g.integer("yes"), "'yes': expected an integer, found true"),
      CASE(g.integer("text"), "'text': expected an integer, found 'hello'"),
      CASE(g.integer("tokens"), "'tokens': expected an integer, found an array of 4"),
      CASE(g.integer("u8", 201), "'u8': expected an integer >= 201, found 200"),
      CASE(g.integer_or("u8", 1, 1, 8), "'u8': expected an integer in [1, 8], found 200"),
      CASE(g.number("text"), "'text': expected a number, found 'hello'"),
      CASE(g.number("f32", 1), "'f32': expected a number >= 1, found 0.5"),
      CASE(g.number("nan", 0), "'nan': expected a number >= 0, found nan"),
      CASE(g.boolean("u8"), "'u8': expected a bool, found 200"),
      CASE(g.string("u8"), "'u8': expected a string, found 200"),
      CASE(g.string("absent"), "'absent': expected a string, found nothing"),
      CASE(g.array("text"), "'text': expected an array, found 'hello'"),
      CASE(g.array("absent"), "'absent': expected an array, found nothing"),
      CASE(g.integers("ints", 0), "'ints'[1]: expected an integer >= 0, found -2"),
      CASE(g.integers("floats"), "'floats'[0]: expected an integer, found 1.5"),
      CASE(g.array("tokens").integer(0), "'tokens'[0]: expected an integer, found 'a'"),
      CASE(g.array("tokens").number(0), "'tokens'[0]: expected a number, found 'a'"),
      CASE(g.array("tokens").boolean(0), "'tokens'[0]: expected a bool, found 'a'"),
      CASE(g.array("tokens").array(0), "'tokens'[0]: expected an array, found 'a'"),
      CASE(g.array("ints").string(2), "'ints'[2]: expected a string, found 3"),
      CASE(g.array("nested").array(0).string(1), "'nested'[0][1]: expected a string, found 8"),
      CASE(g.array("nested").string(1), "'nested'[1]: expected a string, found an array of 1"),
      CASE(g.fail("u8", "a multiple of 3"), "'u8': expected a multiple of 3, found 200"),
  };
#undef CASE
  for (const auto& [action, message] : cases) {
    SCOPED_TRACE(message);
    expect_error<ConfigError>([&, a = action] { a(gguf); }, {std::string(file) + ": key " + message});
  }
  expect_error<ArgumentError>([&] { gguf.array("tokens").string(4); }, {file, "'tokens'", "below 4, found 4"});
}

TEST(Gguf, SeesTensorsInPlace) {
  GgufBuilder b;
  b.version = 2;
  b.string("general.architecture", "x").tensor("matrix", {256, 3}, 12, 32).tensor("vector", {4}, 0, 0).data(32 + 432);
  const Bytes bytes = in_memory(b.bytes(), file);
  const Gguf gguf = Gguf::parse(bytes);
  EXPECT_EQ(gguf.version(), 2);
  ASSERT_EQ(gguf.tensors().size(), 2U);
  EXPECT_EQ(gguf.tensors()[0].name, "matrix");
  const TensorEntry* matrix = gguf.find("matrix");
  ASSERT_NE(matrix, nullptr);
  EXPECT_EQ(matrix->dtype, DType::q4_k);
  EXPECT_EQ(matrix->shape, (Shape{3, 256}));
  EXPECT_EQ(matrix->bytes.size(), 432U);
  EXPECT_EQ(matrix->bytes.data(), bytes.data() + bytes.size() - 432);
  EXPECT_EQ(gguf.find("vector")->shape, (Shape{4}));
  EXPECT_EQ(gguf.find("vecto"), nullptr);
}

TEST(Gguf, HonoursTheAlignment) {
  GgufBuilder b;
  b.alignment = 256;
  b.key("general.alignment", 4, raw(std::uint32_t{256})).tensor("a", {1}, 24, 0).tensor("b", {1}, 24, 256).data(257);
  const Bytes bytes = in_memory(b.bytes(), file);
  EXPECT_EQ(Gguf::parse(bytes).find("b")->bytes.data(), bytes.data() + bytes.size() - 1);
}

TEST(Gguf, KnowsEveryTypeItPromises) {
  const std::pair<std::uint32_t, DType> types[] = {
      {0, DType::f32},   {1, DType::f16},   {2, DType::q4_0},    {3, DType::q4_1},    {6, DType::q5_0},
      {7, DType::q5_1},  {8, DType::q8_0},  {10, DType::q2_k},   {11, DType::q3_k},   {12, DType::q4_k},
      {13, DType::q5_k}, {14, DType::q6_k}, {20, DType::iq4_nl}, {23, DType::iq4_xs}, {24, DType::i8},
      {25, DType::i16},  {26, DType::i32},  {27, DType::i64},    {28, DType::f64},    {30, DType::bf16},
      {39, DType::mxfp4}};
  for (const auto& [number, dtype] : types) {
    GgufBuilder b;
    b.tensor("w", {256}, number, 0).data(row_bytes(dtype, 256));
    EXPECT_EQ(parsed(b).tensors()[0].dtype, dtype) << number;
  }
}

TEST(Gguf, NamesTheTypesItDoesNotRead) {
  const std::pair<std::uint32_t, const char*> types[] = {
      {9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"},  {17, "IQ2_XS"},        {18, "IQ3_XXS"},
      {19, "IQ1_S"}, {21, "IQ3_S"}, {22, "IQ2_S"},    {29, "IQ1_M"},         {34, "TQ1_0"},
      {35, "TQ2_0"}, {40, "NVFP4"}, {31, "Q4_0_4_4"}, {99, "type number 99"}};
  for (const auto& [number, name] : types) {
    GgufBuilder b;
    b.tensor("blk.0.attn_q.weight", {256}, number, 0).data(4096);
    expect_error<FormatError>([&] { parsed(b); },
                              {file, "'blk.0.attn_q.weight'", std::string("found ") + name, "Q4_K"});
  }
}

struct BadFile {
  const char* name;
  std::string bytes;
  std::vector<std::string> message;
};

void expect_all_refused(const std::vector<BadFile>& files) {
  for (BadFile bad : files) {
    SCOPED_TRACE(bad.name);
    bad.message.emplace_back(file);
    expect_error<FormatError>([&] { Gguf::parse(in_memory(bad.bytes, file)); }, bad.message);
  }
}

TEST(Gguf, RefusesBadHeaders) {
  const auto made = [](auto change) {
    GgufBuilder b;
    change(b);
    return b.bytes();
  };
  expect_all_refused({
      {"empty", "", {"'GGUF', found ''"}},
      {"part of the magic", "GGU", {"found 'GGU'"}},
      {"another magic", made([](auto& b) { b.magic = "GGML"; }), {"found 'GGML'"}},
      {"no version", "GGUF\3", {"the version"}},
      {"version 0", made([](auto& b) { b.version = 0; }), {"version 2 or 3, found version 0"}},
      {"version 1", made([](auto& b) { b.version = 1; }), {"version 2 or 3, found version 1"}},
      {"version 4", made([](auto& b) { b.version = 4; }), {"found version 4"}},
      {"big endian", made([](auto& b) { b.version = 0x03000000; }), {"big-endian"}},
      {"no counts", std::string("GGUF\3\0\0\0", 8), {"number of tensors"}},
      {"too many tensors", made([](auto& b) { b.extra_tensors = 1; }), {"at most 0 tensors", "found 1"}},
      {"too many keys", made([](auto& b) { b.extra_keys = 1; }), {"at most 0 keys", "found 1"}},
      {"tensors overflow", made([](auto& b) { b.extra_tensors = ~std::uint64_t{0}; }), {"found 18446744073709551615"}},
      {"keys overflow", made([](auto& b) { b.extra_keys = ~std::uint64_t{0}; }), {"found 18446744073709551615"}},
  });
}

TEST(Gguf, RefusesBadMetadata) {
  const auto with_key = [](const std::string& name, std::uint32_t type, const std::string& value) {
    return GgufBuilder().key(name, type, value).bytes();
  };
  constexpr std::uint64_t huge = ~std::uint64_t{0};
  std::string deep = GgufBuilder::elements<std::uint8_t>(0, {1});
  for (int i = 0; i < 4; ++i) deep = GgufBuilder::elements<std::string>(9, {deep});
  std::string very_deep;
  for (int i = 0; i < 100'000; ++i) very_deep += raw(std::uint32_t{9}) + raw(std::uint64_t{1});
  GgufBuilder twice;
  twice.string("k", "a").string("other", "").key("k", 0, "\1");
  GgufBuilder long_key;
  long_key.string(std::string(70'000, 'k'), "");
  const std::string header =
      std::string("GGUF") + raw(std::uint32_t{3}) + raw(std::uint64_t{0}) + raw(std::uint64_t{1});
  expect_all_refused({
      {"key longer than the file", header + raw(huge) + "abcde", {"key 0", "found 18446744073709551615"}},
      {"key past the limit", long_key.bytes(), {"key 0", "at most 65535", "found 70000"}},
      {"empty key", with_key("", 8, GgufBuilder::text("abc")), {"key ''", "empty"}},
      {"type cut off", header + raw(std::uint64_t{4}) + "kkkkk", {"a type"}},
      {"unknown type", with_key("k", 13, "abcd"), {"key 'k'", "[0, 12], found 13"}},
      {"value cut off", with_key("k", 10, "abc"), {"found 3 before the file's end"}},
      {"bool of 2", with_key("k", 7, "\2"), {"key 'k'", "0 or 1, found 2"}},
      {"string longer than the file",
       with_key("k", 8, raw(std::uint64_t{5}) + "abcd"),
       {"key 'k'", "at most 4", "found 5"}},
      {"string length overflows", with_key("k", 8, raw(huge) + "abcd"), {"key 'k'", "found 18446744073709551615"}},
      {"array of an unknown type",
       with_key("k", 9, raw(std::uint32_t{77}) + raw(std::uint64_t{0})),
       {"key 'k'", "found 77"}},
      {"array longer than the file",
       with_key("k", 9, raw(std::uint32_t{5}) + raw(std::uint64_t{3}) + "12345678"),
       {"key 'k'", "at most 2 elements", "found 3"}},
      {"array length overflows",
       with_key("k", 9, raw(std::uint32_t{10}) + raw((huge >> 3) + 2) + "12345678"),
       {"key 'k'", "at most 1 elements"}},
      {"strings overflow",
       with_key("k", 9, raw(std::uint32_t{8}) + raw(huge) + "12345678"),
       {"key 'k'", "at most 1 elements"}},
      {"string in an array too long",
       with_key("k", 9, raw(std::uint32_t{8}) + raw(std::uint64_t{1}) + raw(std::uint64_t{9}) + "abc"),
       {"key 'k'", "at most 3 bytes", "found 9"}},
      {"bool in an array",
       with_key("k", 9, raw(std::uint32_t{7}) + raw(std::uint64_t{2}) + "\1\2"),
       {"key 'k'", "found 2"}},
      {"arrays nested deep", with_key("k", 9, deep), {"key 'k'", "nested at most 4"}},
      {"arrays nested very deep", with_key("k", 9, very_deep), {"key 'k'", "nested at most 4"}},
      {"duplicate key", twice.bytes(), {"key 'k'", "found two"}},
      {"alignment 0",
       with_key("general.alignment", 4, raw(std::uint32_t{0})),
       {"'general.alignment'", "power of two", "found 0"}},
      {"alignment 24", with_key("general.alignment", 4, raw(std::uint32_t{24})), {"'general.alignment'", "found 24"}},
      {"alignment as u64",
       with_key("general.alignment", 10, raw(std::uint64_t{32})),
       {"'general.alignment'", "as u32", "found 32 as u64"}},
      {"alignment as a string",
       with_key("general.alignment", 8, GgufBuilder::text("32")),
       {"'general.alignment'", "found '32'"}},
  });
}

TEST(Gguf, RefusesBadTensors) {
  using Sizes = std::vector<std::uint64_t>;
  const auto with_tensor = [](const Sizes& sizes, std::uint32_t type, std::uint64_t offset, std::size_t data = 64) {
    return GgufBuilder().tensor("w", sizes, type, offset).data(data).bytes();
  };
  constexpr std::uint64_t big = std::uint64_t{1} << 62;
  const std::string w = "tensor 'w'";
  GgufBuilder twice;
  twice.tensor("w", {4}, 0, 0).tensor("v", {4}, 0, 32).tensor("w", {4}, 0, 64).data(80);
  GgufBuilder overlap;
  overlap.tensor("v", {16}, 0, 0).tensor("w", {8}, 0, 32).data(64);
  GgufBuilder same;
  same.tensor("v", {8}, 0, 0).tensor("w", {8}, 0, 0).data(32);
  GgufBuilder gap;
  gap.tensor("v", {4}, 0, 0).tensor("w", {4}, 0, 64).data(80);
  GgufBuilder narrower;
  narrower.tensor("w", {16}, 1, 0).tensor("v", {4}, 0, 64).data(80);
  GgufBuilder unaligned;
  unaligned.alignment = 64;
  unaligned.key("general.alignment", 4, raw(std::uint32_t{64})).tensor("w", {8}, 0, 32).data(64);
  GgufBuilder cut;
  cut.tensor("w", {4}, 0, 0).tensor("v", {4}, 0, 32);
  const std::string whole = cut.bytes();
  GgufBuilder no_name;
  no_name.tensor(std::string(66'000, 'w'), {4}, 0, 0).data(16);
  expect_all_refused({
      {"no sizes", with_tensor({}, 0, 0), {w, "1 to 4 sizes, found 0"}},
      {"five sizes", with_tensor({1, 1, 1, 1, 1}, 0, 0), {w, "1 to 4 sizes, found 5"}},
      {"size 0", with_tensor({4, 0}, 0, 0), {w, "found size 0"}},
      {"size past int64", with_tensor({std::uint64_t{1} << 63}, 0, 0), {w, "found size 9223372036854775808"}},
      {"elements overflow", with_tensor({big, 4}, 0, 0), {w, "fewer than 2^63"}},
      {"bytes overflow", with_tensor({big, 1}, 28, 0), {w, "2^64"}},
      {"part of a block", with_tensor({48}, 2, 0), {w, "multiple of 32", "q4_0", "found 48"}},
      {"part of a super-block", with_tensor({128, 2}, 12, 0), {w, "multiple of 256", "found 128"}},
      {"unknown type", with_tensor({4}, 1000, 0), {w, "type number 1000"}},
      {"offset not aligned", with_tensor({4}, 0, 16), {w, "multiple of 32, found 16"}},
      {"offset not aligned to general.alignment", unaligned.bytes(), {w, "multiple of 64, found 32"}},
      {"past the file's end", with_tensor({17}, 0, 0), {w, "expected 68 bytes at offset 0", "found 64"}},
      {"offset past the file's end", with_tensor({1}, 0, 96), {w, "offset 96", "found 64"}},
      {"offset overflows", with_tensor({8}, 0, ~std::uint64_t{31}), {w, "offset 18446744073709551584"}},
      {"no data", with_tensor({1}, 0, 0, 0), {w, "found 0 bytes"}},
      {"duplicate name", twice.bytes(), {w, "found two"}},
      {"overlap", overlap.bytes(), {w, "an offset of 64, where tensor 'v' ends", "found 32"}},
      {"the same bytes", same.bytes(), {"an offset of 32", "found 0"}},
      {"a gap", gap.bytes(), {w, "an offset of 32", "found 64"}},
      {"a gap at the beginning", with_tensor({8}, 0, 32), {w, "an offset of 0", "found 32"}},
      {"a narrower type than its bytes", narrower.bytes(), {"tensor 'v'", "an offset of 32", "found 64"}},
      {"table cut off", whole.substr(0, whole.size() - 1), {"tensor 'v'", "its offset"}},
      {"name past the limit", no_name.bytes(), {"tensor 0", "at most 65535", "found 66000"}},
  });
}

TEST(Gguf, AnyPrefixIsAnError) {
  GgufBuilder b = with_every_type();
  b.tensor("w", {256, 2}, 12, 0).data(288);
  const std::string whole = b.bytes();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(Gguf::parse(in_memory(whole.substr(0, length), file)), FormatError) << length;
  EXPECT_NO_THROW(parsed(b));
}

TEST(Gguf, ReadsTheGoldensFiles) {
  namespace fs = std::filesystem;
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(HEADFORMER_TESTS_DIR) / "goldens")) {
    if (entry.path().extension() != ".gguf") continue;
    SCOPED_TRACE(entry.path());
    const Gguf gguf = Gguf::parse(Bytes::map(entry.path()));
    EXPECT_FALSE(gguf.string("general.architecture").empty());
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace headformer
