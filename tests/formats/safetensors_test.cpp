#include "headformer/formats/safetensors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "bad_input.hpp"
#include "headformer/formats/safetensors_writer.hpp"

namespace headformer {
namespace {

namespace fs = std::filesystem;
using tests::expect_error;
using tests::in_memory;

constexpr const char* file = "folder/model.safetensors";

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + rest;
}
std::string container(const std::string& header, std::size_t data) {
  return with_length(header.size(), header + std::string(data, '\1'));
}
Safetensors parsed(const std::string& bytes) { return Safetensors::parse(in_memory(bytes, file)); }

/// A header of one tensor "w".
std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

TEST(Safetensors, SeesTensorsInPlace) {
  const Bytes bytes = in_memory(container(R"({"b":{"dtype":"I64","shape":[2],"data_offsets":[6,22]},)"
                                          R"("__metadata__":{"format":"pt"},)"
                                          R"("a":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6],"extra":1},)"
                                          R"("none":{"dtype":"F32","shape":[0,4],"data_offsets":[6,6]},)"
                                          R"("scalar":{"dtype":"U8","shape":[],"data_offsets":[22,23]}}  )",
                                          23),
                                file);
  const Safetensors container = Safetensors::parse(bytes);
  ASSERT_EQ(container.tensors().size(), 4U);
  EXPECT_EQ(container.tensors()[0].name, "a");
  EXPECT_EQ(container.tensors()[1].name, "none");
  EXPECT_EQ(container.tensors()[2].name, "b");
  const TensorEntry* b = container.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dtype, DType::i64);
  EXPECT_EQ(b->shape, (Shape{2}));
  EXPECT_EQ(b->bytes.size(), 16U);
  EXPECT_EQ(b->bytes.data(), bytes.data() + bytes.size() - 17);
  EXPECT_EQ(container.find("a")->shape, (Shape{1, 3}));
  EXPECT_EQ(container.find("none")->bytes.size(), 0U);
  EXPECT_EQ(container.find("scalar")->shape.rank(), 0);
  EXPECT_EQ(container.find("c"), nullptr);
  EXPECT_EQ(container.metadata().at("format"), "pt");
}

TEST(Safetensors, KnowsEveryDtypeItPromises) {
  const std::pair<const char*, DType> types[] = {
      {"F64", DType::f64}, {"F32", DType::f32},      {"F16", DType::f16},         {"BF16", DType::bf16},
      {"I64", DType::i64}, {"I32", DType::i32},      {"I16", DType::i16},         {"I8", DType::i8},
      {"U8", DType::u8},   {"BOOL", DType::boolean}, {"F8_E4M3", DType::f8_e4m3}, {"F8_E5M2", DType::f8_e5m2}};
  for (const auto& [name, dtype] : types) {
    const std::size_t size = 3 * block_bytes(dtype);
    const Safetensors found = parsed(container(tensor(name, "[3]", "[0," + std::to_string(size) + "]"), size));
    EXPECT_EQ(found.tensors()[0].dtype, dtype) << name;
  }
}

TEST(Safetensors, AnEmptyHeaderIsAnEmptyFile) { EXPECT_TRUE(parsed(container("{}", 0)).tensors().empty()); }

