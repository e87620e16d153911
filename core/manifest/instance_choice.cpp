#include "core/manifest/instance_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace sealos {
namespace {

bool has_annotation(const Descriptor& entry, std::string_view key, std::string_view value) {
  return std::any_of(entry.annotations.begin(), entry.annotations.end(),
                     [&](const auto& pair) { return pair.first == key && pair.second == value; });
}

/// -1: does not serve.
int rank_of(const InstanceEntry& entry, const Platform& wanted) {
  if (!entry.platform || is_attestation(entry.entry)) return -1;
  return platform_rank(wanted, *entry.platform);
}

}  // namespace

bool is_attestation(const Descriptor& entry) {
  return has_annotation(entry, kAttestationType, "attestation-manifest");
}

std::optional<size_t> choose_one(const std::vector<InstanceEntry>& entries,
                                 const Platform& wanted) {
  std::optional<size_t> best;
  std::tuple<bool, int, bool> best_rank;  // the smallest is best
  for (size_t i = 0; i < entries.size(); ++i) {
    const InstanceEntry& one = entries[i];
    const bool unknown = !one.platform && !is_attestation(one.entry);
    const int rank = rank_of(one, wanted);
    if (rank < 0 && !unknown) continue;
    const bool zstd = has_annotation(one.entry, "io.github.containers.compression.zstd", "true");
    const std::tuple<bool, int, bool> whole(unknown, rank, !zstd);
    if (best && whole >= best_rank) continue;
    best = i;
    best_rank = whole;
  }
  return best;
}

std::vector<size_t> choose_several(const std::vector<InstanceEntry>& entries,
                                   const std::vector<Platform>& wanted) {
  std::set<size_t> chosen;
  std::set<std::string> digests;
  for (const Platform& platform : wanted) {
    int best = -1;
    for (const InstanceEntry& entry : entries) {
      const int rank = rank_of(entry, platform);
      if (rank >= 0 && (best < 0 || rank < best)) best = rank;
    }
    if (best < 0) throw_no_instance(entries, platform);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (rank_of(entries[i], platform) != best) continue;
      chosen.insert(i);
      digests.insert(entries[i].entry.digest.str());
    }
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    const Descriptor& entry = entries[i].entry;
    if (!is_attestation(entry)) continue;
    for (const auto& [key, value] : entry.annotations) {
      if (key == kAttestedDigest && digests.contains(value)) chosen.insert(i);
    }
  }
  return {chosen.begin(), chosen.end()};
}

void throw_no_instance(const std::vector<InstanceEntry>& entries, const Platform& wanted) {
  std::set<std::string> have;
  for (const InstanceEntry& entry : entries) {
    if (entry.platform && !is_attestation(entry.entry)) have.insert(entry.platform->str());
  }
  throw Error(Status::not_found,
              fmt::format("no image for {} in the index, which has: {}", wanted.str(),
                          have.empty() ? "none with a platform"
                                       : printable(fmt::format("{}", fmt::join(have, ", ")), 500)));
}

bool may_serve(const std::optional<Platform>& index, const std::vector<Platform>& wanted) {
  return !index || wanted.empty() ||
         std::any_of(wanted.begin(), wanted.end(), [&](const Platform& platform) {
           return platform_rank(platform, *index) >= 0;
         });
}

}  // namespace sealos
