#include "source.hpp"

#include "download.hpp"
#include "manifests.hpp"
#include "reference.hpp"

namespace sealos::docker {

Source::Source(sdk::Host host, const DockerName& name)
    : registry_(host, name), top_(manifest_name(name)) {}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  return get_manifest(registry_, instance ? instance->str() : top_);
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  return open_download(registry_, blob, offset, length);
}

}  // namespace sealos::docker
