#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "headformer/core/compiled.hpp"
#include "headformer/core/executor.hpp"
#include "headformer/formats/safetensors.hpp"
#include "headformer/kernels/packed_matrix.hpp"

namespace headformer::detail {

/// A file of packed matrices beside a checkpoint, so that the next start maps what this one packed. It is a safetensors
/// file: each matrix is a tensor of bytes, and the metadata holds, under the matrix's name, what it was packed from and
/// a hash of its bytes.
///
/// Never trusted: a matrix is taken only where the hash of the checkpoint's own tensors, the type asked for and the
/// order of packing are those it was made with, and where its bytes still have the hash they were written with.
class PackedCache {
 public:
  /// What a matrix is, and the hash of everything that its bytes depend on.
  struct Key {
    std::string name;
    std::uint64_t hash = 0;
    DType dtype = DType::f32;
    Index outputs = 0;
    Index inputs = 0;
  };

  /// Maps the file when there is one. One that begins as a packed cache and is damaged counts as none, `damage()` says
  /// why. Throws FormatError when it is something else, which writing would destroy, IoError when it cannot be read.
  explicit PackedCache(std::filesystem::path path);

  /// The matrix, or nothing where the file has none that fits or its bytes are not those that were written.
  std::optional<kernels::PackedMatrix> find(Executor& executor, const Key& key) const;

  /// To be written; the storage is shared, not copied.
  void add(Key key, kernels::PackedMatrix matrix, bool found);

  /// Replaces the file by what was added, unless everything was found in it. Throws IoError.
  void write(Executor& executor) const;

  const std::string& damage() const { return damage_; }

 private:
  static std::string seal(Executor& executor, const Key& key, std::span<const std::byte> bytes);

  struct Member {
    Key key;
    kernels::PackedMatrix matrix;
  };

  std::filesystem::path path_;
  std::string damage_;
  std::optional<Safetensors> file_;
  std::vector<Member> members_;
  bool all_found_ = true;
};

}  // namespace headformer::detail

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/weights/packed_cache-inl.hpp"
#endif
