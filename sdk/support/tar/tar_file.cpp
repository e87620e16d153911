#include "support/tar/tar_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos {
namespace {

/// Reads a pipe, or any file from where it stands.
class DescriptorStream final : public Stream {
 public:
  DescriptorStream(int file, std::string name) : file_(file), name_(std::move(name)) {}
  size_t read(std::span<std::byte> into) override {
    ssize_t n;
    do {
      n = ::read(file_, into.data(), into.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw errno_error(errno, "reading " + name_);
    return static_cast<size_t>(n);
  }

 private:
  int file_;
  std::string name_;
};

Fd open_input(const std::string& path) {
  if (path != "-") return open_at(AT_FDCWD, path, O_RDONLY | O_NOCTTY);
  const int copy = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw errno_error(errno, "opening standard input");
  return Fd(copy);
}

/// A regular file at its start, so that offsets are those of the file.
bool is_plain_file(int file) {
  struct stat st;
  return ::fstat(file, &st) == 0 && S_ISREG(st.st_mode) && ::lseek(file, 0, SEEK_CUR) == 0;
}

Compression compression_of(int file, const std::string& name) {
  std::byte head[6];
  const ssize_t n = ::pread(file, head, sizeof(head), 0);
  if (n < 0) throw errno_error(errno, "reading " + name);
  return detect_compression(std::span(head).first(static_cast<size_t>(n)));
}

Fd spool(std::unique_ptr<Stream> from, const TarOptions& options) {
  Fd file = nameless_file(options.temp_dir);
  const auto stream = decompress_any(std::move(from));
  std::vector<std::byte> buffer(256 * 1024);
  std::int64_t done = 0;
  while (const size_t n = stream->read(buffer)) {
    if (options.checkpoint) options.checkpoint();
    write_all(file.get(), std::span<const std::byte>(buffer.data(), n),
              "a temporary file in " + options.temp_dir);
    done += static_cast<std::int64_t>(n);
    if (options.on_spooled) options.on_spooled(done);
  }
  return file;
}

template <typename Body>
auto about(const std::string& name, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context(name);
  }
}

}  // namespace

TarFile::TarFile(Fd file, std::string name, const TarOptions& options)
    : name_(std::move(name)),
      file_(std::move(file)),
      size_(size_of(file_.get(), name_)),
      index_(TarIndex::build(file_.get(), size_, options.checkpoint)) {}

std::shared_ptr<const TarFile> TarFile::open(const std::string& path, const TarOptions& options) {
  const std::string name = path == "-" ? "standard input" : printable(path);
  Fd input = open_input(path);
  return about(name, [&] {
    struct stat st;
    if (::fstat(input.get(), &st) == 0 && S_ISDIR(st.st_mode))
      throw Error(Status::invalid, "it is a folder, not an archive");
    const bool usable =
        is_plain_file(input.get()) && compression_of(input.get(), name) == Compression::none;
    Fd file = usable ? std::move(input)
                     : spool(std::make_unique<DescriptorStream>(input.get(), name), options);
    return std::shared_ptr<const TarFile>(new TarFile(std::move(file), name, options));
  });
}

std::shared_ptr<const TarFile> TarFile::receive(std::unique_ptr<Stream> from,
                                                const std::string& name,
                                                const TarOptions& options) {
  return about(name, [&] {
    Fd file = spool(std::move(from), options);
    return std::shared_ptr<const TarFile>(new TarFile(std::move(file), name, options));
  });
}

std::unique_ptr<Stream> TarFile::open(const TarMember& member, std::int64_t offset,
                                      std::int64_t length) const {
  const std::string name = fmt::format("{} in {}", printable(member.name), name_);
  if (offset < 0 || offset > member.size || (length >= 0 && length > member.size - offset)) {
    throw Error(Status::corrupt,
                fmt::format("{} has {} bytes, fewer than it should", name, member.size));
  }
  const std::int64_t left = length < 0 ? member.size - offset : length;
  // A descriptor of its own, as several streams read at once.
  const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
  const int fd = ::open(self.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_region_stream(file_.get(), name, member.offset + offset, left);
  return file_stream(Fd(fd), name, member.offset + offset, left);
}

std::string TarFile::read(const TarMember& member, size_t most) const {
  return read_stream(*open(member), most, fmt::format("{} in {}", printable(member.name), name_));
}

}  // namespace sealos
