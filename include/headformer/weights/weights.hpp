#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/weights/matrix_pieces.hpp"

namespace headformer {

/// Binds modules to a checkpoint's tensors by canonical name. A Weights is a place in the tree ("layers.3.attn"); `/`
/// goes down. Everything that does not fit throws WeightError with the full path, what was expected and what was found.
class Weights {
 public:
  /// The root. The checkpoint, table and options outlive the binding.
  Weights(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options, Executor& executor)
      : Weights(checkpoint, table, options, executor, false) {}

  /// As the above, but nothing is read or allocated: only packed_bytes of the report is filled.
  static Weights measure(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options,
                         Executor& executor) {
    return Weights(checkpoint, table, options, executor, true);
  }

  HEADFORMER_COLD Weights operator/(std::string_view name) const {
    Weights child = *this;
    if (name.empty()) return child;
    child.path_ = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    return child;
  }
  HEADFORMER_COLD Weights layer(Index i) const { return *this / ("layers." + std::to_string(i)); }
  const std::string& path() const { return path_; }

  /// A norm's weight, a bias. Shapes: -> [size].
  Tensor<float> vector(std::string_view name, Index size) const { return table(name, Shape{size}); }

  /// A small f32 table such as learned positions, or one stored with more dimensions and marked as flattened. Shapes:
  /// -> shape.
  HEADFORMER_COLD Tensor<float> table(std::string_view name, const Shape& shape) const {
    const detail::TensorSource source = binder_->find(full_name(name));
    if (source.transform != Transform::flattened || source.entry->shape.count() != shape.count())
      source.expect_shape(shape);
    binder_->take(*source.entry);
    binder_->add_packed(static_cast<std::size_t>(shape.count()) * sizeof(float));
    Tensor<float> result(measuring() ? Shape{0} : shape);
    if (measuring()) return result;
    source.dequantise(shape.count(), result.data());
    if (source.transform == Transform::plus_one) {
      for (Index i = 0; i < shape.count(); ++i) result.data()[i] += 1.0F;
    }
    source.entry->bytes.release_pages(0, source.entry->bytes.size());
    return result;
  }

  /// Concatenated biases of the parts, zeros where a part has none. Shapes: -> [sum of outputs].
  HEADFORMER_COLD Tensor<float> bias(std::span<const MatrixPart> parts) const {
    Index outputs = 0;
    std::vector<MatrixPart> biased;
    std::vector<Index> places;
    for (const MatrixPart& part : parts) {
      if (part.biased) {
        biased.push_back(part);
        places.push_back(outputs);
      }
      outputs += part.outputs;
    }
    binder_->add_packed(static_cast<std::size_t>(outputs) * sizeof(float));
    Tensor<float> result(Shape{measuring() ? 0 : outputs});
    auto place = places.begin();
    for (const detail::MatrixPiece& piece : detail::find_pieces(*binder_, path_, biased, "bias", 0)) {
      const Index at = *place++;
      binder_->take(*piece.source.entry);
      if (measuring()) continue;
      std::vector<float> whole(static_cast<std::size_t>(piece.source.entry->shape.count()));
      piece.source.dequantise(piece.source.entry->shape.count(), whole.data());
      for (Index r = 0; r < piece.rows; ++r) {
        result.data()[at + r] = whole[static_cast<std::size_t>(piece.first + piece.stored_row(r))];
      }
    }
    return result;
  }

  /// The parts packed for the kernels: one matrix where the stored types agree, else one for each run of parts that do.
  /// Shapes: each part [outputs, inputs]; the results' outputs add up in order.
  HEADFORMER_COLD std::vector<kernels::PackedMatrix> matrices(std::span<const MatrixPart> parts, Index inputs) const {
    std::vector<detail::MatrixPiece> all = detail::find_pieces(*binder_, path_, parts, "weight", inputs);
    for (detail::MatrixPiece& piece : all) piece.target = detail::target_dtype(*binder_, piece, inputs);
    std::vector<kernels::PackedMatrix> result;
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin + 1;
      while (end < all.size() && all[end].target == all[begin].target) ++end;
      result.push_back(detail::pack_pieces(*binder_, std::span(all).subspan(begin, end - begin), inputs));
      begin = end;
    }
    return result;
  }

  /// Whether the checkpoint holds a tensor under this canonical name. Only for what a checkpoint publishes in no other
  /// way (which of two tied tables it holds).
  bool has(std::string_view name) const { return binder_->try_find(full_name(name)).entry != nullptr; }

  /// Whether two tensors are equal to the last bit; the second then counts as used.
  HEADFORMER_COLD bool same(std::string_view name, std::string_view other) const {
    const TensorEntry& first = *binder_->find(full_name(name)).entry;
    const TensorEntry& second = *binder_->find(full_name(other)).entry;
    const bool equal =
        first.dtype == second.dtype && first.shape == second.shape && first.bytes.text() == second.bytes.text();
    for (const TensorEntry* entry : {&first, &second}) entry->bytes.release_pages(0, entry->bytes.size());
    if (equal) binder_->take(second);
    return equal;
  }

  /// To be called when all is bound: a tensor that nothing asked for is an error; what was packed is kept where that
  /// was asked for. Below the root nothing happens: a part of a model leaves it to the whole.
  void finish() const {
    if (!path_.empty()) return;
    binder_->expect_all_used();
    binder_->keep_packed();
  }
  const LoadReport& report() const { return binder_->report(); }
  bool measuring() const { return binder_->measuring(); }
  /// Where loading computes.
  Executor& executor() const { return binder_->executor(); }

 private:
  Weights(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options, Executor& executor,
          bool measuring)
      : binder_(std::make_shared<detail::Binder>(checkpoint, table, options, executor, measuring)) {}

  std::string full_name(std::string_view member) const {
    return path_.empty() ? std::string(member) : path_ + "." + std::string(member);
  }

  std::shared_ptr<detail::Binder> binder_;
  std::string path_;
};

}  // namespace headformer
