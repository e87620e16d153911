// A transport in one file: shelf:FOLDER:NAME keeps images in a folder and shares their blobs.
//   FOLDER/NAME.image        the media type, a line feed, the bytes of the manifest
//   FOLDER/ALGORITHM-HEX     a blob, or (with .image) an instance of an index
#include <openssl/evp.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sealos/sdk/plugin.hpp"

namespace {

namespace fs = std::filesystem;
using sealos::Blob, sealos::Digest, sealos::Error, sealos::Item, sealos::Status, sealos::Stream;

fs::path blob_path(const fs::path& folder, const Digest& digest) {
  return folder / (std::string(digest.algorithm()) + "-" + std::string(digest.hex()));
}

fs::path manifest_path(const fs::path& folder, const std::string& name,
                       const std::optional<Digest>& instance) {
  return (instance ? blob_path(folder, *instance) : folder / name).concat(".image");
}

std::ifstream open(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Status::not_found, "shelf: " + path.string() + " cannot be opened");
  return file;
}

/// A file that appears under its name whole, or not at all.
class NewFile {
 public:
  explicit NewFile(const fs::path& folder) {
    static std::atomic<int> serial = 0;
    path_ = folder / (".new-" + std::to_string(::getpid()) + "-" + std::to_string(++serial));
    file_.open(path_, std::ios::binary);
  }
  ~NewFile() {
    std::error_code renamed;
    fs::remove(path_, renamed);
  }
  void write(const void* data, size_t size) {
    file_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    check();
  }
  void keep_as(const fs::path& name) {
    file_.close();
    check();
    fs::rename(path_, name);
  }

 private:
  void check() const {
    if (!file_) throw Error(Status::io, "shelf: " + path_.string() + " cannot be written");
  }

  fs::path path_;
  std::ofstream file_;
};

class FileStream final : public Stream {
 public:
  FileStream(const fs::path& path, std::int64_t offset, std::int64_t length) : file_(open(path)) {
    const auto size = static_cast<std::int64_t>(fs::file_size(path));
    left_ = length < 0 ? size - offset : length;
    if (offset + left_ > size || left_ < 0) {
      throw Error(Status::corrupt, "shelf: " + path.string() + " ends too early");
    }
    file_.seekg(offset);
  }
  size_t read(std::span<std::byte> into) override {
    const std::int64_t most = std::min(left_, static_cast<std::int64_t>(into.size()));
    if (most > 0 && !file_.read(reinterpret_cast<char*>(into.data()), most)) {
      throw Error(Status::io, "shelf: a blob cannot be read");
    }
    left_ -= most;
    return static_cast<size_t>(most);
  }
  std::int64_t size() const override { return left_; }

 private:
  std::ifstream file_;
  std::int64_t left_;
};

struct Source {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  fs::path folder;
  std::string name;

  Item read_manifest(const std::optional<Digest>& instance) {
    std::ifstream file = open(manifest_path(folder, name, instance));
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

/// Sealos checks bytes against the digest that it gives; where it gives none, this computes it.
class Sha256 {
 public:
  Sha256() { EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr); }
  void update(const void* data, size_t size) { EVP_DigestUpdate(hash_.get(), data, size); }
  Digest finish() {
    unsigned char bytes[32];
    EVP_DigestFinal_ex(hash_.get(), bytes, nullptr);
    std::string text = "sha256:";
    for (const unsigned char byte : bytes) {
      text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    }
    return Digest::require(text);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

struct Destination {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  fs::path folder;
  std::string name;
  std::optional<Item> top = std::nullopt;

  Blob put_blob(const Blob& blob, Stream& from) {
    NewFile file(folder);
    Sha256 hash;
    Blob put = blob;
    put.size = 0;
    std::vector<std::byte> buffer(1 << 17);
    while (const size_t n = from.read(buffer)) {
      file.write(buffer.data(), n);
      if (!blob.digest) hash.update(buffer.data(), n);
      put.size += static_cast<std::int64_t>(n);
    }
    if (!put.digest) put.digest = hash.finish();
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
  void store(const Item& manifest, const std::optional<Digest>& instance) {
    NewFile file(folder);
    const std::string text = manifest.label + "\n" + manifest.data;
    file.write(text.data(), text.size());
    file.keep_as(manifest_path(folder, name, instance));
  }
};

struct Reference {
  fs::path folder;
  std::string name;

  std::string canonical() const { return folder.string() + ":" + name; }
  std::unique_ptr<Source> open_source(sealos::sdk::Host) const {
    return std::make_unique<Source>(Source{folder, name});
  }
  std::unique_ptr<Destination> open_destination(sealos::sdk::Host) const {
    fs::create_directories(folder);
    return std::make_unique<Destination>(Destination{folder, name});
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
