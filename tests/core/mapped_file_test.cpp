#include "headformer/core/mapped_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace headformer {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, removed at the end.
class MappedFile : public testing::Test {
 protected:
  MappedFile() {
    std::string pattern = (fs::temp_directory_path() / "headformer_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
  }
  ~MappedFile() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  static std::string message(const fs::path& path) {
    try {
      Bytes::map(path);
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(MappedFile, ReadsAFile) {
  const std::string content("some\0bytes", 10);
  const fs::path path = write("file", content);
  const Bytes bytes = Bytes::map(path);
  EXPECT_EQ(bytes.text(), content);
  EXPECT_EQ(bytes.size(), 10U);
  EXPECT_EQ(bytes.name(), path.string());
  EXPECT_NE(bytes.owner(), nullptr);
}

TEST_F(MappedFile, AnEmptyFileIsEmpty) {
  const fs::path path = write("empty", "");
  const Bytes bytes = Bytes::map(path);
  EXPECT_EQ(bytes.size(), 0U);
  EXPECT_EQ(bytes.name(), path.string());
  bytes.release_pages(0, 0);
}

TEST_F(MappedFile, PartsKeepTheMappingAlive) {
  Bytes part;
  {
    const Bytes whole = Bytes::map(write("file", "0123456789"));
    part = whole.subspan(3, 4);
  }
  fs::remove(folder_ / "file");
  EXPECT_EQ(part.text(), "3456");
  EXPECT_EQ(part.subspan(1, 2).text(), "45");
  EXPECT_EQ(part.name(), (folder_ / "file").string());
}

TEST_F(MappedFile, ReleasedPagesReadTheSame) {
  std::string content(5 * 4096 + 17, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 % 251);
  const Bytes bytes = Bytes::map(write("file", content));
  EXPECT_EQ(bytes.text(), content);
  bytes.release_pages(0, content.size());
  bytes.release_pages(100, 5000);
  bytes.release_pages(10, 20);
  bytes.subspan(4097, 9000).release_pages(1, 8999);
  EXPECT_EQ(bytes.text(), content);
}

TEST_F(MappedFile, ErrorsNameThePathAndTheCause) {
  const std::string folder = folder_.string();
  EXPECT_EQ(message(folder_ / "missing"), folder + "/missing: cannot open: No such file or directory");
  EXPECT_EQ(message(folder_), folder + ": expected a regular file, found a folder");
  EXPECT_EQ(message(write("file", "x") / "below"), folder + "/file/below: cannot open: Not a directory");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(message(folder_ / "fifo"), folder + "/fifo: expected a regular file, found something else");
  fs::create_symlink(folder_ / "loop", folder_ / "loop");
  EXPECT_EQ(message(folder_ / "loop"), folder + "/loop: cannot open: Too many levels of symbolic links");
  EXPECT_EQ(message("/dev/null"), "/dev/null: expected a regular file, found something else");
  EXPECT_EQ(message(""), ": cannot open: No such file or directory");
}

TEST_F(MappedFile, AnUnreadableFileIsAnError) {
  const fs::path path = write("secret", "x");
  fs::permissions(path, fs::perms::none);
  fs::permissions(folder_, fs::perms::owner_all | fs::perms::others_exec);
  // Root reads everything, so it becomes somebody else for a moment.
  const bool root = ::geteuid() == 0;
  constexpr uid_t nobody = 65534;
  if (root && ::seteuid(nobody) != 0) GTEST_SKIP() << "root cannot become somebody else here";
  const std::string found = message(path);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(found, path.string() + ": cannot open: Permission denied");
}

TEST_F(MappedFile, NoDescriptorIsLeftOpen) {
  const fs::path path = write("file", "x");
  const auto open_descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_descriptors();
  std::vector<Bytes> mapped;
  for (int i = 0; i < 10; ++i) {
    mapped.push_back(Bytes::map(path));
    EXPECT_THROW(Bytes::map(folder_), IoError);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Bytes, MemoryOfTheCallers) {
  const Bytes none;
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.name(), "");
  auto data = std::make_shared<std::vector<std::byte>>(8, std::byte{65});
  const std::weak_ptr<std::vector<std::byte>> watch = data;
  {
    const Bytes bytes({data->data(), data->size()}, data, "memory");
    data.reset();
    EXPECT_EQ(bytes.text(), "AAAAAAAA");
    EXPECT_EQ(bytes.name(), "memory");
    bytes.release_pages(0, 8);  // no mapping: nothing happens
    EXPECT_EQ(bytes.text(), "AAAAAAAA");
  }
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace headformer
