#include "support/layout_archive/archive_writer.hpp"

#include <vector>

#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos {
namespace {

/// Reads a stream that is not needed to its end, to hear whether it was right.
void drain(Stream& from) {
  std::vector<std::byte> buffer(65536);
  while (from.read(buffer) != 0) continue;
}

}  // namespace

std::string ArchiveWriter::path_for(const Blob& blob, const Digest& digest) const {
  return namer_ == nullptr ? archive_path_of(digest) : namer_(blob, digest);
}

Blob ArchiveWriter::put(const Blob& blob, Stream& from) {
  if (!blob.digest || blob.size < 0) return put_unknown(blob, from);
  Blob made;
  made.digest = blob.digest;
  made.size = blob.size;
  if (has(*blob.digest)) {
    drain(from);
  } else {
    tar_.add(path_for(blob, *blob.digest), blob.size, from);
    written_.emplace(*blob.digest, blob.size);
  }
  return made;
}

Blob ArchiveWriter::put_unknown(const Blob& blob, Stream& from) {
  Blob made;
  std::optional<Hasher> hasher;
  if (!blob.digest) hasher.emplace();
  made.size = tar_.add_unsized(
      [&]() -> std::string {
        made.digest = blob.digest ? *blob.digest : hasher->finish();
        return has(*made.digest) ? "" : path_for(blob, *made.digest);
      },
      from, hasher ? &*hasher : nullptr);
  if (blob.size >= 0) oci_layout::check_blob_size(*made.digest, made.size, blob.size);
  written_.emplace(*made.digest, made.size);
  return made;
}

void ArchiveWriter::put(const Digest& digest, std::string_view bytes) {
  if (has(digest)) return;
  tar_.add(archive_path_of(digest), bytes);
  written_.emplace(digest, static_cast<std::int64_t>(bytes.size()));
}

void ArchiveWriter::put(const Digest& digest, std::int64_t size, Stream& from) {
  if (has(digest)) return;
  tar_.add(archive_path_of(digest), size, from);
  written_.emplace(digest, size);
}

std::optional<std::int64_t> ArchiveWriter::size_of(const Digest& digest) const {
  const auto at = written_.find(digest);
  return at == written_.end() ? std::nullopt : std::optional(at->second);
}

void ArchiveWriter::add_unsized(const std::string& name, Stream& from) {
  tar_.add_unsized([&] { return name; }, from, nullptr);
}

}  // namespace sealos
