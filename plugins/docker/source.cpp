#include "source.hpp"

#include <fmt/format.h>

#include "download.hpp"
#include "manifests.hpp"
#include "reference.hpp"
#include "referrers.hpp"
#include "sealos/sdk/registries.hpp"
#include "signatures.hpp"

namespace sealos::docker {

Source::Source(sdk::Host host, const DockerName& name) : host_(host) {
  for (const sdk::RegistryPlace& place : sdk::places_to_read(host, name.str())) {
    auto made = std::make_unique<Place>();
    made->name = DockerName::parse(place.name);
    made->insecure = place.insecure;
    places_.push_back(std::move(made));
  }
  registry_at(0);  // options that make no sense are refused at once
}

Registry& Source::registry_at(size_t place) {
  Place& at = *places_[place];
  std::call_once(at.made, [&] {
    at.registry = std::make_unique<Registry>(host_, at.name, Side::reader, at.insecure);
  });
  return *at.registry;
}

template <typename Read>
auto Source::from_any(Read&& read) {
  const size_t first = chosen_;
  std::string others;
  for (size_t turn = 0;; ++turn) {
    const size_t place = (first + turn) % places_.size();
    const bool last = turn + 1 == places_.size();
    try {
      auto result = read(place, last);
      chosen_ = place;
      return result;
    } catch (const Error& e) {
      if (e.status() == Status::cancelled) throw;
      if (last && others.empty()) throw;
      if (last) throw Error(e.status(), fmt::format("{}; and before: {}", e.message(), others));
      host_.info(e.message() + "; trying the next place");
      others += (others.empty() ? "" : "; ") + e.message();
    }
  }
}

Item Source::read_manifest(const std::optional<Digest>& instance) {
  return from_any([&](size_t place, bool last) {
    const std::string name = instance ? instance->str() : manifest_name(places_[place]->name);
    Item manifest = get_manifest(registry_at(place), name, !last);
    if (!instance) {
      const std::lock_guard lock(mutex_);
      top_ = manifest;
    }
    return manifest;
  });
}

std::optional<Item> Source::top() {
  const std::lock_guard lock(mutex_);
  return top_;
}

std::vector<Item> Source::read_signatures(const std::optional<Digest>& instance) {
  if (!instance && !top()) read_manifest(std::nullopt);
  const size_t place = chosen_;
  const DockerName& name = places_[place]->name;
  Registry& registry = registry_at(place);
  const Digest digest = instance ? *instance : signed_digest(registry, *top(), manifest_name(name));
  return Signatures(registry, name).read(digest);
}

std::unique_ptr<Stream> Source::open_blob(const Blob& blob, std::int64_t offset,
                                          std::int64_t length) {
  return from_any(
      [&](size_t place, bool) { return open_download(registry_at(place), blob, offset, length); });
}

std::vector<Referrer> Source::list_referrers(const Digest& subject,
                                             const std::optional<std::string>& artifact_type) {
  return docker::list_referrers(registry_at(chosen_), subject, artifact_type);
}

std::vector<Attached> Source::list_attached(const Digest& subject) {
  return docker::list_attached(registry_at(chosen_), subject);
}

}  // namespace sealos::docker