TEST(Safetensors, RefusesBadInput) {
  struct Case {
    const char* name;
    std::string bytes;
    std::vector<std::string> message;
  };
  const std::string w = "tensor 'w'";
  const std::string huge = "9223372036854775807";
  const Case cases[] = {
      {"empty file", "", {"header's length"}},
      {"truncated length", "abc", {"header's length", "found 3"}},
      {"header longer than the file", with_length(100, "{}"), {"header of at most 2 bytes", "found 100"}},
      {"header past the limit", with_length(100'000'001, "{}"), {"found 100000001"}},
      {"header length overflows", with_length(~std::uint64_t{0}, "{}"), {"found 18446744073709551615"}},
      {"no header", with_length(0, "{}"), {"begins with '{'"}},
      {"header is an array", container("[]", 0), {"begins with '{', found '['"}},
      {"header begins with space", container(" {}", 0), {"begins with '{', found ' '"}},
      {"header is no JSON", container("{\"w\":", 0), {"expected JSON"}},
      {"header is no UTF-8", container("{\"\xff\":1}", 0), {"expected JSON"}},
      {"header is nested deep", container(R"({"w":[[[[1]]]]})", 0), {"nested at most 3"}},
      {"text after the header", container("{} {}", 0), {"expected JSON"}},
      {"duplicate name",
       container(
           R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
           1),
       {"'w' twice"}},
      {"metadata is no object", container(R"({"__metadata__":[]})", 0), {"__metadata__", "an array of 0"}},
      {"metadata is no string", container(R"({"__metadata__":{"k":1}})", 0), {"__metadata__", "'k'", "found 1"}},
      {"tensor is no object", container(R"({"w":3})", 0), {w, "expected an object, found 3"}},
      {"no dtype", container(R"({"w":{"shape":[1],"data_offsets":[0,1]}})", 1), {w, "dtype", "found nothing"}},
      {"no shape", container(R"({"w":{"dtype":"U8","data_offsets":[0,1]}})", 1), {w, "shape", "found nothing"}},
      {"no offsets", container(R"({"w":{"dtype":"U8","shape":[1]}})", 1), {w, "data_offsets", "found nothing"}},
      {"dtype is no string",
       container(R"({"w":{"dtype":1,"shape":[1],"data_offsets":[0,1]}})", 1),
       {w, "dtype", "found 1"}},
      {"dtype is an array",
       container(R"({"w":{"dtype":[],"shape":[1],"data_offsets":[0,1]}})", 1),
       {w, "dtype", "found an array"}},
      {"unknown dtype", container(tensor("U32", "[1]", "[0,4]"), 4), {w, "dtype", "F8_E5M2", "found 'U32'"}},
      {"shape is a string", container(tensor("U8", "\"x\"", "[0,1]"), 1), {w, "shape", "found 'x'"}},
      {"six dimensions",
       container(tensor("U8", "[1,1,1,1,1,1]", "[0,1]"), 1),
       {w, "shape", "at most 5", "an array of 6"}},
      {"negative size", container(tensor("U8", "[-1]", "[0,1]"), 1), {w, "shape", "found -1"}},
      {"size is a float", container(tensor("U8", "[1.0]", "[0,1]"), 1), {w, "shape", "found 1"}},
      {"size is a string", container(tensor("U8", "[\"1\"]", "[0,1]"), 1), {w, "shape", "found '1'"}},
      {"elements overflow", container(tensor("U8", "[4294967296,4294967296]", "[0,1]"), 1), {w, "shape", "2^63"}},
      {"size overflows", container(tensor("U8", "[18446744073709551615]", "[0,1]"), 1), {w, "shape", "2^63"}},
      {"bytes overflow", container(tensor("F64", "[" + huge + "]", "[0,8]"), 8), {w, "data_offsets", "2^64"}},
      {"one offset", container(tensor("U8", "[1]", "[0]"), 1), {w, "data_offsets", "an array of 1"}},
      {"three offsets", container(tensor("U8", "[1]", "[0,1,2]"), 1), {w, "data_offsets", "an array of 3"}},
      {"offset is negative", container(tensor("U8", "[1]", "[-1,0]"), 1), {w, "data_offsets", "found -1"}},
      {"offset is a float", container(tensor("U8", "[1]", "[0.0,1]"), 1), {w, "data_offsets", "found 0"}},
      {"end before begin", container(tensor("U8", "[1]", "[1,0]"), 1), {w, "data_offsets", "found [1,0]"}},
      {"past the file's end", container(tensor("U8", "[2]", "[0,2]"), 1), {w, "data_offsets", "found [0,2]"}},
      {"far past the end", container(tensor("U8", "[1]", "[" + huge + "," + huge + "]"), 1), {w, "data_offsets"}},
      {"too few bytes for the shape",
       container(tensor("F32", "[2]", "[0,4]"), 4),
       {w, "expected 8 bytes for f32 [2], found 4"}},
      {"too many bytes for the shape", container(tensor("F32", "[1]", "[0,8]"), 8), {w, "expected 4 bytes", "found 8"}},
      {"bytes of an empty tensor", container(tensor("F32", "[0]", "[0,4]"), 4), {w, "expected 0 bytes", "found 4"}},
      {"a hole before the first", container(tensor("U8", "[1]", "[1,2]"), 2), {w, "begin at 0", "found 1"}},
      {"bytes after the last", container(tensor("U8", "[1]", "[0,1]"), 2), {"expected 1 bytes of tensors, found 2"}},
      {"bytes without tensors", container("{}", 1), {"expected 0 bytes of tensors, found 1"}},
      {"a hole between",
       container(
           R"({"v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
           3),
       {w, "begin at 1", "found 2"}},
      {"an overlap",
       container(
           R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
           3),
       {w, "begin at 2", "found 1"}},
      {"the same bytes twice",
       container(
           R"({"v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
           1),
       {w, "begin at 1", "found 0"}},
      {"an empty tensor inside another",
       container(
           R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
           2),
       {w, "begin at 2", "found 1"}},
  };
  for (Case bad : cases) {
    SCOPED_TRACE(bad.name);
    bad.message.emplace_back(file);
    expect_error<FormatError>([&] { parsed(bad.bytes); }, bad.message);
  }
}

