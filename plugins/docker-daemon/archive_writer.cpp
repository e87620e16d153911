#include "archive_writer.hpp"

#include <fmt/format.h>

#include <cstring>

#include "support/digest/hasher.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"

namespace sealos::docker_daemon {
namespace {

using namespace oci_layout;

constexpr size_t kBlock = 512;
constexpr size_t kBuffer = 256 * 1024;
constexpr std::int64_t kMostOctal = 077777777777;

/// A ustar header (POSIX.1-2001, pax, "ustar Interchange Format").
struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
      magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
static_assert(sizeof(Header) == kBlock);

std::string header_of(const std::string& name, std::int64_t size, char type) {
  Header header{};
  if (name.size() >= sizeof(header.name))
    throw Error(Status::internal, "a member's name is too long: " + name);
  std::memcpy(header.name, name.data(), name.size());
  std::memcpy(header.mode, "0000444", 8);
  std::memcpy(header.uid, "0000000", 8);
  std::memcpy(header.gid, "0000000", 8);
  std::memcpy(header.size, fmt::format("{:011o}", std::min(size, kMostOctal)).c_str(), 12);
  std::memcpy(header.mtime, "00000000000", 12);
  header.type = type;
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  std::memset(header.checksum, ' ', sizeof(header.checksum));
  unsigned sum = 0;
  std::string text(reinterpret_cast<const char*>(&header), sizeof(header));
  for (const char c : text) sum += static_cast<unsigned char>(c);
  std::memcpy(text.data() + offsetof(Header, checksum), fmt::format("{:06o}", sum).c_str(), 7);
  return text;
}

/// "30 size=123\n", where the number counts the whole record.
std::string pax_size(std::int64_t size) {
  const std::string body = fmt::format(" size={}\n", size);
  size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}

const Item& manifest_for(const Item& top, const std::map<Digest, Item>& children,
                         const Platform& platform) {
  if (!is_index(top.label)) return top;
  const Item* first = nullptr;
  const Json index = Json::parse(top.data);
  for (const Json& entry : index.at("manifests").items("manifests")) {
    const auto child = children.find(Descriptor::of(entry).digest);
    if (child == children.end() || !is_manifest(child->second.label)) continue;
    if (annotation(entry, kDockerReferenceType) == "attestation-manifest") continue;
    if (first == nullptr) first = &child->second;
    const Json* of = entry.find("platform");
    if (of != nullptr && of->text_at("os") == platform.os &&
        of->text_at("architecture") == platform.architecture)
      return child->second;
  }
  if (first == nullptr)
    throw Error(Status::not_found, "docker-daemon: the index has no image that was copied");
  return *first;
}

std::string index_json(const Item& top, const std::string& full_name, const std::string& tag) {
  Json entry =
      Descriptor{top.label, digest_of(top.data), static_cast<std::int64_t>(top.data.size())}.json();
  entry.set("annotations", Json::object({{std::string(kContainerdName), full_name},
                                         {std::string(kRefName), tag}}));
  return Json::object({{"schemaVersion", 2},
                       {"mediaType", kOciIndex},
                       {"manifests", Json(Json::Array{std::move(entry)})}})
      .dump();
}

}  // namespace

std::string blob_path(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm(), digest.hex());
}

void ArchiveWriter::head(const std::string& name, std::int64_t size) {
  if (size > kMostOctal) {
    const std::string record = pax_size(size);
    upload_.write(header_of("pax", static_cast<std::int64_t>(record.size()), 'x'));
    upload_.write(record);
    pad(static_cast<std::int64_t>(record.size()));
  }
  upload_.write(header_of(name, size, '0'));
}

void ArchiveWriter::pad(std::int64_t size) {
  const size_t over = static_cast<size_t>(size) % kBlock;
  if (over != 0) upload_.write(std::string(kBlock - over, '\0'));
}

void ArchiveWriter::member(const std::string& name, std::string_view bytes) {
  head(name, static_cast<std::int64_t>(bytes.size()));
  upload_.write(bytes);
  pad(static_cast<std::int64_t>(bytes.size()));
}

void ArchiveWriter::member(const std::string& name, std::int64_t size, Stream& from) {
  head(name, size);
  buffer_.resize(kBuffer);
  std::int64_t done = 0;
  while (const size_t n = from.read(buffer_)) {
    done += static_cast<std::int64_t>(n);
    if (done > size) break;
    upload_.write(std::span(buffer_).first(n));
  }
  if (done != size) {
    throw Error(Status::corrupt, fmt::format("docker-daemon: {} has {} {} bytes", name,
                                             done > size ? "more than" : "not", size));
  }
  pad(size);
}

void ArchiveWriter::end() { upload_.write(std::string(2 * kBlock, '\0')); }

ArchiveIndex make_archive_index(const Item& top, const std::map<Digest, Item>& children,
                                const std::map<Digest, std::string>& paths,
                                const std::string& full_name, const std::string& tag,
                                const Platform& platform) {
  const Json manifest = Json::parse(manifest_for(top, children, platform).data);
  const Digest config = Digest::require(manifest.at("config").text_at("digest"));
  Json layers = Json::array();
  for (const Json& layer : manifest.at("layers").items("layers")) {
    const Digest digest = Digest::require(layer.text_at("digest"));
    const auto elsewhere = paths.find(digest);
    layers.push_back(elsewhere == paths.end() ? blob_path(digest) : elsewhere->second);
  }
  ArchiveIndex made;
  made.config_digest = config.str();
  Json item = Json::object({{"Config", blob_path(config)},
                            {"RepoTags", Json(Json::Array{Json(full_name)})},
                            {"Layers", std::move(layers)}});
  made.manifest_json = Json(Json::Array{std::move(item)}).dump();
  if (paths.empty()) made.index_json = index_json(top, full_name, tag);
  return made;
}

}  // namespace sealos::docker_daemon
