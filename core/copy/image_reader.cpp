#include "core/copy/image_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "core/copy/worker_pool.hpp"
#include "core/manifest/instance_choice.hpp"
#include "support/digest/hasher.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

constexpr size_t kMaxDepth = 4;
constexpr size_t kMaxInstances = 1000;
constexpr size_t kMaxConfig = 8 << 20;
constexpr size_t kMaxInMemory = 128 << 20;  // manifests and configs of one copy

void check_digest(const Manifest& manifest, const Digest& wanted) {
  if (digest_of(manifest.named_bytes(), wanted.algorithm()) == wanted) return;
  throw Error(Status::corrupt, fmt::format("the manifest asked for as {} has digest {}",
                                           wanted.str(), manifest.digest().str()));
}

bool is_index_entry(const Descriptor& entry) {
  const auto kind = manifest_kind(entry.media_type);
  return kind && is_index(*kind);
}

class Reader {
 public:
  Reader(Source& source, const Reference& reference, const CopyRequest& request,
         CancelToken& cancel, Progress& progress)
      : source_(source),
        reference_(reference),
        request_(request),
        cancel_(cancel),
        progress_(progress) {}

  Selection read(const std::optional<Digest>& wanted) {
    Manifest top = Manifest::parse(source_.read_manifest(std::nullopt));
    if (wanted) check_digest(top, *wanted);
    out_.top = top.item();
    if (top.is_index()) {
      read_index(std::move(top));
    } else {
      read_single(std::move(top));
    }
    return std::move(out_);
  }

 private:
  void read_single(Manifest top) {
    if (needs_index(request_)) {
      throw Error(Status::invalid, "it is one image and no index, of which some could be chosen");
    }
    out_.images.push_back(read_image(std::nullopt, std::move(top)));
    check_platform(out_.images.front());
  }

  void read_index(Manifest top) {
    add_index(std::nullopt, std::move(top), std::nullopt, 1);
    if (request_.all) {
      for (size_t i = 0; i < entries_.size(); ++i) chosen_.push_back(i);
    } else if (needs_index(request_)) {
      chosen_ = choose_several(entries_, wanted_platforms());
    } else {
      choose_single();
    }
    read_images();
    if (out_.indexes.empty() && !entries_[chosen_.front()].platform)
      check_platform(out_.images.front());
    leave_out_others();
  }

  /// The index and those inside it, innermost first; and what they list.
  void add_index(const std::optional<Digest>& instance, Manifest index,
                 const std::optional<Platform>& platform, size_t depth) {
    if (depth > kMaxDepth) throw Error(Status::invalid, "indexes are nested too deeply");
    for (const Descriptor& entry : index.instances()) {
      if (++listed_ > kMaxInstances) {
        throw Error(Status::invalid,
                    fmt::format("more than {} images in one index", kMaxInstances));
      }
      const auto own = entry.platform ? entry.platform : platform;
      if (!is_index_entry(entry)) {
        entries_.push_back({entry, own});
      } else if ((request_.all || may_serve(own, wanted_platforms())) &&
                 indexes_.insert(entry.digest.str()).second) {
        add_index(entry.digest, read_instance(entry), own, depth + 1);
      }
    }
    out_.indexes.push_back({instance, std::move(index), {}, 0});
  }

  std::vector<Platform> wanted_platforms() const {
    return request_.platforms.empty() ? std::vector{Platform::host()} : request_.platforms;
  }

  void choose_single() {
    const Platform wanted = wanted_platforms().front();
    const auto one = choose_one(entries_, wanted);
    if (!one) throw_no_instance(entries_, wanted);
    const InstanceEntry& entry = entries_[*one];
    progress_.note(fmt::format("choosing {} ({}) of the {} images in the index; --all copies all",
                               entry.platform ? entry.platform->str() : "one without a platform",
                               entry.entry.digest.brief(), entries_.size()));
    chosen_ = {*one};
    out_.indexes.clear();
  }

  /// Without the indexes of which nothing was chosen; the others know how much they lack.
  void leave_out_others() {
    std::set<std::string> kept;
    for (const size_t i : chosen_) kept.insert(entries_[i].entry.digest.str());
    std::vector<IndexInput> indexes;
    for (IndexInput& index : out_.indexes) {
      const auto& all = index.manifest.instances();
      index.left_out =
          static_cast<size_t>(std::count_if(all.begin(), all.end(), [&](const Descriptor& entry) {
            return !kept.contains(entry.digest.str());
          }));
      if (index.instance && index.left_out == all.size()) continue;
      if (index.instance) kept.insert(index.instance->str());
      if (!request_.remove_signatures) index.signatures = source_.read_signatures(index.instance);
      indexes.push_back(std::move(index));
    }
    out_.indexes = std::move(indexes);
  }

