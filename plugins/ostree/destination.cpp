#include "destination.hpp"

#include <fmt/format.h>

#include "branch.hpp"
#include "image_manifest.hpp"
#include "stored_commit.hpp"
#include "support/digest/hasher.hpp"
#include "support/signature_file/signature_file.hpp"

namespace sealos::ostree {

Destination::Destination(sdk::Host host, std::shared_ptr<const Repository> repository, Name name,
                         bool split, sdk::Intent intent)
    : host_(host),
      repository_(std::move(repository)),
      name_(std::move(name)),
      split_(split),
      writer_(host, repository_) {
  if (repository_ == nullptr) return;
  GlibError error;
  OstreeRepo* const repo = repository_->get();
  bool well = ostree_repo_is_writable(repo, error.out());
  if (well && intent == sdk::Intent::write) {
    well = ostree_repo_prepare_transaction(repo, nullptr, nullptr, error.out());
    open_ = well;
  }
  error.check(well, Status::io, "beginning to write into the repository " + repository_->path());
}

Destination::~Destination() {
  if (open_) ostree_repo_abort_transaction(repository_->get(), nullptr, nullptr);
}

std::vector<std::string> Destination::manifest_types() const {
  return {kOciManifest, kDockerManifest};
}

LayerCompression Destination::compression() const {
  return split_ ? LayerCompression::decompress : LayerCompression::preserve;
}

/// Only what arrives as its tar: of anything else the manifest would no longer be true.
bool Destination::is_to_be_split(const Blob& blob) const {
  return split_ && !blob.is_config() && blob.layer_index >= 0 && blob.compression &&
         blob.compression->empty();
}

Blob Destination::put_blob(const Blob& blob, Stream& from) {
  if (blob.digest) blob_branch(*blob.digest);  // throws for digests that cannot be
  const WrittenBlob written = is_to_be_split(blob) ? writer_.split(blob.digest, from)
                                                   : writer_.raw(blob.digest, blob.size, from);
  Blob out = blob;
  out.digest = written.digest;
  out.size = written.size;
  const std::lock_guard lock(mutex_);
  commits_[written.digest.str()] = written.commit;
  return out;
}

/// Commits of layers by the tar in them: also of those that are named by a compressed digest.
const std::map<std::string, std::string>& Destination::split_layers() {
  if (split_layers_) return *split_layers_;
  split_layers_.emplace();
  for (const auto& [branch, checksum] : repository_->branches()) {
    if (!blob_of_branch(branch)) continue;
    try {
      if (const auto plain = StoredCommit(repository_, checksum).plain_form())
        split_layers_->emplace(plain->digest.str(), checksum);
    } catch (const Error& e) {
      host_.debug(fmt::format("ostree: {} is not used again: {}", branch, e.message()));
    }
  }
  return *split_layers_;
}

/// A blob in a form that gives back what the manifest says, and, if files are to be shared, has
/// them.
std::optional<Destination::Found> Destination::usable(const std::string& checksum, const Blob& blob,
                                                      bool by_content) const {
  try {
    const StoredCommit commit(repository_, checksum);
    if (const auto plain = commit.plain_form()) {
      if (plain->digest != *blob.digest || !commit.text(kTarSplit)) return std::nullopt;
      return Found{checksum, plain->size};
    }
    const auto size = commit.number(kSize);
    if (by_content || !size || is_to_be_split(blob)) return std::nullopt;
    return Found{checksum, *size};
  } catch (const Error& e) {
    host_.debug(fmt::format("ostree: {} is not used again: {}", checksum, e.message()));
    return std::nullopt;
  }
}

std::optional<Destination::Found> Destination::find_stored(const Blob& blob) {
  if (const auto checksum = repository_->resolve(blob_branch(*blob.digest))) {
    if (auto found = usable(*checksum, blob, false)) return found;
  }
  if (!is_to_be_split(blob)) return std::nullopt;
  const auto& known = split_layers();
  const auto at = known.find(blob.digest->str());
  return at == known.end() ? std::nullopt : usable(at->second, blob, true);
}

std::optional<Blob> Destination::try_reuse(const Reuse& want) {
  if (repository_ == nullptr) return std::nullopt;
  std::vector<const Blob*> wanted{&want.blob};
  for (const Blob& candidate : want.candidates) wanted.push_back(&candidate);
  const std::lock_guard lock(mutex_);
  for (const Blob* blob : wanted) {
    if (!blob->digest || blob->digest->algorithm() != "sha256") continue;
    if (want.compression && blob->compression && *blob->compression != *want.compression) continue;
    const auto found = find_stored(*blob);
    if (!found || (blob->size >= 0 && blob->size != found->size)) continue;
    commits_[blob->digest->str()] = found->commit;
    Blob out = *blob;
    out.size = found->size;
    out.location.clear();
    return out;
  }
  return std::nullopt;
}

void Destination::put_manifest(const std::optional<Digest>&, const Item& manifest) {
  if (manifest.label != kOciManifest && manifest.label != kDockerManifest) {
    throw Error(
        Status::manifest_rejected,
        fmt::format("an ostree repository keeps single images, no {}", printable(manifest.label)));
  }
  if (manifest.data.size() > kMaxManifest)
    throw Error(Status::unsupported, "the manifest has more than 4 MiB");
  if (manifest_) throw Error(Status::unsupported, "a repository takes one image at a time");
  const auto wanted = name_.digest();
  if (wanted && *wanted != digest_of(manifest.data, wanted->algorithm())) {
    throw Error(Status::invalid, fmt::format("the manifest's digest is {}, not {} as the name says",
                                             digest_of(manifest.data).str(), wanted->str()));
  }
  manifest_ = manifest;
}

void Destination::put_signatures(const std::optional<Digest>&, const std::vector<Item>& items) {
  signatures_ = items;
}

std::string Destination::write_image() const {
  const ObjectWriter& objects = writer_.objects();
  FolderEntries entries;
  entries.files.emplace_back("manifest.json", objects.file({0, 0, 0644, {}}, manifest_->data));
  std::map<std::string, std::string> files;  // sorted by name, as a folder has to be
  for (const Item& one : signatures_) {
    const std::string name = fmt::format("signature-{}", files.size() + 1);
    files[name] = objects.file({0, 0, 0644, {}}, signature_file(one));
  }
  entries.files.insert(entries.files.end(), files.begin(), files.end());
  return objects.commit({{kManifest, manifest_->data},
                         {kManifestDigest, digest_of(manifest_->data).str()},
                         {kSignatures, std::to_string(signatures_.size())}},
                        {objects.folder(entries), objects.folder_metadata({0, 0, 0755, {}})});
}

std::optional<std::string> Destination::commit(const Item&) {
  if (!manifest_) throw Error(Status::invalid, "no manifest was given");
  OstreeRepo* const repo = repository_->get();
  for (const Digest& digest : blobs_of(manifest_->data)) {
    const auto at = commits_.find(digest.str());
    if (at == commits_.end())
      throw Error(Status::invalid, "blob " + digest.str() + " was not given");
    ostree_repo_transaction_set_ref(repo, nullptr, blob_branch(digest).c_str(), at->second.c_str());
  }
  ostree_repo_transaction_set_ref(repo, nullptr, image_branch(name_.image()).c_str(),
                                  write_image().c_str());
  host_.throw_if_cancelled();
  GlibError error;
  const bool well = ostree_repo_commit_transaction(repo, nullptr, nullptr, error.out());
  error.check(well, Status::io, "committing to the repository " + repository_->path());
  open_ = false;
  return std::nullopt;
}

void Destination::abort() {
  if (!open_) return;
  open_ = false;
  GlibError error;
  const bool well = ostree_repo_abort_transaction(repository_->get(), nullptr, error.out());
  error.check(well, Status::io, "undoing what was written to " + repository_->path());
}

}  // namespace sealos::ostree
