#include "squashfs_objects.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sif_file.hpp"
#include "support/file/file.hpp"

namespace sealos::sif {
namespace {

constexpr std::int64_t kMostOffset = std::int64_t{1} << 62;

/// What an error number of libsquashfs says, and whose fault it is.
Error error_of(int result, std::string_view doing) {
  const auto corrupt = [&](std::string_view why) {
    return Error(Status::corrupt, fmt::format("squashfs: {}: {}", doing, why));
  };
  switch (result) {
    case SQFS_ERROR_ALLOC:
      return Error(Status::internal, fmt::format("squashfs: {}: out of memory", doing));
    case SQFS_ERROR_IO:
      return Error(Status::io, fmt::format("squashfs: {}: it cannot be read or written", doing));
    case SQFS_ERROR_COMPRESSOR:
      return corrupt("data cannot be decompressed");
    case SQFS_ERROR_UNSUPPORTED:
      return Error(Status::unsupported, fmt::format("squashfs: {}: not supported", doing));
    case SQFS_ERROR_OVERFLOW:
      return corrupt("a number is too large");
    case SQFS_ERROR_OUT_OF_BOUNDS:
      return corrupt("something lies outside of the file system");
    case SQFS_ERROR_CORRUPTED:
      return corrupt("it is damaged");
    case SFQS_ERROR_SUPER_MAGIC:
      return corrupt("it has no squashfs magic");
    case SFQS_ERROR_SUPER_VERSION:
      return Error(Status::unsupported, "squashfs: its version is not 4.0");
    case SQFS_ERROR_SUPER_BLOCK_SIZE:
      return corrupt("its block size is impossible");
    default:
      return corrupt(fmt::format("error {}", result));
  }
}

}  // namespace

RegionFile::RegionFile(int file, std::int64_t offset, std::int64_t length)
    : file_(file),
      offset_(offset),
      size_(length == kUnlimited ? 0 : length),
      writable_(length == kUnlimited) {
  c_.self = this;
  c_.base.base.destroy = [](sqfs_object_t*) {};
  c_.base.read_at = [](sqfs_file_t* f, sqfs_u64 at, void* into, size_t size) {
    return of(f).read(at, into, size);
  };
  c_.base.write_at = [](sqfs_file_t* f, sqfs_u64 at, const void* from, size_t size) {
    return of(f).write(at, from, size);
  };
  c_.base.get_size = [](const sqfs_file_t* f) { return static_cast<sqfs_u64>(of(f).size()); };
  c_.base.truncate = [](sqfs_file_t* f, sqfs_u64 size) { return of(f).resize(size); };
}

void RegionFile::check(int result, std::string_view doing) {
  if (result >= 0) return;
  if (failure_) {
    Error failure = *std::exchange(failure_, std::nullopt);
    throw failure.add_context(fmt::format("squashfs: {}", doing));
  }
  throw error_of(result, doing);
}

int RegionFile::fail(Error error) {
  failure_ = std::move(error);
  return SQFS_ERROR_IO;
}

int RegionFile::read(std::uint64_t at, void* into, size_t size) {
  if (at > static_cast<std::uint64_t>(size_) || size > static_cast<std::uint64_t>(size_) - at)
    return SQFS_ERROR_OUT_OF_BOUNDS;
  try {
    read_exactly(file_, {static_cast<std::byte*>(into), size},
                 offset_ + static_cast<std::int64_t>(at), "the file system");
    return 0;
  } catch (const Error& e) {
    return fail(e);
  }
}

int RegionFile::write(std::uint64_t at, const void* from, size_t size) {
  if (!writable_) return SQFS_ERROR_UNSUPPORTED;
  if (at > kMostOffset || size > kMostOffset) return SQFS_ERROR_OUT_OF_BOUNDS;
  const char* bytes = static_cast<const char*>(from);
  auto place = static_cast<std::int64_t>(at);
  while (size > 0) {
    const ssize_t n = ::pwrite(file_, bytes, size, offset_ + place);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno_error(errno, "writing"));
    bytes += n;
    place += n;
    size -= static_cast<size_t>(n);
  }
  size_ = std::max(size_, place);
  return 0;
}

/// The library shortens the file when what it wrote last was there already.
int RegionFile::resize(std::uint64_t size) {
  if (!writable_) return SQFS_ERROR_UNSUPPORTED;
  if (size > kMostOffset) return SQFS_ERROR_OUT_OF_BOUNDS;
  if (::ftruncate(file_, offset_ + static_cast<std::int64_t>(size)) != 0)
    return fail(errno_error(errno, "writing"));
  size_ = static_cast<std::int64_t>(size);
  return 0;
}

std::string compressor_name(std::uint16_t id) {
  const char* name = ::sqfs_compressor_name_from_id(static_cast<SQFS_COMPRESSOR>(id));
  return name == nullptr ? fmt::format("number {}", id) : name;
}

}  // namespace sealos::sif
