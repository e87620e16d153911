#include "stored_commit.hpp"

#include <fmt/format.h>

#include "support/layer_tar/tar_entry.hpp"

namespace sealos::ostree {
namespace {

// Members of a commit object, as libostree's OSTREE_COMMIT_GVARIANT_FORMAT has them.
constexpr gsize kCommitMetadata = 0;
constexpr gsize kCommitRoot = 6;
constexpr gsize kCommitRootMetadata = 7;

}  // namespace

StoredCommit::StoredCommit(std::shared_ptr<const Repository> repository, std::string checksum)
    : repository_(std::move(repository)), checksum_(std::move(checksum)) {
  GlibError error;
  OstreeRepoCommitState state{};
  const bool well = ostree_repo_load_commit(repository_->get(), checksum_.c_str(), Out(commit_),
                                            &state, error.out());
  error.check(well, Status::corrupt, "reading the commit " + checksum_);
  if (state != OSTREE_REPO_COMMIT_STATE_NORMAL) {
    throw Error(Status::corrupt,
                fmt::format("the repository has only a part of the commit {}", checksum_));
  }
  metadata_ = own(g_variant_get_child_value(commit_.get(), kCommitMetadata));
}

std::optional<std::string_view> StoredCommit::text(const char* key) const {
  const Variant value = own(g_variant_lookup_value(metadata_.get(), key, G_VARIANT_TYPE_STRING));
  if (value == nullptr) return std::nullopt;
  gsize size = 0;
  const char* data = g_variant_get_string(value.get(), &size);
  return std::string_view(data, size);
}

std::optional<std::int64_t> StoredCommit::number(const char* key) const {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const auto value = layer_tar::parse_decimal(*written);
  if (!value) {
    throw Error(Status::corrupt, fmt::format("the commit {} has \"{}\" as {}, which is no number",
                                             checksum_, printable(*written), key));
  }
  return value;
}

std::optional<PlainForm> StoredCommit::plain_form() const {
  const auto digest = text(kPlainDigest);
  const auto size = number(kPlainSize);
  if (!digest || !size) return std::nullopt;
  const auto parsed = Digest::parse(*digest);
  if (!parsed) {
    throw Error(Status::corrupt, fmt::format("the commit {} has \"{}\" as {}, which is no digest",
                                             checksum_, printable(*digest), kPlainDigest));
  }
  return PlainForm{*parsed, *size};
}

std::string StoredCommit::root() const {
  const Variant child = own(g_variant_get_child_value(commit_.get(), kCommitRoot));
  return checksum_of(child.get(), "the commit's root");
}

std::string StoredCommit::root_metadata() const {
  const Variant child = own(g_variant_get_child_value(commit_.get(), kCommitRootMetadata));
  return checksum_of(child.get(), "the metadata of the commit's root");
}

}  // namespace sealos::ostree
