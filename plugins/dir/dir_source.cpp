#include "dir_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "support/signature_file/signature_file.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos::dir {
namespace {

constexpr size_t kMaxSignature = 4 << 20;
constexpr size_t kMostSignatures = 1000;

Version other(Version version) { return version == Version::v1_1 ? Version::v1_2 : Version::v1_1; }

}  // namespace

Source::Source(sdk::Host, const std::string& path)
    : name_("dir:" + printable(path)), folder_(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY)) {
  try {
    const Fd file = open_regular_beneath(folder_.get(), std::string(kVersionFile));
    version_ = parse_version(read_all(file.get(), "the file version", 4096));
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;  // old tools wrote none
  }
}

/// A folder that was changed from one version to the other when the machine stopped may have names
/// of both.
Fd Source::open_named(const std::string& first, const std::string& second) const {
  try {
    return open_regular_beneath(folder_.get(), first);
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
    return open_regular_beneath(folder_.get(), second);
  }
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  try {
    Fd file;
    try {
      file =
          open_named(manifest_name(version_, instance), manifest_name(other(version_), instance));
    } catch (const Error& e) {
      if (e.status() != Status::not_found) throw;
      if (instance) {
        throw Error(Status::not_found,
                    fmt::format("there is no manifest {} in it", instance->brief()));
      }
      throw Error(Status::not_found,
                  "there is no manifest.json in it: no image, or a copy that did not end");
    }
    Item manifest;
    manifest.data = read_all(file.get(), manifest_name(version_, instance), kMaxManifest);
    if (instance && digest_of(manifest.data, instance->algorithm()) != *instance) {
      throw Error(Status::corrupt,
                  fmt::format("manifest {} does not have that digest", instance->brief()));
    }
    manifest.label = guess_media_type(manifest.data);
    if (manifest.label.empty()) {
      throw Error(Status::invalid, fmt::format("{} is not a manifest of a known type",
                                               manifest_name(version_, instance)));
    }
    return manifest;
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  try {
    if (!blob.digest) throw Error(Status::invalid, "a blob without a digest was asked for");
    const std::string name = blob_name(version_, *blob.digest);
    Fd file;
    try {
      file = open_named(name, blob_name(other(version_), *blob.digest));
    } catch (const Error& e) {
      if (e.status() != Status::not_found) throw;
      throw Error(Status::not_found,
                  fmt::format("there is no blob {} in it", blob.digest->brief()));
    }
    const std::int64_t size = size_of(file.get(), name);
    if (blob.size >= 0 && size != blob.size) {
      throw Error(Status::corrupt, fmt::format("blob {} has {} bytes but should have {}",
                                               blob.digest->brief(), size, blob.size));
    }
    return file_stream(std::move(file), name_ + "/" + name, offset, length);
  } catch (Error& e) {
    throw e.add_context(name_);
  }
}

std::vector<Item> Source::read_signatures(const std::optional<Digest>& instance) {
  std::vector<Item> signatures;
  for (size_t number = 1; number <= kMostSignatures; ++number) {
    const std::string name = signature_name(version_, instance, number);
    try {
      const Fd file = open_named(name, signature_name(other(version_), instance, number));
      signatures.push_back(parse_signature(read_all(file.get(), name, kMaxSignature), name));
    } catch (Error& e) {
      if (e.status() == Status::not_found) return signatures;
      throw e.add_context(name_);
    }
  }
  throw Error(Status::invalid, fmt::format("{}: more than {} signatures", name_, kMostSignatures));
}

}  // namespace sealos::dir
