#include "core/copy/turns.hpp"

namespace sealos {

void Turns::wait(size_t position) {
  std::unique_lock lock(mutex_);
  passed_.wait(lock, [&] { return first_ >= position; });
}

void Turns::pass(size_t position) {
  const std::lock_guard lock(mutex_);
  later_.insert(position);
  while (!later_.empty() && *later_.begin() == first_) {
    later_.erase(later_.begin());
    ++first_;
  }
  passed_.notify_all();
}

}  // namespace sealos
