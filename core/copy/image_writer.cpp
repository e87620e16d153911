#include "core/copy/image_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/manifest/instance_choice.hpp"
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
  if (step.rekeyed) layer.annotations = *step.rekeyed;
  if (step.by_url || !step.layer) {
    // Only its type may have to follow the manifest's kind.
  } else if (report.stored != layer.digest) {
    layer.digest = report.stored;
    layer.size = report.size;
    layer.annotations = lasting_annotations(std::move(layer.annotations));
    if (step.opened) layer.annotations = encryption::without_encryption(layer.annotations);
    layer.annotations.insert(layer.annotations.end(), report.annotations.begin(),
                             report.annotations.end());
  }
  if (layer.size < 0) layer.size = report.size;  // schema 1 does not say
  if (!step.layer) return layer;
  LayerType type = *step.layer;
  if (report.stored != step.original.digest || is_relabelled(step, report)) {
    type.compression = report.compression.value_or(step.compression);
  }
  if (const auto name = layer_media_type(kind, type)) layer.media_type = *name;
  if (step.encrypt) layer.media_type += encryption::kEncryptedSuffix;
  return layer;
}

void require_sizes(const std::vector<Descriptor>& layers) {
  for (const Descriptor& layer : layers) {
    if (layer.size >= 0) continue;
    throw Error(Status::internal,
                fmt::format("the destination has layer {} and does not say how large it is",
                            layer.digest.str()));
  }
}

Written made_of(Item item, const Manifest& original) {
  Manifest manifest = Manifest::parse(std::move(item));
  const bool changed = manifest.bytes() != original.bytes();
  return {std::move(manifest), changed};
}

/// An attestation that names an image by digest follows it.
void follow(Descriptor& entry, const std::map<std::string, Written>& written) {
  for (auto& [key, value] : entry.annotations) {
    const auto at = key == kAttestedDigest ? written.find(value) : written.end();
    if (at != written.end()) value = at->second.manifest.digest().str();
  }
}

/// Readers prefer an entry that says so, and others pass over what they cannot read.
constexpr std::string_view kZstdEntry = "io.github.containers.compression.zstd";

void stand_for(Descriptor& entry, const Manifest& now) {
  entry.digest = now.digest();
  entry.size = static_cast<std::int64_t>(now.bytes().size());
  entry.media_type = media_type_of(now.kind());
  entry.json.erase("data");
  const auto& layers = now.layers();
  const bool zstd = !layers.empty() && std::all_of(layers.begin(), layers.end(), [](const auto& l) {
    const auto type = layer_type(l.media_type);
    return type && type->compression == "zstd";
  });
  std::erase_if(entry.annotations, [](const auto& each) { return each.first == kZstdEntry; });
  if (zstd) entry.annotations.emplace_back(kZstdEntry, "true");
}

/// What --add-compression puts beside an image. At the end of the index, where they stand with the
/// peers, so that who takes the first that fits gets the image itself.
std::vector<Descriptor> variants_of(const Descriptor& entry, const Digest& name,
                                    const std::map<std::string, Written>& written) {
  std::vector<Descriptor> out;
  for (const LayerForm form : {LayerForm::gzip, LayerForm::zstd, LayerForm::zstd_chunked}) {
    const auto at = written.find(variant_key(name, form));
    if (at == written.end()) continue;
    out.push_back(entry);
    stand_for(out.back(), at->second.manifest);
  }
  return out;
}

}  // namespace

bool is_relabelled(const BlobStep& step, const BlobReport& report) {
  return report.outcome == BlobOutcome::copied && step.recode != Recode::none &&
         report.stored == step.original.digest && report.compression &&
         *report.compression != step.layer->compression;
}

std::string key_of(const BlobStep& step) {
  return fmt::format("{} {} {} {} {} {} {}", step.original.digest.str(), step.from.digest->str(),
                     static_cast<int>(step.recode), step.compression, step.chunked,
                     step.opened != nullptr, step.encrypt);
}

