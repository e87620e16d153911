// What a layer's tar has in it, and its files' content.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "support/layer_tar/tar_entry.hpp"

namespace sealos::sif {

/// A header of the tar; without what a squashfs does not keep.
struct LayerEntry {
  std::string path;  ///< clean; "" for the root
  std::string link;  ///< of a link, as the tar has it
  std::vector<std::pair<std::string, std::string>> xattrs;
  std::int64_t size = 0;  ///< of a file, holes included
  std::uint32_t mode = 0, uid = 0, gid = 0;
  std::uint32_t mtime = 0;  ///< seconds since 1970
  std::uint32_t device_major = 0, device_minor = 0;
  layer_tar::EntryKind kind = layer_tar::EntryKind::file;
};

using Checkpoint = std::function<void()>;

/// All entries in their order. `layer` is a tar, compressed or not. checkpoint is called now and
/// then, and may throw. Throws SEALOS_CORRUPT for what is no tar, SEALOS_UNSUPPORTED for entries
/// that a squashfs cannot have and for more than 8 000 000 of them.
std::vector<LayerEntry> scan_layer(std::unique_ptr<Stream> layer, const Checkpoint& checkpoint);

/// Receives the content of wanted files.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  /// wanted[position] begins; content follows in order, holes as zeros.
  virtual void begin(size_t position) = 0;
  virtual void append(std::span<const std::byte> bytes) = 0;
  virtual void end() = 0;
};

/// Reads the same layer again. wanted: numbers of entries that are files, growing. Stops reading
/// after the last.
void read_contents(std::unique_ptr<Stream> layer, const std::vector<std::uint32_t>& wanted,
                   ContentSink& sink, const Checkpoint& checkpoint);

}  // namespace sealos::sif
