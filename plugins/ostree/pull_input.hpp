// Bytes that libostree pulls out of C++ code, which may throw.
#pragma once

#include <exception>
#include <functional>
#include <span>

#include "glib.hpp"
#include "object_writer.hpp"

namespace sealos::ostree {

/// A GInputStream of at most `size` bytes, which does not outlive this.
class PullInput {
 public:
  PullInput(std::int64_t size, const Pull& pull);
  PullInput(const PullInput&) = delete;
  PullInput& operator=(const PullInput&) = delete;
  ~PullInput();

  GInputStream* get() const { return input_.get(); }
  /// Once libostree is done: throws what pull threw, and SEALOS_CORRUPT where it had fewer bytes.
  void finish() const;

  /// For the stream's class: as GInputStreamClass.read_fn.
  gssize read(void* into, gsize room, GError** error) noexcept;

 private:
  const Pull& pull_;
  std::int64_t left_;
  bool short_ = false;
  std::exception_ptr failure_;
  Owned<GInputStream> input_;
};

}  // namespace sealos::ostree
