#include "core/copy/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "core/copy/plain_digest.hpp"
#include "core/copy/referrers.hpp"
#include "core/copy/session.hpp"
#include "core/copy/source_session.hpp"
#include "core/copy/worker_pool.hpp"
#include "core/encryption/layer_cipher.hpp"
#include "core/encryption/layer_keys.hpp"
#include "core/manifest/instance_choice.hpp"
#include "core/stream/verified.hpp"
#include "support/digest/hasher.hpp"
#include "support/docker_name/docker_name.hpp"
#include "support/file/file_stream.hpp"

namespace sealos {
namespace {

using Kind = VerifyProblem::Kind;
constexpr size_t kMostNesting = 4;
constexpr size_t kMostManifests = 1000;
constexpr size_t kMostConfigBytes = 8 << 20;

/// What an error of a source means for the image.
Kind kind_of(const Error& e) {
  switch (e.status()) {
    case Status::corrupt:
    case Status::invalid:
    case Status::not_found:
    case Status::unsupported:
      return Kind::content;
    default:
      return Kind::unread;
  }
}

/// A blob to be read, and what is expected of it beyond its digest.
struct Part {
  std::string what;
  Blob blob;
  std::optional<Digest> plain = {};  ///< without compression
  std::shared_ptr<const encryption::Opened> opened = {};
  bool by_url = false;  ///< it may be missing
};

class Verifier {
 public:
  Verifier(SourceSession& session, const CopyRequest& request, CancelToken& cancel,
           Progress& progress)
      : session_(session),
        source_(session.source()),
        request_(request),
        cancel_(cancel),
        progress_(progress) {}

  VerifyReport run() {
    report_.source = session_.from().canonical();
    Item item = source_.read_manifest(std::nullopt);
    report_.digest = digest_of(item.data);
    guarded("manifest", [&] {
      const Manifest top = Manifest::parse(std::move(item));
      report_.digest = top.digest();
      check_name(top);
      top.is_index() ? index(top, std::nullopt, 1) : image(top, std::nullopt);
      if (top.is_index() && !request_.all) chosen_image();
    });
    if (request_.referrers) guarded("what refers to the image", [&] { referrers(); });
    read_parts();
    return std::move(report_);
  }

 private:
  template <typename Body>
  void guarded(const std::string& what, Body&& body) {
    try {
      body();
    } catch (const Error& e) {
      if (cancel_.cancelled()) throw;
      add(kind_of(e), what, e.message());
    }
  }
  void add(Kind kind, const std::string& what, const std::string& why) {
    report_.problems.push_back({kind, what, why});
  }
  void wrong(const std::string& what, const std::string& why) { add(Kind::content, what, why); }

  /// A reference by digest.
  void check_name(const Manifest& top) {
    const auto name = session_.from().docker_name();
    const auto wanted = name ? DockerName::parse(*name).digest : std::nullopt;
    if (!wanted || digest_of(top.named_bytes(), wanted->algorithm()) == *wanted) return;
    wrong("manifest " + wanted->str(), "it has digest " + top.digest().str());
  }

  void index(const Manifest& manifest, const std::optional<Digest>& instance, size_t depth) {
    ++report_.manifests;
    subjects_.push_back(instance.value_or(manifest.digest()));
    for (const Descriptor& entry : manifest.instances()) {
      const auto kind = manifest_kind(entry.media_type);
      const bool nested = kind && is_index(*kind);
      if (!nested) entries_.push_back({entry, entry.platform});
      if (!nested && !request_.all) continue;
      if (!seen_.insert(entry.digest.str()).second) continue;
      guarded("manifest " + entry.digest.str(), [&] { listed(entry, nested, depth); });
    }
  }

  void listed(const Descriptor& entry, bool nested, size_t depth) {
    cancel_.throw_if_cancelled();
    if (depth > kMostNesting || seen_.size() > kMostManifests)
      throw Error(Status::invalid, "the index lists too much");
    const Manifest manifest = Manifest::parse(source_.read_manifest(entry.digest));
    const std::string what = "manifest " + entry.digest.str();
    const Digest digest = digest_of(manifest.named_bytes(), entry.digest.algorithm());
    if (digest != entry.digest) return wrong(what, "it has digest " + digest.str());
    const auto size = static_cast<std::int64_t>(manifest.bytes().size());
    if (size != entry.size)
      wrong(what, fmt::format("it has {} bytes, its index says {}", size, entry.size));
    if (manifest.is_index() != nested)
      return wrong(what, fmt::format("it is {}, its index says {}", describe(manifest.kind()),
                                     printable(entry.media_type)));
    nested ? index(manifest, entry.digest, depth + 1) : image(manifest, entry.digest);
  }

