#include "remove.hpp"

#include <fmt/format.h>

#include <set>

#include "branch.hpp"
#include "image_manifest.hpp"
#include "stored_commit.hpp"

namespace sealos::ostree {
namespace {

std::set<std::string> blobs_named_by(const std::shared_ptr<const Repository>& repository,
                                     const std::string& checksum) {
  std::set<std::string> out;
  const StoredCommit commit(repository, checksum);
  if (const auto manifest = commit.text(kManifest)) {
    for (const Digest& digest : blobs_of(*manifest)) out.insert(digest.str());
  }
  return out;
}

void drop_branch(const Repository& repository, const std::string& branch) {
  GlibError error;
  const bool well = ostree_repo_set_ref_immediate(repository.get(), nullptr, branch.c_str(),
                                                  nullptr, nullptr, error.out());
  error.check(well, Status::io, "removing the branch " + branch);
}

void prune(sdk::Host host, const Repository& repository) {
  GlibError error;
  gint all = 0, pruned = 0;
  guint64 bytes = 0;
  const bool well = ostree_repo_prune(repository.get(), OSTREE_REPO_PRUNE_FLAGS_REFS_ONLY, -1, &all,
                                      &pruned, &bytes, nullptr, error.out());
  error.check(well, Status::io, "removing objects from " + repository.path());
  host.info(fmt::format("ostree: {} of {} objects removed, {} bytes", pruned, all, bytes));
}

}  // namespace

void remove_image(sdk::Host host, const std::shared_ptr<const Repository>& repository,
                  const std::string& image) {
  const ExclusiveLock lock(*repository);
  const auto branches = repository->branches();
  std::set<std::string> own, others;
  bool found = false;
  for (const auto& [branch, checksum] : branches) {
    const auto name = image_of_branch(branch);
    if (!name) continue;
    if (*name == image) found = true;
    (*name == image ? own : others).merge(blobs_named_by(repository, checksum));
  }
  if (!found) {
    throw Error(Status::not_found,
                fmt::format("the repository {} has no image {}", repository->path(), image));
  }
  drop_branch(*repository, image_branch(image));
  for (const std::string& digest : own) {
    const std::string branch = blob_branch(Digest::require(digest));
    if (!others.contains(digest) && repository->resolve(branch)) drop_branch(*repository, branch);
  }
  prune(host, *repository);
}

}  // namespace sealos::ostree
