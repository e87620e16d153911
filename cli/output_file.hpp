// --digestfile and --report json=FILE: what was pushed, in a file.
#pragma once

#include <string>
#include <string_view>

#include "support/file/file.hpp"

namespace sealos::cli {

/// Made before the copy, so that a file that cannot be written is found out before the first byte;
/// written after it. Where write is not called, an existing file stays as it was.
class OutputFile {
 public:
  /// flag: for messages. Throws where the file cannot be written.
  OutputFile(const std::string& flag, std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  void write(std::string_view text);

 private:
  std::string path_, aside_;  // aside_ is "" where path_ is no regular file, a pipe say
  Fd file_;
};

}  // namespace sealos::cli
