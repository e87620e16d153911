// The file system of a SIF as an image of one layer.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sealos/sdk/host.hpp"
#include "sealos/sdk/types.hpp"
#include "sif_file.hpp"
#include "squashfs_tar.hpp"
#include "support/json/json.hpp"

namespace sealos::sif {

/// Safe for concurrent use. The layer's tar is made each time that it is read, the same bytes
/// every time; to know its digest it is made once more.
class FlatImage {
 public:
  /// as_peers: the configuration is the one that skopeo makes up, whatever else the SIF says.
  FlatImage(const sdk::Host& host, std::shared_ptr<const SifFile> file, bool as_peers);

  Item manifest();
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length);

 private:
  struct Made {
    std::string manifest, config;
    Digest config_digest, layer_digest;
    std::int64_t layer_size;
  };

  const Made& made();
  Made make() const;
  std::unique_ptr<SquashfsReader> reader() const;
  std::unique_ptr<Stream> layer(bool warns) const;
  std::string read_text(const Descriptor& object) const;
  void find_script();
  Json config_base() const;
  Json run_config() const;
  Json labels() const;
  std::string architecture() const;
  std::string config_for(const Digest& layer) const;

  sdk::Host host_;
  std::shared_ptr<const SifFile> file_;
  const Descriptor* partition_;
  bool as_peers_;
  std::string script_;  // of the definition; "": there is none
  std::mutex mutex_;    // guards made_
  std::optional<Made> made_;
};

/// The partition that holds the root file system. Throws where there is none that can be read.
const Descriptor& root_partition(const SifFile& file);

}  // namespace sealos::sif
