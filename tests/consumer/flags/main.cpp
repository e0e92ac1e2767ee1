// Two translation units of one program, compiled with different machine flags, use the library: the linker must not
// mix their code, and the kernels chosen at run time must give the same bits in both.
#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>

#include "logits.hpp"

namespace {

/// The greatest absolute difference, relative to the greatest magnitude.
float difference(const std::vector<float>& a, const std::vector<float>& b) {
  float greatest = 0;
  float magnitude = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    greatest = std::max(greatest, std::abs(a[i] - b[i]));
    magnitude = std::max(magnitude, std::abs(a[i]));
  }
  return greatest / magnitude;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const std::vector<float> plain = logits_plain(argv[1], "auto");
    const std::vector<float> wide = logits_wide(argv[1], "auto");
    if (plain != wide) {
      std::cerr << "expected the same bits from both, found a difference of " << difference(plain, wide) << '\n';
      return 1;
    }
    // Eigen's packets are as wide as the flags allow, so that here the sums may round differently.
    const std::vector<float> plain_portable = logits_plain(argv[1], "portable");
    const std::vector<float> wide_portable = logits_wide(argv[1], "portable");
    const float greatest = std::max(difference(plain, plain_portable), difference(plain, wide_portable));
    if (!(greatest < 1e-4F)) {
      std::cerr << "expected the portable kernels within 1e-4, found " << greatest << '\n';
      return 1;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
