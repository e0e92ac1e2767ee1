#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace headformer::detail {

/// Sorts, keeping the order of equal elements: std::stable_sort, but for the temporary buffer of libstdc++ 12, whose
/// deprecated allocation makes newer clangs warn in every program that includes the caller. Elements are copied.
template <class Iterator, class Less>
void stable_sort(Iterator first, Iterator last, Less less) {
  std::vector<std::iter_value_t<Iterator>> from(first, last);
  std::vector<std::iter_value_t<Iterator>> to(from.size());
  const std::size_t size = from.size();
  const auto at = [&from](std::size_t i) { return from.begin() + static_cast<std::ptrdiff_t>(i); };
  for (std::size_t width = 1; width < size; width *= 2) {  // merges neighbouring sorted runs of `width`
    auto out = to.begin();
    for (std::size_t begin = 0; begin < size; begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, size);
      const std::size_t end = std::min(begin + 2 * width, size);
      out = std::merge(at(begin), at(middle), at(middle), at(end), out, less);
    }
    from.swap(to);
  }
  std::copy(from.begin(), from.end(), first);
}

}  // namespace headformer::detail
