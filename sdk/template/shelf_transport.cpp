// A transport in one file: shelf:FOLDER:NAME keeps images in a folder and shares their blobs.
//   FOLDER/NAME.image        the media type, a line feed, the bytes of the manifest
//   FOLDER/ALGORITHM-HEX     a blob, or (with .image) an instance of an index
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sealos/sdk/plugin.hpp"

namespace {

namespace fs = std::filesystem;
using sealos::Blob, sealos::Digest, sealos::Error, sealos::Item, sealos::Status, sealos::Stream;

[[noreturn]] void fail(const std::string& doing, const fs::path& path) {
  throw Error(errno == ENOENT ? Status::not_found : Status::io,
              "shelf: " + doing + " " + path.string() + ": " + std::strerror(errno));
}

fs::path blob_path(const fs::path& folder, const Digest& digest) {
  return folder / (std::string(digest.algorithm()) + "-" + std::string(digest.hex()));
}

fs::path manifest_path(const fs::path& folder, const std::string& name,
                       const std::optional<Digest>& instance) {
  return (instance ? blob_path(folder, *instance) : folder / name).concat(".image");
}

/// A file that appears under its name whole, or not at all.
class NewFile {
 public:
  explicit NewFile(const fs::path& folder) : path_((folder / ".new-XXXXXX").string()) {
    fd_ = ::mkstemp(path_.data());
    if (fd_ < 0) fail("creating a file in", folder);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }
  void write(const void* data, size_t size) {
    for (const char* at = static_cast<const char*>(data); size > 0;) {
      const ssize_t n = ::write(fd_, at, size);
      if (n < 0 && errno != EINTR) fail("writing", path_);
      if (n > 0) at += n, size -= static_cast<size_t>(n);
    }
  }
  void keep_as(const fs::path& name) {
    if (::fsync(fd_) != 0) fail("flushing", path_);
    if (::rename(path_.c_str(), name.c_str()) != 0) fail("renaming", path_);
    kept_ = true;
  }

 private:
  std::string path_;
  int fd_;
  bool kept_ = false;
};

/// Part of a file. Offers its descriptor, so that the host may copy inside the kernel.
class FileStream final : public Stream {
 public:
  FileStream(const fs::path& path, std::int64_t offset, std::int64_t length)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) fail("opening", path);
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    end_ = length < 0 ? size : offset + length;
    if (offset > size || end_ > size || ::lseek(fd_, offset, SEEK_SET) < 0) {
      ::close(fd_);
      throw Error(Status::corrupt, "shelf: " + path.string() + " ends too early");
    }
  }
  ~FileStream() override { ::close(fd_); }
  size_t read(std::span<std::byte> into) override {
    const size_t most = std::min(into.size(), static_cast<size_t>(size()));
    const ssize_t n = most == 0 ? 0 : ::read(fd_, into.data(), most);
    if (n < 0) fail("reading", path_);
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return end_ - ::lseek(fd_, 0, SEEK_CUR); }
  int fd() const override { return fd_; }

 private:
  fs::path path_;
  int fd_;
  std::int64_t end_ = 0;
};

struct Source {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  fs::path folder;
  std::string name;

  Item read_manifest(const std::optional<Digest>& instance) {
    const fs::path path = manifest_path(folder, name, instance);
    std::ifstream file(path, std::ios::binary);
    if (!file) fail("opening", path);
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

struct Destination {
  static constexpr std::uint32_t kFlags = SEALOS_PARALLEL;
  fs::path folder;
  std::string name;
  std::optional<Item> top;

  /// The host checks bytes against a digest that it gives; one that it does not give is computed.
  Blob put_blob(const Blob& blob, Stream& from) {
    NewFile file(folder);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
    EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
    std::vector<std::byte> buffer(1 << 17);
    Blob put = blob;
    put.size = 0;
    while (const size_t n = from.read(buffer)) {
      file.write(buffer.data(), n);
      if (!blob.digest) EVP_DigestUpdate(hash.get(), buffer.data(), n);
      put.size += static_cast<std::int64_t>(n);
    }
    if (!put.digest) put.digest = finish(hash.get());
    file.keep_as(blob_path(folder, *put.digest));
    return put;
  }
  std::optional<Blob> try_reuse(const sealos::Reuse& want) {
    std::error_code missing;
    if (!want.blob.digest) return std::nullopt;
    const auto size = fs::file_size(blob_path(folder, *want.blob.digest), missing);
    if (missing || static_cast<std::int64_t>(size) != want.blob.size) return std::nullopt;
    return want.blob;
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
  static Digest finish(EVP_MD_CTX* hash) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(hash, bytes, &length);
    std::string text = "sha256:";
    for (unsigned i = 0; i < length; ++i) {
      text += "0123456789abcdef"[bytes[i] >> 4];
      text += "0123456789abcdef"[bytes[i] & 15];
    }
    return Digest::require(text);
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
    return std::make_unique<Destination>(Destination{folder, name, std::nullopt});
  }
};

struct Transport {
  static constexpr const char* kName = "shelf";

  static std::unique_ptr<Reference> parse_reference(sealos::sdk::Host, std::string_view details) {
    const size_t colon = details.rfind(':');
    const std::string_view name = colon == std::string_view::npos ? "" : details.substr(colon + 1);
    if (colon == 0 || name.empty() || name.front() == '.' ||
        name.find('/') != std::string_view::npos) {
      throw Error(Status::invalid,
                  "shelf: expected FOLDER:NAME, got \"" + sealos::printable(details) + "\"");
    }
    return std::make_unique<Reference>(
        Reference{fs::path(details.substr(0, colon)), std::string(name)});
  }
};

}  // namespace

SEALOS_PLUGIN("shelf", SEALOS_PLUGIN_VERSION, Transport);
