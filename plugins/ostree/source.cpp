#include "source.hpp"

#include <fmt/format.h>

#include "branch.hpp"
#include "commit_tree.hpp"
#include "image_manifest.hpp"
#include "split_stream.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/signature_file/signature_file.hpp"

namespace sealos::ostree {
namespace {

constexpr size_t kMaxConfig = 8 << 20;
constexpr size_t kMaxSignature = 4 << 20;
constexpr std::int64_t kMostSignatures = 1000;

std::string manifest_in(const StoredCommit& commit) {
  const auto text = commit.text(kManifest);
  if (!text) {
    throw Error(Status::corrupt,
                fmt::format("the commit {} has no {}", commit.checksum(), kManifest));
  }
  if (text->size() > kMaxManifest) {
    throw Error(Status::corrupt, fmt::format("the manifest has {} bytes, more than {} are not read",
                                             text->size(), kMaxManifest));
  }
  return std::string(*text);
}

Digest check_digest(const StoredCommit& commit, const std::string& manifest) {
  const auto written = commit.text(kManifestDigest);
  const auto digest = written ? Digest::parse(*written) : std::nullopt;
  const Digest own = digest_of(manifest, digest ? digest->algorithm() : "sha256");
  if (written && *written != own.str()) {
    throw Error(Status::corrupt, fmt::format("the manifest has the digest {}, {} says \"{}\"",
                                             own.str(), kManifestDigest, printable(*written)));
  }
  return own;
}

}  // namespace

Source::Source(std::shared_ptr<const Repository> repository, const std::string& image)
    : repository_(std::move(repository)), image_(image) {
  const auto checksum = repository_->resolve(image_branch(image));
  if (!checksum) {
    throw Error(Status::not_found,
                fmt::format("the repository {} has no image {}", repository_->path(), image));
  }
  commit_ = std::make_unique<StoredCommit>(repository_, *checksum);
  manifest_ = manifest_in(*commit_);
  digest_ = check_digest(*commit_, manifest_);
  for (const Blob& layer : layers_of(manifest_)) {
    auto stored = find_blob(*layer.digest);
    if (stored == nullptr) {
      throw Error(Status::corrupt, fmt::format("the repository {} has lost layer {} of {}",
                                               repository_->path(), layer.digest->str(), image));
    }
    const auto plain = stored->plain_form();
    layers_.push_back(plain ? as_plain(layer, plain->digest, plain->size) : layer);
    commits_.push_back(std::move(stored));
  }
  check_diff_ids();
}

/// That a layer's commit is of another layer shows only here: the digest in a commit is that of the
/// tar, in the manifest often that of a compressed blob.
void Source::check_diff_ids() const {
  const auto config = config_of(manifest_);
  const auto stored = config ? find_blob(*config) : nullptr;
  if (stored == nullptr) return;
  const auto stream = CommitTree(repository_, stored->root()).open("content", -1);
  const std::vector<Digest> diff_ids = diff_ids_of(read_stream(*stream, kMaxConfig, "the config"));
  if (diff_ids.size() != layers_.size()) return;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const bool plain = commits_[i]->plain_form().has_value();
    if (plain && *layers_[i].digest != diff_ids[i]) {
      throw Error(Status::corrupt,
                  fmt::format("layer {} of {} is {} in the repository, the config says {}", i + 1,
                              image_, layers_[i].digest->str(), diff_ids[i].str()));
    }
  }
}

void Source::check_instance(const std::optional<Digest>& instance) const {
  if (!instance || *instance == *digest_) return;
  throw Error(Status::not_found,
              fmt::format("{} is not in {}: a repository has single images, no indexes",
                          instance->str(), image_));
}

std::shared_ptr<const StoredCommit> Source::find_blob(const Digest& digest) const {
  const auto checksum = repository_->resolve(blob_branch(digest));
  if (!checksum) return nullptr;
  return std::make_shared<const StoredCommit>(repository_, *checksum);
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  check_instance(instance);
  return {manifest_type_of(manifest_), manifest_};
}

std::vector<Blob> Source::layer_infos(const std::optional<Digest>& instance) {
  check_instance(instance);
  return layers_;
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  if (!blob.digest) throw Error(Status::invalid, "a blob without a digest cannot be looked up");
  if (offset != 0 || length >= 0)
    throw Error(Status::unsupported, "a blob in a repository can only be read as a whole");
  std::shared_ptr<const StoredCommit> commit;
  for (size_t i = 0; i < layers_.size() && commit == nullptr; ++i) {
    if (*layers_[i].digest == *blob.digest) commit = commits_[i];
  }
  if (commit == nullptr) commit = find_blob(*blob.digest);
  if (commit == nullptr) {
    throw Error(Status::not_found, fmt::format("the repository {} has no blob {}",
                                               repository_->path(), blob.digest->str()));
  }
  if (const auto plain = commit->plain_form()) return split_stream(commit, *plain);
  return CommitTree(repository_, commit->root()).open("content", -1);
}

std::vector<Item> Source::read_signatures(const std::optional<Digest>& instance) {
  check_instance(instance);
  const std::int64_t count = commit_->number(kSignatures).value_or(0);
  if (count > kMostSignatures) {
    throw Error(Status::corrupt, fmt::format("{} signatures of {} are too many", count, image_));
  }
  std::vector<Item> out;
  CommitTree tree(repository_, commit_->root());
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::string name = fmt::format("signature-{}", i);
    const auto stream = tree.open(name, -1);
    out.push_back(parse_signature(read_stream(*stream, kMaxSignature, name), name));
  }
  return out;
}

}  // namespace sealos::ostree
