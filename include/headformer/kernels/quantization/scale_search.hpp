#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "headformer/kernels/quantization/lanes.hpp"
#include "headformer/kernels/quantization/rounding.hpp"

namespace headformer::kernels::quantization {

/// Finds scale and offset of four sub-blocks of 32, for Q4_K and Q5_K: x ~ scale q - offset with q in [0, most].
/// Beginning with the range of x, it tries inverse scales around it; for each rounding q that they give, the weighted
/// least squares have a closed form, and the best of all in weighted squared error stays. The weights are |x| + rms(x).
/// https://github.com/ggml-org/llama.cpp/pull/1684
///
/// Every step is that of the reference, in its order, on the four sub-blocks' lanes; see rounding.hpp for why it is
/// cut into functions where it is.
class OffsetScaleSearch {
 public:
  static constexpr std::size_t count = 32;
  struct Trials {
    int most;     // the greatest quant
    float first;  // trial i takes the range as first + step i + most quants
    float step;
    int last;
  };

  Lanes scale;
  Lanes offset;
  LaneRows<count> quants;

  /// x: four sub-blocks one after another.
  void run(const float* x, const Trials& trials) {
    load_lanes<count>(x, x_);
    square();
    weigh();
    begin(static_cast<float>(trials.most));
    quantise(trials.most);
    quants = trial_quants_;
    scale = trial_scale_;
    trial_offset_ = minimum_;
    scale_quants();
    measure();
    sum_errors();
    best_error_ = error_;
    for (int i = 0; i <= trials.last; ++i) {
      const float range = trials.first + product(trials.step, static_cast<float>(i)) + static_cast<float>(trials.most);
      inverse_scale_ = range / (most_ - minimum_);
      quantise(trials.most);
      moments();
      cross();
      solve();
      scale_quants();
      measure();
      sum_errors();
      keep_if_better();
    }
    finish();
  }

 private:
  HEADFORMER_UNFUSED void square() {
    for (std::size_t i = 0; i < count; ++i) products_[i] = x_[i] * x_[i];
  }
  HEADFORMER_UNFUSED void weigh() {
    Lanes sum{};
    for (const Lanes& p : products_) sum += p;
    Lanes rms = sum / static_cast<float>(count);
    for (std::size_t lane = 0; lane < lane_count; ++lane) rms[lane] = std::sqrt(rms[lane]);
    for (std::size_t i = 0; i < count; ++i) {
      Lanes magnitude = x_[i];
      absolute(magnitude);
      weights_[i] = rms + magnitude;
      products_[i] = weights_[i] * x_[i];
    }
  }
  /// Range and sums; the first trial scale spans the range (which always reaches up to zero at least from below).
  HEADFORMER_UNFUSED void begin(float most) {
    minimum_ = most_ = x_[0];
    weight_sum_ = weights_[0];
    x_sum_ = products_[0];
    for (std::size_t i = 1; i < count; ++i) {
      blend(minimum_, x_[i], x_[i] < minimum_);
      blend(most_, x_[i], x_[i] > most_);
      weight_sum_ += weights_[i];
      x_sum_ += products_[i];
    }
    blend(minimum_, Lanes{}, minimum_ > 0.0F);
    flat_ = most_ == minimum_;
    inverse_scale_ = most / (most_ - minimum_);
    trial_scale_ = 1.0F / inverse_scale_;
  }
  void quantise(int most) {
    to_steps();
    round_steps(most);
  }
  HEADFORMER_UNFUSED void to_steps() {
    for (std::size_t i = 0; i < count; ++i) trial_quants_[i] = inverse_scale_ * (x_[i] - minimum_);
  }
  HEADFORMER_UNFUSED void round_steps(int most) {
    for (std::size_t i = 0; i < count; ++i) {
      Lanes quant = trial_quants_[i];
      round_and_clamp(quant, 0, most);
      trial_quants_[i] = quant;
      const Lanes weighted = weights_[i] * quant;
      products_[i] = weighted;
      square_products_[i] = weighted * quant;
      x_products_[i] = weighted * x_[i];
    }
  }
  HEADFORMER_UNFUSED void moments() {
    quant_sum_ = square_sum_ = cross_sum_ = Lanes{};
    for (std::size_t i = 0; i < count; ++i) {
      quant_sum_ += products_[i];
      square_sum_ += square_products_[i];
      cross_sum_ += x_products_[i];
    }
  }
  HEADFORMER_UNFUSED void cross() {
    weight_square_ = weight_sum_ * square_sum_;
    quant_quant_ = quant_sum_ * quant_sum_;
    weight_cross_ = weight_sum_ * cross_sum_;
    x_quant_ = x_sum_ * quant_sum_;
    square_x_ = square_sum_ * x_sum_;
    quant_cross_ = quant_sum_ * cross_sum_;
  }
  /// The least squares of two unknowns; without offset where it would be positive.
  HEADFORMER_UNFUSED void solve() {
    const Lanes determinant = weight_square_ - quant_quant_;
    solvable_ = determinant > 0.0F;
    trial_scale_ = (weight_cross_ - x_quant_) / determinant;
    trial_offset_ = (square_x_ - quant_cross_) / determinant;
    const IntLanes positive = trial_offset_ > 0.0F;
    blend(trial_offset_, Lanes{}, positive);
    blend(trial_scale_, cross_sum_ / square_sum_, positive);
  }
  HEADFORMER_UNFUSED void scale_quants() {
    for (std::size_t i = 0; i < count; ++i) products_[i] = trial_scale_ * trial_quants_[i];
  }
  /// The weighted squared errors.
  HEADFORMER_UNFUSED void measure() {
    for (std::size_t i = 0; i < count; ++i) {
      const Lanes difference = products_[i] + trial_offset_ - x_[i];
      products_[i] = weights_[i] * (difference * difference);
    }
  }
  HEADFORMER_UNFUSED void sum_errors() {
    error_ = Lanes{};
    for (const Lanes& e : products_) error_ += e;
  }
  void keep_if_better() {
    const IntLanes better = solvable_ & (error_ < best_error_) & ~flat_;
    if (!any(better)) return;
    blend(best_error_, error_, better);
    blend(scale, trial_scale_, better);
    blend(minimum_, trial_offset_, better);  // the next trials' range begins here
    for (std::size_t i = 0; i < count; ++i) blend(quants[i], trial_quants_[i], better);
  }
  void finish() {
    offset = -minimum_;
    blend(scale, Lanes{}, flat_);
    for (Lanes& quant : quants) blend(quant, Lanes{}, flat_);
  }

