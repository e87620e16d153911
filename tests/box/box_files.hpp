// The files of a box; std and OpenSSL only, nothing of the ABI.
//   FOLDER/NAME.image     media type, line feed, the bytes of the manifest; NAME may be a digest
//   FOLDER/NAME.signature label, line feed, bytes
//   FOLDER/ALGORITHM-HEX  a blob
#pragma once

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace box {

namespace fs = std::filesystem;

/// What the functions of the ABI turn into a status.
struct Problem {
  int status;
  std::string message;
};

inline std::string file_name(std::string digest) {
  const size_t colon = digest.find(':');
  if (colon == std::string::npos) throw Problem{3, "box: not a digest: " + digest};
  return digest.replace(colon, 1, "-");
}

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Problem{1, "box: there is no " + path.string()};
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

class Sha256 {
 public:
  Sha256() : hash_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(hash_, EVP_sha256(), nullptr); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() { EVP_MD_CTX_free(hash_); }
  void update(const void* data, size_t size) { EVP_DigestUpdate(hash_, data, size); }
  std::string finish() {
    unsigned char bytes[32];
    EVP_DigestFinal_ex(hash_, bytes, nullptr);
    std::string text = "sha256:";
    for (const unsigned char byte : bytes)
      text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    return text;
  }

 private:
  EVP_MD_CTX* hash_;
};

/// A file that appears under its name whole, or not at all.
class NewFile {
 public:
  explicit NewFile(const fs::path& folder) {
    static std::atomic<int> serial = 0;
    path_ = folder / (".new-" + std::to_string(::getpid()) + "-" + std::to_string(++serial));
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd_ < 0) throw Problem{11, "box: " + path_.string() + " cannot be made"};
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  void write(const void* data, size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t n = ::write(fd_, at, size);
      if (n <= 0) throw Problem{11, "box: " + path_.string() + " cannot be written"};
      at += n;
      size -= static_cast<size_t>(n);
    }
  }
  void keep_as(const fs::path& name) {
    if (::rename(path_.c_str(), name.c_str()) != 0)
      throw Problem{11, "box: " + name.string() + " cannot be written"};
  }

 private:
  fs::path path_;
  int fd_;
};

inline void store(const fs::path& folder, const std::string& name, const std::string& label,
                  const std::string& data) {
  NewFile file(folder);
  const std::string text = label + "\n" + data;
  file.write(text.data(), text.size());
  file.keep_as(folder / name);
}

/// Both halves of what store() wrote.
inline std::pair<std::string, std::string> stored(const fs::path& path) {
  std::string text = read_file(path);
  const size_t line = text.find('\n');
  if (line == std::string::npos) throw Problem{9, "box: " + path.string() + " is damaged"};
  return {text.substr(0, line), text.substr(line + 1)};
}

}  // namespace box
