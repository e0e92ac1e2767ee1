#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "headformer/preprocess/jinja/error.hpp"

namespace headformer::jinja {

/// What one rendering may cost. Templates come with checkpoints, from strangers.
struct Limits {
  /// Evaluated nodes, visited elements, and 64-byte pieces of text touched. This many take a few seconds.
  std::uint64_t steps = 20'000'000;
  /// Bytes of text, lists and dicts made while rendering, in total: a bound of the memory in use.
  std::uint64_t bytes = std::uint64_t{512} << 20;
  /// Bytes written.
  std::uint64_t output = std::uint64_t{256} << 20;
  /// Nested evaluations: expressions in statements in macro calls.
  unsigned depth = 1000;
};

/// Lists in lists in dicts; also how deep a template's expressions and statements may nest.
constexpr unsigned nesting_limit = 200;

/// Counts what a rendering has used; every part that loops or allocates charges it. Throws Failure at a limit.
class Budget {
 public:
  explicit Budget(Limits limits = {}) : limits_(limits) {}

  void step(std::uint64_t count = 1) {
    if (count > limits_.steps) {
      limits_.steps = 0;
      throw Failure("the template takes too many steps");
    }
    limits_.steps -= count;
  }
  /// Before `count` bytes are read or compared.
  void touch(std::uint64_t count) { step(1 + count / 64); }
  /// Before `count` bytes are made.
  void allocate(std::uint64_t count) {
    if (count > limits_.bytes) {
      limits_.bytes = 0;
      throw Failure("the template uses too much memory");
    }
    limits_.bytes -= count;
    touch(count);
  }
  /// allocate(count * size) for counts that a template chooses.
  void allocate(std::uint64_t count, std::uint64_t size) {
    if (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / size)
      throw Failure("the template uses too much memory");
    allocate(count * size);
  }
  void write(std::uint64_t count) {
    if (count > limits_.output) throw Failure("the template writes too much");
    limits_.output -= count;
    allocate(count);
  }

  /// One more evaluation inside another, as long as the object lives.
  class Level {
   public:
    explicit Level(Budget& budget) : budget_(budget) {
      if (budget_.depth_ >= budget_.limits_.depth) throw Failure("the template nests too deeply");
      ++budget_.depth_;
    }
    ~Level() { --budget_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Budget& budget_;
  };

 private:
  Limits limits_;
  unsigned depth_ = 0;
};

}  // namespace headformer::jinja
