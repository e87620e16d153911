#include "extractor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failure.hpp"
#include "file_content.hpp"
#include "support/layer_tar/tar_path.hpp"
#include "user_namespace.hpp"

namespace sealos::containers_storage {

using layer_tar::belongs_to_aufs;
using layer_tar::clean_path;
using layer_tar::hash_of_name;
using layer_tar::join_path;
using layer_tar::kOpaque;
using layer_tar::kWhiteout;

namespace {

constexpr size_t kMaxOwners = 100000;
/// Files that come with content under a name that was there: each is kept aside until the end.
constexpr size_t kMaxNamedAgain = 10000;

bool is_whiteout_device(const struct stat& st) { return S_ISCHR(st.st_mode) && st.st_rdev == 0; }

/// In a user namespace nobody can make a device; a layer goes without it there, as with podman.
bool is_device_left_out(const TarEntry& entry) {
  static const bool namespaced = in_user_namespace();
  const bool device = entry.kind == EntryKind::char_device || entry.kind == EntryKind::block_device;
  return device && namespaced;
}

/// Knows whether a failure is the stream's, which goes on as it came, or one of the disk.
class NotedStream final : public Stream {
 public:
  explicit NotedStream(Stream& from) : from_(from) {}
  size_t read(std::span<std::byte> into) override {
    failed_ = true;
    const size_t n = from_.read(into);
    failed_ = false;
    return n;
  }
  std::int64_t size() const override { return from_.size(); }
  bool failed() const { return failed_; }

