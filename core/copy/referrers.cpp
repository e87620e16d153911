#include "core/copy/referrers.hpp"

#include <fmt/format.h>

#include <set>

#include "core/copy/worker_pool.hpp"
#include "support/digest/hasher.hpp"
#include "support/referrer/referrer.hpp"

namespace sealos {
namespace {

constexpr size_t kMostReferrers = 1000;
constexpr size_t kMostDepth = 8;

/// What a list says of a manifest.
struct Found {
  Descriptor descriptor;
  Digest subject;
  std::string attached;
};

BlobStep as_it_is(const Json& json, bool config) {
  const Descriptor original = Descriptor::parse(json);
  BlobStep step{.from = original.to_blob(), .original = original, .result = original.digest};
  if (config) step.from.flags |= SEALOS_BLOB_CONFIG;
  return step;
}

std::vector<BlobStep> blobs_of(const Json& manifest) {
  std::vector<BlobStep> blobs;
  if (const Json* config = manifest.find("config")) blobs.push_back(as_it_is(*config, true));
  for (const char* list : {"layers", "blobs"}) {
    const Json* items = manifest.find(list);
    if (items == nullptr) continue;
    for (const Json& item : items->items(list)) blobs.push_back(as_it_is(item, false));
  }
  return blobs;
}

class ReferrerReader {
 public:
  ReferrerReader(Source& source, unsigned workers, CancelToken& cancel)
      : source_(source), workers_(source.parallel() ? workers : 1), cancel_(cancel) {}

  std::vector<ReferrerPlan> read(std::vector<Digest> subjects) {
    std::set<std::string> asked;
    for (size_t depth = 0; !subjects.empty(); ++depth) {
      if (depth == kMostDepth)
        throw Error(Status::invalid, "what refers to the image is nested too deeply");
      std::vector<Digest> below;
      for (const Found& found : find(subjects, asked)) {
        if (!seen_.insert(found.descriptor.digest.str() + found.attached).second) continue;
        read_one(found, false, 0);
        below.push_back(found.descriptor.digest);
      }
      subjects = std::move(below);
    }
    return std::move(plans_);
  }

 private:
  /// What belongs to any of the subjects that were not asked for yet.
  std::vector<Found> find(const std::vector<Digest>& subjects, std::set<std::string>& asked) {
    std::vector<std::vector<Found>> lists(subjects.size());
    std::vector<std::function<void()>> tasks;
    for (size_t i = 0; i < subjects.size(); ++i) {
      if (!asked.insert(subjects[i].str()).second) continue;
      tasks.push_back(
          [this, &list = lists[i], &subject = subjects[i]] { list = list_of(subject); });
    }
    run_all(tasks, workers_, cancel_);
    std::vector<Found> all;
    for (auto& list : lists) std::move(list.begin(), list.end(), std::back_inserter(all));
    return all;
  }

  std::vector<Found> list_of(const Digest& subject) {
    cancel_.throw_if_cancelled();
    try {
      std::vector<Found> list;
      for (const Referrer& one : source_.list_referrers(subject)) {
        list.push_back({Descriptor::parse(Json::parse(one.descriptor)), subject, ""});
        if (list.back().descriptor.digest != one.digest)
          throw Error(Status::corrupt, "an entry of the list describes another manifest");
      }
      for (const Attached& one : source_.list_attached(subject))
        list.push_back({Descriptor::parse(Json::parse(one.descriptor)), subject, one.kind});
      return list;
    } catch (Error& e) {
      throw e.add_context("listing what refers to " + subject.brief());
    }
  }

  void read_one(const Found& found, bool listed, size_t depth) {
    cancel_.throw_if_cancelled();
    const Descriptor& entry = found.descriptor;
    try {
      if (plans_.size() >= kMostReferrers || depth > kMostDepth)
        throw Error(Status::invalid,
                    fmt::format("more than {} manifests refer to the image", kMostReferrers));
      ReferrerPlan plan{
          checked(entry), entry.digest, found.subject, found.attached, listed, "", {}};
      const Json json = Json::parse(plan.manifest.data);
      plan.artifact_type = referrer_descriptor(plan.digest, plan.manifest).text_at("artifactType");
      if (!listed && plan.attached.empty()) check_subject(plan);
      plan.blobs = blobs_of(json);
      if (const Json* parts = json.find("manifests")) {
        for (const Json& part : parts->items("manifests")) {
          const Found inside{Descriptor::parse(part), entry.digest, ""};
          if (seen_.insert(inside.descriptor.digest.str()).second)
            read_one(inside, true, depth + 1);
        }
      }
      plans_.push_back(std::move(plan));
    } catch (Error& e) {
      if (e.status() == Status::cancelled || listed) throw;
      throw e.add_context(
          fmt::format("{}, which refers to {}", entry.digest.brief(), found.subject.brief()));
    }
  }

  Item checked(const Descriptor& entry) {
    Item manifest = source_.read_manifest(entry.digest);
    const Digest digest = digest_of(manifest.data, entry.digest.algorithm());
    const auto size = static_cast<std::int64_t>(manifest.data.size());
    if (digest != entry.digest || size != entry.size) {
      throw Error(Status::corrupt, fmt::format("the manifest read has digest {} and {} bytes, its "
                                               "list says {} bytes",
                                               digest.str(), size, entry.size));
    }
    if (manifest.label.empty()) manifest.label = entry.media_type;
    return manifest;
  }

  static void check_subject(const ReferrerPlan& plan) {
    if (subject_of(plan.manifest) == plan.subject) return;
    throw Error(Status::corrupt, "it is listed there, and names another subject");
  }

  Source& source_;
  const unsigned workers_;
  CancelToken& cancel_;
  std::set<std::string> seen_;
  std::vector<ReferrerPlan> plans_;
};

}  // namespace

std::vector<ReferrerPlan> read_referrers(Source& source, const std::vector<Digest>& subjects,
                                         unsigned workers, CancelToken& cancel) {
  return ReferrerReader(source, workers, cancel).read(subjects);
}

void put_referrers(Destination& destination, const std::vector<ReferrerPlan>& plans) {
  for (const ReferrerPlan& plan : plans) {
    try {
      if (plan.listed) {
        destination.put_manifest(plan.digest, plan.manifest);
      } else if (plan.attached.empty()) {
        destination.put_referrer(plan.manifest);
      } else {
        destination.put_attached(plan.subject, plan.attached, plan.manifest);
      }
    } catch (Error& e) {
      throw e.add_context(
          fmt::format("writing {}, which refers to {}", plan.digest.brief(), plan.subject.brief()));
    }
  }
}

}  // namespace sealos