  // Per lane; the rows below are named by what they hold last.
  Lanes minimum_;
  Lanes most_;
  IntLanes flat_;
  IntLanes solvable_;
  Lanes inverse_scale_;
  Lanes trial_scale_;
  Lanes trial_offset_;
  Lanes error_;
  Lanes best_error_;
  // Sums over the elements of w, w x, w q, w q q, w q x, and products of two of them.
  Lanes weight_sum_;
  Lanes x_sum_;
  Lanes quant_sum_;
  Lanes square_sum_;
  Lanes cross_sum_;
  Lanes weight_square_;
  Lanes quant_quant_;
  Lanes weight_cross_;
  Lanes x_quant_;
  Lanes square_x_;
  Lanes quant_cross_;
  LaneRows<count> x_;
  LaneRows<count> weights_;
  LaneRows<count> products_;
  LaneRows<count> square_products_;
  LaneRows<count> x_products_;
  LaneRows<count> trial_quants_;
};

/// Finds the scale of four sub-blocks of 16, for Q6_K: x ~ scale (q - 32) with q in [0, 63]. The element of largest
/// magnitude is tried at -32 and at a little less and more; for each rounding the best scale has a closed form, and the
/// one that explains most of x, weighted by its squares, stays.
class ScaleSearch {
 public:
  static constexpr std::size_t count = 16;

  Lanes scale;
  LaneRows<count> quants;

  /// x: four sub-blocks one after another.
  void run(const float* x) {
    load_lanes<count>(x, x_);
    begin();
    inverse_scale_ = -half / extreme_;
    trial();
    scale = Lanes{};
    blend(scale, cross_sum_ / square_sum_, square_sum_ != 0.0F);
    best_ = scale * cross_sum_;
    quants = trial_quants_;
    for (int i = -9; i <= 9; ++i) {
      if (i == 0) continue;
      inverse_scale_ = -(half + product(0.1F, static_cast<float>(i))) / extreme_;
      trial();
      keep_if_better();
    }
    finish();
  }

 private:
  static constexpr float half = 32.0F;
  static constexpr float nothing = 1e-15F;  // a sub-block below this magnitude is zero

  void begin() {
    extreme_ = magnitude_ = Lanes{};
    for (std::size_t i = 0; i < count; ++i) {
      Lanes magnitude = x_[i];
      absolute(magnitude);
      const IntLanes greater = magnitude > magnitude_;
      blend(magnitude_, magnitude, greater);
      blend(extreme_, x_[i], greater);
      squares_[i] = x_[i] * x_[i];
      cubes_[i] = squares_[i] * x_[i];
    }
  }
  void trial() {
    to_steps();
    round_steps();
    sums();
  }
  HEADFORMER_UNFUSED void to_steps() {
    for (std::size_t i = 0; i < count; ++i) trial_quants_[i] = inverse_scale_ * x_[i];
  }
  HEADFORMER_UNFUSED void round_steps() {
    for (std::size_t i = 0; i < count; ++i) {
      Lanes quant = trial_quants_[i];
      round_and_clamp(quant, -32, 31);
      trial_quants_[i] = quant;
      x_products_[i] = cubes_[i] * quant;
      square_products_[i] = squares_[i] * quant * quant;
    }
  }
  HEADFORMER_UNFUSED void sums() {
    cross_sum_ = square_sum_ = Lanes{};
    for (std::size_t i = 0; i < count; ++i) {
      cross_sum_ += x_products_[i];
      square_sum_ += square_products_[i];
    }
  }
  void keep_if_better() {
    const IntLanes better = (square_sum_ > 0.0F) & (cross_sum_ * cross_sum_ > best_ * square_sum_);
    if (!any(better)) return;
    const Lanes trial_scale = cross_sum_ / square_sum_;
    blend(scale, trial_scale, better);
    blend(best_, trial_scale * cross_sum_, better);
    for (std::size_t i = 0; i < count; ++i) blend(quants[i], trial_quants_[i], better);
  }
  /// The quants count from 0; those of a sub-block of zeros are 0.
  void finish() {
    const IntLanes zero = magnitude_ < nothing;
    blend(scale, Lanes{}, zero);
    for (Lanes& quant : quants) {
      quant += half;
      blend(quant, Lanes{}, zero);
    }
  }

  Lanes magnitude_;
  Lanes extreme_;
  Lanes inverse_scale_;
  Lanes best_;
  Lanes cross_sum_;   // of w x q with w = x x
  Lanes square_sum_;  // of w q q
  LaneRows<count> x_;
  LaneRows<count> squares_;
  LaneRows<count> cubes_;
  LaneRows<count> x_products_;
  LaneRows<count> square_products_;
  LaneRows<count> trial_quants_;
};

}  // namespace headformer::kernels::quantization
