#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/error.hpp"
#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/byte_reader.hpp"

namespace headformer::detail {

/// A file inside an archive: a part of the archive's bytes.
struct ZipEntry {
  std::string_view name;
  Bytes bytes;
};

/// A zip archive of stored (not compressed) files, seen in place (APPNOTE.TXT 6.3.10, with the 64-bit records that
/// PyTorch writes). Checksums are not looked at: that would read every weight once more.
class ZipArchive {
 public:
  static constexpr std::uint32_t local_signature = 0x04034b50;

  /// Throws FormatError unless the directory is whole and every file in it is stored inside the archive.
  HEADFORMER_COLD static std::vector<ZipEntry> parse(const Bytes& file) {
    const Directory directory = find_directory(file);
    ByteReader reader(file, static_cast<std::size_t>(directory.offset));
    std::vector<ZipEntry> entries;
    for (std::uint64_t i = 0; i < directory.entries; ++i) entries.push_back(read_entry(file, reader));
    return entries;
  }

 private:
  struct Directory {
    std::uint64_t entries;
    std::uint64_t offset;
  };
  /// Sizes and an offset that 32 bits may not hold.
  struct Extent {
    std::uint64_t size;
    std::uint64_t stored_size;
    std::uint64_t offset;
  };

  HEADFORMER_COLD static Directory find_directory(const Bytes& file) {
    constexpr std::size_t record = 22;
    constexpr std::size_t longest_comment = 65535;
    const std::size_t size = file.size();
    for (std::size_t back = record; back <= size && back <= record + longest_comment; ++back) {
      const std::byte* const at = file.data() + (size - back);
      if (load_unaligned<std::uint32_t>(at) != 0x06054b50) continue;
      const Directory directory = {load_unaligned<std::uint16_t>(at + 10), load_unaligned<std::uint32_t>(at + 16)};
      const Directory found = directory.entries == 0xffff || directory.offset == 0xffffffff
                                  ? find_large_directory(file, size - back)
                                  : directory;
      if (found.offset > size)
        throw FormatError(file.name() + ": zip directory: expected inside the file of " + std::to_string(size) +
                          " bytes, found at offset " + std::to_string(found.offset));
      return found;
    }
    throw FormatError(file.name() + ": expected a zip archive, found no end of its directory");
  }

  /// The 64-bit record, which a locator just before the old one points at.
  HEADFORMER_COLD static Directory find_large_directory(const Bytes& file, std::size_t end_record) {
    constexpr std::size_t locator = 20;
    if (end_record < locator || load_unaligned<std::uint32_t>(file.data() + (end_record - locator)) != 0x07064b50)
      throw FormatError(file.name() + ": zip directory: expected a 64-bit locator, found none");
    const auto at = load_unaligned<std::uint64_t>(file.data() + (end_record - locator) + 8);
    if (at > file.size())
      throw FormatError(file.name() + ": zip directory: expected its 64-bit record inside the file");
    ByteReader reader(file, static_cast<std::size_t>(at));
    if (reader.read<std::uint32_t>("the zip directory's record") != 0x06064b50)
      throw FormatError(file.name() + ": zip directory: expected a 64-bit record at offset " + std::to_string(at));
    reader.skip(28, "the zip directory's record");
    const auto entries = reader.read<std::uint64_t>("the zip directory's record");
    reader.skip(8, "the zip directory's record");
    return {entries, reader.read<std::uint64_t>("the zip directory's record")};
  }

  HEADFORMER_COLD static ZipEntry read_entry(const Bytes& file, ByteReader& reader) {
    constexpr std::string_view what = "a zip directory's entry";
    const std::byte* const head = reader.skip(46, what);
    if (load_unaligned<std::uint32_t>(head) != 0x02014b50)
      throw FormatError(file.name() + ": zip directory: expected an entry at offset " +
                        std::to_string(reader.offset() - 46));
    const auto flags = load_unaligned<std::uint16_t>(head + 8);
    const auto method = load_unaligned<std::uint16_t>(head + 10);
    const auto name_length = load_unaligned<std::uint16_t>(head + 28);
    const auto extra_length = load_unaligned<std::uint16_t>(head + 30);
    const auto comment_length = load_unaligned<std::uint16_t>(head + 32);
    const std::string_view name(reinterpret_cast<const char*>(reader.skip(name_length, what)), name_length);
    const std::byte* const extra = reader.skip(extra_length, what);
    reader.skip(comment_length, what);
    const std::string place = file.name() + ": " + quoted(name, 80) + ": ";
    if ((flags & 1) != 0) throw FormatError(place + "expected a plain file, found an encrypted one");
    if (method != 0)
      throw FormatError(place + "expected a stored file, as PyTorch writes them, found compression method " +
                        std::to_string(method));
    Extent extent = {load_unaligned<std::uint32_t>(head + 24), load_unaligned<std::uint32_t>(head + 20),
                     load_unaligned<std::uint32_t>(head + 42)};
    widen(extent, extra, extra_length);
    if (extent.size != extent.stored_size)
      throw FormatError(place + "expected as many bytes stored as in the file, found " +
                        std::to_string(extent.stored_size) + " and " + std::to_string(extent.size));
    return {name, contents(file, extent, place)};
  }

  /// Takes what is 0xffffffff from the extra field 1, where it stands in this order.
  static void widen(Extent& extent, const std::byte* extra, std::size_t length) {
    for (std::size_t at = 0; at + 4 <= length;) {
      const auto id = load_unaligned<std::uint16_t>(extra + at);
      const std::size_t size = load_unaligned<std::uint16_t>(extra + at + 2);
      at += 4;
      if (size > length - at) return;
      if (id == 1) {
        std::size_t used = 0;
        for (std::uint64_t* value : {&extent.size, &extent.stored_size, &extent.offset}) {
          if (*value != 0xffffffff || used + 8 > size) continue;
          *value = load_unaligned<std::uint64_t>(extra + at + used);
          used += 8;
        }
      }
      at += size;
    }
  }

  /// The bytes behind the local header.
  HEADFORMER_COLD static Bytes contents(const Bytes& file, const Extent& extent, const std::string& place) {
    constexpr std::size_t header = 30;
    if (extent.offset > file.size() || file.size() - extent.offset < header)
      throw FormatError(place + "expected its header inside the archive, found offset " +
                        std::to_string(extent.offset));
    const auto at = static_cast<std::size_t>(extent.offset);
    if (load_unaligned<std::uint32_t>(file.data() + at) != local_signature)
      throw FormatError(place + "expected a local header at offset " + std::to_string(at));
    const std::size_t lengths = std::size_t{load_unaligned<std::uint16_t>(file.data() + at + 26)} +
                                load_unaligned<std::uint16_t>(file.data() + at + 28);
    const std::size_t rest = file.size() - at - header;
    if (lengths > rest || extent.size > rest - lengths)
      throw FormatError(place + "expected " + std::to_string(extent.size) + " bytes, found " +
                        std::to_string(rest - std::min(rest, lengths)) + " before the archive's end");
    return file.subspan(at + header + lengths, static_cast<std::size_t>(extent.size));
  }
};

}  // namespace headformer::detail
