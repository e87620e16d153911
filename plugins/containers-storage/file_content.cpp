#include "file_content.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/layer_tar/crc64.hpp"
#include "support/layer_tar/sparse_content.hpp"

namespace sealos::containers_storage {

using layer_tar::Crc64;

namespace {

constexpr size_t kPage = 4096;

bool is_zero(std::span<const std::byte> bytes) {
  return bytes[0] == std::byte{0} &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

void write_at(int file, std::span<const std::byte> bytes, std::int64_t at,
              const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, "writing " + printable(name));
    bytes = bytes.subspan(static_cast<size_t>(n));
    at += n;
  }
}

/// Writes what is not zero of whole pages; a hole reads as zeros.
void write_but_holes(int file, std::span<const std::byte> bytes, std::int64_t at,
                     const std::string& name) {
  size_t start = 0, i = 0;
  while (i < bytes.size()) {
    const size_t to_page = kPage - (static_cast<size_t>(at) + i) % kPage;
    const size_t n = std::min(to_page, bytes.size() - i);
    if (n == kPage && is_zero(bytes.subspan(i, n))) {
      write_at(file, bytes.subspan(start, i - start), at + static_cast<std::int64_t>(start), name);
      start = i + n;
    }
    i += n;
  }
  write_at(file, bytes.subspan(start), at + static_cast<std::int64_t>(start), name);
}

void set_size(int file, std::int64_t size, const std::string& name) {
  if (::ftruncate(file, size) != 0) throw errno_error(errno, "writing " + printable(name));
}

}  // namespace

std::uint64_t write_content(TarReader& reader, int file, const std::string& name) {
  Crc64 crc;
  std::int64_t at = 0;
  for (auto bytes = reader.content(); !bytes.empty(); bytes = reader.content()) {
    crc.update(bytes);
    write_but_holes(file, bytes, at, name);
    at += static_cast<std::int64_t>(bytes.size());
  }
  set_size(file, at, name);
  return crc.value();
}

void write_sparse_content(const TarEntry& entry, TarReader& reader, TarSplitWriter& split,
                          int file) {
  const std::int64_t size = layer_tar::read_sparse_content(
      entry, reader, &split, [&](std::int64_t at, std::span<const std::byte> bytes) {
        write_at(file, bytes, at, entry.name);
      });
  set_size(file, size, entry.name);
}

}  // namespace sealos::containers_storage
