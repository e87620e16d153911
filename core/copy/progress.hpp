// What happens in a copy, told to whoever shows it.
#pragma once

#include <cstdint>
#include <string>

#include "sealos/sdk/error.hpp"

namespace sealos {

/// What became of a blob.
enum class BlobOutcome { copied, reused, mounted, left_at_url };

struct BlobReport;

/// Called from any thread, concurrently; must not throw and must not block for long.
class Progress {
 public:
  virtual ~Progress() = default;
  /// Once, before the first byte: how many blobs, and how many bytes they have at the source.
  virtual void begin([[maybe_unused]] size_t blobs, [[maybe_unused]] std::int64_t bytes) {}
  /// `blob` is a number below begin's blobs; `planned` has what is known before it is looked for.
  virtual void started([[maybe_unused]] size_t blob, [[maybe_unused]] const BlobReport& planned) {}
  virtual void advanced([[maybe_unused]] size_t blob, [[maybe_unused]] std::int64_t bytes) {}
  /// The blob starts again from its first byte.
  virtual void retrying([[maybe_unused]] size_t blob, [[maybe_unused]] const Error& why) {}
  virtual void finished([[maybe_unused]] size_t blob, [[maybe_unused]] const BlobReport& report) {}
  /// Something that the user should know: a choice made, a manifest converted.
  virtual void note([[maybe_unused]] const std::string& text) {}
};

}  // namespace sealos