  /// The one image of an index that a copy would take.
  void chosen_image() {
    const Platform wanted =
        request_.platforms.empty() ? Platform::host() : request_.platforms.front();
    const auto one = choose_one(entries_, wanted);
    if (!one) throw_no_instance(entries_, wanted);
    subjects_.clear();  // the index is not what is looked at
    const Descriptor& entry = entries_[*one].entry;
    guarded("manifest " + entry.digest.str(), [&] { listed(entry, false, 1); });
  }

  void image(const Manifest& manifest, const std::optional<Digest>& instance) {
    ++report_.manifests;
    const Digest name = instance.value_or(manifest.digest());
    subjects_.push_back(name);
    check_signatures(manifest, instance, name);
    std::vector<Digest> diff_ids;
    bool known = false;
    if (manifest.has_config()) {
      const Descriptor& config = manifest.config();
      guarded("config " + config.digest.str(), [&] {
        const std::string bytes = read_config(config);
        if (!manifest.is_image()) return;
        diff_ids = diff_ids_of(bytes);
        known = true;
        if (diff_ids.size() != manifest.layers().size())
          wrong("config " + config.digest.str(),
                fmt::format("it knows {} layers, the manifest {}", diff_ids.size(),
                            manifest.layers().size()));
      });
    }
    known = known && diff_ids.size() == manifest.layers().size();
    guarded("layers of " + name.str(),
            [&] { layers(manifest, instance, known ? diff_ids : std::vector<Digest>()); });
  }

  void check_signatures(const Manifest& manifest, const std::optional<Digest>& instance,
                        const Digest& name) {
    const std::string what = "signatures of " + name.str();
    guarded(what, [&] {
      const std::vector<Item> signatures = source_.read_signatures(instance);
      report_.signatures += signatures.size();
      if (!request_.check_signatures) return;
      try {
        request_.check_signatures(session_.from(), manifest.digest(), signatures);
      } catch (const Error& e) {
        add(Kind::policy, what, e.message());
      }
    });
  }

  std::string read_config(const Descriptor& config) {
    seen_blobs_.insert(config.digest.str());
    if (config.size > static_cast<std::int64_t>(kMostConfigBytes))
      throw Error(Status::invalid, fmt::format("it has {} bytes", config.size));
    Blob blob = config.to_blob();
    blob.flags |= SEALOS_BLOB_CONFIG;
    std::string bytes = read_stream(*source_.open_blob(blob), kMostConfigBytes, "it");
    const Digest digest = digest_of(bytes, config.digest.algorithm());
    if (digest != config.digest)
      throw Error(Status::corrupt, fmt::format("it has digest {}", digest.str()));
    if (static_cast<std::int64_t>(bytes.size()) != config.size)
      throw Error(Status::corrupt,
                  fmt::format("it has {} bytes, the manifest says {}", bytes.size(), config.size));
    ++report_.blobs;
    report_.bytes += config.size;
    return bytes;
  }

  void layers(const Manifest& manifest, const std::optional<Digest>& instance,
              const std::vector<Digest>& diff_ids) {
    const auto infos = source_.layer_infos(instance);
    for (size_t i = 0; i < manifest.layers().size(); ++i) {
      const Descriptor& layer = manifest.layers()[i];
      Part part{"layer " + layer.digest.str(), infos ? infos->at(i) : layer.to_blob()};
      part.blob.layer_index = static_cast<std::int64_t>(i);
      std::string_view type = layer.media_type;
      if (encryption::is_encrypted(type)) {
        if (!open(layer, part)) continue;
        type.remove_suffix(encryption::kEncryptedSuffix.size());
      }
      const auto known = layer_type(type);
      part.by_url = known && known->foreign && !layer.urls.empty();
      if (known && !diff_ids.empty()) part.plain = diff_ids[i];
      if (!part.opened && encryption::is_encrypted(layer.media_type)) part.plain.reset();
      add_part(std::move(part));
    }
  }

  /// False: it is known already that the layer is not as it should be.
  bool open(const Descriptor& layer, Part& part) {
    if (!request_.decryption_keys) {
      ++report_.closed;
      return true;
    }
    try {
      part.opened = std::make_shared<const encryption::Opened>(
          encryption::open_layer(layer.annotations, *request_.decryption_keys));
      return true;
    } catch (const Error& e) {
      add(kind_of(e), part.what, e.message());
      return false;
    }
  }

  void add_part(Part part) {
    const std::string key = part.blob.digest ? part.blob.digest->str() : part.what;
    if (seen_blobs_.insert(key).second) parts_.push_back(std::move(part));
  }

