#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "headformer/core/executor.hpp"

namespace headformer {

/// 64 bits that tell contents apart, at the speed of reading them; the same on every machine and for any number of
/// workers. It finds damage and change, not forgery: what is read under its protection is still checked as any input.
///
/// Each piece of 1 MiB is folded by four chains of 64 x 64 -> 128-bit products, as wyhash does
/// (https://github.com/wangyi-fudan/wyhash); the pieces' hashes, in order, are folded again.
class ContentHash {
 public:
  static std::uint64_t of(std::span<const std::byte> bytes) {
    std::uint64_t chains[4] = {keys[0] ^ bytes.size(), keys[1], keys[2], keys[3]};
    const std::byte* p = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= stripe; p += stripe, left -= stripe) fold_stripe(chains, p);
    if (left > 0) {
      std::byte last[stripe] = {};
      std::memcpy(last, p, left);
      fold_stripe(chains, last);
    }
    return fold(chains[0] ^ chains[2], chains[1] ^ chains[3]) ^ fold(chains[0] ^ keys[0], chains[3] ^ keys[2]);
  }

  static std::uint64_t of(Executor& executor, std::span<const std::byte> bytes) {
    constexpr std::size_t piece = std::size_t{1} << 20;
    std::vector<std::uint64_t> pieces((bytes.size() + piece - 1) / piece);
    parallel_for(executor, static_cast<Index>(pieces.size()), 1, [&](Index begin, Index end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        pieces[i] = of(bytes.subspan(i * piece, std::min(piece, bytes.size() - i * piece)));
    });
    return of(std::as_bytes(std::span(pieces)));
  }

 private:
  static constexpr std::size_t stripe = 64;
  static constexpr std::uint64_t keys[4] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3,
                                            0x589965cc75374cc3};

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static void fold_stripe(std::uint64_t* chains, const std::byte* p) {
    std::uint64_t words[8];
    std::memcpy(words, p, stripe);
    // The chain is added again: a word that cancels its key makes the product 0, and must not clear what went before.
    for (std::size_t i = 0; i < 4; ++i)
      chains[i] = fold(words[2 * i] ^ keys[i], words[2 * i + 1] ^ chains[i]) + (chains[i] ^ words[2 * i]);
  }
};

}  // namespace headformer
