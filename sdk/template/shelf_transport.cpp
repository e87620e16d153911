// A transport in one file: shelf:FOLDER:NAME keeps images in a folder and shares their blobs.
//   FOLDER/NAME.image        the media type, a line feed, the bytes of the manifest
//   FOLDER/ALGORITHM-HEX     a blob, or (with .image) an instance of an index
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sealos/sdk/file.hpp"
#include "sealos/sdk/plugin.hpp"

namespace {

namespace fs = std::filesystem;
using sealos::Blob, sealos::Digest, sealos::Error, sealos::Item, sealos::Status, sealos::Stream;
using sealos::sdk::FileStream, sealos::sdk::NewFile;

fs::path blob_path(const fs::path& folder, const Digest& digest) {
  return folder / (std::string(digest.algorithm()) + "-" + std::string(digest.hex()));
}

struct Place {
  fs::path folder;
  std::string name;

  fs::path manifest_path(const std::optional<Digest>& instance) const {
    return (instance ? blob_path(folder, *instance) : folder / name).concat(".image");
  }
};

struct Source : Place {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;

  Item read_manifest(const std::optional<Digest>& instance) {
    std::ifstream file(manifest_path(instance), std::ios::binary);
    if (!file) throw Error(Status::not_found, "shelf: no image at " + folder.string() + ":" + name);
    Item manifest;
    std::getline(file, manifest.label);
    manifest.data = (std::ostringstream() << file.rdbuf()).str();
    return manifest;
  }
  std::unique_ptr<Stream> open_blob(const Blob& blob, std::int64_t offset, std::int64_t length) {
    if (!blob.digest) throw Error(Status::unsupported, "shelf: a blob without a digest");
    return std::make_unique<FileStream>(blob_path(folder, *blob.digest), offset, length);
  }
};

struct Destination : Place {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  std::optional<Item> top;

  Blob put_blob(const Blob& blob, Stream& from) {
    NewFile file(folder);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
    EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
    Blob put = blob;
    put.size = 0;
    std::vector<std::byte> buffer(1 << 17);
    while (const size_t n = from.read(buffer)) {  // throws, unless these are the right bytes
      file.write(buffer.data(), n);
      if (!blob.digest) EVP_DigestUpdate(hash.get(), buffer.data(), n);
      put.size += static_cast<std::int64_t>(n);
    }
    if (!blob.digest) put.digest = digest_of(hash.get());
    file.keep_as(blob_path(folder, *put.digest));
    return put;
  }
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest) {
    if (instance) return store(manifest, instance);
    top = manifest;
  }
  std::optional<std::string> commit(const Item&) {
    if (top) store(*top, std::nullopt);
    return std::nullopt;
  }

 private:
  static Digest digest_of(EVP_MD_CTX* hash) {
    unsigned char bytes[32];
    EVP_DigestFinal_ex(hash, bytes, nullptr);
    std::string text = "sha256:";
    for (const unsigned char c : bytes) {
      text += {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    }
    return Digest::require(text);
  }
  void store(const Item& manifest, const std::optional<Digest>& instance) {
    NewFile file(folder);
    const std::string text = manifest.label + "\n" + manifest.data;
    file.write(text.data(), text.size());
    file.keep_as(manifest_path(instance));
  }
};

struct Reference : Place {
  std::string canonical() const { return folder.string() + ":" + name; }
  std::unique_ptr<Source> open_source(sealos::sdk::Host) const {
    return std::make_unique<Source>(Source{*this});
  }
  std::unique_ptr<Destination> open_destination(sealos::sdk::Host) const {
    sealos::sdk::make_folders(folder);
    return std::make_unique<Destination>(Destination{*this, {}});
  }
};

struct Transport {
  static constexpr const char* kName = "shelf";

  static std::unique_ptr<Reference> parse_reference(sealos::sdk::Host, std::string_view details) {
    const size_t colon = details.rfind(':');
    const std::string name(colon == std::string_view::npos ? "" : details.substr(colon + 1));
    if (colon == 0 || name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
      throw Error(Status::invalid,
                  "shelf: not FOLDER:NAME: \"" + sealos::printable(details) + "\"");
    }
    return std::make_unique<Reference>(Reference{fs::path(details.substr(0, colon)), name});
  }
};

}  // namespace

SEALOS_PLUGIN("shelf", SEALOS_PLUGIN_VERSION, Transport);
