#include "core/copy/said_size.hpp"

#include <unistd.h>

#include "support/compression/plain_size.hpp"

namespace sealos {
namespace {

bool read_file_at(int file, std::int64_t offset, std::span<std::byte> into) {
  const ssize_t n = ::pread(file, into.data(), into.size(), offset);
  return n == static_cast<ssize_t>(into.size());
}

bool read_blob_at(Source& source, const Blob& blob, std::int64_t offset,
                  std::span<std::byte> into) {
  try {
    const auto part = source.open_blob(blob, offset, static_cast<std::int64_t>(into.size()));
    size_t done = 0;
    while (done < into.size()) {
      const size_t n = part->read(into.subspan(done));
      if (n == 0) return false;
      done += n;
    }
    return true;
  } catch (const Error& e) {
    if (e.status() == Status::cancelled) throw;
    return false;
  }
}

}  // namespace

std::optional<std::int64_t> said_size(Source& source, const BlobStep& step, const Stream& opened) {
  const bool gzip = step.recode == Recode::decompress && step.from.compression == "gzip";
  if (!gzip || step.opened || step.encrypt || step.from.size < 0) return std::nullopt;
  const int file = opened.fd();
  const off_t start = file < 0 ? 0 : ::lseek(file, 0, SEEK_CUR);
  if (start < 0) return std::nullopt;
  const auto read_at = [&](std::int64_t offset, std::span<std::byte> into) {
    return file < 0 ? read_blob_at(source, step.from, offset, into)
                    : read_file_at(file, start + offset, into);
  };
  return said_gzip_size(step.from.size, read_at, file >= 0);
}

size_t SaidSizeStream::read(std::span<std::byte> into) {
  const size_t n = from_.read(into);
  left_ -= static_cast<std::int64_t>(n);
  wrong_ = left_ < 0 || (n == 0 && left_ != 0);
  if (wrong_) throw Error(Status::corrupt, "the layer has another size than its last bytes say");
  return n;
}

}  // namespace sealos
