#include "headformer/formats/pytorch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "bad_input.hpp"
#include "headformer/formats/safetensors.hpp"

namespace headformer {
namespace {

using tests::expect_error;
using tests::in_memory;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens" / "pytorch" / name;
}
std::string bytes_of(const std::string& name) { return std::string(Bytes::map(golden(name)).text()); }
PyTorchFile parsed(const std::string& bytes) {
  return PyTorchFile::parse(in_memory(bytes, "folder/pytorch_model.bin"));
}

/// The file with the first (or last) `from` replaced; both are of one length, so that no place in the archive moves.
std::string replaced(std::string bytes, std::string_view from, std::string_view to, bool last = false) {
  EXPECT_EQ(from.size(), to.size());
  const std::size_t at = last ? bytes.rfind(from) : bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return bytes.replace(at, from.size(), to);
}

void expect_same_tensors(const PyTorchFile& found, const Safetensors& expected) {
  EXPECT_EQ(found.tensors().size(), expected.tensors().size());
  for (const TensorEntry& entry : expected.tensors()) {
    SCOPED_TRACE(entry.name);
    const TensorEntry* tensor = found.find(entry.name);
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->dtype, entry.dtype);
    EXPECT_EQ(tensor->shape, entry.shape);
    ASSERT_EQ(tensor->bytes.size(), entry.bytes.size());
    EXPECT_TRUE(std::equal(entry.bytes.span().begin(), entry.bytes.span().end(), tensor->bytes.data()));
  }
}

TEST(PyTorch, HasTheTensorsThatSafetensorsHas) {
  const Safetensors expected = Safetensors::parse(Bytes::map(golden("tensors.safetensors")));
  expect_same_tensors(PyTorchFile::parse(Bytes::map(golden("tensors.bin"))), expected);
  expect_same_tensors(PyTorchFile::parse(Bytes::map(golden("protocol_4.bin"))), expected);
}

TEST(PyTorch, CopiesNothingThatLiesRowMajor) {
  const Bytes file = Bytes::map(golden("tensors.bin"));
  const PyTorchFile checkpoint = PyTorchFile::parse(file);
  const auto inside = [&](const char* name) {
    const std::byte* data = checkpoint.find(name)->bytes.data();
    return data >= file.data() && data < file.data() + file.size();
  };
  EXPECT_TRUE(inside("float.float32"));
  EXPECT_TRUE(inside("inside"));
  EXPECT_TRUE(inside("parameter"));
  EXPECT_FALSE(inside("transposed"));
  EXPECT_EQ(checkpoint.find("tied.a")->bytes.data(), checkpoint.find("tied.b")->bytes.data());
  EXPECT_EQ(checkpoint.find("epoch"), nullptr);
}

TEST(PyTorch, ExecutesNothing) {
  expect_error<FormatError>([] { parsed(bytes_of("hostile.bin")); },
                            {"folder/pytorch_model.bin", "system'", "not executed"});
}

TEST(PyTorch, RefusesWhatIsNoArchive) {
  expect_error<FormatError>([] { parsed(bytes_of("old.bin")); }, {"folder/pytorch_model.bin", "zip", "1.6"});
  expect_error<FormatError>([] { parsed(""); }, {"zip"});
  expect_error<FormatError>([] { parsed("PK\3\4"); }, {"zip", "directory"});
  expect_error<FormatError>([] { parsed("not a zip archive at all, but long enough for one"); }, {"zip"});
}

TEST(PyTorch, NamesTheTensorThatIsWrong) {
  const std::string file = bytes_of("tensors.bin");
  // data.pkl and a storage are found by their names in the directory, the last place that has them.
  expect_error<FormatError>([&] { parsed(replaced(file, "tensors/data.pkl", "tensors/data.pk_", true)); },
                            {"data.pkl"});
  expect_error<FormatError>([&] { parsed(replaced(file, "tensors/data/3", "tensors/data/_", true)); },
                            {"tensor 'float.float64'", "data/'3'", "no such file"});
  expect_error<FormatError>([&] { parsed(replaced(file, "HalfStorage", "ItsAStorage")); },
                            {"global 'torch.ItsAStorage'", "not executed"});
  expect_error<FormatError>([&] { parsed(replaced(file, "little", "big...")); }, {"byteorder", "little", "big"});
  // The first tensor's shape (3, 4) becomes (9, 4): K is an opcode of one-byte integers.
  expect_error<FormatError>([&] { parsed(replaced(file, "K\3K\4\x86", "K\11K\4\x86")); },
                            {"tensor 'float.float32'", "[9, 4]", "12 elements"});
}

TEST(PyTorch, RefusesCompressedFiles) {
  std::string file = bytes_of("tensors.bin");
  const std::size_t entry = file.find("PK\1\2");
  ASSERT_NE(entry, std::string::npos);
  file[entry + 10] = 8;
  expect_error<FormatError>([&] { parsed(file); }, {"stored", "compression method 8"});
}

TEST(PyTorch, EveryTruncationIsAnError) {
  const std::string file = bytes_of("tensors.bin");
  for (std::size_t size = 0; size < file.size(); size += size < 2000 || size + 2000 > file.size() ? 1 : 61) {
    EXPECT_THROW(parsed(file.substr(0, size)), FormatError) << size;
  }
}

TEST(PyTorch, NoChangedByteCrashes) {
  const std::string file = bytes_of("tensors.bin");
  const std::size_t pickle = file.find("tensors/data.pkl");
  const std::size_t directory = file.find("PK\1\2");
  ASSERT_LT(pickle, directory);
  std::size_t refused = 0;
  const auto change = [&](std::size_t at, char by) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ by);
    try {
      const PyTorchFile checkpoint = parsed(changed);
      for (const TensorEntry& tensor : checkpoint.tensors())
        EXPECT_EQ(tensor.bytes.size(), static_cast<std::size_t>(tensor.shape.count()) * block_bytes(tensor.dtype));
    } catch (const FormatError&) {
      ++refused;
    }
  };
  for (const char by : {'\x01', '\x20', '\x80', '\xff'}) {
    for (std::size_t at = pickle; at < std::min(directory, pickle + 4000); ++at) change(at, by);
    for (std::size_t at = directory; at < file.size(); ++at) change(at, by);
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace headformer
