#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headformer/core/grid.hpp"
#include "headformer/nn/context.hpp"

namespace headformer {

/// What a head puts out, under the reference's names.
struct EncoderOutput {
  std::vector<std::string> names;
  Index width = 0;         ///< numbers a row
  bool per_token = false;  ///< a row for each token; otherwise one for each sequence
  bool scalars = false;    ///< each number has a name and is written without a dimension of its own
  bool patches = false;    ///< per token, of which those that are a picture's patches count
  Index rows = 0;          ///< an item's numbers are written as that many rows; 0: as one
  Index pixels = 0;        ///< the side of a square of pixels that a patch's row [C, side, side] is; 0: it is none
};

/// A part of an encoder that follows its layers. Immutable, shareable between threads.
class EncoderHead {
 public:
  explicit EncoderHead(EncoderOutput output) : output_(std::move(output)) {}
  virtual ~EncoderHead() = default;
  EncoderHead(const EncoderHead&) = delete;
  EncoderHead& operator=(const EncoderHead&) = delete;

  const EncoderOutput& output() const { return output_; }
  /// The places that the rows of a head with `patches` stand for, made of a picture whose last rows are those of
  /// `grid`.
  virtual Grid map(Grid grid) const { return grid; }
  /// Rows that it makes of a sequence of `rows`, of which the last are the places of `grid`.
  virtual Index rows(Index rows, Grid /*grid*/) const { return output_.per_token ? rows : 1; }
  /// Shapes: hidden [T, D] -> y [rows() of the sequences together, output().width].
  virtual void operator()(Context& context, TensorView<const float> hidden, TensorView<float> y) const = 0;

 private:
  EncoderOutput output_;
};

}  // namespace headformer
