#include "lookaside.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "support/file/file.hpp"
#include "support/signature_file/signature_file.hpp"

namespace sealos::docker {
namespace {

/// As many as the peers read.
constexpr size_t kMostSignatures = 128;
constexpr size_t kMaxSignature = 4 << 20;
constexpr std::string_view kFile = "file://";

std::string file_name(size_t number) { return fmt::format("signature-{}", number); }

std::string behind(const std::string& address, const Digest& manifest) {
  return fmt::format("{}@{}={}", address, manifest.algorithm(), manifest.hex());
}

/// nullopt: it is no address of files.
std::optional<std::string> path_of(const std::string& address) {
  if (!address.starts_with(kFile)) return std::nullopt;
  return http::percent_decode(std::string_view(address).substr(kFile.size()));
}

[[noreturn]] void refuse_more(const std::string& place) {
  throw Error(Status::invalid,
              fmt::format("{} has more than {} signatures", printable(place), kMostSignatures));
}

/// The folder, or else the nearest around it that is there.
std::string nearest_folder(std::filesystem::path path) {
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_relative_path())
    path = path.parent_path();
  return path;
}

void make_folders(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) == 0) return;
  make_folders(std::filesystem::path(path).parent_path());
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
    throw errno_error(errno, "making " + printable(path));
}

/// Gives a file its name unless another has it: false.
bool take_name(int folder, const std::string& from, const std::string& to) {
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  const bool unknown = errno == EINVAL || errno == ENOSYS;  // file systems that cannot do that
  if (unknown && ::faccessat(folder, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return false;
  if (unknown && ::renameat(folder, from.c_str(), folder, to.c_str()) == 0) return true;
  throw errno_error(errno, "writing " + to);
}

void add_file(int folder, const std::string& bytes, size_t first_free) {
  const std::string temporary = temporary_name(".sealos-");
  try {
    const Fd file = open_at(folder, temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
    write_all(file.get(), bytes, temporary);
    sync_file(file.get(), temporary);
    for (size_t number = first_free; number <= kMostSignatures; ++number) {
      if (take_name(folder, temporary, file_name(number))) return;
    }
    refuse_more("the folder");
  } catch (const Error&) {
    ::unlinkat(folder, temporary.c_str(), 0);
    throw;
  }
}

}  // namespace

std::vector<Item> Lookaside::read(const Digest& manifest) {
  if (places_.read.empty()) return {};
  const std::string address = behind(places_.read, manifest);
  const auto path = path_of(address);
  return path ? read_folder(*path) : download(address);
}

std::vector<Item> Lookaside::read_folder(const std::string& path) const {
  std::vector<Item> found;
  try {
    const Fd folder = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    for (size_t number = 1;; ++number) {
      const std::string name = file_name(number);
      const Fd file = open_regular_beneath(folder.get(), name);
      if (number > kMostSignatures) refuse_more(path);
      found.push_back(parse_signature(read_all(file.get(), name, kMaxSignature), name));
    }
  } catch (Error& e) {
    if (e.status() == Status::not_found) return found;
    throw e.add_context("reading signatures in " + printable(path));
  }
}

std::vector<Item> Lookaside::download(const std::string& address) {
  std::vector<Item> found;
  for (size_t number = 1;; ++number) {
    Ask ask;
    ask.url = http::Url::parse(fmt::format("{}/{}", address, file_name(number)));
    ask.anonymous = true;
    const std::string doing = "reading signature " + ask.url->shown();
    http::Response response = registry_.send(ask);
    if (response.status() == 404) return found;
    if (!response.ok()) throw response_error(response, doing);
    if (number > kMostSignatures) refuse_more(address);
    try {
      found.push_back(parse_signature(response.read_all(kMaxSignature), file_name(number)));
    } catch (Error& e) {
      throw e.add_context(doing);
    }
  }
}

void Lookaside::check_writable() const {
  if (places_.write.empty()) {
    throw Error(Status::unsupported, fmt::format("nothing says where signatures of {} are stored",
                                                 registry_.repository()));
  }
  const auto path = path_of(places_.write);
  if (!path) {
    throw Error(Status::unsupported,
                fmt::format("signatures of {} are at {}, to which nothing can be written; "
                            "registries.d needs a lookaside-staging that is file:///PATH",
                            registry_.repository(), printable(places_.write)));
  }
  // The last part is a name that folders of digests begin with.
  const std::string folder = nearest_folder(std::filesystem::path(*path).parent_path());
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    throw errno_error(errno, fmt::format("writing signatures of {} below {}",
                                         registry_.repository(), printable(folder)));
}

void Lookaside::add(const Digest& manifest, const std::vector<Item>& signatures) {
  check_writable();
  const std::string path = *path_of(behind(places_.write, manifest));
  try {
    std::vector<std::string> there;
    for (const Item& one : read_folder(path)) there.push_back(signature_file(one));
    make_folders(path);
    const Fd folder = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    for (const Item& one : signatures) {
      std::string bytes = signature_file(one);
      if (std::find(there.begin(), there.end(), bytes) != there.end()) continue;
      add_file(folder.get(), bytes, there.size() + 1);
      there.push_back(std::move(bytes));
    }
    sync_file(folder.get(), path);
  } catch (Error& e) {
    throw e.add_context("writing signatures to " + printable(path));
  }
  if (!places_.configured) {
    registry_.host().warn(fmt::format(
        "signatures of {} went to {}: registries.d names no place for them, and nobody else looks "
        "there",
        registry_.repository(), printable(path)));
  }
}

}  // namespace sealos::docker
