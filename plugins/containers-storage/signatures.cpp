#include "signatures.hpp"

#include <fmt/format.h>

namespace sealos::containers_storage {
namespace {

constexpr std::string_view kSigstore("\0sigstore-json\n", 15);

std::vector<Item> split(const std::string& all, const Json& sizes) {
  std::vector<Item> out;
  size_t at = 0;
  for (const Json& one : sizes.items("signature sizes")) {
    const std::int64_t size = one.integer("signature size");
    if (size < 0 || static_cast<std::uint64_t>(size) > all.size() - at)
      throw Error(Status::corrupt, "the signatures of an image are shorter than its record says");
    std::string data = all.substr(at, static_cast<size_t>(size));
    at += static_cast<size_t>(size);
    const bool sigstore = data.starts_with(kSigstore);
    if (sigstore) data.erase(0, kSigstore.size());
    out.push_back({sigstore ? "sigstore-json" : "simple-signing", std::move(data)});
  }
  return out;
}

}  // namespace

std::vector<Item> read_signatures_of(const StoredImage& image, const std::string& manifest_digest) {
  if (image.metadata.empty()) return {};
  const Json metadata = Json::parse(image.metadata);
  const Json* by_digest = metadata.find("signatures-sizes");
  const Json* sizes = by_digest == nullptr ? nullptr : by_digest->find(manifest_digest);
  std::string key = "signature-" + manifest_digest.substr(manifest_digest.find(':') + 1);
  if (sizes == nullptr) {
    sizes = metadata.find("signature-sizes");
    key = "signatures";
  }
  if (sizes == nullptr || sizes->items("signature sizes").empty()) return {};
  return split(read_item(image, key), *sizes);
}

std::pair<std::string, Json> join_signatures(const std::vector<Item>& signatures) {
  std::string all;
  Json::Array sizes;
  for (const Item& one : signatures) {
    const size_t before = all.size();
    if (one.label == "sigstore-json") all += kSigstore;
    all += one.data;
    sizes.emplace_back(static_cast<std::int64_t>(all.size() - before));
  }
  return {std::move(all), Json(std::move(sizes))};
}

}  // namespace sealos::containers_storage
