#include "support/layout_archive/archive_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sealos/ext/draft/ordered_blobs.h"
#include "sealos/sdk/reuse.hpp"

namespace sealos {
namespace {

/// Checks a blob of the former archive on its way into the new one.
class CheckedStream final : public Stream {
 public:
  CheckedStream(std::unique_ptr<Stream> from, Digest digest)
      : from_(std::move(from)), digest_(std::move(digest)), hasher_(digest_.algorithm()) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = from_->read(into);
    if (n != 0) {
      hasher_.update(into.first(n));
    } else if (!ended_) {
      ended_ = true;
      if (hasher_.finish() != digest_) {
        throw Error(Status::corrupt,
                    fmt::format("blob {} of the former archive does not have that digest",
                                digest_.brief()));
      }
    }
    return n;
  }
  std::int64_t size() const override { return from_->size(); }

 private:
  std::unique_ptr<Stream> from_;
  Digest digest_;
  Hasher hasher_;
  bool ended_ = false;
};

}  // namespace

ArchiveTarget::ArchiveTarget(std::string path)
    : path_(path == "-" ? path : resolved_path(path)), pipe_(path == "-") {
  if (pipe_) return;
  struct stat st;
  if (::stat(path_.c_str(), &st) == 0) {
    if (S_ISDIR(st.st_mode)) throw Error(Status::exists, path_ + " is a folder");
    pipe_ = !S_ISREG(st.st_mode);
    exists_ = S_ISREG(st.st_mode) && st.st_size != 0;
  } else if (errno != ENOENT) {
    throw errno_error(errno, "looking at " + path_);
  }
  std::error_code error;
  const auto folder = std::filesystem::path(path_).parent_path();
  if (!pipe_ && !std::filesystem::is_directory(folder, error))
    throw Error(Status::not_found, "there is no folder " + folder.string());
  before_ = identity();
}

ArchiveTarget::Identity ArchiveTarget::identity() const {
  struct stat st;
  if (::stat(path_.c_str(), &st) != 0) return {};
  return {st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
}

void ArchiveTarget::check_unchanged() const {
  if (identity() == before_) return;
  throw Error(Status::unavailable,
              path_ + " was changed by another program while this copy was running");
}

Fd ArchiveTarget::open_pipe() const {
  if (path_ != "-") return open_at(AT_FDCWD, path_, O_WRONLY | O_NOCTTY);
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw errno_error(errno, "opening standard output");
  return Fd(copy);
}

Fd ArchiveTarget::open_folder() const {
  return open_at(AT_FDCWD, std::filesystem::path(path_).parent_path(), O_RDONLY | O_DIRECTORY);
}

std::string ArchiveTarget::file_name() const {
  return std::filesystem::path(path_).filename().string();
}

Existing existing_wish(const sdk::Host& host, const char* option) {
  const auto wish = host.option(option);
  if (!wish) return Existing::unsaid;
  if (*wish == "add") return Existing::add;
  if (*wish == "replace") return Existing::replace;
  if (*wish == "refuse") return Existing::refuse;
  throw Error(Status::invalid, fmt::format("{} must be add, replace or refuse, not \"{}\"", option,
                                           printable(*wish)));
}

ArchiveOutput::ArchiveOutput(const sdk::Host& host, ArchiveTarget target, unsigned mode,
                             std::shared_ptr<const ArchiveBlobs> former)
    : host_(host), target_(std::move(target)), former_(std::move(former)) {
  const std::int64_t time = archive_time();
  if (target_.is_pipe()) {
    pipe_ = target_.open_pipe();
    if (::isatty(pipe_.get()) == 1)
      throw Error(Status::invalid, "an archive is not written to a terminal");
  } else {
    folder_ = target_.open_folder();
    file_ = stage();
  }
  sink_ = std::make_unique<FileSink>(file_ ? file_->fd() : pipe_.get(), target_.path());
  writer_ = std::make_unique<ArchiveWriter>(*sink_, time, mode, host.temp_dir());
}

/// With the mode of the file that is there.
std::unique_ptr<StagedFile> ArchiveOutput::stage() const {
  auto file = std::make_unique<StagedFile>(folder_.get());
  struct stat st;
  if (::stat(target_.path().c_str(), &st) == 0) ::fchmod(file->fd(), st.st_mode & 07777);
  return file;
}

const void* ArchiveOutput::extension(const char* id) const {
  static constexpr sealos_ordered_blobs kOrdered{sizeof(sealos_ordered_blobs), 0};
  const bool known = std::strcmp(id, SEALOS_ORDERED_BLOBS) == 0 && writer_->takes_several();
  return known ? &kOrdered : nullptr;
}

std::optional<Blob> ArchiveOutput::try_reuse(const Reuse& want) {
  return sdk::first_reusable(
      want, [&](const Blob& blob, const Digest& digest) { return find_size(blob, digest); });
}

/// What the former archive has is carried over as soon as it is wanted.
std::optional<std::int64_t> ArchiveOutput::find_size(const Blob& blob, const Digest& digest) {
  if (const auto here = writer_->size_of(digest)) return here;
  if (former_ == nullptr || writer_->names_blobs()) return std::nullopt;
  const auto there = former_->size(digest);
  if (there && (blob.size < 0 || *there == blob.size)) carry_over(digest);
  return there;
}

void ArchiveOutput::carry_member(const TarMember& member, const std::string& name) {
  host_.throw_if_cancelled();
  if (!others_.insert(name).second) return;
  writer_->add(name, member.size, *former_->tar().open(member));
}

void ArchiveOutput::carry_over(const Digest& digest) {
  const auto size = former_->size(digest);
  if (!size || writer_->has(digest)) return;
  host_.throw_if_cancelled();
  CheckedStream from(former_->open(digest, *size, 0, -1), digest);
  writer_->put(digest, *size, from);
}

void ArchiveOutput::commit() {
  writer_->finish();
  if (!file_) return;
  if (!writer_->in_order()) {
    auto ordered = stage();
    writer_->copy_in_order(file_->fd(), ordered->fd());
    file_ = std::move(ordered);
  }
  sync_file(file_->fd(), target_.path());
  // Others that replace archives here wait; those that have done so meanwhile are noticed.
  ::flock(folder_.get(), LOCK_EX);
  target_.check_unchanged();
  file_->keep(folder_.get(), target_.file_name());
  sync_file(folder_.get(), "the folder of " + target_.path());
  ::flock(folder_.get(), LOCK_UN);
}

}  // namespace sealos
