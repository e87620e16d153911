#include "image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"

namespace sealos::conformance {

const char* const kOciManifest = "application/vnd.oci.image.manifest.v1+json";
const char* const kOciIndex = "application/vnd.oci.image.index.v1+json";

namespace {

constexpr const char* kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

Json descriptor(const Blob& blob, const std::string& type) {
  Json json = Json::object();
  json.set("mediaType", type);
  json.set("digest", blob.digest->str());
  json.set("size", blob.size);
  return json;
}

Blob blob_of(const Json& json) {
  Blob blob;
  blob.digest = Digest::require(json.at("digest").string("digest"));
  blob.size = json.at("size").integer("size");
  blob.media_type = json.text_at("mediaType");
  return blob;
}

std::string config_of(const std::vector<SampleBlob>& layers) {
  Json config = Json::parse(
      R"({"architecture":"amd64","os":"linux","created":"2020-01-01T00:00:00Z","config":{}})");
  Json ids = Json::array(), history = Json::array();
  for (const SampleBlob& layer : layers) {
    ids.push_back(layer.blob.digest->str());
    history.push_back(Json::parse(R"({"created":"2020-01-01T00:00:00Z","created_by":"test"})"));
  }
  Json root = Json::object();
  root.set("type", "layers");
  root.set("diff_ids", std::move(ids));
  config.set("rootfs", std::move(root));
  config.set("history", std::move(history));
  return config.dump();
}

/// Reads all of a blob; throws Failure where it is not what its digest and size say.
std::string checked_blob(Source& from, const Blob& blob) {
  std::string bytes = from.blob(blob)->read_all();
  const Digest digest = digest_of(bytes, blob.digest->algorithm());
  require(digest == *blob.digest,
          fmt::format("blob {} has the bytes of {}", blob.digest->str(), digest.str()));
  require(blob.size < 0 || static_cast<std::int64_t>(bytes.size()) == blob.size,
          fmt::format("blob {} has {} bytes, {} were announced", blob.digest->str(), bytes.size(),
                      blob.size));
  return bytes;
}

}  // namespace

std::string Sample::digest() const { return digest_of(manifest.data).str(); }

Blob Sample::descriptor() const {
  Blob blob;
  blob.digest = digest_of(manifest.data);
  blob.size = static_cast<std::int64_t>(manifest.data.size());
  blob.media_type = manifest.label;
  return blob;
}

std::string tar_of(const std::string& name, const std::string& content) {
  char header[512] = {};
  std::snprintf(header, 100, "%s", name.c_str());
  std::snprintf(header + 100, 8, "%07o", 0644u);
  std::snprintf(header + 108, 8, "%07o", 0u);
  std::snprintf(header + 116, 8, "%07o", 0u);
  std::snprintf(header + 124, 12, "%011llo", static_cast<unsigned long long>(content.size()));
  std::snprintf(header + 136, 12, "%011o", 1577836800u);
  std::memset(header + 148, ' ', 8);
  header[156] = '0';
  std::memcpy(header + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(header + 148, 8, "%06o", sum);
  std::string tar(header, sizeof(header));
  tar += content;
  tar.append((512 - content.size() % 512) % 512 + 1024, '\0');
  return tar;
}

std::string noise(std::uint64_t seed, size_t size) {
  std::string bytes(size, 0);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (char& c : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  return bytes;
}

SampleBlob layer_of(const std::string& tar, std::int64_t index) {
  SampleBlob layer;
  layer.bytes = tar;
  layer.blob.digest = digest_of(tar);
  layer.blob.size = static_cast<std::int64_t>(tar.size());
  layer.blob.media_type = "application/vnd.oci.image.layer.v1.tar";
  layer.blob.compression = "";
  layer.blob.layer_index = index;
  return layer;
}

Sample make_sample(const Destination& to, std::uint64_t seed, size_t layers, size_t layer_size) {
  const bool oci = to.takes(kOciManifest);
  if (!oci && !to.takes(kDockerManifest)) throw Skipped{"it takes neither OCI nor Docker images"};
  Sample sample;
  for (size_t i = 0; i < layers; ++i) {
    const auto number = fmt::format("{}-{}", seed, i);
    sample.layers.push_back(layer_of(tar_of("file-" + number, noise(seed * 100 + i, layer_size)),
                                     static_cast<std::int64_t>(i)));
    if (!oci) sample.layers.back().blob.media_type = "application/vnd.docker.image.rootfs.diff.tar";
  }
  sample.config.bytes = config_of(sample.layers);
  Blob& config = sample.config.blob;
  config.digest = digest_of(sample.config.bytes);
  config.size = static_cast<std::int64_t>(sample.config.bytes.size());
  config.media_type = oci ? "application/vnd.oci.image.config.v1+json"
                          : "application/vnd.docker.container.image.v1+json";
  config.flags = SEALOS_BLOB_CONFIG;
  Json manifest = Json::object();
  manifest.set("schemaVersion", 2);
  manifest.set("mediaType", oci ? kOciManifest : kDockerManifest);
  manifest.set("config", descriptor(config, config.media_type));
  Json list = Json::array();
  for (const SampleBlob& layer : sample.layers)
    list.push_back(descriptor(layer.blob, layer.blob.media_type));
  manifest.set("layers", std::move(list));
  sample.manifest = {oci ? kOciManifest : kDockerManifest, manifest.dump()};
  return sample;
}

Blob put(Destination& to, const SampleBlob& blob) {
  const auto stream = stream_of(blob.bytes);
  Blobs stored;
  to.put_blob(blob.blob, *stream, stored).must();
  require(stored.all.size() == 1,
          fmt::format("put_blob emitted {} blobs, not one", stored.all.size()));
  const Blob& one = stored.all.front();
  require(one.digest.has_value(), "put_blob emitted no digest");
  require(one.digest == digest_of(blob.bytes),
          fmt::format("put_blob of {} emitted {}", digest_of(blob.bytes).str(), one.digest->str()));
  require(one.size == static_cast<std::int64_t>(blob.bytes.size()),
          fmt::format("put_blob of {} bytes emitted {}", blob.bytes.size(), one.size));
  return one;
}

void put_blobs(Destination& to, const Sample& sample) {
  for (const SampleBlob& layer : sample.layers) put(to, layer);
  put(to, sample.config);
}

void write(Destination& to, const Sample& sample) {
  put_blobs(to, sample);
  to.put_manifest(std::nullopt, sample.manifest).must();
  to.commit(sample.manifest).must();
}

ReadBack read_image(Source& from, const std::optional<std::string>& instance) {
  ReadBack read;
  read.manifest = from.manifest(instance);
  try {
    const Json manifest = Json::parse(read.manifest.data);
    if (const Json* config = manifest.find("config"); config != nullptr) {
      Blob blob = blob_of(*config);
      blob.flags = SEALOS_BLOB_CONFIG;
      read.blobs[blob.digest->str()] = checked_blob(from, blob);
    }
    std::vector<Blob> layers = from.layer_infos(instance);
    const Json* named = manifest.find("layers");
    if (layers.empty() && named != nullptr) {
      for (const Json& layer : named->items("layers")) layers.push_back(blob_of(layer));
    } else if (named != nullptr) {
      require(layers.size() == named->items("layers").size(),
              fmt::format("layer_infos emitted {} layers, the manifest has {}", layers.size(),
                          named->items("layers").size()));
    }
    for (size_t i = 0; i < layers.size(); ++i) {
      require(layers[i].digest.has_value(), "layer_infos emitted a layer without a digest");
      layers[i].layer_index = static_cast<std::int64_t>(i);
      read.blobs[layers[i].digest->str()] = checked_blob(from, layers[i]);
    }
  } catch (const Error& e) {
    throw Failure{"the manifest that was read is none: " + e.message()};
  }
  return read;
}

bool is_same(const ReadBack& read, const Sample& sample) {
  const auto holds = [&](const SampleBlob& blob) {
    const auto at = read.blobs.find(blob.blob.digest->str());
    return at != read.blobs.end() && at->second == blob.bytes;
  };
  return read.manifest.data == sample.manifest.data && holds(sample.config) &&
         std::all_of(sample.layers.begin(), sample.layers.end(), holds);
}

void require_same(const ReadBack& read, const Sample& sample) {
  if (is_same(read, sample)) return;
  if (read.manifest.data == sample.manifest.data) {
    require(read.blobs.size() == sample.layers.size() + 1, "layers are missing from what was read");
    warn("layers are read in another form than they were written");
    return;
  }
  require(read.blobs.size() >= 2, "what was written is not what was read");
  warn("an image is read with another manifest than it was written with");
}

}  // namespace sealos::conformance
