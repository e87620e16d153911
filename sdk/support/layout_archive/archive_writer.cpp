#include "support/layout_archive/archive_writer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "support/file/file_stream.hpp"
#include "support/layout_archive/archive_blobs.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos {
namespace {

/// Reads a stream that is not needed to its end, to hear whether it was right. Returns its size.
std::int64_t drain(Stream& from) {
  std::vector<std::byte> buffer(65536);
  std::int64_t size = 0;
  while (const size_t n = from.read(buffer)) size += static_cast<std::int64_t>(n);
  return size;
}

}  // namespace

ArchiveWriter::ArchiveWriter(TarSink& sink, std::int64_t mtime, unsigned mode,
                             const std::string& temp_dir)
    : sink_(sink), tar_(sink, mtime, mode, temp_dir) {
  if (!sink.seekable()) return;
  try {
    file_with_own_position(sink.fd(), O_WRONLY);
    several_ = true;
  } catch (const Error&) {
    // One at a time, then.
  }
}

/// Adds a member with end_ held, and notes where it is.
template <typename Add>
void ArchiveWriter::append(Turn turn, Add&& add) {
  if (!sink_.seekable()) return add();
  const std::int64_t start = tar_.position();
  add();
  const std::lock_guard lock(mutex_);
  pieces_[turn] = {start, tar_.position() - start};
}

/// A blob keeps the turn of its first try.
ArchiveWriter::Turn ArchiveWriter::turn_of(const std::optional<Digest>& digest) {
  const std::lock_guard lock(mutex_);
  if (!digest) return next_++;
  const auto [at, first] = turns_.emplace(*digest, next_);
  if (first) ++next_;
  return at->second;
}

std::string ArchiveWriter::path_for(const Blob& blob, const Digest& digest) const {
  return namer_ == nullptr ? archive_path_of(digest) : namer_(blob, digest);
}

/// False if the blob need not be written: it is here, or will be unless the whole archive comes to
/// nothing.
bool ArchiveWriter::begin(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  if (written_.contains(digest)) return false;
  if (under_way_.insert(digest).second) return true;
  promised_.insert(digest);
  return false;
}

/// size: if it is there.
void ArchiveWriter::finish_blob(const Digest& digest, std::optional<std::int64_t> size) {
  const std::lock_guard lock(mutex_);
  under_way_.erase(digest);
  if (size) written_.emplace(digest, *size);
}

/// Writes a blob that has begun; body returns its size.
template <typename Body>
std::int64_t ArchiveWriter::under_way(const Digest& digest, Body&& body) {
  std::int64_t size = 0;
  try {
    size = body();
  } catch (...) {
    finish_blob(digest, std::nullopt);
    throw;
  }
  finish_blob(digest, size);
  return size;
}

/// The place of an earlier try, where that fits.
TarWriter::Place ArchiveWriter::place_for(const std::string& path, const Digest& digest,
                                          std::int64_t size) {
  const std::lock_guard end(end_);
  const std::lock_guard lock(mutex_);
  const auto former = places_.find(digest);
  if (former != places_.end() && former->second.size == size) return former->second;
  return places_[digest] = tar_.place(path, size);
}

void ArchiveWriter::put_beside(const std::string& path, const Digest& digest, std::int64_t size,
                               Stream& from) {
  const Turn turn = turn_of(digest);
  const TarWriter::Place place = place_for(path, digest, size);
  tar_.fill(place, from);
  const std::lock_guard lock(mutex_);
  pieces_[turn] = {place.start, place.length()};
}

void ArchiveWriter::put_known(const std::string& path, const Digest& digest, std::int64_t size,
                              Stream& from) {
  under_way(digest, [&] {
    if (several_) {
      put_beside(path, digest, size, from);
    } else {
      const std::lock_guard end(end_);
      append(turn_of(digest), [&] { tar_.add(path, size, from); });
    }
    return size;
  });
}