  void read_images() {
    std::vector<std::optional<ImageInput>> images(chosen_.size());
    std::vector<std::function<void()>> tasks;
    std::set<std::string> seen;
    for (const size_t i : chosen_) {
      const Descriptor& entry = entries_[i].entry;
      if (!seen.insert(entry.digest.str()).second) continue;
      tasks.push_back([this, &image = images[tasks.size()], &entry] {
        image = read_image(entry.digest, read_instance(entry));
      });
    }
    images.resize(tasks.size());
    run_all(tasks, source_.parallel() ? request_.workers : 1, cancel_);
    for (auto& image : images) out_.images.push_back(*std::move(image));
  }

  Manifest read_instance(const Descriptor& entry) {
    Manifest manifest = Manifest::parse(source_.read_manifest(entry.digest));
    check_digest(manifest, entry.digest);
    if (static_cast<std::int64_t>(manifest.bytes().size()) != entry.size) {
      throw Error(Status::corrupt,
                  fmt::format("instance {} has {} bytes, its index says {}", entry.digest.str(),
                              manifest.bytes().size(), entry.size));
    }
    if (manifest.is_index() != is_index_entry(entry)) {
      throw Error(Status::invalid,
                  fmt::format("instance {} is {}, its index says {}", entry.digest.str(),
                              describe(manifest.kind()), printable(entry.media_type)));
    }
    count(manifest.bytes().size());
    return manifest;
  }

  ImageInput read_image(const std::optional<Digest>& instance, Manifest manifest) {
    cancel_.throw_if_cancelled();
    std::vector<Item> signatures = read_signatures(instance, manifest);
    std::string config = manifest.has_config() ? read_config(manifest) : "";
    auto infos = source_.layer_infos(instance);
    return {instance,         std::move(manifest),   std::move(config),
            std::move(infos), std::move(signatures), ""};
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
      count(bytes.size());
      return bytes;
    } catch (Error& e) {
      throw e.add_context("config " + config.digest.brief());
    }
  }

  /// Of an image: the policy has to allow, by these, that more of it is read.
  std::vector<Item> read_signatures(const std::optional<Digest>& instance,
                                    const Manifest& manifest) {
    const bool checked = request_.check_signatures &&
                         (!request_.wants_signatures || request_.wants_signatures(reference_));
    if (request_.remove_signatures && !checked) return {};
    std::vector<Item> signatures = source_.read_signatures(instance);
    if (checked) {
      try {
        request_.check_signatures(reference_, manifest.digest(), signatures);
      } catch (const CopyError&) {
        throw;
      } catch (const Error& e) {
        throw CopyError(e, Side::policy);
      }
    }
    if (request_.remove_signatures) signatures.clear();
    return signatures;
  }

  /// Refuses an image for another platform than one that was asked for in so many words.
  void check_platform(const ImageInput& image) const {
    if (request_.platforms.empty()) return;
    const auto platform = platform_of(image.manifest, image.config);
    if (platform && platform_rank(request_.platforms.front(), *platform) >= 0) return;
    throw Error(Status::not_found,
                fmt::format("the image is for {}, not for {}",
                            platform ? printable(platform->str()) : "no platform that it tells",
                            request_.platforms.front().str()));
  }

  void count(size_t bytes) {
    if (in_memory_.fetch_add(bytes) + bytes <= kMaxInMemory) return;
    throw Error(Status::invalid,
                fmt::format("its manifests and configs have more than {} bytes", kMaxInMemory));
  }

  Source& source_;
  const Reference& reference_;
  const CopyRequest& request_;
  CancelToken& cancel_;
  Progress& progress_;
  Selection out_;
  std::set<std::string> indexes_;       // inside the top one, each read once
  std::vector<InstanceEntry> entries_;  // the same image may be listed more than once
  size_t listed_ = 0;
  std::vector<size_t> chosen_;  // positions in entries_
  std::atomic<size_t> in_memory_ = 0;
};

}  // namespace

std::optional<Platform> platform_of(const Manifest& manifest, const std::string& config) {
  if (!manifest.is_image()) return std::nullopt;
  const Schema1* old = manifest.schema1();
  const Json json = Json::parse(old == nullptr ? config : old->entries.back().compatibility);
  const Platform platform = Platform::from_json(json);
  return platform.os.empty() ? std::nullopt : std::optional(platform);
}

bool needs_index(const CopyRequest& request) {
  return !request.all && (request.sparse || request.platforms.size() > 1);
}

Selection read_selection(Source& source, const Reference& reference, const CopyRequest& request,
                         CancelToken& cancel, Progress& progress) {
  try {
    std::optional<Digest> wanted;
    if (const auto name = reference.docker_name()) wanted = DockerName::parse(*name).digest;
    return Reader(source, reference, request, cancel, progress).read(wanted);
  } catch (const CopyError&) {
    throw;
  } catch (Error& e) {
    throw CopyError(e, Side::source);
  }
}

}  // namespace sealos
