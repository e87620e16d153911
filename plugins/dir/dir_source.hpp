// Reads the image in a dir: folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dir_layout.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/file/file.hpp"

namespace sealos::dir {

class Source {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Source(sdk::Host host, const std::string& path);

  Item read_manifest(const std::optional<Digest>& instance);
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);
  std::vector<Item> read_signatures(const std::optional<Digest>& instance);

 private:
  Fd open_named(const std::string& first, const std::string& second) const;

  std::string name_;  // for messages
  Fd folder_;
  Version version_ = Version::v1_1;
};

}  // namespace sealos::dir
