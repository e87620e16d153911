#include "layer_install.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "confined_folder.hpp"
#include "support/file/file_stream.hpp"
#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr size_t kMaxDepth = 500;  // layers that the kernel mounts over each other

/// The folder with a layer's files, staged or stored. False if it is gone.
Fd files_of(const ChainLayer& layer, const StagingArea& staging, bool vfs) {
  const std::string path = layer.staged != nullptr
                               ? layer.staged->folder + (vfs ? "/tree" : "/diff")
                               : layer.stored->root->files_path(layer.id);
  const int folder = layer.staged != nullptr ? staging.fd() : layer.stored->root->images_fd();
  return Fd(::openat(folder, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// The same folder in the nearest layer below that has it.
std::optional<Fd> find_below(const StagingArea& staging, const std::vector<ChainLayer>& chain,
                             size_t at, const std::string& path) {
  while (at-- > 0) {
    const Fd files = files_of(chain[at], staging, false);
    if (!files) continue;
    try {
      if (std::optional<Fd> found = ConfinedFolder(files.get()).find(path)) return found;
    } catch (const Error&) {
      return std::nullopt;  // it, or something above it, is no folder there
    }
  }
  return std::nullopt;
}

void complete_overlay(const StagingArea& staging, const std::vector<ChainLayer>& chain, size_t at) {
  if (at == 0) return;
  const Fd own = files_of(chain[at], staging, false);
  for (const std::string& path : chain[at].staged->implied_folders) {
    const std::optional<Fd> folder = ConfinedFolder(own.get()).find(path);
    const std::optional<Fd> below = find_below(staging, chain, at, path);
    if (folder && below) copy_metadata(below->get(), folder->get());
  }
}

void set_root(int root, const StagedLayer& layer, int parent) {
  struct stat st {};
  st.st_mode = 0555;
  if (parent >= 0 && ::fstat(parent, &st) != 0) throw errno_error(errno, "looking at a layer");
  if (::fchown(root, st.st_uid, st.st_gid) != 0 || ::fchmod(root, st.st_mode & 07777) != 0)
    throw errno_error(errno, "changing a layer's root");
  if (layer.root) apply_metadata(*layer.root, root, ".", root, Form::staged);
}

void complete_vfs(const WritableStore& store, const StagingArea& staging,
                  const std::vector<ChainLayer>& chain, size_t at) {
  const StagedLayer& layer = *chain[at].staged;
  make_folder(staging.fd(), layer.folder + "/tree", 0700);
  const Fd tree = files_of(chain[at], staging, true);
  const Fd diff = open_at(staging.fd(), layer.folder + "/diff", kFolder);
  Fd parent;
  if (at > 0) {
    parent = files_of(chain[at - 1], staging, true);
    if (!parent) {
      Error e(Status::unavailable, fmt::format("layer {} was removed meanwhile", chain[at].parent));
      throw e.set_retryable();
    }
    copy_tree(parent.get(), tree.get(), store.cancelled());
  }
  merge_layer(diff.get(), tree.get(), {layer.implied_folders.begin(), layer.implied_folders.end()});
  set_root(tree.get(), layer, at > 0 ? parent.get() : -1);
}

std::string random_link_name() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  unsigned char raw[26];
  if (::getrandom(raw, sizeof(raw), 0) != sizeof(raw))
    throw errno_error(errno, "getting random bytes");
  std::string name;
  for (const unsigned char byte : raw) name += kAlphabet[byte % 32];
  return name;
}

void write_small(int folder, const std::string& name, const std::string& text) {
  const Fd file = open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  if (::fchmod(file.get(), 0644) != 0) throw errno_error(errno, "writing " + name);
  write_all(file.get(), text, name);
}

std::string read_small(int folder, const std::string& path) {
  try {
    const Fd file = open_regular_beneath(folder, path);
    return read_all(file.get(), path, 1 << 20);
  } catch (const Error& e) {
    if (e.status() == Status::not_found) return "";
    throw;
  }
}

/// What the overlay driver mounts below this layer: "l/A:l/B".
std::string lower_of(const WritableStore& store, const std::vector<ChainLayer>& chain, size_t at) {
  const ChainLayer& parent = chain[at - 1];
  const bool stored = parent.stored != nullptr;
  const int home = stored ? parent.stored->root->images_fd() : store.home();
  const std::string folder = (stored ? "overlay/" : "") + parent.id;
  const std::string link = read_small(home, folder + "/link");
  if (link.empty()) {
    throw Error(Status::corrupt,
                fmt::format("layer {} in the store has no link", parent.id.substr(0, 12)));
  }
  const std::string lower = read_small(home, folder + "/lower");
  return "l/" + link + (lower.empty() ? "" : ":" + lower);
}

void install_overlay(const WritableStore& store, const StagingArea& staging,
                     const std::vector<ChainLayer>& chain, size_t at) {
  const ChainLayer& layer = chain[at];
  if (at >= kMaxDepth) throw Error(Status::unsupported, "the image has more than 500 layers");
  if (::mkdirat(store.home(), layer.id.c_str(), 0700) != 0)
    throw errno_error(errno, "making a layer's folder");
  const Fd folder = open_at(store.home(), layer.id, kFolder);
  const std::string link = random_link_name();
  if (::symlinkat(("../" + layer.id + "/diff").c_str(), store.home(), ("l/" + link).c_str()) != 0)
    throw errno_error(errno, "making a layer's link");
  write_small(folder.get(), "link", link);
  if (at > 0) {
    std::string ids;
    for (size_t below = at; below-- > 0;) ids += (ids.empty() ? "" : ":") + chain[below].id;
    write_small(folder.get(), "lower", lower_of(store, chain, at));
    write_small(folder.get(), "lower-layers", ids);
  }
  for (const char* name : {"work", "merged", "empty"}) {
    if (at == 0 || std::string_view(name) != "empty") make_folder(folder.get(), name, 0700);
  }
  if (::renameat(staging.fd(), (layer.staged->folder + "/diff").c_str(), folder.get(), "diff") != 0)
    throw errno_error(errno, "moving a layer into the store");
  const Fd diff = open_at(folder.get(), "diff", kFolder);
  struct stat st {};
  st.st_mode = 0555;
  if (at > 0) {
    const bool stored = chain[at - 1].stored != nullptr;
    const Fd parent =
        stored ? files_of(chain[at - 1], staging, false)
               : Fd(::openat(store.home(), (layer.parent + "/diff").c_str(), kFolder | O_CLOEXEC));
    if (!parent || ::fstat(parent.get(), &st) != 0) {
      throw Error(Status::corrupt,
                  fmt::format("layer {} in the store has no files", layer.parent.substr(0, 12)));
    }
  }
  if (::fchown(diff.get(), st.st_uid, st.st_gid) != 0 ||
      ::fchmod(diff.get(), st.st_mode & 07777) != 0) {
    throw errno_error(errno, "changing a layer's root");
  }
}

void install_tar_split(const WritableStore& store, const StagingArea& staging,
                       const ChainLayer& layer) {
  const std::string from = layer.staged->folder + "/tar-split.gz";
  const std::string to = layer.id + ".tar-split.gz";
  const Fd file = open_at(staging.fd(), from, O_RDONLY);
  if (::renameat(staging.fd(), from.c_str(), store.layers(), to.c_str()) != 0) {
    if (errno != EXDEV) throw errno_error(errno, "moving a tar-split into the store");
    const Fd copy = open_at(store.layers(), to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    copy_to_file(*file_stream(open_at(staging.fd(), from, O_RDONLY), from), copy.get(), to);
    return sync_file(copy.get(), to);
  }
  sync_file(file.get(), to);
}

}  // namespace

std::string layer_id(const std::string& parent, const Digest& diff_id) {
  if (parent.empty()) return std::string(diff_id.hex());
  return std::string(digest_of(parent + "+" + std::string(diff_id.hex())).hex());
}

void complete_layer(const WritableStore& store, const StagingArea& staging,
                    const std::vector<ChainLayer>& chain, size_t at) {
  if (chain[at].staged->completed) return;
  if (store.is_vfs()) {
    complete_vfs(store, staging, chain, at);
  } else {
    complete_overlay(staging, chain, at);
  }
  chain[at].staged->completed = true;
}

void install_layer(const WritableStore& store, const StagingArea& staging,
                   const std::vector<ChainLayer>& chain, size_t at) {
  const ChainLayer& layer = chain[at];
  if (store.is_vfs()) {
    if (::renameat(staging.fd(), (layer.staged->folder + "/tree").c_str(), store.home(),
                   layer.id.c_str()) != 0) {
      throw errno_error(errno, "moving a layer into the store");
    }
  } else {
    install_overlay(store, staging, chain, at);
  }
  install_tar_split(store, staging, layer);
}

}  // namespace sealos::containers_storage
