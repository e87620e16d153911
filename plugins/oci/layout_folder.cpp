#include "layout_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "support/oci_layout/manifest_check.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::oci {
namespace {

constexpr const char* kSharedBlobs = "oci.shared-blob-dir";

/// Runs what opens or makes the folder that the option names; that there is none is the option's
/// fault.
template <typename Body>
void at_shared_blobs(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    const bool wrong = e.status() == Status::not_found || e.status() == Status::exists;
    throw Error(wrong ? Status::invalid : e.status(),
                fmt::format("{}: {}", kSharedBlobs, e.message()));
  }
}

}  // namespace

using oci_layout::LayoutIndex;

FolderLock::FolderLock(const sdk::Host& host, const std::string& path, Kind kind)
    : folder_(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY)) {
  const int how = (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  bool told = false;
  while (::flock(folder_.get(), how) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      host.warn(fmt::format("{} cannot be locked: no other program may write to it now", path));
      return;
    }
    if (!told) host.info(fmt::format("waiting for another program that writes to {}", path));
    told = true;
    host.throw_if_cancelled();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

bool FolderLock::try_exclusive() {
  return ::flock(folder_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

LayoutFolder LayoutFolder::open(const sdk::Host& host, const std::string& path) {
  LayoutFolder layout;
  layout.path_ = path;
  layout.folder_ = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  layout.check_version(host);
  layout.open_blobs(host);
  return layout;
}

LayoutFolder LayoutFolder::look(const sdk::Host& host, const std::string& path) {
  LayoutFolder layout;
  layout.path_ = path;
  const bool there = ::access(path.c_str(), F_OK) == 0 || errno != ENOENT;
  if (there) {
    layout.folder_ = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    layout.check_version(host);
    layout.read_index(false);
    if (::faccessat(layout.folder_.get(), ".", W_OK, AT_EACCESS) != 0)
      throw errno_error(errno, "writing to folder " + printable(path));
  }
  try {
    layout.open_blobs(host);
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
  }
  return layout;
}

LayoutFolder LayoutFolder::make(const sdk::Host& host, const std::string& path) {
  LayoutFolder layout;
  layout.path_ = path;
  if (::mkdir(path.c_str(), 0755) == 0) {
    layout.made_folder_ = true;
  } else if (errno != EEXIST) {
    throw errno_error(errno, "making folder " + printable(path));
  }
  try {
    layout.folder_ = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    layout.check_version(host);
    layout.read_index(false);
    layout.make_blobs(host);
    layout.open_blobs(host);
  } catch (...) {
    layout.unmake();
    throw;
  }
  return layout;
}

void LayoutFolder::check_version(const sdk::Host& host) const {
  Fd file;
  try {
    file = open_regular_beneath(folder_.get(), "oci-layout");
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
    if (!made_folder_ && ::faccessat(folder_.get(), "index.json", F_OK, 0) == 0)
      host.warn(fmt::format("{} has no file oci-layout; read as version 1.0.0", path_));
    return;
  }
  oci_layout::check_layout_version(read_all(file.get(), "oci-layout", 65536));
}

void LayoutFolder::make_blobs(const sdk::Host& host) {
  if (::mkdirat(folder_.get(), "blobs", 0755) == 0) {
    made_blobs_ = true;
  } else if (errno != EEXIST) {
    throw errno_error(errno, fmt::format("making folder {}/blobs", path_));
  }
  if (const auto shared = host.option(kSharedBlobs))
    at_shared_blobs([&] { make_folder(AT_FDCWD, *shared, 0755); });
}

void LayoutFolder::open_blobs(const sdk::Host& host) {
  const auto shared = host.option(kSharedBlobs);
  shares_blobs_ = shared.has_value();
  const std::string where = shared ? *shared : path_ + "/blobs";
  const auto open = [&] {
    blobs_ = std::make_shared<BlobFolder>(open_at(AT_FDCWD, where, O_RDONLY | O_DIRECTORY), where);
  };
  shared ? at_shared_blobs(open) : open();
}

LayoutIndex LayoutFolder::read_index(bool must_exist) const {
  Fd file;
  try {
    file = open_regular_beneath(folder_.get(), "index.json");
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
    if (!must_exist) return LayoutIndex();
    throw Error(Status::not_found,
                "there is no index.json in it: no layout, or a copy that did not end");
  }
  try {
    return LayoutIndex::parse(read_all(file.get(), "index.json", oci_layout::kMaxManifest));
  } catch (Error& e) {
    throw e.add_context("reading index.json");
  }
}

void LayoutFolder::replace_index(const LayoutIndex& index) const {
  const std::string text = index.dump();
  if (text.size() > oci_layout::kMaxManifest) {
    throw Error(Status::unsupported,
                fmt::format("index.json would be larger than {} bytes", oci_layout::kMaxManifest));
  }
  replace_file(folder_.get(), "index.json", text);
}

void LayoutFolder::write_layout_file() const {
  if (::faccessat(folder_.get(), "oci-layout", F_OK, 0) != 0)
    replace_file(folder_.get(), "oci-layout", oci_layout::kLayoutFile);
}

FolderLock LayoutFolder::index_lock(const sdk::Host& host) const {
  return FolderLock(host, path_, FolderLock::Kind::exclusive);
}

std::optional<FolderLock> LayoutFolder::blob_lock(const sdk::Host& host,
                                                  FolderLock::Kind kind) const {
  if (shares_blobs_) return std::nullopt;
  return FolderLock(host, blobs_->path(), kind);
}

void LayoutFolder::unmake() noexcept {
  if (made_blobs_) ::unlinkat(folder_.get(), "blobs", AT_REMOVEDIR);
  if (made_folder_) ::rmdir(path_.c_str());
}

}  // namespace sealos::oci
