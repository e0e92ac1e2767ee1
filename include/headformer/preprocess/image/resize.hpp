#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/preprocess/image/picture.hpp"

namespace headformer {

/// Pillow's filters, by its numbers.
enum class ResizeFilter : std::uint8_t { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

namespace detail {

/// How far a filter reaches, in pixels of the smaller of the two pictures.
inline double filter_reach(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::lanczos:
      return 3;
    case ResizeFilter::bicubic:
      return 2;
    case ResizeFilter::box:
      return 0.5;
    default:
      return 1;
  }
}

inline double sinc(double x) {
  return x == 0 ? 1 : std::sin(x * 3.14159265358979323846) / (x * 3.14159265358979323846);
}

inline double filter_weight(ResizeFilter filter, double x) {
  const double far = std::abs(x);
  switch (filter) {
    case ResizeFilter::lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    case ResizeFilter::bicubic:
      if (far < 1) return ((-0.5 + 2) * far - (-0.5 + 3)) * far * far + 1;
      return far < 2 ? (((far - 5) * far + 8) * far - 4) * -0.5 : 0;
    case ResizeFilter::box:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case ResizeFilter::hamming:
      if (far == 0) return 1;
      return far >= 1 ? 0 : sinc(far) * (0.54 + 0.46 * std::cos(far * 3.14159265358979323846));
    default:
      return far < 1 ? 1 - far : 0;
  }
}

/// For each output along one dimension the inputs it is made from, weights as whole numbers of 2^-22.
struct ResizeTaps {
  static constexpr int bits = 22;

  struct Span {
    Index first;
    Index count;
    std::size_t weights;  ///< where they begin
  };
  std::vector<Span> spans;
  std::vector<std::int32_t> weights;
};

inline ResizeTaps resize_taps(ResizeFilter filter, Index from, Index to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0);
  const double reach = filter_reach(filter) * stretch;
  ResizeTaps taps;
  std::vector<double> weights;
  for (Index i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const Index first = std::max<Index>(static_cast<Index>(centre - reach + 0.5), 0);
    const Index last = std::min<Index>(static_cast<Index>(centre + reach + 0.5), from);
    weights.clear();
    double sum = 0;
    for (Index k = first; k < last; ++k) {
      weights.push_back(filter_weight(filter, (static_cast<double>(k) - centre + 0.5) * (1.0 / stretch)));
      sum += weights.back();
    }
    taps.spans.push_back({first, last - first, taps.weights.size()});
    for (double weight : weights) {
      if (sum != 0) weight /= sum;
      weight *= 1 << ResizeTaps::bits;
      taps.weights.push_back(static_cast<std::int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5));
    }
  }
  return taps;
}

/// One output: the inputs lie `stride` bytes apart.
inline std::uint8_t blend(const ResizeTaps& taps, const ResizeTaps::Span& span, const std::uint8_t* from,
                          Index stride) {
  std::int32_t sum = 1 << (ResizeTaps::bits - 1);
  for (Index k = 0; k < span.count; ++k)
    sum += from[(span.first + k) * stride] * taps.weights[span.weights + static_cast<std::size_t>(k)];
  return static_cast<std::uint8_t>(std::clamp(sum >> ResizeTaps::bits, 0, 255));
}

inline Picture resize_across(const Picture& picture, ResizeFilter filter, Index width) {
  const ResizeTaps taps = resize_taps(filter, picture.size().width, width);
  Picture result({picture.size().height, width}, picture.channels());
  const Index channels = picture.channels();
  for (Index y = 0; y < picture.size().height; ++y) {
    std::uint8_t* to = result.row(y);
    for (const ResizeTaps::Span& span : taps.spans) {
      for (Index c = 0; c < channels; ++c) *to++ = blend(taps, span, picture.row(y) + c, channels);
    }
  }
  return result;
}

inline Picture resize_down(const Picture& picture, ResizeFilter filter, Index height) {
  const ResizeTaps taps = resize_taps(filter, picture.size().height, height);
  Picture result({height, picture.size().width}, picture.channels());
  const Index stride = picture.size().width * picture.channels();
  for (Index y = 0; y < height; ++y) {
    const ResizeTaps::Span& span = taps.spans[static_cast<std::size_t>(y)];
    for (Index i = 0; i < stride; ++i) result.row(y)[i] = blend(taps, span, picture.row(0) + i, stride);
  }
  return result;
}

inline Picture resize_nearest(const Picture& picture, Grid size) {
  Picture result(size, picture.channels());
  const auto source = [](Index i, Index from, Index to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    return std::min(static_cast<Index>((static_cast<double>(i) + 0.5) * scale), from - 1);
  };
  const Index channels = picture.channels();
  for (Index y = 0; y < size.height; ++y) {
    const std::uint8_t* const from = picture.row(source(y, picture.size().height, size.height));
    for (Index x = 0; x < size.width; ++x)
      std::copy_n(from + source(x, picture.size().width, size.width) * channels, channels,
                  result.row(y) + x * channels);
  }
  return result;
}

}  // namespace detail

/// The picture in another size, to the bit as Pillow 13's Image.resize makes it of 8-bit channels: with antialias, one
/// dimension after the other, rounded to 8 bits after each (https://github.com/python-pillow/Pillow,
/// src/libImaging/Resample.c). Alpha is a channel like the others, where Pillow multiplies it in first. Throws
/// ArgumentError for a size below 1.
HEADFORMER_COLD inline Picture resize(const Picture& picture, Grid size, ResizeFilter filter) {
  if (size.height < 1 || size.width < 1)
    throw ArgumentError("resize: expected at least one pixel, found " + to_string(size));
  if (size == picture.size()) return picture;
  if (filter == ResizeFilter::nearest) return detail::resize_nearest(picture, size);
  const Index less_rows = picture.size().height - size.height;
  const Index less_columns = picture.size().width - size.width;
  if (less_columns == 0) return detail::resize_down(picture, filter, size.height);
  if (less_rows == 0) return detail::resize_across(picture, filter, size.width);
  // Pillow's own order, found by trying thousands of sizes: what comes first is rounded first.
  if (less_rows > 0 && less_rows > 2 * less_columns)
    return detail::resize_across(detail::resize_down(picture, filter, size.height), filter, size.width);
  return detail::resize_down(detail::resize_across(picture, filter, size.width), filter, size.height);
}

}  // namespace headformer
