#include "upload.hpp"

#include <algorithm>
#include <cstring>

namespace sealos::docker_daemon {

/// The sender's view of the pieces.
class Upload::Body final : public Stream {
 public:
  explicit Body(Upload& upload) : upload_(upload) {}
  size_t read(std::span<std::byte> into) override {
    std::unique_lock lock(upload_.mutex_);
    upload_.changed_.wait(
        lock, [&] { return !upload_.piece_.empty() || upload_.last_ || upload_.given_up_; });
    if (upload_.given_up_) throw Error(Status::cancelled, "the upload was given up");
    const size_t n = std::min(into.size(), upload_.piece_.size());
    if (n == 0) return 0;
    std::memcpy(into.data(), upload_.piece_.data(), n);
    upload_.piece_ = upload_.piece_.subspan(n);
    if (upload_.piece_.empty()) upload_.changed_.notify_all();
    return n;
  }

 private:
  Upload& upload_;
};

void Upload::give_up() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upload::run() {
  std::exception_ptr error;
  try {
    Body body(*this);
    http::Response response = client_.load(body);
    std::byte buffer[16 * 1024];
    while (const size_t n = response.read(buffer))
      answer_.add({reinterpret_cast<const char*>(buffer), n});
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  error_ = error;
  over_ = true;
  changed_.notify_all();
}

/// Whether the answer is there.
bool Upload::hand_over(std::span<const std::byte> bytes, bool last) {
  std::unique_lock lock(mutex_);
  if (given_up_) throw Error(Status::cancelled, "docker-daemon: the upload was given up");
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  piece_ = bytes;
  last_ = last;
  changed_.notify_all();
  changed_.wait(lock, [&] { return over_ || (piece_.empty() && !last_); });
  piece_ = {};
  if (error_) std::rethrow_exception(error_);
  return over_;
}

void Upload::write(std::span<const std::byte> bytes) {
  if (bytes.empty() || !hand_over(bytes, false)) return;
  // The daemon has answered before it had everything: it must have said why.
  answer_.finish();
  throw Error(Status::unavailable, "docker-daemon: the daemon stopped reading the image");
}

std::vector<std::string> Upload::finish() {
  hand_over({}, true);
  return answer_.finish();
}

}  // namespace sealos::docker_daemon
