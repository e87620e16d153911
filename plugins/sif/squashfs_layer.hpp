// A squashfs in a SIF as a layer of an image.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sealos/sdk/host.hpp"
#include "sif_file.hpp"
#include "squashfs_tar.hpp"

namespace sealos::sif {

/// The tar is made each time that it is read, the same bytes every time. Safe for concurrent use.
class SquashfsLayer {
 public:
  /// Throws where the object is no squashfs that can be read. overlay, added: as with SquashfsTar.
  SquashfsLayer(const sdk::Host& host, std::shared_ptr<const SifFile> file,
                const Descriptor& object, bool overlay, std::vector<AddedFile> added = {});

  struct Measure {
    Digest digest;
    std::int64_t size;
  };
  /// Makes the tar once, for nothing but this. Says what is left out of it, and throws where the
  /// squashfs cannot be.
  Measure measure() const;
  std::unique_ptr<Stream> open() const { return tar(false); }

 private:
  std::unique_ptr<SquashfsReader> reader() const;
  std::unique_ptr<Stream> tar(bool warns) const;

  sdk::Host host_;
  std::shared_ptr<const SifFile> file_;
  const Descriptor* object_;
  bool overlay_;
  std::vector<AddedFile> added_;
};

}  // namespace sealos::sif
