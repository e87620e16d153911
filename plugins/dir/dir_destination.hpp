// Puts an image into a dir: folder, in place of the one that is there.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dir_layout.hpp"
#include "sealos/sdk/destination.hpp"
#include "sealos/sdk/host.hpp"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "support/file/file.hpp"
#include "support/file/staged_file.hpp"

namespace sealos::dir {

/// The folder is locked as long as this lives. Blobs get their names beside those of the former
/// image; manifest.json is replaced at commit, then what the new image does not need is removed.
class Destination {
 public:
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL | SEALOS_KEEPS_LAYERS;

  Destination(sdk::Host host, const std::string& path, sdk::Intent intent);
  ~Destination();

  LayerCompression compression() const { return compression_; }
  Blob put_blob(const Blob& blob, Stream& from);
  std::optional<Blob> try_reuse(const Reuse& want);
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest);
  void put_signatures(const std::optional<Digest>& instance, const std::vector<Item>& items);
  std::optional<std::string> commit(const Item& top);
  void abort();

 private:
  /// A blob, or with the ending ".manifest.json" a manifest.
  using Name = std::pair<Digest, std::string>;

  void open_folder();
  void look_at_folder();
  void check_former() const;
  std::optional<std::string> find(const Digest& digest, std::int64_t size) const;
  bool verify(const std::string& file, const Digest& digest) const;
  void keep(StagedFile& file, const Name& name, std::int64_t size);
  Version needed_version() const;
  void set_version(Version version) const;
  void flush() const;
  void name_for(Version version);
  void remove_old_signatures() const;
  void tidy(Version version) const;

  sdk::Host host_;
  std::string path_;
  LayerCompression compression_;
  bool verify_reused_;
  Fd folder_;  // none where a preview finds none
  bool made_folder_ = false, made_version_ = false, ended_ = false;
  std::mutex mutex_;                   // guards what follows
  std::map<Name, std::string> files_;  // of the new image; their names now
  std::set<std::string> made_;         // those that were not there before
  std::optional<std::string> manifest_;
  std::map<std::optional<Digest>, std::vector<std::string>> signatures_;
};

}  // namespace sealos::dir
