#include "dir_destination.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "sealos/sdk/reuse.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/file/write_behind.hpp"
#include "support/signature_file/signature_file.hpp"

namespace sealos::dir {
namespace {

constexpr std::string_view kManifestEnding = ".manifest.json";

/// While a copy runs, only digests other than sha256 have their algorithm in front.
Version version_for(const Digest& digest) {
  return digest.algorithm() == "sha256" ? Version::v1_1 : Version::v1_2;
}

std::vector<std::string> names_in(int folder) {
  const int copy = open_at(folder, ".", O_RDONLY | O_DIRECTORY).release();
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(copy), &::closedir);
  if (list == nullptr) throw errno_error(errno, "listing the folder");
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(list.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

bool exists(int folder, std::string_view name) {
  return ::faccessat(folder, std::string(name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

LayerCompression wanted_compression(const sdk::Host& host) {
  const bool compress = host.flag("dir.compress").value_or(false);
  const bool decompress = host.flag("dir.decompress").value_or(false);
  if (compress && decompress)
    throw Error(Status::invalid, "dir.compress and dir.decompress cannot both be true");
  return compress     ? LayerCompression::compress
         : decompress ? LayerCompression::decompress
                      : LayerCompression::preserve;
}

}  // namespace

Destination::Destination(sdk::Host host, const std::string& path, sdk::Intent intent)
    : host_(host),
      path_(path),
      compression_(wanted_compression(host)),
      verify_reused_(host.flag("dir.verify-reused").value_or(false)) {
  if (intent == sdk::Intent::preview) {
    look_at_folder();
    return;
  }
  try {
    open_folder();
  } catch (...) {
    if (made_folder_) ::rmdir(path_.c_str());
    throw;
  }
}

Destination::~Destination() { abort(); }

void Destination::open_folder() {
  if (::mkdir(path_.c_str(), 0755) == 0) {
    made_folder_ = true;
  } else if (errno != EEXIST) {
    throw errno_error(errno, "making the folder");
  }
  folder_ = open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
  if (::flock(folder_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw Error(Status::exists, "another copy is writing to this folder");
    host_.debug(fmt::format("dir:{}: the folder cannot be locked", path_));
  }
  check_former();
  if (exists(folder_.get(), kVersionFile)) return;
  // From here on the folder is known as one that may be written to, also after a kill -9.
  replace_file(folder_.get(), std::string(kVersionFile), version_text(Version::v1_1));
  made_version_ = true;
}

void Destination::look_at_folder() {
  ended_ = true;  // there is nothing to take back
  if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return;
  folder_ = open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
  check_former();
  if (::faccessat(folder_.get(), ".", W_OK, AT_EACCESS) != 0)
    throw errno_error(errno, "writing to the folder");
}

void Destination::check_former() const {
  constexpr std::string_view kForeign =
      "the folder is not empty and not a dir: image; what is in it is not overwritten";
  if (exists(folder_.get(), kVersionFile)) {
    const Fd file = open_regular_beneath(folder_.get(), std::string(kVersionFile));
    try {
      parse_version(read_all(file.get(), "the file version", 4096));
    } catch (const Error& e) {
      throw Error(Status::exists, fmt::format("{} ({})", kForeign, e.what()));
    }
  } else if (!names_in(folder_.get()).empty()) {
    throw Error(Status::exists, std::string(kForeign));
  }
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  StagedFile file(folder_.get());
  std::optional<Hasher> hasher;
  if (!blob.digest) hasher.emplace();
  const std::string what =
      fmt::format("{} to dir:{}", blob.digest ? "blob " + blob.digest->brief() : "a blob", path_);
  Blob made;
  made.size = copy_to_file(from, file.fd(), what, hasher ? &*hasher : nullptr);
  made.digest = blob.digest ? blob.digest : hasher->finish();
  if (blob.size >= 0 && made.size != blob.size) {
    throw Error(Status::corrupt, fmt::format("blob {} has {} bytes but should have {}",
                                             made.digest->brief(), made.size, blob.size));
  }
  keep(file, {*made.digest, ""}, made.size);
  return made;
}

void Destination::keep(StagedFile& file, const Name& name, std::int64_t size) {
  const std::string as = blob_name(version_for(name.first), name.first) + name.second;
  flush_ahead(file.fd(), size, as);
  struct stat st;
  const std::lock_guard lock(mutex_);
  const bool was_there =
      ::fstatat(folder_.get(), as.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == size;
  file.keep(folder_.get(), as);
  if (!was_there) made_.insert(as);
  files_[name] = as;
}

/// The file that a blob is in already.
std::optional<std::string> Destination::find(const Digest& digest, std::int64_t size) const {
  if (!folder_) return std::nullopt;
  for (const Version version : {Version::v1_1, Version::v1_2}) {
    const std::string name = blob_name(version, digest);
    struct stat st;
    if (::fstatat(folder_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(st.st_mode) || (size >= 0 && st.st_size != size)) continue;
    if (version == Version::v1_1 && digest.algorithm() != "sha256") continue;
    if (!verify_reused_ || verify(name, digest)) return name;
  }
  return std::nullopt;
}

bool Destination::verify(const std::string& file, const Digest& digest) const {
  const auto stream = file_stream(open_regular_beneath(folder_.get(), file), file);
  Hasher hasher(digest.algorithm());
  std::vector<std::byte> buffer(256 * 1024);
  while (const size_t n = stream->read(buffer)) {
    host_.throw_if_cancelled();
    hasher.update({buffer.data(), n});
  }
  return hasher.finish() == digest;
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  return sdk::first_reusable(
      want, [&](const Blob& blob, const Digest& digest) -> std::optional<std::int64_t> {
        const auto file = find(digest, blob.size);
        if (!file) return std::nullopt;
        const std::int64_t size = size_of(open_regular_beneath(folder_.get(), *file).get(), *file);
        const std::lock_guard lock(mutex_);
        files_[{digest, ""}] = *file;
        return size;
      });
}

void Destination::put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
  if (manifest.data.size() > kMaxManifest) {
    throw Error(Status::unsupported,
                fmt::format("dir:{}: a manifest has {} bytes, more than the {} that would be read",
                            path_, manifest.data.size(), kMaxManifest));
  }
  if (!instance) {
    manifest_ = manifest.data;
    return;
  }
  if (digest_of(manifest.data, instance->algorithm()) != *instance) {
    throw Error(Status::corrupt, fmt::format("dir:{}: manifest {} does not have that digest", path_,
                                             instance->brief()));
  }
  StagedFile file(folder_.get());
  write_all(file.fd(), manifest.data, fmt::format("a manifest to dir:{}", path_));
  keep(file, {*instance, std::string(kManifestEnding)},
       static_cast<std::int64_t>(manifest.data.size()));
}

void Destination::put_signatures(const std::optional<Digest>& instance,
                                 const std::vector<Item>& items) {
  std::vector<std::string>& kept = signatures_[instance];
  kept.clear();
  for (const Item& item : items) kept.push_back(signature_file(item));
}

Version Destination::needed_version() const {
  for (const auto& [name, file] : files_) {
    if (name.first.algorithm() != "sha256") return Version::v1_2;
  }
  return Version::v1_1;
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!manifest_) throw Error(Status::internal, "dir: there is no manifest to commit");
  try {
    const Version version = needed_version();
    flush();
    std::vector<std::pair<std::unique_ptr<StagedFile>, std::string>> signatures;
    for (const auto& [instance, files] : signatures_) {
      for (size_t i = 0; i < files.size(); ++i) {
        auto file = std::make_unique<StagedFile>(folder_.get());
        const std::string name = signature_name(version, instance, i + 1);
        write_all(file->fd(), files[i], name);
        sync_file(file->fd(), name);
        signatures.emplace_back(std::move(file), name);
      }
    }
    name_for(version);
    sync_file(folder_.get(), path_);
    // The former image loses its signatures first: no image is ever seen with those of another.
    remove_old_signatures();
    replace_file(folder_.get(), std::string(kManifestFile), *manifest_);
    ended_ = true;
    set_version(version);
    for (auto& [file, name] : signatures) file->keep(folder_.get(), name);
    tidy(version);
    sync_file(folder_.get(), path_);
  } catch (Error& e) {
    throw e.add_context("dir:" + path_);
  }
  return std::nullopt;
}

void Destination::set_version(Version version) const {
  const std::string name(kVersionFile), text = version_text(version);
  if (read_all(open_regular_beneath(folder_.get(), name).get(), name, 4096) != text)
    replace_file(folder_.get(), name, text);
}

void Destination::flush() const {
  for (const auto& [name, file] : files_) {
    if (::fdatasync(open_regular_beneath(folder_.get(), file).get()) != 0)
      throw errno_error(errno, "flushing " + file);
  }
}

/// Gives each file the name that it has in this version, beside the one that it has.
void Destination::name_for(Version version) {
  for (const auto& [name, file] : files_) {
    const std::string as = blob_name(version, name.first) + name.second;
    if (as == file) continue;
    const bool was_there = exists(folder_.get(), as);
    const std::string aside = temporary_name(".sealos-");
    if (::linkat(folder_.get(), file.c_str(), folder_.get(), aside.c_str(), 0) != 0 ||
        ::renameat(folder_.get(), aside.c_str(), folder_.get(), as.c_str()) != 0) {
      const int number = errno;
      ::unlinkat(folder_.get(), aside.c_str(), 0);
      throw errno_error(number, "linking " + as);
    }
    // Two names of one file are not renamed into one another.
    ::unlinkat(folder_.get(), aside.c_str(), 0);
    if (!was_there) made_.insert(as);
  }
}

void Destination::remove_old_signatures() const {
  for (const std::string& name : names_in(folder_.get())) {
    if (name.find("signature-") == std::string::npos || !is_name_of_format(name)) continue;
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0)
      throw errno_error(errno, "removing " + name);
  }
}

/// Removes what the former image needed and this one does not. What is not of this format stays.
void Destination::tidy(Version version) const {
  std::set<std::string> needed{std::string(kVersionFile), std::string(kManifestFile)};
  for (const auto& [name, file] : files_)
    needed.insert(blob_name(version, name.first) + name.second);
  for (const auto& [instance, files] : signatures_) {
    for (size_t i = 0; i < files.size(); ++i)
      needed.insert(signature_name(version, instance, i + 1));
  }
  for (const std::string& name : names_in(folder_.get())) {
    if (needed.contains(name) || !is_name_of_format(name)) continue;
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0)
      host_.warn(fmt::format("dir:{}: {} of the former image could not be removed", path_, name));
  }
}

void Destination::abort() {
  if (ended_ || !folder_) return;
  ended_ = true;
  for (const std::string& name : made_) ::unlinkat(folder_.get(), name.c_str(), 0);
  if (made_version_) ::unlinkat(folder_.get(), std::string(kVersionFile).c_str(), 0);
  if (made_folder_) ::rmdir(path_.c_str());
}

}  // namespace sealos::dir
