#include "attachments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "download.hpp"
#include "manifests.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/sigstore_attachment/sigstore_attachment.hpp"

namespace sealos::docker {
namespace {

constexpr std::int64_t kMaxPayload = 4 << 20;
constexpr size_t kMostLayers = 1000;
/// How often another writer may take the place of what was just written.
constexpr int kTurns = 8;

std::optional<Attachment> find_attachment(Registry& registry, const std::string& tag) {
  try {
    Attachment found(get_manifest(registry, tag));
    if (found.layers().size() > kMostLayers)
      throw Error(Status::invalid, fmt::format("more than {} signatures", kMostLayers));
    return found;
  } catch (const Error& e) {
    if (e.status() == Status::not_found) return std::nullopt;
    throw;
  }
}

std::string read_payload(Registry& registry, const Attachment::Layer& layer) {
  if (layer.size < 0 || layer.size > kMaxPayload)
    throw Error(Status::invalid, fmt::format("a signature of {} bytes", layer.size));
  Blob blob;
  blob.digest = layer.digest;
  blob.size = layer.size;
  const auto stream = open_download(registry, blob, 0, -1);
  std::string payload =
      read_stream(*stream, static_cast<size_t>(kMaxPayload), "signature " + layer.digest.brief());
  if (digest_of(payload, layer.digest.algorithm()) != layer.digest) {
    throw Error(Status::corrupt,
                fmt::format("signature {} does not have that digest", layer.digest.brief()));
  }
  return payload;
}

void put_small(Registry& registry, Uploader& uploader, const std::string& bytes) {
  Blob blob;
  blob.digest = digest_of(bytes);
  blob.size = static_cast<std::int64_t>(bytes.size());
  if (!head_blob(registry, registry.path(), *blob.digest))
    uploader.upload(blob, *memory_stream(bytes));
}

/// Whether all of them are there now, without any writing.
bool add_missing(Registry& registry, Uploader& uploader, const std::string& tag,
                 const std::vector<AttachedSignature>& signatures) {
  Attachment attachment = find_attachment(registry, tag).value_or(Attachment());
  bool complete = true;
  for (const AttachedSignature& one : signatures) {
    if (attachment.has(one)) continue;
    complete = false;
    attachment.add(one);
    put_small(registry, uploader, one.payload);
  }
  if (complete) return true;
  put_small(registry, uploader, attachment.config());
  put_manifest(registry, tag, attachment.manifest());
  return false;
}

}  // namespace

std::vector<Item> read_attachments(Registry& registry, const Digest& manifest) {
  const std::string tag = attachment_tag(manifest);
  try {
    std::vector<Item> found;
    const auto attachment = find_attachment(registry, tag);
    if (!attachment) return found;
    for (const Attachment::Layer& layer : attachment->layers())
      found.push_back(
          AttachedSignature{layer.media_type, read_payload(registry, layer), layer.annotations}
              .item());
    return found;
  } catch (Error& e) {
    throw e.add_context(fmt::format("reading the signatures in {}:{}", registry.repository(), tag));
  }
}

void add_attachments(Registry& registry, Uploader& uploader, const Digest& manifest,
                     const std::vector<Item>& signatures) {
  const std::string tag = attachment_tag(manifest);
  const std::string doing = fmt::format("writing signatures to {}:{}", registry.repository(), tag);
  try {
    std::vector<AttachedSignature> parsed;
    for (const Item& one : signatures) parsed.push_back(AttachedSignature::parse(one));
    // Read back after each writing: another writer's image may have taken the place of ours.
    for (int turn = 0; turn < kTurns; ++turn) {
      registry.host().throw_if_cancelled();
      if (add_missing(registry, uploader, tag, parsed)) return;
    }
  } catch (Error& e) {
    throw e.add_context(doing);
  }
  throw Error(Status::unavailable, doing + ": others keep changing them");
}

}  // namespace sealos::docker
