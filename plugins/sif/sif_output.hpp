// A SIF that is being written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "sif_format.hpp"
#include "support/file/staged_file.hpp"
#include "support/layout_archive/archive_output.hpp"

namespace sealos::sif {

/// Objects are written one after another into a file that appears, under its name, when all is
/// there; until then a file that had the name stays. Not for concurrent use.
class SifOutput {
 public:
  /// path: where it is to be. Throws SEALOS_EXISTS where something is there that is not to be
  /// replaced (option sif.existing). A preview ends there: nothing can be put into it.
  SifOutput(const sdk::Host& host, const std::string& path, sdk::Intent intent);

  /// How many objects there may be; call it before the first. More than that are possible, with
  /// their descriptors in a place where few look for them.
  void reserve(std::int64_t slots);

  int fd() const { return file_->fd(); }
  /// Where the next object begins, moved up to a multiple of `alignment`.
  std::int64_t begin_object(std::int64_t alignment = 1);
  /// It has `size` bytes there. Offset, size and number of `object` are filled in.
  void end_object(Descriptor object, std::int64_t size);
  /// A small object, whole.
  void add(Descriptor object, std::string_view bytes);

  /// Writes descriptors and header, in this order, flushes, and gives the file its name. Counts and
  /// places in `header` are filled in.
  void commit(Header header);

 private:
  void check_existing() const;

  sdk::Host host_;
  ArchiveTarget target_;
  Fd folder_;
  std::unique_ptr<StagedFile> file_;
  std::vector<Descriptor> objects_;
  std::int64_t slots_ = kUsualSlots;
  std::int64_t end_ = 0;    // of the last object
  std::int64_t begin_ = 0;  // of the object at hand
};

}  // namespace sealos::sif
