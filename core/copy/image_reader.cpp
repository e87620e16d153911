#include "core/copy/image_reader.hpp"

#include <fmt/format.h>

#include <set>

#include "support/digest/hasher.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxDepth = 4;
constexpr size_t kMaxInstances = 1000;
constexpr size_t kMaxConfig = 8 << 20;

void check_digest(const Manifest& manifest, const Digest& wanted) {
  if (digest_of(manifest.named_bytes(), wanted.algorithm()) == wanted) return;
  throw Error(Status::corrupt, fmt::format("the manifest asked for as {} has digest {}",
                                           wanted.str(), manifest.digest().str()));
}

class Reader {
 public:
  Reader(Source& source, const CopyRequest& request, Progress& progress)
      : source_(source), request_(request), progress_(progress) {}

  Selection read(const std::optional<Digest>& wanted) {
    Manifest top = Manifest::parse(source_.read_manifest(std::nullopt));
    if (wanted) check_digest(top, *wanted);
    out_.top = top.item();
    if (!top.is_index()) {
      add_image(std::nullopt, std::move(top));
    } else if (request_.all) {
      add_index(std::nullopt, std::move(top), 1);
    } else {
      add_chosen(std::move(top), 1);
    }
    return std::move(out_);
  }

 private:
  Manifest read_instance(const Descriptor& entry) {
    Manifest manifest = Manifest::parse(source_.read_manifest(entry.digest));
    check_digest(manifest, entry.digest);
    if (static_cast<std::int64_t>(manifest.bytes().size()) != entry.size) {
      throw Error(Status::corrupt,
                  fmt::format("instance {} has {} bytes, its index says {}", entry.digest.str(),
                              manifest.bytes().size(), entry.size));
    }
    return manifest;
  }

  void add_chosen(Manifest index, size_t depth) {
    const Platform wanted = request_.platform.value_or(Platform::host());
    const auto chosen = choose_instance(index, wanted);
    if (!chosen) {
      std::string have;
      for (const Descriptor& entry : index.instances()) {
        if (entry.platform) have += (have.empty() ? "" : ", ") + entry.platform->str();
      }
      throw Error(Status::not_found,
                  fmt::format("no image for {} in the index, which has: {}", wanted.str(),
                              have.empty() ? "none with a platform" : have));
    }
    const Descriptor& entry = index.instances()[*chosen];
    progress_.note(fmt::format("choosing {} ({}) of the {} images in the index; --all copies all",
                               entry.platform->str(), entry.digest.brief(),
                               index.instances().size()));
    Manifest manifest = read_instance(entry);
    if (!manifest.is_index()) return add_image(entry.digest, std::move(manifest));
    if (depth >= kMaxDepth) throw Error(Status::invalid, "indexes are nested too deeply");
    add_chosen(std::move(manifest), depth + 1);
  }

  void add_index(const std::optional<Digest>& instance, Manifest index, size_t depth) {
    if (depth > kMaxDepth) throw Error(Status::invalid, "indexes are nested too deeply");
    for (const Descriptor& entry : index.instances()) {
      if (!seen_.insert(entry.digest.str()).second) continue;
      if (seen_.size() > kMaxInstances) {
        throw Error(Status::invalid,
                    fmt::format("more than {} images in one index", kMaxInstances));
      }
      Manifest manifest = read_instance(entry);
      if (manifest.is_index()) {
        add_index(entry.digest, std::move(manifest), depth + 1);
      } else {
        add_image(entry.digest, std::move(manifest));
      }
    }
    std::vector<Item> signatures = read_signatures(instance);
    out_.indexes.push_back({instance, std::move(index), std::move(signatures)});
  }

  void add_image(const std::optional<Digest>& instance, Manifest manifest) {
    std::string config = manifest.has_config() ? read_config(manifest) : "";
    auto infos = source_.layer_infos(instance);
    std::vector<Item> signatures = read_signatures(instance);
    out_.images.push_back({instance, std::move(manifest), std::move(config), std::move(infos),
                           std::move(signatures)});
  }

  std::string read_config(const Manifest& manifest) {
    const Descriptor& config = manifest.config();
    try {
      if (config.size > static_cast<std::int64_t>(kMaxConfig)) {
        throw Error(Status::invalid, fmt::format("it has {} bytes, more than {} are not read",
                                                 config.size, kMaxConfig));
      }
      Blob blob = config.to_blob();
      blob.flags |= SEALOS_BLOB_CONFIG;
      const auto stream = source_.open_blob(blob);
      std::string bytes = read_stream(*stream, kMaxConfig, "it");
      if (static_cast<std::int64_t>(bytes.size()) != config.size) {
        throw Error(Status::corrupt, fmt::format("it has {} bytes, the manifest says {}",
                                                 bytes.size(), config.size));
      }
      const Digest digest = digest_of(bytes, config.digest.algorithm());
      if (digest != config.digest) {
        throw Error(Status::corrupt, fmt::format("it has digest {}", digest.str()));
      }
      return bytes;
    } catch (Error& e) {
      throw e.add_context("config " + config.digest.brief());
    }
  }

  std::vector<Item> read_signatures(const std::optional<Digest>& instance) {
    if (request_.remove_signatures) return {};
    return source_.read_signatures(instance);
  }

  Source& source_;
  const CopyRequest& request_;
  Progress& progress_;
  Selection out_;
  std::set<std::string> seen_;
};

}  // namespace

Selection read_selection(Source& source, const Reference& reference, const CopyRequest& request,
                         Progress& progress) {
  try {
    std::optional<Digest> wanted;
    if (const auto name = reference.docker_name()) wanted = DockerName::parse(*name).digest;
    return Reader(source, request, progress).read(wanted);
  } catch (Error& e) {
    throw CopyError(e, Side::source);
  }
}

}  // namespace sealos
