// A tar archive opened for reading: a plain file, a compressed one, or a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sealos/sdk/stream.hpp"
#include "support/file/file.hpp"
#include "support/tar/tar_index.hpp"

namespace sealos {

struct TarOptions {
  std::string temp_dir = "/tmp";     ///< where what is compressed or comes by a pipe is put
  std::function<void()> checkpoint;  ///< called now and then; may throw, to cancel
  std::function<void(std::int64_t bytes)> on_spooled;  ///< so many bytes are there by now
};

/// Safe for concurrent use.
class TarFile {
 public:
  /// path "-": standard input. A plain archive in a regular file is read where it is. Everything
  /// else is decompressed once into a file without a name in temp_dir, which is gone with this
  /// object. Errors name the path.
  static std::shared_ptr<const TarFile> open(const std::string& path, const TarOptions& options);

  /// What a stream brings, kept in the same way. name: for messages.
  static std::shared_ptr<const TarFile> receive(std::unique_ptr<Stream> from,
                                                const std::string& name, const TarOptions& options);

  const TarIndex& index() const { return index_; }
  /// The bytes of a member, or some of them; length -1: to its end. Offers a descriptor.
  std::unique_ptr<Stream> open(const TarMember& member, std::int64_t offset = 0,
                               std::int64_t length = -1) const;
  /// The whole of a member that is there. Throws SEALOS_INVALID where it is larger than `most`.
  std::string read(const TarMember& member, size_t most) const;
  int fd() const { return file_.get(); }

 private:
  TarFile(Fd file, std::string name, const TarOptions& options);

  std::string name_;
  Fd file_;
  std::int64_t size_ = 0;
  TarIndex index_;
};

}  // namespace sealos
