#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <type_traits>

#include "headformer/core/error.hpp"

namespace headformer {

/// Sizes and positions are signed, as Eigen's are.
using Index = std::ptrdiff_t;

/// Up to five dimensions, outermost first.
class Shape {
 public:
  static constexpr int max_rank = 5;

  Shape() = default;
  Shape(std::initializer_list<Index> sizes) : Shape(std::span<const Index>(sizes.begin(), sizes.size())) {}
  /// Throws ArgumentError past five dimensions, for a negative size, and when the product overflows.
  explicit Shape(std::span<const Index> sizes) : rank_(static_cast<int>(sizes.size())) {
    if (sizes.size() > max_rank)
      throw ArgumentError("shape: at most 5 dimensions, found " + std::to_string(sizes.size()));
    Index count = 1;  // a zero counts as 1, so that it does not hide an overflow of the other sizes
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] < 0) throw ArgumentError("shape: negative size " + std::to_string(sizes[i]));
      if (__builtin_mul_overflow(count, std::max(sizes[i], Index{1}), &count))
        throw ArgumentError("shape: the number of elements overflows");
      sizes_[i] = sizes[i];
    }
  }

  int rank() const { return rank_; }
  Index operator[](int dimension) const { return sizes_[static_cast<std::size_t>(dimension)]; }
  /// Product of the sizes; 1 for rank 0.
  Index count() const {
    Index product = 1;
    for (int i = 0; i < rank_; ++i) product *= (*this)[i];
    return product;
  }
  const Index* begin() const { return sizes_.data(); }
  const Index* end() const { return sizes_.data() + rank_; }

  friend bool operator==(const Shape& a, const Shape& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  std::array<Index, max_rank> sizes_{};
  int rank_ = 0;
};

/// "[2, 3]"
inline std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

/// Looks at a row-major tensor that somebody else owns. Inner dimensions are contiguous; the outermost may have a
/// larger stride, so that a range of columns of a matrix is a view too. Copying a view copies no element.
/// core/matrix.hpp shows it as a matrix of Eigen's.
template <class T>
class TensorView {
 public:
  TensorView() = default;
  TensorView(T* data, const Shape& shape) : TensorView(data, shape, inner_count(shape)) {}
  /// `row_stride`: elements from one outermost index to the next.
  TensorView(T* data, const Shape& shape, Index row_stride) : data_(data), shape_(shape), row_stride_(row_stride) {}
  /// A view of mutable elements converts to one of const elements.
  template <class U>
    requires(std::is_const_v<T> && std::is_same_v<const U, T>)
  TensorView(const TensorView<U>& other)  // NOLINT(google-explicit-constructor)
      : TensorView(other.data(), other.shape(), other.row_stride()) {}

  T* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  Index size(int dimension) const { return shape_[dimension]; }
  Index count() const { return shape_.count(); }
  Index row_stride() const { return row_stride_; }
  bool contiguous() const { return row_stride_ == inner_count(shape_) || shape_.rank() == 0 || shape_[0] <= 1; }

  /// Outermost size, and everything inside it: a tensor seen as a matrix [rows, columns].
  Index rows() const { return shape_.rank() == 0 ? 1 : shape_[0]; }
  Index columns() const { return inner_count(shape_); }
  /// First element of an outermost index.
  T* row(Index i) const { return data_ + i * row_stride_; }
  std::span<T> row_span(Index i) const { return {row(i), static_cast<std::size_t>(columns())}; }

  /// Rows [begin, end), all columns.
  TensorView slice_rows(Index begin, Index end) const { return {row(begin), with_outer(end - begin), row_stride_}; }
  /// A matrix's columns [begin, end), all rows. Shapes: [R, C] -> [R, end - begin].
  TensorView slice_columns(Index begin, Index end) const {
    return {data_ + begin, Shape{rows(), end - begin}, row_stride_};
  }

 private:
  static Index inner_count(const Shape& shape) {
    Index product = 1;
    for (int i = 1; i < shape.rank(); ++i) product *= shape[i];
    return product;
  }
  Shape with_outer(Index outer) const {
    std::array<Index, Shape::max_rank> sizes{};
    std::copy(shape_.begin(), shape_.end(), sizes.begin());
    sizes[0] = outer;
    return Shape(std::span<const Index>(sizes.data(), static_cast<std::size_t>(shape_.rank())));
  }

  T* data_ = nullptr;
  Shape shape_;
  Index row_stride_ = 0;
};

namespace detail {
/// Bytes of `count` elements. Throws std::bad_array_new_length (a std::bad_alloc) when they overflow.
template <class T>
std::size_t bytes_of(std::size_t count) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, sizeof(T), &bytes) || bytes > PTRDIFF_MAX) throw std::bad_array_new_length();
  return bytes;
}
}  // namespace detail

/// Uninitialised memory aligned to a cache line (which is also the widest vector); elements must be trivial.
template <class T>
class AlignedArray {
 public:
  static_assert(std::is_trivially_destructible_v<T>);
  static constexpr std::size_t alignment = 64;

  AlignedArray() = default;
  /// Throws std::bad_alloc.
  explicit AlignedArray(std::size_t count)
      : data_(count == 0 ? nullptr
                         : static_cast<T*>(::operator new(detail::bytes_of<T>(count), std::align_val_t{alignment}))),
        size_(count) {}

  T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_.get()[i]; }
  T* begin() const { return data(); }
  T* end() const { return data() + size_; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{alignment}); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

/// Owns a contiguous row-major tensor, zero at first, aligned to 64 bytes. Movable; copy with clone().
template <class T>
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(const Shape& shape) : storage_(static_cast<std::size_t>(shape.count())), shape_(shape) {
    std::fill(storage_.begin(), storage_.end(), T{});
  }

  T* data() { return storage_.data(); }
  const T* data() const { return storage_.data(); }
  const Shape& shape() const { return shape_; }
  Index size(int dimension) const { return shape_[dimension]; }
  Index count() const { return shape_.count(); }
  TensorView<T> view() { return {data(), shape_}; }
  TensorView<const T> view() const { return {data(), shape_}; }
  operator TensorView<T>() { return view(); }              // NOLINT(google-explicit-constructor)
  operator TensorView<const T>() const { return view(); }  // NOLINT(google-explicit-constructor)

  Tensor clone() const {
    Tensor copy(shape_);
    std::copy(storage_.begin(), storage_.end(), copy.storage_.begin());
    return copy;
  }

 private:
  AlignedArray<T> storage_;
  Shape shape_;
};

}  // namespace headformer