TEST(Safetensors, AnyPrefixIsAnErrorOrAFile) {
  const std::string whole = container(tensor("F32", "[2,2]", "[0,16]"), 16);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(parsed(whole.substr(0, length)), FormatError) << length;
  EXPECT_NO_THROW(parsed(whole));
}

class SafetensorsWriter : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "headformer_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename().string());
    return names;
  }
  fs::path folder_;
};

TEST_F(SafetensorsWriter, WritesWhatItReads) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  const std::vector<float> floats = {1.5F, -2.0F, 3.0F, 4.0F};
  const std::vector<NamedTensor> tensors = {{"bytes", DType::u8, Shape{3}, bytes.data()},
                                            {"none", DType::i64, Shape{0, 2}, nullptr},
                                            {"caf\xc3\xa9 \"quoted\"", DType::f32, Shape{2, 2}, floats.data()}};
  const fs::path path = folder_ / "out.safetensors";
  write_safetensors(path, tensors, {{"format", "pt"}});
  const Safetensors container = Safetensors::parse(Bytes::map(path));
  ASSERT_EQ(container.tensors().size(), 3U);
  const TensorEntry* matrix = container.find("caf\xc3\xa9 \"quoted\"");
  ASSERT_NE(matrix, nullptr);
  EXPECT_EQ(matrix->shape, (Shape{2, 2}));
  EXPECT_EQ(std::memcmp(matrix->bytes.data(), floats.data(), 16), 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix->bytes.data()) % alignof(float), 0U);
  EXPECT_EQ(std::memcmp(container.find("bytes")->bytes.data(), bytes.data(), 3), 0);
  EXPECT_EQ(container.metadata().at("format"), "pt");
  write_safetensors(path, {});  // replaces
  EXPECT_TRUE(Safetensors::parse(Bytes::map(path)).tensors().empty());
  EXPECT_EQ(files(), std::vector<std::string>{"out.safetensors"});
}

