#include "support/compression/buffer.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace sealos::compression {
namespace {

constexpr size_t kHugePage = 2 << 20;

/// Whole huge pages, at an address that is a multiple of one; what was mapped around them to find
/// one is given back.
std::byte* map_huge(size_t size) {
  void* const all =
      ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(all);
  const size_t over = reinterpret_cast<std::uintptr_t>(begin) % kHugePage;
  const size_t before = over == 0 ? 0 : kHugePage - over;
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + size, kHugePage - before);
  ::madvise(begin + before, size, MADV_HUGEPAGE);  // only advice: not every kernel has them
  return begin + before;
}

}  // namespace

RawBytes::RawBytes(size_t size) {
  if (size == 0) return;
  if (size >= kHugePage) {
    mapped_ = (size + kHugePage - 1) / kHugePage * kHugePage;
    bytes_ = map_huge(mapped_);
  } else {
    bytes_ = static_cast<std::byte*>(std::malloc(size));
    if (bytes_ == nullptr) throw std::bad_alloc();
  }
}

RawBytes::~RawBytes() { mapped_ != 0 ? void(::munmap(bytes_, mapped_)) : std::free(bytes_); }

}  // namespace sealos::compression
