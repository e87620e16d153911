#include "support/tar/tar_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "support/file/file_stream.hpp"
#include "support/tar/tar_header.hpp"

namespace sealos {
namespace {

constexpr std::int64_t kPiece = 256 * 1024;

std::string zeros(std::int64_t count) { return std::string(static_cast<size_t>(count), '\0'); }

[[noreturn]] void throw_wrong_size(const std::string& name, std::int64_t size) {
  throw Error(Status::corrupt, fmt::format("{} does not have the {} bytes it should", name, size));
}

/// Never more bytes than there is room for, whatever the stream says.
class BoundedStream final : public Stream {
 public:
  BoundedStream(Stream& from, std::int64_t size) : from_(from), left_(size), size_(size) {}
  size_t read(std::span<std::byte> into) override {
    const size_t n = from_.read(into);
    left_ -= static_cast<std::int64_t>(n);
    if (left_ < 0) throw_wrong_size("a member", size_);
    return n;
  }
  std::int64_t size() const override { return from_.size(); }
  int fd() const override { return from_.fd(); }

 private:
  Stream& from_;
  std::int64_t left_;
  const std::int64_t size_;
};

}  // namespace

Fd file_with_own_position(int file, int flags) {
  return open_at(AT_FDCWD, fmt::format("/proc/self/fd/{}", file), flags);
}

FileSink::FileSink(int file, std::string name) : file_(file), name_(std::move(name)) {
  struct stat st;
  seekable_ = ::fstat(file, &st) == 0 && S_ISREG(st.st_mode);
}

void FileSink::write(std::span<const std::byte> bytes) { write_all(file_, bytes, name_); }

TarWriter::TarWriter(TarSink& sink, std::int64_t mtime, unsigned mode, std::string temp_dir)
    : sink_(sink), mtime_(mtime), mode_(mode), temp_dir_(std::move(temp_dir)) {}

/// Runs what adds a member, and takes back what it wrote if it fails. Where that cannot be done,
/// nor the rest be made up for, trying again does not help, and says the same.
template <typename Body>
void TarWriter::attempt(Body&& body) {
  if (broken_) throw Error(*broken_);
  const off_t start = sink_.seekable() ? ::lseek(sink_.fd(), 0, SEEK_CUR) : -1;
  try {
    fill_up();
    body();
  } catch (const Error& e) {
    if (owed_) throw;
    if (start >= 0 && ::ftruncate(sink_.fd(), start) == 0 &&
        ::lseek(sink_.fd(), start, SEEK_SET) == start) {
      throw;
    }
    broken_ = Error(e.status(), e.message());
    throw Error(*broken_);
  }
}

void TarWriter::write(std::string_view text) { sink_.write(std::as_bytes(std::span(text))); }

void TarWriter::fill_up() {
  std::int64_t left = std::exchange(owed_, std::nullopt).value_or(0);
  const std::string some = zeros(std::min(left, kPiece));
  for (; left > 0; left -= kPiece)
    write(std::string_view(some).substr(0, static_cast<size_t>(std::min(left, kPiece))));
}

/// Writes at most `size` bytes. Returns how many there were.
std::int64_t TarWriter::copy(Stream& from, std::int64_t size) {
  if (sink_.fd() >= 0) return copy_to_file(from, sink_.fd(), "the archive");
  std::vector<std::byte> buffer(static_cast<size_t>(kPiece));
  std::int64_t done = 0;
  while (true) {
    owed_ = size - done + tar_padding(size);  // as long as it is the stream that may fail
    const size_t n = from.read(buffer);
    done += static_cast<std::int64_t>(n);
    if (n == 0 || done > size) return done;
    owed_.reset();
    sink_.write(std::span(buffer).first(n));
  }
}

void TarWriter::add(const std::string& name, std::int64_t size, Stream& from) {
  if (from.size() >= 0 && from.size() != size) {
    throw Error(Status::corrupt,
                fmt::format("{} has {} bytes but should have {}", name, from.size(), size));
  }
  attempt([&] {
    write(tar_header({name, size, mode_, mtime_}));
    const std::int64_t copied = copy(from, size);
    if (copied != size) {
      throw Error(Status::corrupt,
                  fmt::format("{} had {} bytes but should have {}", name, copied, size));
    }
    owed_.reset();
    write(zeros(tar_padding(size)));
  });
}

void TarWriter::add(const std::string& name, std::string_view text) {
  attempt([&] {
    const auto size = static_cast<std::int64_t>(text.size());
    write(tar_header({name, size, mode_, mtime_}));
    write(text);
    write(zeros(tar_padding(size)));
  });
}

std::int64_t TarWriter::add_unsized(const std::function<std::string()>& name, Stream& from,
                                    Hasher* hasher) {
  return sink_.seekable() ? add_in_place(name, from, hasher) : add_by_file(name, from, hasher);
}

/// Leaves room for the header and writes it at the end.
std::int64_t TarWriter::add_in_place(const std::function<std::string()>& name, Stream& from,
                                     Hasher* hasher) {
  std::int64_t size = 0;
  attempt([&] {
    const off_t start = ::lseek(sink_.fd(), 0, SEEK_CUR);
    write(std::string(kTarBlock, '\0'));
    size = copy_to_file(from, sink_.fd(), "the archive", hasher);
    const std::string known = name();
    if (known.empty()) {
      if (::ftruncate(sink_.fd(), start) != 0 || ::lseek(sink_.fd(), start, SEEK_SET) < 0)
        throw errno_error(errno, "writing the archive");
      return;
    }
    write(zeros(tar_padding(size)));
    const std::string header = tar_header_block({known, size, mode_, mtime_});
    if (::pwrite(sink_.fd(), header.data(), header.size(), start) !=
        static_cast<ssize_t>(header.size())) {
      throw errno_error(errno, "writing the archive");
    }
  });
  return size;
}

std::int64_t TarWriter::add_by_file(const std::function<std::string()>& name, Stream& from,
                                    Hasher* hasher) {
  Fd file = nameless_file(temp_dir_);
  const std::int64_t size =
      copy_to_file(from, file.get(), "a temporary file in " + temp_dir_, hasher);
  const std::string known = name();
  if (known.empty()) return size;
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw errno_error(errno, "reading a temporary file");
  const auto stored = file_stream(std::move(file), "a temporary file");
  add(known, size, *stored);
  return size;
}

std::int64_t TarWriter::Place::length() const {
  return static_cast<std::int64_t>(header.size()) + size + tar_padding(size);
}

std::int64_t TarWriter::position() const {
  const off_t at = ::lseek(sink_.fd(), 0, SEEK_CUR);
  if (at < 0) throw errno_error(errno, "writing the archive");
  return at;
}

TarWriter::Place TarWriter::place(const std::string& name, std::int64_t size) {
  if (broken_) throw Error(*broken_);
  Place place{position(), tar_header({name, size, mode_, mtime_}), size};
  if (::lseek(sink_.fd(), place.start + place.length(), SEEK_SET) < 0)
    throw errno_error(errno, "writing the archive");
  return place;
}

void TarWriter::fill(const Place& place, Stream& from) const {
  if (from.size() >= 0 && from.size() != place.size) throw_wrong_size("a member", place.size);
  const Fd file = file_with_own_position(sink_.fd(), O_WRONLY);
  if (::lseek(file.get(), place.start, SEEK_SET) < 0)
    throw errno_error(errno, "writing the archive");
  write_all(file.get(), place.header, "the archive");
  BoundedStream bounded(from, place.size);
  const std::int64_t copied = copy_to_file(bounded, file.get(), "the archive");
  if (copied != place.size) throw_wrong_size("a member", place.size);
  write_all(file.get(), zeros(tar_padding(place.size)), "the archive");
}

void TarWriter::finish() {
  attempt([&] { write(std::string(2 * kTarBlock, '\0')); });
}

Fd nameless_file(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return Fd(fd);
  const std::string name = fmt::format("{}/{}", folder, temporary_name(".sealos-"));
  Fd file = open_at(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  ::unlink(name.c_str());
  return file;
}

std::int64_t archive_time() {
  const char* text = ::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return 0;
  std::int64_t seconds = 0;
  const char* const stop = text + std::strlen(text);
  const auto [end, error] = std::from_chars(text, stop, seconds);
  if (error != std::errc() || end != stop || seconds < 0 || seconds >= std::int64_t{1} << 33) {
    throw Error(Status::invalid, fmt::format("SOURCE_DATE_EPOCH is \"{}\", not seconds since 1970",
                                             printable(text)));
  }
  return seconds;
}

}  // namespace sealos
