// An OSTree repository, opened.
#pragma once

#include <ostree.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glib.hpp"

namespace sealos::ostree {

/// Reading is thread-safe, as libostree's is.
class Repository {
 public:
  /// Throws SEALOS_NOT_FOUND where there is none, SEALOS_UNSUPPORTED for one of a kind that
  /// libostree cannot write.
  static std::shared_ptr<Repository> open(const std::string& path);
  /// As open; if there is none, makes one: "bare", "bare-user", "bare-user-only" or "archive".
  /// Throws SEALOS_INVALID for other modes.
  static std::shared_ptr<Repository> open_or_create(const std::string& path,
                                                    const std::string& mode);

  /// Whether open_or_create would find one. Throws SEALOS_INVALID for other modes.
  static bool is_there(const std::string& path, const std::string& mode);

  OstreeRepo* get() const { return repo_.get(); }
  const std::string& path() const { return path_; }
  OstreeRepoMode mode() const { return ostree_repo_get_mode(repo_.get()); }

  /// The checksum that a branch leads to; nullopt: there is no such branch.
  std::optional<std::string> resolve(const std::string& branch) const;
  /// The branches below "ociimage", without that, and their checksums.
  std::map<std::string, std::string> branches() const;
  /// What an object of metadata holds. Throws SEALOS_CORRUPT where it cannot be had.
  Variant load(OstreeObjectType type, const std::string& checksum) const;

 private:
  Repository(std::string path, Owned<OstreeRepo> repo)
      : path_(std::move(path)), repo_(std::move(repo)) {}

  std::string path_;
  Owned<OstreeRepo> repo_;
};

/// 64 hex digits of the 32 bytes that a variant holds. Throws SEALOS_CORRUPT for another number of
/// bytes; `what` is for the message.
std::string checksum_of(GVariant* bytes, const char* what);
/// The opposite.
Variant bytes_of(const std::string& checksum);

/// Holds the repository against all other programs that write or prune; waits for those that do.
class ExclusiveLock {
 public:
  explicit ExclusiveLock(const Repository& repository);
  ExclusiveLock(const ExclusiveLock&) = delete;
  ExclusiveLock& operator=(const ExclusiveLock&) = delete;
  ~ExclusiveLock();

 private:
  const Repository& repository_;
};

}  // namespace sealos::ostree
