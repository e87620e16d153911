#include "file_content.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/layer_tar/crc64.hpp"

namespace sealos::containers_storage {

using layer_tar::check_sparse_map;
using layer_tar::Crc64;
using layer_tar::kTarBlock;
using layer_tar::parse_decimal;
using layer_tar::SparseMap;

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

/// Pieces of content that are given to `split` too.
class RawContent {
 public:
  RawContent(TarReader& reader, TarSplitWriter& split) : reader_(reader), split_(split) {}
  /// At most `most` bytes; empty at the end.
  std::span<const std::byte> take(size_t most) {
    if (left_.empty()) {
      left_ = reader_.content();
      split_.raw(left_);
    }
    const auto out = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(out.size());
    taken_ += static_cast<std::int64_t>(out.size());
    return out;
  }
  std::int64_t taken() const { return taken_; }

 private:
  TarReader& reader_;
  TarSplitWriter& split_;
  std::span<const std::byte> left_;
  std::int64_t taken_ = 0;
};

/// Format 1.0: lines of decimal numbers, how many parts and then each, padded to a block.
SparseMap read_map(RawContent& content, const std::string& name) {
  const auto refuse = [&name] {
    throw Error(Status::corrupt, "the map of the sparse file " + printable(name) + " is damaged");
  };
  const auto next = [&] {
    std::string digits;
    while (true) {
      const auto byte = content.take(1);
      if (byte.empty() || digits.size() > 20) refuse();
      if (byte[0] == std::byte{'\n'}) break;
      digits += static_cast<char>(byte[0]);
    }
    const auto value = parse_decimal(digits);
    if (!value) refuse();
    return *value;
  };
  SparseMap map;
  const std::int64_t count = next();
  if (count > (1 << 20)) refuse();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t offset = next();
    map.emplace_back(offset, next());
  }
  while (content.taken() % static_cast<std::int64_t>(kTarBlock) != 0) {
    if (content.take(1).empty()) refuse();
  }
  return map;
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
  RawContent content(reader, split);
  TarEntry described = entry;
  if (entry.sparse_map_in_content) described.sparse_map = read_map(content, entry.name);
  check_sparse_map(described, entry.size - content.taken());
  for (const auto& [offset, length] : described.sparse_map) {
    std::int64_t done = 0;
    while (done < length) {
      const auto bytes = content.take(static_cast<size_t>(length - done));
      if (bytes.empty()) throw Error(Status::corrupt, "a sparse file is cut off");
      write_at(file, bytes, offset + done, entry.name);
      done += static_cast<std::int64_t>(bytes.size());
    }
  }
  set_size(file, described.real_size, entry.name);
}

}  // namespace sealos::containers_storage