 private:
  Stream& from_;
  bool failed_ = false;
};

}  // namespace

Extractor::Extractor(int root, int aside, int notes, Form form)
    : aside_(aside), notes_(notes), form_(form), inside_(root) {}

Extracted Extractor::run(Stream& tar, TarSplitWriter& split) {
  NotedStream noted(tar);
  TarReader reader(noted, &split);
  while (const std::optional<TarEntry> entry = reader.next()) {
    try {
      extract(*entry, reader, split);
    } catch (Error& e) {
      const bool of_a_file = e.status() == Status::not_found || e.status() == Status::exists ||
                             e.status() == Status::denied;
      if (of_a_file && !noted.failed()) {
        throw Error(Status::io, e.message());  // of the disk, not of the image asked for
      }
      throw;
    }
  }
  set_folder_times();
  split.finish();
  out_.size = reader.bytes();
  out_.digest = reader.digest();
  return std::move(out_);
}

/// Limits on what is kept in memory until the end of the tar.
void Extractor::count(const TarEntry& entry, const std::string& name) {
  if (++entries_ > kMostEntries) {
    throw Error(Status::unsupported,
                fmt::format("the layer has more than {} entries", kMostEntries));
  }
  hash_ = hash_of_name(entry.name);
  named_before_ = !seen_.insert(hash_);
  if (named_before_ && entry.size > 0 && ++named_again_ > kMaxNamedAgain) {
    throw Error(Status::unsupported,
                fmt::format("the layer replaces its own files more than {} times", kMaxNamedAgain));
  }
  if (name.starts_with(kWhiteout)) return;
  out_.uids.insert(entry.uid);
  out_.gids.insert(entry.gid);
  if (out_.uids.size() > kMaxOwners || out_.gids.size() > kMaxOwners)
    throw Error(Status::unsupported, "the layer's files have more than 100000 owners");
}

void Extractor::extract(const TarEntry& entry, TarReader& reader, TarSplitWriter& split) {
  const std::vector<std::string> parts = clean_path(entry.name);
  const std::string name = parts.empty() ? "" : parts.back();
  count(entry, name);
  if (parts.empty()) {
    if (entry.kind == EntryKind::folder) out_.root = entry;
  } else if (!belongs_to_aufs(parts)) {
    const int folder = inside_.make(parts, parts.size() - 1, out_.implied_folders);
    if (!take_whiteout(entry, folder, name)) place(entry, folder, name, reader, split);
    if (entry.kind == EntryKind::folder) note_times(entry, join_path(parts, parts.size()));
    if (entry.kind == EntryKind::file && entry.size > 0 && !entry.sparse) return;
  }
  // Go refuses a tar-split that has a name twice; without content nothing is lost by leaving it
  // out.
  if (!named_before_ && entry.size == 0) split.file(entry.name, 0, 0);
}

bool Extractor::take_whiteout(const TarEntry& entry, int folder, const std::string& name) {
  if (!name.starts_with(kWhiteout)) return false;
  if (keeps_whiteout_files(form_)) return false;
  if (name == kOpaque) {
    mark_opaque(folder, ".", form_);
  } else {
    put_whiteout(entry, folder, name.substr(kWhiteout.size()));
  }
  return true;
}

void Extractor::put_whiteout(const TarEntry& entry, int folder, const std::string& name) {
  if (name.empty() || name == "." || name == "..")
    throw Error(Status::corrupt, "the layer removes \"" + printable(entry.name) + "\"");
  if (::mknodat(folder, name.c_str(), S_IFCHR, 0) == 0) {
    if (::fchownat(folder, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0)
      fail("changing the owner of", name);
    return;
  }
  if (errno != EEXIST) fail("removing", name);
  // What this layer itself put there stays; only what lower layers have in a folder is gone.
  struct stat st;
  if (::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
    mark_opaque(folder, name, form_);
}

void Extractor::place(const TarEntry& entry, int folder, const std::string& name, TarReader& reader,
                      TarSplitWriter& split) {
  switch (entry.kind) {
    case EntryKind::file:
      return put_file(entry, folder, name, reader, split);
    case EntryKind::folder:
      return put_folder(entry, folder, name);
    case EntryKind::hard_link:
      return put_link(entry, folder, name);
    default:
      if (is_device_left_out(entry)) return;
      if (!create(entry, folder, name)) {
        remove_former(folder, name);
        if (!create(entry, folder, name)) fail("making", name);
      }
      apply_metadata(entry, folder, name, -1, form_);
  }
}

void Extractor::put_file(const TarEntry& entry, int folder, const std::string& name,
                         TarReader& reader, TarSplitWriter& split) {
  static constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd file(::openat(folder, name.c_str(), kFlags, 0600));
  if (!file && errno == EEXIST) {
    remove_former(folder, name);
    file = Fd(::openat(folder, name.c_str(), kFlags, 0600));
  }
  if (!file) fail("making", name);
  if (entry.sparse) {
    write_sparse_content(entry, reader, split, file.get());
  } else if (entry.size > 0) {
    if (named_before_) out_.replaced[hash_];
    split.file(entry.name, entry.size, write_content(reader, file.get(), name));
  }
  apply_metadata(entry, folder, name, file.get(), form_);
}

void Extractor::put_folder(const TarEntry& entry, int folder, const std::string& name) {
  bool was_whiteout = false;
  if (::mkdirat(folder, name.c_str(), 0700) != 0) {
    struct stat st;
    if (errno != EEXIST || ::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
      fail("making folder", name);
    if (!S_ISDIR(st.st_mode)) {
      was_whiteout = remove_former(folder, name);
      if (::mkdirat(folder, name.c_str(), 0700) != 0) fail("making folder", name);
    }
  }
  apply_metadata(entry, folder, name, -1, form_);
  if (was_whiteout) mark_opaque(folder, name, form_);
}

void Extractor::put_link(const TarEntry& entry, int folder, const std::string& name) {
  const std::vector<std::string> target = clean_path(entry.link);
  const std::optional<Fd> there =
      target.empty() ? std::nullopt : inside_.find(join_path(target, target.size() - 1));
  const auto link = [&] {
    return there && ::linkat(there->get(), target.back().c_str(), folder, name.c_str(), 0) == 0;
  };
  errno = ENOENT;
  bool done = link();
  if (!done && there && errno == EEXIST) {
    struct stat own, other;
    const bool same =
        ::fstatat(folder, name.c_str(), &own, AT_SYMLINK_NOFOLLOW) == 0 &&
        ::fstatat(there->get(), target.back().c_str(), &other, AT_SYMLINK_NOFOLLOW) == 0 &&
        own.st_ino == other.st_ino;
    if (!same) remove_former(folder, name);
    done = same || link();
  }
  if (!done) {
    throw Error(Status::corrupt,
                fmt::format("the layer has {} as a link to {}, which is not in it: {}",
                            printable(entry.name), printable(entry.link), std::strerror(errno)));
  }
  apply_metadata(entry, folder, name, -1, form_);
}

/// Links, devices and fifos. False where the name is taken.
bool Extractor::create(const TarEntry& entry, int folder, const std::string& name) {
  int result = -1;
  const dev_t device = ::makedev(entry.device_major, entry.device_minor);
  switch (entry.kind) {
    case EntryKind::symlink:
      result = ::symlinkat(entry.link.c_str(), folder, name.c_str());
      break;
    case EntryKind::fifo:
      result = ::mknodat(folder, name.c_str(), S_IFIFO | 0600, 0);
      break;
    case EntryKind::char_device:
      result = ::mknodat(folder, name.c_str(), S_IFCHR | 0600, device);
      break;
    default:
      result = ::mknodat(folder, name.c_str(), S_IFBLK | 0600, device);
  }
  if (result == 0) return true;
  if (errno == EEXIST) return false;
  fail("making", name);
}

bool Extractor::remove_former(int folder, const std::string& name) {
  struct stat st;
  if (::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) fail("looking at", name);
  inside_.forget();
  if (S_ISDIR(st.st_mode)) {
    if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) return false;
    throw Error(Status::unsupported,
                "the layer replaces its own folder " + printable(name) + ", which is not empty");
  }
  if (!S_ISREG(st.st_mode) || st.st_size == 0) {
    if (::unlinkat(folder, name.c_str(), 0) != 0) fail("replacing", name);
    return is_whiteout_device(st);
  }
  // The tar-split still needs the former content, which the disk no longer has under its name.
  if (!named_before_) {
    throw Error(Status::unsupported,
                "the layer replaces its own file " + printable(name) + " through a link");
  }
  const std::uint64_t number = aside_count_++;
  if (::renameat(folder, name.c_str(), aside_, std::to_string(number).c_str()) != 0)
    fail("replacing", name);
  out_.replaced[hash_].push_back(number);
  return false;
}

/// What is put into a folder changes its times, so that they are set again at the end. They are
/// kept in a file: a layer may have millions.
void Extractor::note_times(const TarEntry& entry, const std::string& path) {
  noted_.append(reinterpret_cast<const char*>(&entry.atime), sizeof(entry.atime));
  noted_.append(reinterpret_cast<const char*>(&entry.mtime), sizeof(entry.mtime));
  noted_.append(path.c_str(), path.size() + 1);
  if (noted_.size() < 64 * 1024) return;
  write_all(notes_, noted_, "notes of times");
  noted_.clear();
}

void Extractor::set_folder_times() {
  write_all(notes_, noted_, "notes of times");
  if (::lseek(notes_, 0, SEEK_SET) != 0) fail("reading", "notes of times");
  std::string text;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t n = ::read(notes_, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("reading", "notes of times");
    if (n == 0) return;
    text.append(buffer, static_cast<size_t>(n));
    size_t at = 0;
    while (true) {
      timespec times[2];
      if (text.size() < at + sizeof(times)) break;
      const size_t end = text.find('\0', at + sizeof(times));
      if (end == std::string::npos) break;
      std::memcpy(times, text.data() + at, sizeof(times));
      const std::string path = text.substr(at + sizeof(times), end - at - sizeof(times));
      at = end + 1;
      const std::vector<std::string> parts = clean_path(path);
      const std::optional<Fd> above = inside_.find(join_path(parts, parts.size() - 1));
      struct stat st;
      if (above && ::fstatat(above->get(), parts.back().c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISDIR(st.st_mode)) {
        ::utimensat(above->get(), parts.back().c_str(), times, AT_SYMLINK_NOFOLLOW);
      }
    }
    text.erase(0, at);
  }
}

}  // namespace sealos::containers_storage
