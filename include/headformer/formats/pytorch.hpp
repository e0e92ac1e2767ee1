#pragma once

#include <span>
#include <string_view>

#include "headformer/core/mapped_file.hpp"
#include "headformer/formats/tensor_entry.hpp"

namespace headformer {

/// A checkpoint of torch.save seen in place: a zip archive of a pickle and the tensors' storages, as PyTorch writes
/// them since 1.6 (pytorch_model.bin, adapter_model.bin). The pickle is read, never executed: tensors, storages,
/// ordered dicts, numbers and text are all it may hold. A tensor that lies row-major in its storage is not copied; one
/// that does not (a transposed view) is, once.
class PyTorchFile {
 public:
  /// Throws FormatError, naming the file and the tensor, unless the archive and its pickle are whole, the pickle's
  /// value is a dict, and every tensor in it lies inside its storage, has at most five dimensions and a dtype that is
  /// known. What else the dict holds is left out.
  static PyTorchFile parse(Bytes file);

  const Bytes& file() const { return file_; }
  /// In the order of the dict.
  std::span<const TensorEntry> tensors() const { return tensors_.entries(); }
  /// nullptr when there is none of this name.
  const TensorEntry* find(std::string_view name) const { return tensors_.find(name); }

 private:
  Bytes file_;
  detail::TensorTable tensors_;
};

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/formats/pytorch-inl.hpp"
#endif
