#include "squashfs_layer.hpp"

#include "support/digest/hasher.hpp"

namespace sealos::sif {

SquashfsLayer::SquashfsLayer(const sdk::Host& host, std::shared_ptr<const SifFile> file,
                             const Descriptor& object, bool overlay, std::vector<AddedFile> added)
    : host_(host),
      file_(std::move(file)),
      object_(&object),
      overlay_(overlay),
      added_(std::move(added)) {
  reader();  // what cannot be read is refused at once
}

std::unique_ptr<SquashfsReader> SquashfsLayer::reader() const {
  return std::make_unique<SquashfsReader>(file_->fd(), object_->offset, object_->size);
}

std::unique_ptr<Stream> SquashfsLayer::tar(bool warns) const {
  SquashfsTarOptions options;
  options.overlay = overlay_;
  options.added = added_;
  if (warns) options.warn = [host = host_](const std::string& text) { host.warn(text); };
  return std::make_unique<SquashfsTar>(reader(), std::move(options));
}

SquashfsLayer::Measure SquashfsLayer::measure() const {
  reader()->survey([this] { host_.throw_if_cancelled(); });
  const auto from = tar(true);
  Hasher hasher;
  std::vector<std::byte> buffer(256 * 1024);
  std::int64_t size = 0;
  while (const size_t n = from->read(buffer)) {
    host_.throw_if_cancelled();
    hasher.update({buffer.data(), n});
    size += static_cast<std::int64_t>(n);
    host_.progress("reading the SIF", size, -1);
  }
  return {hasher.finish(), size};
}

}  // namespace sealos::sif
