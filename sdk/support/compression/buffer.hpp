// A growable run of bytes that is not cleared first, as std::vector would.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

namespace sealos::compression {

/// Bytes that are not cleared first. What is large comes from the system in huge pages where it
/// has them, and goes back to it: compressors look back to anywhere in their window, and a fresh
/// block costs a few page faults in place of thousands. For zstd that is a tenth of the time.
class RawBytes {
 public:
  RawBytes() = default;
  /// Throws std::bad_alloc.
  explicit RawBytes(size_t size);
  RawBytes(RawBytes&& other) noexcept { swap(other); }
  RawBytes& operator=(RawBytes&& other) noexcept {
    RawBytes(std::move(other)).swap(*this);
    return *this;
  }
  ~RawBytes();

  std::byte* get() const { return bytes_; }
  void swap(RawBytes& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(mapped_, other.mapped_);
  }

 private:
  std::byte* bytes_ = nullptr;
  size_t mapped_ = 0;  // 0: from the heap
};

class Buffer {
 public:
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }
  void clear() { size_ = 0; }

  /// Room for `more` bytes after those that are there. What is written counts after grow().
  std::span<std::byte> room(size_t more) {
    if (capacity_ - size_ < more) {
      const size_t capacity = std::max(size_ + more, size_ == 0 ? 0 : capacity_ + capacity_ / 2);
      RawBytes data(capacity);
      if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
      data_ = std::move(data);
      capacity_ = capacity;
    }
    return {data_.get() + size_, more};
  }
  void grow(size_t by) { size_ += by; }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
    grow(bytes.size());
  }

 private:
  RawBytes data_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace sealos::compression