TEST_F(SafetensorsWriter, LeavesNothingBehindOnAnError) {
  const float value = 1;
  const auto write = [&](const fs::path& path, std::vector<NamedTensor> tensors) {
    return [path, tensors = std::move(tensors)] { write_safetensors(path, tensors); };
  };
  const NamedTensor good{"w", DType::f32, Shape{1}, &value};
  const fs::path path = folder_ / "out.safetensors";
  expect_error<ArgumentError>(write(path, {good, good}), {"'w'"});
  expect_error<ArgumentError>(write(path, {{"__metadata__", DType::f32, Shape{1}, &value}}), {"'__metadata__'"});
  expect_error<ArgumentError>(write(path, {{"q", DType::q4_0, Shape{32}, &value}}), {"'q'", "q4_0"});
  expect_error<ArgumentError>(write(path, {{"\xff", DType::f32, Shape{1}, &value}}), {"UTF-8"});
  expect_error<IoError>(write(folder_ / "absent" / "out.safetensors", {good}),
                        {"absent/out.safetensors", "cannot create"});
  EXPECT_TRUE(files().empty());
  fs::create_directory(path);
  expect_error<IoError>(write(path, {good}), {"out.safetensors", "found a folder"});
  expect_error<IoError>(write("/dev/null", {good}), {"/dev/null", "found something else"});
  EXPECT_EQ(files(), std::vector<std::string>{"out.safetensors"});
}

TEST_F(SafetensorsWriter, LeavesNothingBehindWhenItCannotGrow) {
  // A limit on the size of files stands for a full disk.
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::vector<float> data(100'000);
  const std::vector<NamedTensor> tensors = {{"w", DType::f32, Shape{100'000}, data.data()}};
  expect_error<IoError>([&] { write_safetensors(folder_ / "out.safetensors", tensors); },
                        {"out.safetensors", "cannot write"});
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
  EXPECT_TRUE(files().empty());
}

TEST_F(SafetensorsWriter, FollowsASymbolicLink) {
  fs::create_directory(folder_ / "elsewhere");
  fs::create_symlink("elsewhere/target.safetensors", folder_ / "link.safetensors");
  write_safetensors(folder_ / "link.safetensors", {});
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.safetensors"));
  EXPECT_TRUE(fs::is_regular_file(folder_ / "elsewhere" / "target.safetensors"));
}

TEST(ShardIndex, MapsTensorsToFiles) {
  const auto map = parse_shard_index(in_memory(
      R"({"metadata":{"total_size":1},"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors","c":"m-2.safetensors"}})",
      "model.safetensors.index.json"));
  ASSERT_EQ(map.size(), 3U);
  EXPECT_EQ(map.at("b"), "m-2.safetensors");
  EXPECT_EQ(shard_files(map), (std::vector<std::string>{"m-1.safetensors", "m-2.safetensors"}));
}

TEST(ShardIndex, RefusesBadInput) {
  constexpr const char* index = "folder/model.safetensors.index.json";
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "weight_map"},
      {"{}", "weight_map: expected an object, found nothing"},
      {R"({"weight_map":[]})", "found an array of 0"},
      {R"({"weight_map":{"w":1}})", "'w': expected a file name, found 1"},
      {R"({"weight_map":{"w":""}})", "'w': expected the name of a file beside the index"},
      {R"({"weight_map":{"w":"."}})", "'w'"},
      {R"({"weight_map":{"w":".."}})", "'w'"},
      {R"({"weight_map":{"w":"../x.safetensors"}})", "found '../x.safetensors'"},
      {R"({"weight_map":{"w":"/etc/passwd"}})", "found '/etc/passwd'"},
      {R"({"weight_map":{"w":"sub/x.safetensors"}})", "found 'sub/x.safetensors'"},
      {R"({"weight_map":{"w":"..\\x"}})", "'w'"},
      {R"({"weight_map":{"w":"a\u0000b"}})", "'w'"},
      {R"({"weight_map":{"w":"a","w":"b"}})", "'w' twice"},
      {"{", "expected JSON"},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    expect_error<FormatError>([&, t = text] { parse_shard_index(in_memory(t, index)); }, {index, message});
  }
}

}  // namespace
}  // namespace headformer
