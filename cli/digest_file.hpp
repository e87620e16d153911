// --digestfile: the digest of what was pushed, in a file.
#pragma once

#include <string>

#include "sealos/sdk/digest.hpp"
#include "support/file/file.hpp"

namespace sealos::cli {

/// Made before the copy, so that a file that cannot be written is found out before the first byte;
/// written after it. Where write is not called, an existing file stays as it was.
class DigestFile {
 public:
  /// Throws where the file cannot be written.
  explicit DigestFile(std::string path);
  DigestFile(const DigestFile&) = delete;
  DigestFile& operator=(const DigestFile&) = delete;
  ~DigestFile();

  /// "sha256:...", without a newline, as buildah and podman write it.
  void write(const Digest& digest);

 private:
  std::string path_, aside_;  // aside_ is "" where path_ is no regular file, a pipe say
  Fd file_;
};

}  // namespace sealos::cli
