#include <atomic>
#include <cstdlib>
#include <new>

#include "models/decoder_families.hpp"
#include "models/seq2seq.hpp"

namespace {
std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Every way a program of this room asks for memory. Inlined, g++ would take new and delete for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// A step of decoding asks the system for nothing but a page a layer at a page's beginning, and not for that where the
// context was reserved.
namespace headformer::testing {
namespace {

class DecodeAllocations : public ::testing::TestWithParam<DecoderCase> {
 protected:
  /// What each step after `prompt` allocates, in a session that has decoded once before.
  std::vector<std::size_t> steps(int threads, Index prompt, const SessionOptions& options) const {
    const auto model = open_decoder(GetParam().path);
    const Index room = model->config().learned_positions;
    const Index last = room > 0 ? room : prompt + 140;
    const auto ids = std::span<const TokenId>(ids_ = random_ids(*model, last));
    const auto workspace = workspace_of(threads);
    {  // the workspace grows to what a step of this length needs
      Session longest(model, workspace);
      longest.append(ids.first(static_cast<std::size_t>(last - 1)));
      longest.append(ids.last(1));
    }
    Session session(model, workspace, options);
    session.append(ids.first(static_cast<std::size_t>(prompt)));
    std::vector<std::size_t> result;
    const RotaryConfig& rotary = model->config().layers.front().attention.rotary;
    for (Index i = prompt; i < last; ++i) {
      const std::size_t before = allocations;
      session.append(ids.subspan(static_cast<std::size_t>(i), 1));
      // Where a sequence outgrows its short factors it is computed again, which is no step.
      const bool again =
          model->config().restarts_with_long_factors && rotary.length_class(i) != rotary.length_class(i + 1);
      result.push_back(again ? 0 : allocations - before);
    }
    return result;
  }

  mutable std::vector<TokenId> ids_;
};

TEST_P(DecodeAllocations, NoneInAReservedContext) {
  for (const int threads : {1, 2}) {
    SessionOptions options;
    options.reserve = 300;
    const std::vector<std::size_t> found = steps(threads, 30, options);
    EXPECT_EQ(found, std::vector<std::size_t>(found.size(), 0)) << threads << " threads";
  }
}

TEST_P(DecodeAllocations, OnlyWhereAPageBegins) {
  const std::vector<std::size_t> found = steps(1, 30, {});
  for (std::size_t i = 0; i < found.size(); ++i) {
    if ((30 + i) % 64 != 0) {
      EXPECT_EQ(found[i], 0U) << "position " << 30 + i;
    }
  }
}

class Seq2SeqDecodeAllocations : public ::testing::TestWithParam<std::string> {};

TEST_P(Seq2SeqDecodeAllocations, NoneInAReservedContext) {
  const auto model = open_seq2seq_of_goldens(GetParam());
  const std::vector<TokenId> ids = random_ids(model->encoder(), 70, 1);
  for (const int threads : {1, 2}) {
    const auto workspace = workspace_of(threads);
    SessionOptions options;
    options.reserve = 80;
    for (const bool counted : {false, true}) {  // the workspace grows to what a step of this length needs
      Session session = session_over(model, workspace, ids, options);
      session.append(std::span(ids).first(3));
      for (std::size_t i = 3; i < ids.size(); ++i) {
        const std::size_t before = allocations;
        session.append(std::span(ids).subspan(i, 1));
        if (counted) {
          EXPECT_EQ(allocations - before, 0U) << "position " << i << ", " << threads << " threads";
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Seq2SeqDecodeAllocations,
                         ::testing::Values("t5", "mt5", "bart", "m2m_100", "marian"),
                         [](const auto& test) { return test.param; });

INSTANTIATE_TEST_SUITE_P(Families, DecodeAllocations, ::testing::ValuesIn(decoder_cases()), case_name<DecoderCase>);

}  // namespace
}  // namespace headformer::testing
