#pragma once

#include <headformer/auto_encoder.hpp>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "../examples/program.hpp"
#include "encoder_rate.hpp"

/// Sequences a second through an encoder and its heads, on random ids.
class EncoderThroughput {
 public:
  using Index = headformer::Index;

  /// `batch` sequences at once, of `lengths` (from, to) tokens.
  EncoderThroughput(const std::string& path, const program::ComputeOptions& compute, int threads, Index batch,
                    std::pair<Index, Index> lengths)
      : batch_(batch),
        lengths_(lengths),
        workspace_(std::make_shared<headformer::ThreadPool>(threads), headformer::isa_from_name(compute.isa),
                   compute.met()) {
    const double begin = measuring::now();
    headformer::LoadOptions load = compute.loading();
    load.executor = workspace_.executor.get();
    encoder_ = headformer::open_encoder(path, load);
    load_seconds_ = measuring::now() - begin;
  }

  double load_seconds() const { return load_seconds_; }

  /// A sequence of 5 tokens.
  void first() { run(ids_of({5})); }

  /// The median of the repetitions, after one that warms up.
  double items_per_second(int repetitions) {
    std::vector<double> rates;
    for (int i = 0; i <= repetitions; ++i) {
      std::vector<Index> lengths;
      for (Index b = 0; b < batch_; ++b)
        lengths.push_back(std::uniform_int_distribution<Index>(lengths_.first, lengths_.second)(random_));
      const auto ids = ids_of(lengths);
      const double begin = measuring::now();
      run(ids);
      if (i > 0) rates.push_back(static_cast<double>(batch_) / (measuring::now() - begin));
    }
    return measuring::median(rates);
  }

 private:
  using Ids = std::vector<std::vector<headformer::TokenId>>;

  Ids ids_of(const std::vector<Index>& lengths) {
    const Index vocabulary = encoder_->config().vocabulary;
    std::uniform_int_distribution<headformer::TokenId> id(0, static_cast<headformer::TokenId>(vocabulary - 1));
    Ids ids;
    for (const Index length : lengths) {
      auto& row = ids.emplace_back(static_cast<std::size_t>(length));
      for (headformer::TokenId& value : row) value = id(random_);
    }
    return ids;
  }

  void run(const Ids& ids) {
    std::vector<headformer::EncoderInput> inputs(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) inputs[i].ids = ids[i];
    measuring::run_heads(workspace_, *encoder_, inputs);
  }

  Index batch_;
  std::pair<Index, Index> lengths_;
  headformer::Workspace workspace_;
  std::unique_ptr<headformer::Encoder> encoder_;
  std::mt19937 random_{42};
  double load_seconds_ = 0;
};