Blob ArchiveWriter::put(const Blob& blob, Stream& from) {
  if (!blob.digest) return put_unnamed(blob, from);
  Blob made;
  made.digest = blob.digest;
  if (!begin(*blob.digest)) {
    made.size = drain(from);
  } else if (blob.size >= 0) {
    put_known(path_for(blob, *blob.digest), *blob.digest, blob.size, from);
    made.size = blob.size;
  } else {
    made.size = under_way(*blob.digest, [&] {
      const std::string path = path_for(blob, *blob.digest);
      const std::lock_guard end(end_);
      std::int64_t size = 0;
      append(turn_of(blob.digest),
             [&] { size = tar_.add_unsized([&] { return path; }, from, nullptr); });
      return size;
    });
  }
  return made;
}

/// A blob whose digest is not known before it is there.
Blob ArchiveWriter::put_unnamed(const Blob& blob, Stream& from) {
  Blob made;
  Hasher hasher;
  bool mine = false;
  const auto name = [&]() -> std::string {
    made.digest = hasher.finish();
    mine = begin(*made.digest);
    return mine ? path_for(blob, *made.digest) : "";
  };
  const std::lock_guard end(end_);
  const auto add = [&] {
    append(turn_of({}), [&] { made.size = tar_.add_unsized(name, from, &hasher); });
    if (blob.size >= 0) oci_layout::check_blob_size(*made.digest, made.size, blob.size);
  };
  try {
    add();
  } catch (...) {
    if (mine) finish_blob(*made.digest, {});
    throw;
  }
  if (mine) finish_blob(*made.digest, made.size);
  return made;
}

void ArchiveWriter::put(const Digest& digest, std::string_view bytes) {
  if (!begin(digest)) return;
  under_way(digest, [&] {
    const std::lock_guard end(end_);
    append(turn_of(digest), [&] { tar_.add(archive_path_of(digest), bytes); });
    return static_cast<std::int64_t>(bytes.size());
  });
}

void ArchiveWriter::put(const Digest& digest, std::int64_t size, Stream& from) {
  if (begin(digest)) put_known(archive_path_of(digest), digest, size, from);
}

std::optional<std::int64_t> ArchiveWriter::size_of(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto at = written_.find(digest);
  return at == written_.end() ? std::nullopt : std::optional(at->second);
}

void ArchiveWriter::add(const std::string& name, std::string_view text) {
  const std::lock_guard end(end_);
  append(turn_of({}), [&] { tar_.add(name, text); });
}

void ArchiveWriter::add(const std::string& name, std::int64_t size, Stream& from) {
  const std::lock_guard end(end_);
  append(turn_of({}), [&] { tar_.add(name, size, from); });
}

void ArchiveWriter::add_unsized(const std::string& name, Stream& from) {
  const std::lock_guard end(end_);
  append(turn_of({}), [&] { tar_.add_unsized([&] { return name; }, from, nullptr); });
}

void ArchiveWriter::finish() {
  const std::lock_guard end(end_);
  for (const Digest& digest : promised_) {
    if (!has(digest))
      throw Error(Status::internal, "blob " + digest.brief() + " never came into the archive");
  }
  append(turn_of({}), [&] { tar_.finish(); });
}

bool ArchiveWriter::in_order() const {
  const std::lock_guard lock(mutex_);
  std::int64_t end = 0;
  return std::all_of(pieces_.begin(), pieces_.end(), [&](const auto& each) {
    return each.second.start == std::exchange(end, each.second.start + each.second.length);
  });
}

void ArchiveWriter::copy_in_order(int archive, int to) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [turn, piece] : pieces_) {
    if (piece.length == 0) continue;
    const auto from = file_stream(file_with_own_position(archive, O_RDONLY), "the archive",
                                  piece.start, piece.length);
    copy_to_file(*from, to, "the archive");
  }
}

}  // namespace sealos
