#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/nn/attention.hpp"
#include "headformer/nn/window_bias.hpp"

namespace headformer {

/// Attention inside the windows of a feature map, which every second layer moves by half a window (Liu et al. 2021,
/// https://arxiv.org/abs/2103.14030): a window is a sequence of a batch of its own. Maps are filled up with rows of
/// zeros to whole windows. x [sum of places, D] -> y [sum of places, D].
struct WindowedAttention {
  SelfAttention<Bidirectional, WindowBias> inner;

  HEADFORMER_COLD WindowedAttention(const AttentionConfig& config, const Weights& weights) : inner(config, weights) {}

  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    const Windows windows(context.batch(), inner.config.window_bias);
    Scratch::Frame frame(context.scratch());
    const auto gathered = frame.take_rows<float>(windows.rows(), x.columns());
    const auto seen = frame.take_rows<float>(windows.rows(), x.columns());
    const std::vector<Index>& places = windows.places();
    const auto each = [&](const auto& body) {
      parallel_for(context.compute().executor, windows.rows(), 16, [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r) body(r, places[static_cast<std::size_t>(r)]);
      });
    };
    each([&](Index r, Index place) {
      if (place < 0) {
        std::fill_n(gathered.row(r), x.columns(), 0.0F);
      } else {
        std::copy_n(x.row(place), x.columns(), gathered.row(r));
      }
    });
    Context inside(context.compute(), context.scratch(), context.scratch(), windows.batch());
    inner(inside, gathered, seen);
    each([&](Index r, Index place) {
      if (place >= 0) std::copy_n(seen.row(r), x.columns(), y.row(place));
    });
  }

 private:
  /// The windows of a batch of feature maps.
  class Windows {
   public:
    /// Throws ArgumentError for a map that is smaller than a window.
    Windows(const Batch& maps, const WindowBiasConfig& config) : side_(config.window) {
      for (const BatchSequence& map : maps.sequences) {
        const Index least = std::min(map.grid.height, map.grid.width);
        if (least < side_.height)
          throw ArgumentError("pixel_values: expected feature maps of at least one window of " + to_string(side_) +
                              ", found " + to_string(map.grid));
        add(map, least == side_.height ? 0 : config.shift);
      }
      batch_.positions.resize(places_.size(), 0);
    }
    Windows(const Windows&) = delete;
    Windows& operator=(const Windows&) = delete;

    const Batch& batch() const { return batch_; }
    Index rows() const { return static_cast<Index>(places_.size()); }
    /// Of each row its row in the maps; -1: zeros.
    const std::vector<Index>& places() const { return places_; }

   private:
    void add(const BatchSequence& map, Index shift) {
      const Grid count{(map.grid.height + side_.height - 1) / side_.height,
                       (map.grid.width + side_.width - 1) / side_.width};
      const Grid padded{count.height * side_.height, count.width * side_.width};
      for (Index w = 0; w < count.count(); ++w) {
        const Index row = w / count.width;
        const Index column = w % count.width;
        BatchSequence window{rows(), side_.count(), side_.count(), nullptr, {}};
        window.grid = side_;
        if (shift > 0) window.regions = regions(row + 1 == count.height, column + 1 == count.width, shift);
        batch_.sequences.push_back(window);
        for (Index place = 0; place < side_.count(); ++place) {
          const Index y = (row * side_.height + place / side_.width + shift) % padded.height;
          const Index x = (column * side_.width + place % side_.width + shift) % padded.width;
          const bool inside = y < map.grid.height && x < map.grid.width;
          places_.push_back(inside ? map.first_row + y * map.grid.width + x : -1);
        }
      }
    }

    /// A moved window at the lower or right edge holds what came around from the other side.
    std::span<const std::int32_t> regions(bool last_row, bool last_column, Index shift) {
      if (!last_row && !last_column) return {};
      std::vector<std::int32_t>& known = regions_[(last_row ? 2U : 0U) + (last_column ? 1U : 0U)];
      for (Index place = static_cast<Index>(known.size()); place < side_.count(); ++place) {
        const bool below = last_row && place / side_.width >= side_.height - shift;
        const bool right = last_column && place % side_.width >= side_.width - shift;
        known.push_back((below ? 2 : 0) + (right ? 1 : 0));
      }
      return known;
    }

    Grid side_;
    Batch batch_;
    std::vector<Index> places_;
    std::array<std::vector<std::int32_t>, 4> regions_;
  };
};

}  // namespace headformer
