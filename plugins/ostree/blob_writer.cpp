#include "blob_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "layer_writer.hpp"
#include "stored_commit.hpp"
#include "support/base64/base64.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos::ostree {
namespace {

constexpr Attributes kContentAttributes{0, 0, 0644, {}};
constexpr size_t kMostTarSplit = size_t{256} << 20;
constexpr size_t kMostPulled = size_t{10} << 20;  // what libostree takes of a remote as one object

std::string write_raw_commit(const ObjectWriter& objects, const std::string& content,
                             std::int64_t size) {
  const std::string metadata = objects.folder_metadata({0, 0, 0755, {}});
  const std::string tree = objects.folder({{{"content", content}}, {}});
  return objects.commit({{kSize, std::to_string(size)}}, {tree, metadata});
}

/// A copy of a descriptor that stands at the beginning.
Fd from_beginning(int file) {
  if (::lseek(file, 0, SEEK_SET) != 0) throw errno_error(errno, "going back in a temporary file");
  Fd copy(::fcntl(file, F_DUPFD_CLOEXEC, 0));
  if (!copy) throw errno_error(errno, "opening a temporary file again");
  return copy;
}

void check_ended(Stream& from) {
  std::byte one;
  if (from.read({&one, 1}) != 0)
    throw Error(Status::corrupt, "the blob has more bytes than were announced");
}

}  // namespace

WrittenBlob BlobWriter::raw(const std::optional<Digest>& digest, std::int64_t size,
                            Stream& from) const {
  if (size < 0) size = from.size();
  if (size < 0 || !digest)
    return spooled(digest, [&from](std::span<std::byte> into) { return from.read(into); });
  const std::string content = objects_.file(
      kContentAttributes, size, [&from](std::span<std::byte> into) { return from.read(into); });
  check_ended(from);
  return {*digest, size, write_raw_commit(objects_, content, size)};
}

/// An object begins with its size: what has an unknown one is put into a file first.
WrittenBlob BlobWriter::spooled(const std::optional<Digest>& digest, const Pull& pull) const {
  const Fd file = nameless_file(host_.temp_dir());
  Hasher hasher;
  std::vector<std::byte> buffer(256 * 1024);
  std::int64_t size = 0;
  while (const size_t n = pull(buffer)) {
    const std::span<const std::byte> bytes(buffer.data(), n);
    if (!digest) hasher.update(bytes);
    write_all(file.get(), bytes, "a temporary file in " + host_.temp_dir());
    size += static_cast<std::int64_t>(n);
  }
  const auto stream = file_stream(from_beginning(file.get()), "a temporary file");
  const std::string content =
      objects_.file(kContentAttributes, size,
                    [&stream](std::span<std::byte> into) { return stream->read(into); });
  return {digest ? *digest : hasher.finish(), size, write_raw_commit(objects_, content, size)};
}

WrittenBlob BlobWriter::split(const std::optional<Digest>& digest, Stream& from) const {
  const Fd split = nameless_file(host_.temp_dir());
  LayerWriter layer(objects_, from, split.get(), !digest);
  if (const std::string why = layer.run(); !why.empty()) {
    host_.info(
        fmt::format("ostree: layer {} is stored raw: {}", digest ? digest->brief() : "", why));
    return spooled(digest, layer.read_again(from_beginning(split.get())));
  }
  const auto root = layer.write_tree();
  const Digest own = digest ? *digest : layer.digest();
  const Fd again = from_beginning(split.get());
  if (size_of(again.get(), "the tar-split") > static_cast<std::int64_t>(kMostTarSplit)) {
    throw Error(Status::unsupported,
                fmt::format("layer {} has more between its files than can be kept; use the option "
                            "ostree.layers=raw",
                            own.brief()));
  }
  const std::string packed = read_all(again.get(), "the tar-split", kMostTarSplit);
  std::string text = encode_base64(packed);
  if (text.size() > kMostPulled) {
    host_.warn(
        fmt::format("ostree: the commit of layer {} has {} bytes, more than ostree pulls "
                    "from another repository",
                    own.brief(), text.size()));
  }
  const std::string size = std::to_string(layer.size());
  const std::string commit = objects_.commit(
      {{kSize, size}, {kPlainSize, size}, {kPlainDigest, own.str()}, {kTarSplit, std::move(text)}},
      root);
  return {own, layer.size(), commit};
}

}  // namespace sealos::ostree
