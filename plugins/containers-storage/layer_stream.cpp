#include "layer_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base64.hpp"
#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "tar_split.hpp"

namespace sealos::containers_storage {
namespace {

/// A file below a folder, which is the root of all absolute and ".." paths and links, as it was
/// when the layer was extracted. An object that is false where nothing has that name.
Fd open_in_root(int folder, const std::string& name, std::string_view layer) {
  const std::string path = name.empty() ? "." : name;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  long fd;
  do {
    fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) return Fd(static_cast<int>(fd));
  // ENXIO: a device or socket without anybody behind it.
  if (errno == ENOENT || errno == ENOTDIR || errno == ENXIO || errno == ELOOP) return {};
  throw errno_error(errno, fmt::format("opening {} of layer {}", printable(path), layer));
}

class LayerStream final : public Stream {
 public:
  LayerStream(std::vector<Fd> roots, TarSplitReader entries, std::string layer, std::int64_t size)
      : roots_(std::move(roots)),
        entries_(std::move(entries)),
        layer_(std::move(layer)),
        left_(size) {}

  size_t read(std::span<std::byte> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const size_t n = read_some(into.subspan(done));
      if (n == 0) break;
      done += n;
    }
    if (left_ >= 0) {
      if (static_cast<std::int64_t>(done) > left_) refuse("its parts are larger than the layer");
      left_ -= static_cast<std::int64_t>(done);
    }
    return done;
  }
  std::int64_t size() const override { return left_; }

 private:
  size_t read_some(std::span<std::byte> into) {
    while (true) {
      if (at_ < segment_.size()) {
        const size_t n = std::min(into.size(), segment_.size() - at_);
        std::memcpy(into.data(), segment_.data() + at_, n);
        at_ += n;
        return n;
      }
      if (file_left_ > 0) return read_file(into);
      if (file_) finish_file();
      if (!entries_.next(entry_)) return 0;
      start_entry();
    }
  }

  void start_entry() {
    if (!entry_.is_file) {
      segment_.clear();
      at_ = 0;
      if (!append_from_base64(segment_, entry_.payload)) refuse("a segment is not base64");
      return;
    }
    if (entry_.size == 0) return;
    // Go notes a size for headers that have no content (links, folders); the checksum tells.
    if (entry_.crc_zero && header_has_no_content()) return;
    open_file();
    file_left_ = entry_.size;
  }

  /// By the type of the header that the segment before the file ends with.
  bool header_has_no_content() const {
    if (segment_.size() < 512) return false;
    const char type = segment_[segment_.size() - 512 + 156];
    return type >= '1' && type <= '6';
  }

  void open_file() {
    for (const Fd& root : roots_) {
      file_ = open_in_root(root.get(), entry_.name, layer_);
      if (file_) break;
    }
    struct stat st;
    if (!file_ || ::fstat(file_.get(), &st) != 0 || !S_ISREG(st.st_mode))
      refuse("the store has lost the file \"" + printable(entry_.name) + "\"");
    if (st.st_size != entry_.size) {
      refuse(fmt::format("the file \"{}\" has {} bytes, not {}: it was changed in the store",
                         printable(entry_.name), st.st_size, entry_.size));
    }
  }

  size_t read_file(std::span<std::byte> into) {
    const size_t want = static_cast<size_t>(
        std::min<std::int64_t>(file_left_, static_cast<std::int64_t>(into.size())));
    ssize_t n;
    do {
      n = ::read(file_.get(), into.data(), want);
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw errno_error(errno, "reading \"" + printable(entry_.name) + "\"");
    if (n == 0) refuse("the file \"" + printable(entry_.name) + "\" became shorter");
    file_left_ -= n;
    return static_cast<size_t>(n);
  }

  void finish_file() { file_ = Fd(); }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Status::corrupt, fmt::format("layer {} cannot be rebuilt: {}", layer_, why));
  }

  std::vector<Fd> roots_;  // of the layer's own files, then of its ancestors'
  TarSplitReader entries_;
  TarSplitEntry entry_;
  std::string layer_, segment_;
  size_t at_ = 0;
  Fd file_;
  std::int64_t file_left_ = 0;
  std::int64_t left_;
};

std::vector<Fd> folders_of(const Snapshot& snapshot, const StoredLayer& layer) {
  std::vector<Fd> out;
  out.push_back(
      open_at(layer.root->images_fd(), layer.root->files_path(layer.id), O_RDONLY | O_DIRECTORY));
  if (layer.root->driver() == "vfs" || !layer.mapped) return out;
  // An ID-mapped copy holds only what had to change; the rest is in the layer it was made from.
  for (const StoredLayer* at = snapshot.layer(layer.parent); at != nullptr && out.size() < 500;
       at = snapshot.layer(at->parent)) {
    out.push_back(
        open_at(at->root->images_fd(), at->root->files_path(at->id), O_RDONLY | O_DIRECTORY));
  }
  return out;
}

void refuse_special_forms(const StoredLayer& layer) {
  if (layer.root->driver() != "overlay") return;
  for (const char* special : {"composefs-data", "additionallayer"}) {
    const std::string path = "overlay/" + layer.id + "/" + special;
    if (::faccessat(layer.root->images_fd(), path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    throw Error(Status::unsupported,
                fmt::format("layer {} is kept in a form ({}) that cannot be read here",
                            layer.id.substr(0, 12), special));
  }
}

}  // namespace

std::unique_ptr<Stream> layer_stream(const Snapshot& snapshot, const StoredLayer& layer) {
  const std::string shown = layer.id.substr(0, 12);
  refuse_special_forms(layer);
  const std::string path = layer.root->tar_split_path(layer.id);
  Fd compressed;
  try {
    compressed = open_regular_beneath(layer.root->graph_fd(), path);
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
    throw Error(
        Status::unsupported,
        fmt::format("layer {} cannot be exported bit-exactly: the store has no {}", shown, path));
  }
  std::vector<Fd> folders;
  try {
    folders = folders_of(snapshot, layer);
  } catch (Error& e) {
    throw e.add_context("opening the files of layer " + shown);
  }
  return rebuilt_tar(std::move(folders), std::move(compressed), shown, layer.diff_size);
}

std::unique_ptr<Stream> rebuilt_tar(std::vector<Fd> folders, Fd tar_split, const std::string& name,
                                    std::int64_t size) {
  const std::string shown = "the tar-split of layer " + name;
  TarSplitReader entries(decompress(file_stream(std::move(tar_split), shown), Compression::gzip),
                         shown);
  return std::make_unique<LayerStream>(std::move(folders), std::move(entries), name, size);
}

}  // namespace sealos::containers_storage
