// A SIF opened for reading.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "sif_format.hpp"
#include "support/file/file.hpp"

namespace sealos::sif {

/// Header and descriptors are read and checked once; what they say lies within the file. Safe for
/// concurrent use.
class SifFile {
 public:
  /// Throws SEALOS_INVALID for what is no SIF, SEALOS_CORRUPT for one that cannot be.
  explicit SifFile(const std::string& path);

  const Header& header() const { return header_; }
  /// Those that are used, in the order of the table.
  const std::vector<Descriptor>& descriptors() const { return descriptors_; }
  /// The one object of that type and name; nullptr: there is none. Throws SEALOS_INVALID where
  /// there are several.
  const Descriptor* find(DataType type, std::string_view name) const;

  /// The whole of an object; throws SEALOS_INVALID where it has more than `most` bytes.
  std::string read(const Descriptor& object, std::int64_t most) const;
  /// length -1: to the end of the object. Offers a descriptor of its own.
  std::unique_ptr<Stream> open(const Descriptor& object, std::int64_t offset = 0,
                               std::int64_t length = -1) const;
  int fd() const { return file_.get(); }
  const std::string& path() const { return path_; }

 private:
  void read_table(std::int64_t file_size);
  void check_objects(std::int64_t file_size) const;

  std::string path_;
  Fd file_;
  Header header_;
  std::vector<Descriptor> descriptors_;
};

/// Exactly into.size() bytes at an offset. Throws SEALOS_CORRUPT where the file is shorter.
void read_exactly(int file, std::span<std::byte> into, std::int64_t offset, std::string_view what);

}  // namespace sealos::sif
