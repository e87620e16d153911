// Where the content of files is cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sealos::compression {

/// Says where content is cut: after about 64 KiB, at the same bytes whatever stands around them.
/// The sum and its limit are those of the other writers of the format, so that the same content is
/// cut in the same way and need not be fetched twice.
class RollingSum {
 public:
  /// How many of these bytes, which follow those of the last call, come before the next cut; cut:
  /// it is there, behind the last of them.
  size_t scan(std::span<const std::byte> bytes, bool& cut);

 private:
  static constexpr size_t kWindow = 64;
  static constexpr unsigned kOffset = 31;

  size_t run(const std::byte* at, size_t n, bool& cut);

  // Only the lower half of the sums that others have, which is all that a cut depends on.
  std::uint16_t s1_ = kWindow * kOffset;
  std::uint16_t s2_ = static_cast<std::uint16_t>(kWindow * (kWindow - 1) * kOffset);
  std::array<std::byte, kWindow> last_ = {};  // the last bytes of what was scanned
};

}  // namespace sealos::compression
