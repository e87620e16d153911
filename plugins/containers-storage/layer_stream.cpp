#include "layer_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_split_stream.hpp"

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

/// The content of one file, from where its descriptor stands.
class ContentStream final : public Stream {
 public:
  ContentStream(Fd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  size_t read(std::span<std::byte> into) override {
    ssize_t n;
    do {
      n = ::read(file_.get(), into.data(), into.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw errno_error(errno, "reading \"" + printable(name_) + "\"");
    return static_cast<size_t>(n);
  }

 private:
  Fd file_;
  std::string name_;
};

/// From the first of these folders that has the file: the layer's own, then its ancestors'.
std::unique_ptr<Stream> open_content(const std::vector<Fd>& folders, const std::string& layer,
                                     const std::string& name, std::int64_t size) {
  Fd file;
  for (const Fd& folder : folders) {
    file = open_in_root(folder.get(), name, layer);
    if (file) break;
  }
  struct stat st;
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode))
    throw Error(Status::corrupt, "the store has lost the file \"" + printable(name) + "\"");
  if (st.st_size != size) {
    throw Error(Status::corrupt,
                fmt::format("the file \"{}\" has {} bytes, not {}: it was changed in the store",
                            printable(name), st.st_size, size));
  }
  return std::make_unique<ContentStream>(std::move(file), name);
}

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
  auto lines = decompress(file_stream(std::move(tar_split), "the tar-split of layer " + name),
                          Compression::gzip);
  auto roots = std::make_shared<const std::vector<Fd>>(std::move(folders));
  const auto open = [roots, name](const std::string& file, std::int64_t bytes) {
    return open_content(*roots, name, file, bytes);
  };
  return layer_tar::tar_split_stream(std::move(lines), open, name, size);
}

}  // namespace sealos::containers_storage
