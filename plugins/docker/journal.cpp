#include "journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"

namespace sealos::docker {
namespace {

constexpr std::int64_t kKeepSeconds = 7 * 24 * 3600;  // registries forget uploads after that
constexpr size_t kMaxFile = 1 << 20;

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/sealos/uploads";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/sealos/uploads";
  return {};
}

/// As replace_file, but does not wait for the disk: a copy would wait for it at every blob. What a
/// loss of power leaves is not read, and the uploads start anew.
void replace_unflushed(int folder, const std::string& name, std::string_view text) {
  const std::string aside = temporary_name("." + name + ".");
  const Fd file = open_at(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  try {
    write_all(file.get(), text, name);
    if (::renameat(folder, aside.c_str(), folder, name.c_str()) != 0)
      throw errno_error(errno, "replacing " + name);
  } catch (...) {
    ::unlinkat(folder, aside.c_str(), 0);
    throw;
  }
}

}  // namespace

Journal::Journal(sdk::Host host, const std::string& destination, bool in_file)
    : host_(host), destination_(destination) {
  if (!in_file) return;
  try {
    open_file(destination);
  } catch (const std::exception& e) {
    folder_ = Fd();
    host_.debug(fmt::format("unfinished uploads are not noted: {}", e.what()));
  }
}

Journal::~Journal() {
  const std::lock_guard lock(mutex_);
  if (!folder_ || !entries_.empty()) return;
  ::unlinkat(folder_.get(), (name_ + ".json").c_str(), 0);
  ::unlinkat(folder_.get(), (name_ + ".lock").c_str(), 0);
}

void Journal::open_file(const std::string& destination) {
  const std::string path = cache_folder();
  if (path.empty()) return;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw errno_error(errno, path);
  name_ = digest_of(destination).hex().substr(0, 32);
  Fd folder = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  lock_ = open_at(folder.get(), name_ + ".lock", O_RDWR | O_CREAT, 0600);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) return;
  struct stat held {
  }, named{};
  if (::fstat(lock_.get(), &held) != 0 ||
      ::fstatat(folder.get(), (name_ + ".lock").c_str(), &named, 0) != 0 ||
      held.st_ino != named.st_ino)
    return;  // another process has just finished and removed it
  folder_ = std::move(folder);
  // What a process left that died while it replaced the file.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("." + name_ + ".json.")) ::unlinkat(folder_.get(), name.c_str(), 0);
  }
  read_file();
}

void Journal::read_file() {
  try {
    const Fd file = open_regular_beneath(folder_.get(), name_ + ".json");
    const Json json = Json::parse(read_all(file.get(), name_, kMaxFile));
    if (json.text_at("destination") != destination_) return;
    for (const auto& [digest, upload] : json.at("uploads").members("uploads")) {
      const Entry entry{upload.text_at("address"), upload.at("time").integer("time")};
      const bool fresh = entry.time > now_seconds() - kKeepSeconds && entry.time <= now_seconds();
      if (Digest::parse(digest) && fresh) entries_[digest] = entry;
    }
  } catch (const Error& e) {
    if (e.status() != Status::not_found) host_.debug(e.message());
    entries_.clear();
  }
}

void Journal::write_file() {
  if (!folder_) return;
  Json uploads = Json::object();
  for (const auto& [digest, entry] : entries_) {
    Json upload = Json::object();
    upload.set("address", entry.address);
    upload.set("time", entry.time);
    uploads.set(digest, std::move(upload));
  }
  Json json = Json::object();
  json.set("destination", destination_);
  json.set("uploads", std::move(uploads));
  try {
    replace_unflushed(folder_.get(), name_ + ".json", json.dump() + "\n");
  } catch (const Error& e) {
    folder_ = Fd();
    host_.debug(fmt::format("unfinished uploads are not noted: {}", e.message()));
  }
}

std::optional<std::string> Journal::find(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(digest.str());
  if (found == entries_.end()) return std::nullopt;
  return found->second.address;
}

void Journal::note(const Digest& digest, const std::string& address) {
  const std::lock_guard lock(mutex_);
  entries_[digest.str()] = {address, now_seconds()};
  write_file();
}

void Journal::forget(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  if (entries_.erase(digest.str()) != 0) write_file();
}

void Journal::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace sealos::docker
