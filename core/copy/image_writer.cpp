#include "core/copy/image_writer.hpp"

#include <fmt/format.h>

#include "core/manifest/rewrite.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

std::string_view config_type(ManifestKind kind) {
  return kind == ManifestKind::docker ? media_type::kDockerConfig : media_type::kOciConfig;
}

/// The descriptor of a layer after its way, in a manifest of that kind.
Descriptor layer_after(const BlobStep& step, const BlobReport& report, ManifestKind kind) {
  Descriptor layer = step.original;
  if (step.by_url || !step.layer) {
    // Only its type may have to follow the manifest's kind.
  } else if (report.stored != layer.digest) {
    layer.digest = report.stored;
    layer.size = report.size;
    layer.annotations = lasting_annotations(std::move(layer.annotations));
    layer.annotations.insert(layer.annotations.end(), report.annotations.begin(),
                             report.annotations.end());
  }
  if (!step.layer) return layer;
  LayerType type = *step.layer;
  if (report.stored != step.original.digest) {
    type.compression = report.compression.value_or(step.compression);
  }
  if (const auto name = layer_media_type(kind, type)) layer.media_type = *name;
  return layer;
}

}  // namespace

std::string key_of(const BlobStep& step) {
  return fmt::format("{} {} {} {} {}", step.original.digest.str(), step.from.digest->str(),
                     static_cast<int>(step.recode), step.compression, step.chunked);
}

Item ImageWriter::image_as(const ImagePlan& plan, ManifestKind kind) {
  std::vector<Descriptor> layers;
  for (const BlobStep& step : plan.layers) {
    layers.push_back(layer_after(step, results_.at(key_of(step)), kind));
  }
  bool changed = kind != plan.manifest.kind() ||
                 is_renamed(plan.manifest, plan.schema1_name, plan.schema1_tag);
  for (size_t i = 0; i < layers.size(); ++i) {
    changed |= layers[i].digest != plan.manifest.layers()[i].digest;
  }
  if (!changed) return plan.manifest.item();
  if (is_schema1(kind)) return as_schema1(plan, kind, layers);
  for (const Descriptor& layer : layers) {
    if (layer.size >= 0) continue;
    throw Error(Status::internal,
                fmt::format("the destination has layer {} and does not say how large it is",
                            layer.digest.str()));
  }
  if (plan.manifest.schema1() != nullptr) {
    return rewrite_image(plan.manifest, kind, put_made_config(plan, kind), layers);
  }
  Descriptor config = plan.manifest.config();
  if (plan.manifest.is_image()) config.media_type = config_type(kind);
  return rewrite_image(plan.manifest, kind, config, layers);
}

Item ImageWriter::as_schema1(const ImagePlan& plan, ManifestKind kind,
                             const std::vector<Descriptor>& layers) {
  std::vector<Digest> digests;
  for (const Descriptor& layer : layers) digests.push_back(layer.digest);
  if (const Schema1* original = plan.manifest.schema1()) {
    Schema1 image = with_layers(*original, digests);
    if (!plan.schema1_name.empty()) image.name = plan.schema1_name;
    if (!plan.schema1_tag.empty()) image.tag = plan.schema1_tag;
    return schema1_item(image, kind);
  }
  const Schema1 image = schema1_of(plan.config_bytes, digests, plan.schema1_name, plan.schema1_tag);
  if (has_empty_layers(image)) {
    Blob empty;
    empty.digest = Digest::require(kEmptyLayerDigest);
    empty.media_type = *layer_media_type(ManifestKind::docker, {"gzip", false});
    empty.compression = "gzip";
    put_bytes(empty, std::string(kEmptyLayer), "the empty layer");
  }
  return schema1_item(image, kind);
}

