#include "repository.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "branch.hpp"

namespace sealos::ostree {
namespace {

bool exists(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0;
}

OstreeRepoMode mode_named(const std::string& name) {
  OstreeRepoMode mode;
  GlibError error;
  if (!ostree_repo_mode_from_string(name.c_str(), &mode, error.out()) ||
      mode == OSTREE_REPO_MODE_BARE_SPLIT_XATTRS) {
    throw Error(Status::invalid,
                fmt::format("ostree.create is bare, bare-user, bare-user-only or archive, not "
                            "\"{}\"",
                            printable(name)));
  }
  return mode;
}

Owned<OstreeRepo> create(const std::string& path, OstreeRepoMode mode) {
  GlibError error;
  Owned<OstreeRepo> repo(
      ostree_repo_create_at(AT_FDCWD, path.c_str(), mode, nullptr, nullptr, error.out()));
  error.check(repo != nullptr, Status::io, "making the repository " + printable(path));
  return repo;
}

}  // namespace

std::shared_ptr<Repository> Repository::open(const std::string& path) {
  if (!exists(path)) {
    throw Error(Status::not_found, fmt::format("there is no repository {}", printable(path)));
  }
  GlibError error;
  Owned<OstreeRepo> repo(ostree_repo_open_at(AT_FDCWD, path.c_str(), nullptr, error.out()));
  error.check(repo != nullptr, Status::invalid, "opening the repository " + printable(path));
  if (ostree_repo_get_mode(repo.get()) == OSTREE_REPO_MODE_BARE_SPLIT_XATTRS) {
    throw Error(Status::unsupported,
                fmt::format("the repository {} has the mode bare-split-xattrs, which libostree "
                            "cannot use",
                            printable(path)));
  }
  return std::shared_ptr<Repository>(new Repository(path, std::move(repo)));
}

std::shared_ptr<Repository> Repository::open_or_create(const std::string& path,
                                                       const std::string& mode) {
  const Owned<OstreeRepo> made = create(path, mode_named(mode));
  return open(path);
}

bool Repository::is_there(const std::string& path, const std::string& mode) {
  mode_named(mode);
  return exists(path);
}

std::optional<std::string> Repository::resolve(const std::string& branch) const {
  GlibError error;
  OwnedText checksum;
  const bool well =
      ostree_repo_resolve_rev(get(), branch.c_str(), TRUE, Out(checksum), error.out());
  error.check(well, Status::corrupt, "looking up the branch " + branch);
  if (checksum == nullptr) return std::nullopt;
  return checksum.get();
}

std::map<std::string, std::string> Repository::branches() const {
  GlibError error;
  OwnedTable table;
  const std::string below(kBranches);
  const bool well = ostree_repo_list_refs(get(), below.c_str(), Out(table), nullptr, error.out());
  error.check(well, Status::io, "listing the branches of " + path_);
  std::map<std::string, std::string> out;
  GHashTableIter at;
  gpointer name, checksum;
  g_hash_table_iter_init(&at, table.get());
  while (g_hash_table_iter_next(&at, &name, &checksum)) {
    std::string_view branch = static_cast<const char*>(name);
    if (branch.starts_with(below + "/")) branch.remove_prefix(below.size() + 1);
    out.emplace(branch, static_cast<const char*>(checksum));
  }
  return out;
}

Variant Repository::load(OstreeObjectType type, const std::string& checksum) const {
  GlibError error;
  Variant variant;
  const bool well =
      ostree_repo_load_variant(get(), type, checksum.c_str(), Out(variant), error.out());
  error.check(
      well, Status::corrupt,
      fmt::format("reading the object {}.{}", checksum, ostree_object_type_to_string(type)));
  return variant;
}

std::string checksum_of(GVariant* bytes, const char* what) {
  gsize size = 0;
  const void* data = g_variant_get_fixed_array(bytes, &size, 1);
  if (size != OSTREE_SHA256_DIGEST_LEN)
    throw Error(Status::corrupt, fmt::format("{} is no checksum: it has {} bytes", what, size));
  char text[OSTREE_SHA256_STRING_LEN + 1];
  ostree_checksum_inplace_from_bytes(static_cast<const guchar*>(data), text);
  return text;
}

Variant bytes_of(const std::string& checksum) {
  return own(ostree_checksum_to_bytes_v(checksum.c_str()));
}

ExclusiveLock::ExclusiveLock(const Repository& repository) : repository_(repository) {
  GlibError error;
  const bool well =
      ostree_repo_lock_push(repository_.get(), OSTREE_REPO_LOCK_EXCLUSIVE, nullptr, error.out());
  error.check(well, Status::io, "locking the repository " + repository_.path());
}

ExclusiveLock::~ExclusiveLock() {
  GlibError error;
  ostree_repo_lock_pop(repository_.get(), OSTREE_REPO_LOCK_EXCLUSIVE, nullptr, error.out());
}

}  // namespace sealos::ostree
