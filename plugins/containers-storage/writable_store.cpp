#include "writable_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

constexpr int kAnyFolder = O_RDONLY | O_DIRECTORY;

std::uint64_t mount_of(int fd) {
  struct statx st {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) != 0) return 0;
  return st.stx_mnt_id;
}

bool same_folder(int a, int b) {
  struct stat one, other;
  return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

bool is_set(const StoreSettings& settings, const char* key) {
  const auto at = settings.options.find(key);
  return at != settings.options.end() && !at->second.empty() && at->second != "false";
}

Fd make_and_open(int folder, const std::string& path, unsigned mode) {
  make_folder(folder, path, mode);
  return open_at(folder, path, kAnyFolder);
}

}  // namespace

void check_writable(const StoreSettings& settings) {
  if (settings.rootless && !settings.mapped) {
    throw Error(
        Status::denied,
        "a store can only be written by root, or by its user within \"podman unshare\": its "
        "files belong to many users");
  }
  if (!settings.image_store.empty()) {
    throw Error(Status::unsupported, fmt::format("images cannot be written into the separate image "
                                                 "store {} (imagestore)",
                                                 settings.image_store));
  }
  for (const char* option : {"force_mask", "use_composefs"}) {
    if (is_set(settings, option)) {
      throw Error(Status::unsupported,
                  fmt::format("images cannot be written into a store with the option {}", option));
    }
  }
}

WritableStore::WritableStore(const StoreSettings& settings, std::function<bool()> cancelled)
    : driver_(choose_driver(settings)),
      run_root_(settings.runroot),
      cancelled_(std::move(cancelled)) {
  check_writable(settings);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(settings.graphroot).parent_path(),
                                      error);
  make_folder(AT_FDCWD, settings.graphroot, 0700);
  open_graph(settings.graphroot);
  if (is_vfs()) make_folder(graph_.get(), "vfs", 0700);
  home_ = make_and_open(graph_.get(), is_vfs() ? "vfs/dir" : "overlay", is_vfs() ? 0700 : 0755);
  layers_ = make_and_open(graph_.get(), driver_ + "-layers", 0700);
  images_ = make_and_open(graph_.get(), driver_ + "-images", 0700);
  containers_ = make_and_open(graph_.get(), driver_ + "-containers", 0700);
  if (is_vfs()) {
    form_ = Form::staged;
    return;
  }
  make_folder(home_.get(), "l", 0755);
  form_ = settings.mapped ? Form::overlay_user : Form::overlay;
  bool program = is_set(settings, "mount_program");
  try {
    const Fd file = open_regular_beneath(home_.get(), ".has-mount-program");
    program |= read_all(file.get(), ".has-mount-program", 64).starts_with("true");
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
  }
  if (program) form_ = Form::overlay_as_in_tar;
}

void WritableStore::open_graph(const std::string& path) {
  graph_ = open_at(AT_FDCWD, path, kAnyFolder);
  const Fd home(::openat(graph_.get(), is_vfs() ? "vfs" : "overlay", kAnyFolder | O_CLOEXEC));
  if (!home || mount_of(home.get()) == mount_of(graph_.get())) return;
  // Tools mount the folder over itself and leave it so; then nothing can be renamed into it. A view
  // of the graphroot alone does not have that mount.
  const Fd alone(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!alone) return;
  Fd graph = open_at(alone.get(), ".", kAnyFolder);
  const Fd below(::openat(graph.get(), is_vfs() ? "vfs" : "overlay", kAnyFolder | O_CLOEXEC));
  if (below && same_folder(below.get(), home.get())) graph_ = std::move(graph);
}

FileLock WritableStore::lock_layers() const {
  return FileLock::for_writing(layers_.get(), "layers.lock", cancelled_);
}
FileLock WritableStore::lock_images() const {
  return FileLock::for_writing(images_.get(), "images.lock", cancelled_);
}
FileLock WritableStore::lock_containers() const {
  return FileLock::for_writing(containers_.get(), "containers.lock", cancelled_);
}

std::unique_ptr<StagingArea> WritableStore::open_staging(StagingArea::Warn warn) const {
  const bool one_mount = mount_of(graph_.get()) == mount_of(home_.get());
  // Where it is a file system of its own, tempdirs is the name that others know not to be a layer.
  if (!one_mount) make_folder(home_.get(), "tempdirs", 0700);
  return std::make_unique<StagingArea>(one_mount ? graph_.get() : home_.get(),
                                       one_mount ? "sealos-staging" : "tempdirs/sealos-staging",
                                       cancelled_, std::move(warn));
}

void remove_layer_files(const WritableStore& store, const std::string& id) {
  if (!store.is_vfs()) {
    try {
      const Fd link = open_regular_beneath(store.home(), id + "/link");
      const std::string name = read_all(link.get(), "link", 100);
      if (name.find('/') == std::string::npos && !name.empty())
        ::unlinkat(store.home(), ("l/" + name).c_str(), 0);
    } catch (const Error& e) {
      if (e.status() != Status::not_found) throw;
    }
  }
  remove_tree(store.home(), id);
  remove_tree(store.layers(), id + ".tar-split.gz");
  remove_tree(store.layers(), id);
}

}  // namespace sealos::containers_storage
