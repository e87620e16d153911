#include "daemon_source.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "saved_archive.hpp"
#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_daemon {
namespace {

void check_room(const sdk::Host& host, const Json& image) {
  const Json* size = image.find("Size");
  struct statvfs room;
  if (size == nullptr || ::statvfs(host.temp_dir().c_str(), &room) != 0) return;
  const auto free = static_cast<std::int64_t>(room.f_bavail * room.f_frsize);
  if (size->integer("Size") > free) {
    host.warn(fmt::format("docker-daemon: the image has {} MB, and {} has room for {} MB only",
                          size->integer("Size") / 1000000, host.temp_dir(), free / 1000000));
  }
}

/// The only image that the archive holds, whatever it is called there; of several the one that has
/// the name.
docker_archive::WantedImage wanted(const TarFile& tar, const DaemonName& name) {
  docker_archive::WantedImage image;
  const auto text = archive_text(tar, "manifest.json", docker_archive::kMaxText);
  const bool only = text && docker_archive::parse_items(*text).size() == 1;
  if (!only && name.name && !name.name->tag.empty()) image.name = name.name;
  return image;
}

}  // namespace

std::unique_ptr<docker_archive::ImageSource> open_image(const sdk::Host& host, DaemonClient& client,
                                                        const DaemonName& name) {
  const std::string shown = name.canonical();
  const auto image = client.inspect(shown);
  if (!image) {
    const char* hint = name.id ? "; with the containerd image store an id is the digest of the "
                                 "manifest, else that of the config"
                               : "";
    throw Error(Status::not_found, fmt::format("docker-daemon: there is no image {} at {}{}", shown,
                                               client.where(), hint));
  }
  check_room(host, *image);
  http::Response response = client.save(shown);
  const std::string place = "docker-daemon:" + shown;
  try {
    const auto tar = receive_archive(host, std::move(response));
    return std::make_unique<docker_archive::ImageSource>(host, place, tar, wanted(*tar, name));
  } catch (Error& e) {
    throw e.add_context(place);
  }
}

}  // namespace sealos::docker_daemon
