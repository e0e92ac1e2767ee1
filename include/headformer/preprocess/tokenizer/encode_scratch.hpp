#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "headformer/preprocess/tokenizer/models/model.hpp"
#include "headformer/preprocess/tokenizer/models/word_cache.hpp"
#include "headformer/preprocess/tokenizer/steps/regex.hpp"
#include "headformer/preprocess/tokenizer/steps/split_behavior.hpp"

namespace headformer::detail {

/// What encoding a text writes to beside its result; for one thread at a time.
struct EncodeScratch {
  AlignedText stretch;  // between added tokens, normalised
  Words words;
  RegexScratch regex;
  ModelScratch model;
  WordCache<22, 8, (1 << 15)> short_words;  // an entry is a cache line
  WordCache<86, 10, (1 << 15)> long_words;  // two
};

/// A tokenizer's scratches: one for each thread that encodes at the same time, kept for the next text so that buffers
/// and words once met are there. Owned by the tokenizer: nothing is global.
class ScratchPool {
 public:
  ScratchPool() = default;
  /// A copy begins empty: it belongs to another tokenizer.
  ScratchPool(const ScratchPool&) : ScratchPool() {}
  ScratchPool& operator=(const ScratchPool&) = delete;

  /// A scratch for as long as the lease lives.
  class Lease {
   public:
    explicit Lease(ScratchPool& pool) : pool_(&pool), scratch_(pool.take()) {}
    ~Lease() { pool_->put(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    EncodeScratch& operator*() const { return *scratch_; }

   private:
    ScratchPool* pool_;
    std::unique_ptr<EncodeScratch> scratch_;
  };

 private:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t largest_text = std::size_t{1} << 20;  // a longer one's buffers are not kept

  std::unique_ptr<EncodeScratch> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<EncodeScratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
      }
    }
    return std::make_unique<EncodeScratch>();
  }
  void put(std::unique_ptr<EncodeScratch> scratch) noexcept {
    if (scratch->words.text.text.capacity() > largest_text || scratch->stretch.text.capacity() > largest_text) return;
    const std::lock_guard lock(mutex_);
    if (free_.size() < most && free_.capacity() > free_.size()) free_.push_back(std::move(scratch));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<EncodeScratch>> free_ = reserved();

  static std::vector<std::unique_ptr<EncodeScratch>> reserved() {
    std::vector<std::unique_ptr<EncodeScratch>> free;
    free.reserve(most);
    return free;
  }
};

}  // namespace headformer::detail
