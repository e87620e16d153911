// A growable run of bytes that is not cleared first, as std::vector would.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace sealos::compression {

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
      auto data = std::make_unique_for_overwrite<std::byte[]>(capacity);
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
  std::unique_ptr<std::byte[]> data_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace sealos::compression