Descriptor ImageWriter::put_made_config(const ImagePlan& plan, ManifestKind kind) {
  std::vector<Digest> diff_ids;
  for (const BlobStep& step : plan.layers) {
    const auto& plain = results_.at(key_of(step)).plain;
    if (!plain) throw Error(Status::internal, "a layer of a schema 1 image was not looked into");
    diff_ids.push_back(*plain);
  }
  const std::string bytes = config_of(*plan.manifest.schema1(), diff_ids);
  Descriptor config{std::string(config_type(kind)), digest_of(bytes),
                    static_cast<std::int64_t>(bytes.size())};
  Blob blob = config.to_blob();
  blob.flags |= SEALOS_BLOB_CONFIG;
  put_bytes(blob, bytes, "the config");
  return config;
}

void ImageWriter::put_bytes(const Blob& blob, const std::string& bytes, const std::string& what) {
  Blob sized = blob;
  sized.size = static_cast<std::int64_t>(bytes.size());
  try {
    const auto stream = memory_stream(bytes);
    destination_.put_blob(sized, *stream);
  } catch (Error& e) {
    throw CopyError(e.add_context("writing " + what), Side::destination);
  }
}

std::optional<Digest> ImageWriter::name_of(const Original& original, const Written& written) {
  if (original.top) return std::nullopt;
  if (!written.changed && original.instance) return original.instance;
  return written.manifest.digest();
}

template <typename MakeItem>
Written ImageWriter::put_first_taken(const Original& original,
                                     const std::vector<ManifestKind>& kinds, MakeItem&& make) {
  std::string refused;
  for (const ManifestKind kind : kinds) {
    Manifest manifest = Manifest::parse(make(kind));
    const bool changed = manifest.bytes() != original.manifest.bytes();
    Written written{std::move(manifest), changed};
    try {
      destination_.put_manifest(name_of(original, written), written.manifest.item());
      put_signatures(original, written);
      return written;
    } catch (const CopyError&) {
      throw;
    } catch (Error& e) {
      if (e.status() != Status::manifest_rejected) {
        throw CopyError(e.add_context("writing the manifest"), Side::destination);
      }
      refused += fmt::format("{}{} ({})", refused.empty() ? "" : "; ", describe(kind), e.message());
      progress_.note(fmt::format("the destination does not take {}", describe(kind)));
    }
  }
  throw CopyError(
      Error(Status::manifest_rejected, "the destination took the manifest in no form: " + refused),
      Side::destination);
}

void ImageWriter::put_signatures(const Original& original, const Written& written) {
  if (original.signatures.empty()) return;
  if (written.changed) {
    throw CopyError(Error(Status::unsupported,
                          "the manifest changed, so that its signatures are no longer valid; to "
                          "drop them use --remove-signatures"),
                    Side::request);
  }
  try {
    destination_.put_signatures(name_of(original, written), original.signatures);
  } catch (Error& e) {
    throw CopyError(e.add_context("writing signatures"), Side::destination);
  }
}

Written ImageWriter::put_image(const ImagePlan& plan, bool top) {
  return put_first_taken({plan.manifest, plan.instance, top, plan.signatures}, plan.kinds,
                         [&](ManifestKind kind) { return image_as(plan, kind); });
}

Written ImageWriter::put_index(const IndexInput& index, const std::vector<ManifestKind>& kinds,
                               const std::map<std::string, Written>& written) {
  std::vector<Descriptor> instances = index.manifest.instances();
  bool changed = false;
  for (Descriptor& entry : instances) {
    const Written& now = written.at(entry.digest.str());
    if (!now.changed) continue;
    changed = true;
    entry.digest = now.manifest.digest();
    entry.size = static_cast<std::int64_t>(now.manifest.bytes().size());
    entry.media_type = media_type_of(now.manifest.kind());
    entry.json.erase("data");
  }
  const Original original{index.manifest, index.instance, !index.instance, index.signatures};
  return put_first_taken(original, kinds, [&](ManifestKind kind) {
    if (!changed && kind == index.manifest.kind()) return index.manifest.item();
    return rewrite_index(index.manifest, kind, instances);
  });
}

}  // namespace sealos