Written ImageWriter::image_as(const ImagePlan& plan, ManifestKind kind, MadeBlobs* made) const {
  std::vector<Descriptor> layers;
  for (const BlobStep& step : plan.layers) {
    layers.push_back(layer_after(step, results_.at(key_of(step)), kind));
  }
  bool changed = kind != plan.manifest.kind() ||
                 is_renamed(plan.manifest, plan.schema1_name, plan.schema1_tag);
  for (size_t i = 0; i < layers.size(); ++i) {
    changed |= layers[i].digest != plan.manifest.layers()[i].digest ||
               plan.layers[i].rekeyed.has_value() ||
               is_relabelled(plan.layers[i], results_.at(key_of(plan.layers[i])));
  }
  if (!changed) return {plan.manifest, false};
  MadeBlobs unused;
  MadeBlobs& blobs = made == nullptr ? unused : *made;
  if (is_schema1(kind)) return made_of(schema1_as(plan, kind, layers, blobs), plan.manifest);
  require_sizes(layers);
  Descriptor config =
      plan.manifest.has_config() ? plan.manifest.config() : make_config(plan, kind, blobs);
  if (plan.manifest.is_image()) config.media_type = config_type(kind);
  return made_of(rewrite_image(plan.manifest, kind, config, layers), plan.manifest);
}

Item ImageWriter::schema1_as(const ImagePlan& plan, ManifestKind kind,
                             const std::vector<Descriptor>& layers, MadeBlobs& made) const {
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
    const Descriptor empty{*layer_media_type(ManifestKind::docker, {"gzip", false}),
                           Digest::require(kEmptyLayerDigest),
                           static_cast<std::int64_t>(kEmptyLayer.size())};
    made.emplace_back(empty.to_blob(), kEmptyLayer);
  }
  return schema1_item(image, kind);
}

Descriptor ImageWriter::make_config(const ImagePlan& plan, ManifestKind kind,
                                    MadeBlobs& made) const {
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
  made.emplace_back(std::move(blob), bytes);
  return config;
}

void ImageWriter::put_made(const MadeBlobs& made) {
  for (const auto& [blob, bytes] : made) {
    try {
      const auto stream = memory_stream(bytes);
      destination_.put_blob(blob, *stream);
    } catch (Error& e) {
      throw CopyError(e.add_context("writing what schema 1 leaves out"), Side::destination);
    }
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
    Written written = make(kind);
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
  if (!original.signatures.empty() && written.changed) {
    throw CopyError(Error(Status::unsupported,
                          "the manifest changed, so that its signatures are no longer valid; to "
                          "drop them use --remove-signatures"),
                    Side::request);
  }
  std::vector<Item> signatures = original.signatures;
  try {
    for (Item& made : signer_.sign(written.manifest.digest()))
      signatures.push_back(std::move(made));
  } catch (Error& e) {
    throw CopyError(e.add_context("signing the manifest"), Side::request);
  }
  if (signatures.empty()) return;
  try {
    destination_.put_signatures(name_of(original, written), signatures);
  } catch (Error& e) {
    throw CopyError(e.add_context("writing signatures"), Side::destination);
  }
}

Written ImageWriter::put_image(const ImagePlan& plan, bool top) {
  return put_first_taken({plan.manifest, plan.instance, top, plan.signatures}, plan.kinds,
                         [&](ManifestKind kind) {
                           MadeBlobs made;
                           Written written = image_as(plan, kind, &made);
                           put_made(made);
                           return written;
                         });
}

Written ImageWriter::index_as(const IndexPlan& plan, const std::map<std::string, Written>& written,
                              ManifestKind kind) const {
  const Manifest& original = plan.input.manifest;
  std::vector<Descriptor> instances, added;
  bool changed = kind != original.kind();
  for (Descriptor entry : original.instances()) {
    const Digest original_name = entry.digest;
    const auto at = written.find(entry.digest.str());
    if (at == written.end()) {
      if (plan.sparse) instances.push_back(std::move(entry));
      changed |= !plan.sparse;
      continue;
    }
    if (at->second.changed) {
      stand_for(entry, at->second.manifest);
      changed = true;
    }
    follow(entry, written);
    for (Descriptor& variant : variants_of(entry, original_name, written)) {
      added.push_back(std::move(variant));
      changed = true;
    }
    instances.push_back(std::move(entry));
  }
  std::move(added.begin(), added.end(), std::back_inserter(instances));
  if (!changed) return {original, false};
  return made_of(rewrite_index(original, kind, instances), original);
}

Written ImageWriter::put_index(const IndexPlan& plan,
                               const std::map<std::string, Written>& written) {
  const IndexInput& input = plan.input;
  try {
    return put_first_taken({input.manifest, input.instance, !input.instance, input.signatures},
                           plan.kinds,
                           [&](ManifestKind kind) { return index_as(plan, written, kind); });
  } catch (CopyError& e) {
    // Many registries want every image of an index to be there.
    if (plan.sparse && input.left_out > 0)
      e.add_context(fmt::format("a sparse index, without {} of its images", input.left_out));
    throw;
  }
}

}  // namespace sealos
