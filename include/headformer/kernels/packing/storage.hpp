#pragma once

#include <cstddef>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace headformer::kernels::detail {

/// Memory for packed weights, aligned to 64 bytes or better and freed with its last owner. Large blocks are mapped on
/// their own and ask for huge pages: weights are read as one long stream. Contents are unspecified. Throws
/// std::bad_alloc.
inline std::shared_ptr<std::byte> allocate_packed(std::size_t bytes) {
#if defined(__linux__)
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  constexpr std::size_t page = 4096;
  if (bytes >= huge_page) {
    // Mapped with room to spare, then cut to begin at a huge page; what is left over on both sides goes back.
    const std::size_t size = (bytes + page - 1) / page * page;
    void* const mapped = ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    auto* const first = static_cast<std::byte*>(mapped);
    const std::size_t head = (huge_page - reinterpret_cast<std::uintptr_t>(first) % huge_page) % huge_page;
    if (head > 0) ::munmap(first, head);
    if (head < huge_page) ::munmap(first + head + size, huge_page - head);
    static_cast<void>(::madvise(first + head, size, MADV_HUGEPAGE));
    return {first + head, [size](std::byte* p) { ::munmap(p, size); }};
  }
#endif
  constexpr std::align_val_t alignment{64};
  return {static_cast<std::byte*>(::operator new(bytes, alignment)),
          [](std::byte* p) { ::operator delete(p, std::align_val_t{64}); }};
}

}  // namespace headformer::kernels::detail