  void referrers() {
    CancelToken own;  // a failure here does not end the rest
    for (const ReferrerPlan& plan : read_referrers(source_, subjects_, request_.workers, own)) {
      ++report_.manifests;
      for (const BlobStep& step : plan.blobs)
        add_part({"blob " + step.original.digest.str(), step.from});
    }
  }

  void read_parts() {
    std::int64_t bytes = 0;
    for (const Part& part : parts_) bytes += std::max<std::int64_t>(0, part.blob.size);
    progress_.begin(parts_.size(), bytes);
    std::vector<std::optional<VerifyProblem>> found(parts_.size());
    std::vector<std::function<void()>> tasks;
    for (size_t i = 0; i < parts_.size(); ++i)
      tasks.push_back([this, i, &problem = found[i]] { problem = read_part(i); });
    run_all(tasks, source_.parallel() ? request_.workers : 1, cancel_);
    for (auto& problem : found)
      if (problem) report_.problems.push_back(*std::move(problem));
  }

  std::optional<VerifyProblem> read_part(size_t number) {
    const Part& part = parts_[number];
    BlobReport shown{*part.blob.digest,
                     part.what.substr(0, part.what.find(':') + 13),
                     BlobOutcome::copied,
                     *part.blob.digest,
                     part.blob.size,
                     std::nullopt,
                     {},
                     std::nullopt,
                     0,
                     std::chrono::milliseconds{},
                     "it is verified"};
    shown.source_size = part.blob.size;
    progress_.started(number, shown);
    std::optional<VerifyProblem> problem;
    try {
      cancel_.throw_if_cancelled();
      const std::int64_t size = read_bytes(part, number);
      shown.size = size;
      const std::lock_guard lock(mutex_);
      ++report_.blobs;
      report_.bytes += size;
    } catch (const Error& e) {
      if (cancel_.cancelled()) throw;
      if (part.by_url && e.status() == Status::not_found) {
        const std::lock_guard lock(mutex_);
        ++report_.elsewhere;
      } else {
        problem = VerifyProblem{kind_of(e), part.what, e.message()};
      }
    }
    progress_.finished(number, shown);
    return problem;
  }

  /// How many bytes the blob has.
  std::int64_t read_bytes(const Part& part, size_t number) {
    std::int64_t total = 0;
    Expectation expected;
    expected.digest = part.blob.digest;
    expected.size = part.blob.size;
    expected.what = "it";
    expected.cancel = &cancel_;
    expected.on_bytes = [&](std::int64_t n) { progress_.advanced(number, n); };
    std::unique_ptr<Stream> stream = verified(source_.open_blob(part.blob), std::move(expected));
    if (part.opened)
      stream = encryption::decrypt(std::move(stream), part.opened->secret, part.opened->hmac);
    PlainDigest* plain = nullptr;
    if (part.plain) {
      auto probe = std::make_unique<PlainDigest>(std::move(stream));
      plain = probe.get();
      stream = std::move(probe);
    }
    std::vector<std::byte> buffer(256 << 10);
    while (const size_t n = stream->read(buffer)) total += static_cast<std::int64_t>(n);
    if (plain != nullptr && plain->digest() != *part.plain)
      throw Error(Status::corrupt,
                  fmt::format("without compression it has digest {}, the image's config says {}",
                              plain->digest().str(), part.plain->str()));
    return total;
  }

  SourceSession& session_;
  Source& source_;
  const CopyRequest& request_;
  CancelToken& cancel_;
  Progress& progress_;
  VerifyReport report_;
  std::vector<InstanceEntry> entries_;
  std::vector<Digest> subjects_;
  std::set<std::string> seen_, seen_blobs_;
  std::vector<Part> parts_;
  std::mutex mutex_;  // guards the numbers of report_ while parts are read
};

}  // namespace

bool VerifyReport::has(VerifyProblem::Kind kind) const {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const VerifyProblem& one) { return one.kind == kind; });
}

VerifyReport verify_image(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                          const CopyRequest& request, Progress& progress) {
  return on_side(Side::neither, [&] {
    SourceSession session(find, hooks, cancel, request, progress);
    session.open();
    if (request.referrers && !session.source().has_referrers())
      throw CopyError(
          Error(Status::unsupported, fmt::format("{} does not know what refers to an image; leave "
                                                 "--referrers away",
                                                 request.source.transport)),
          Side::request);
    return on_side(Side::source,
                   [&] { return Verifier(session, request, cancel, progress).run(); });
  });
}

}  // namespace sealos
