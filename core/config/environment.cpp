#include "core/config/environment.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "support/file/file.hpp"

extern char** environ;

namespace sealos::config {
namespace {

constexpr size_t kMostConfiguration = 4 << 20;

std::string home_of(unsigned user) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry.pw_dir;
  return "/";
}

}  // namespace

Environment Environment::of_process() {
  Environment out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view text = *at;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    out.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  out.user = ::getuid();
  out.home = out.variable("HOME");
  if (out.home.empty()) out.home = home_of(out.user);
  return out;
}

std::string Environment::variable(std::string_view name) const {
  const auto at = variables.find(name);
  return at == variables.end() ? std::string() : at->second;
}

std::string Environment::config_home() const {
  const std::string set = variable("XDG_CONFIG_HOME");
  return set.empty() ? home + "/.config" : set;
}

std::string Environment::data_home() const {
  const std::string set = variable("XDG_DATA_HOME");
  return set.empty() ? home + "/.local/share" : set;
}

std::string Environment::cache_home() const {
  const std::string set = variable("XDG_CACHE_HOME");
  return set.empty() ? home + "/.cache" : set;
}

void Environment::debug(const std::string& text) const {
  if (log) log(SEALOS_LOG_DEBUG, text);
}

void Environment::warn(const std::string& text) const {
  if (log) log(SEALOS_LOG_WARNING, text);
}

std::optional<std::string> read_file_if_there(const std::string& path) {
  const int raw = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (raw < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (raw < 0) throw errno_error(errno, "opening " + printable(path));
  const Fd file(raw);
  struct stat st;
  if (::fstat(raw, &st) != 0) throw errno_error(errno, "looking at " + printable(path));
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) return "";  // /dev/null
  // Process substitution, --authfile <(...), hands in a pipe.
  if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
    throw Error(Status::invalid, printable(path) + " is not a regular file");
  if (S_ISFIFO(st.st_mode)) ::fcntl(raw, F_SETFL, 0);
  return read_all(raw, printable(path), kMostConfiguration);
}

std::vector<std::string> files_in(const std::string& folder, std::string_view suffix) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code ignored;
    if (name.ends_with(suffix) && !at->is_directory(ignored)) names.push_back(std::move(name));
  }
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    throw errno_error(error.value(), "reading folder " + printable(folder));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool folder_exists(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

bool is_pipe(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISFIFO(st.st_mode);
}

}  // namespace sealos::config
