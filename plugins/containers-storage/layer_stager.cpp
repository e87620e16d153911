#include "layer_stager.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "extractor.hpp"
#include "support/base64/base64.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/crc64.hpp"
#include "support/layer_tar/tar_path.hpp"
#include "support/layer_tar/tar_split.hpp"
#include "support/layer_tar/tar_split_writer.hpp"
#include "tree.hpp"

namespace sealos::containers_storage {

using layer_tar::Crc64;
using layer_tar::hash_of_name;
using layer_tar::TarSplitEntry;
using layer_tar::TarSplitReader;

namespace {

constexpr const char* kTarSplit = "tar-split.gz";

/// Counts, and hashes where nobody else does, what a blob's reader pulls.
class CountedStream final : public Stream {
 public:
  CountedStream(Stream& from, bool hash) : from_(from) {
    if (hash) hasher_.emplace();
  }
  size_t read(std::span<std::byte> into) override {
    const size_t n = from_.read(into);
    if (hasher_) hasher_->update(into.first(n));
    count_ += static_cast<std::int64_t>(n);
    return n;
  }
  std::int64_t size() const override { return from_.size(); }
  /// To the end, where the one who verifies the blob speaks.
  void finish() {
    std::vector<std::byte> rest(64 * 1024);
    while (read(rest) > 0) {
    }
  }
  std::int64_t count() const { return count_; }
  std::optional<Digest> digest() {
    return hasher_ ? std::optional(hasher_->finish()) : std::nullopt;
  }

 private:
  Stream& from_;
  std::optional<Hasher> hasher_;
  std::int64_t count_ = 0;
};

std::uint64_t crc_of(int file, const std::string& name) {
  Crc64 crc;
  std::vector<std::byte> buffer(256 * 1024);
  const auto stream = file_region_stream(file, name, 0, size_of(file, name));
  while (const size_t n = stream->read(buffer)) crc.update({buffer.data(), n});
  return crc.value();
}

std::uint64_t crc_in(const TarSplitEntry& line) {
  std::string bytes;
  append_from_base64(bytes, line.payload);
  std::uint64_t crc = 0;
  for (const char byte : bytes) crc = (crc << 8) | static_cast<unsigned char>(byte);
  return crc;
}

/// Content that the layer itself replaced, by name and then by size and checksum.
class Replaced {
 public:
  Replaced(Fd aside, const Extracted& extracted) : aside_(std::move(aside)), extracted_(extracted) {
    for (const auto& [hash, numbers] : extracted.replaced) {
      for (const std::uint64_t number : numbers) {
        const std::string name = std::to_string(number);
        const Fd file = open_at(aside_.get(), name, O_RDONLY | O_NOFOLLOW);
        files_[hash].push_back({name, size_of(file.get(), name), crc_of(file.get(), name)});
      }
    }
  }

  bool names(const std::string& name) const {
    return extracted_.replaced.contains(hash_of_name(name));
  }
  /// The file, once, if its content is the one of this line.
  Fd take(const TarSplitEntry& line) {
    const std::uint64_t crc = crc_in(line);
    std::vector<File>& files = files_[hash_of_name(line.name)];
    const auto at = std::find_if(files.begin(), files.end(), [&](const File& file) {
      return file.size == line.size && file.crc == crc;
    });
    if (at == files.end()) return {};
    Fd file = open_at(aside_.get(), at->name, O_RDONLY | O_NOFOLLOW);
    files.erase(at);
    return file;
  }

 private:
  struct File {
    std::string name;
    std::int64_t size;
    std::uint64_t crc;
  };
  Fd aside_;
  const Extracted& extracted_;
  std::unordered_map<std::uint64_t, std::vector<File>> files_;
};

void put_raw(TarSplitWriter& split, Stream& from) {
  std::vector<std::byte> buffer(256 * 1024);
  while (const size_t n = from.read(buffer)) split.raw({buffer.data(), n});
}

/// A name that came twice can stand in a tar-split only once: Go refuses others. What was replaced
/// is written into it as bytes.
void inline_replaced(int folder, const Extracted& extracted) {
  if (extracted.replaced.empty()) return;
  Replaced replaced(open_at(folder, "aside", O_RDONLY | O_DIRECTORY), extracted);
  const Fd out = open_at(folder, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
  TarSplitWriter split(out.get(), kTarSplit);
  TarSplitReader lines(
      decompress(file_stream(open_at(folder, kTarSplit, O_RDONLY), kTarSplit), Compression::gzip),
      kTarSplit);
  TarSplitEntry line;
  std::string bytes;
  while (lines.next(line)) {
    if (!line.is_file) {
      bytes.clear();
      append_from_base64(bytes, line.payload);
      split.raw(std::as_bytes(std::span(bytes)));
    } else if (!replaced.names(line.name)) {
      split.file(line.name, line.size, crc_in(line));
    } else if (line.size > 0) {
      if (Fd file = replaced.take(line)) {
        put_raw(split, *file_stream(std::move(file), "replaced content"));
      } else {
        split.file(line.name, line.size, crc_in(line));
      }
    }
  }
  split.finish();
  if (::renameat(folder, "new", folder, kTarSplit) != 0)
    throw errno_error(errno, "replacing a tar-split");
}

Extracted extract(int folder, Stream& tar, Form form) {
  for (const char* name : {"diff", "aside"}) make_folder(folder, name, 0700);
  const Fd diff = open_at(folder, "diff", O_RDONLY | O_DIRECTORY);
  const Fd aside = open_at(folder, "aside", O_RDONLY | O_DIRECTORY);
  const Fd notes = open_at(folder, "times", O_RDWR | O_CREAT | O_EXCL, 0600);
  const Fd split_file = open_at(folder, kTarSplit, O_WRONLY | O_CREAT | O_EXCL, 0600);
  ::unlinkat(folder, "times", 0);
  TarSplitWriter split(split_file.get(), kTarSplit);
  Extracted out = Extractor(diff.get(), aside.get(), notes.get(), form).run(tar, split);
  inline_replaced(folder, out);
  remove_tree(folder, "aside");
  return out;
}

}  // namespace

std::int64_t number_of(Compression kind) {
  switch (kind) {
    case Compression::none:
      return 0;
    case Compression::bzip2:
      return 1;
    case Compression::gzip:
      return 2;
    case Compression::xz:
      return 3;
    case Compression::zstd:
      return 4;
  }
  return 0;
}

StagedLayer stage_layer(StagingArea& staging, Stream& blob, const std::optional<Digest>& digest,
                        Form form) {
  const std::string name = staging.make_folder();
  try {
    const Fd folder = open_at(staging.fd(), name, O_RDONLY | O_DIRECTORY);
    CountedStream counted(blob, !digest);
    Compression kind = Compression::none;
    std::optional<Extracted> extracted;
    {
      const std::unique_ptr<Stream> tar = decompress_any(borrow(counted), &kind);
      extracted = extract(folder.get(), *tar, form);
    }
    counted.finish();
    const std::optional<Digest> own = counted.digest();
    return {name,
            digest ? *digest : *own,
            *extracted->digest,
            counted.count(),
            extracted->size,
            kind,
            std::move(extracted->uids),
            std::move(extracted->gids),
            std::move(extracted->implied_folders),
            std::move(extracted->root),
            false};
  } catch (...) {
    try {
      remove_tree(staging.fd(), name);
    } catch (const Error&) {
      // The whole staging folder goes in the end.
    }
    throw;
  }
}

}  // namespace sealos::containers_storage
