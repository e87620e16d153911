#include "core/config/auth_file_edit.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>

#include "core/config/auth_file.hpp"
#include "core/config/secret.hpp"
#include "support/file/file.hpp"

namespace sealos::config {
namespace {

Fd lock_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    std::filesystem::create_directories(folder.parent_path(), error);
    make_folder(AT_FDCWD, folder, 0700);
  }
  Fd fd = open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw errno_error(errno, "locking folder " + printable(folder.string()));
  }
  return fd;
}

void new_line(std::string& out, size_t depth) {
  out += '\n';
  out.append(depth, '\t');
}

}  // namespace

std::string indented(const Json& json) {
  const std::string compact = json.dump();
  std::string out;
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (quoted) {
      out += c;
      if (c == '\\') out += compact[++i];
      quoted = c != '"';
      continue;
    }
    quoted = c == '"';
    const bool empty = i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']');
    if (c == '}' || c == ']') {
      const char before = compact[i - 1];
      if (before != '{' && before != '[') new_line(out, depth - 1);
      --depth;
    }
    out += c;
    if (c == '{' || c == '[') ++depth;
    if (((c == '{' || c == '[') && !empty) || c == ',') new_line(out, depth);
    if (c == ':') out += ' ';
  }
  return out;
}

void edit_auth_file(const std::string& path, const std::function<bool(Json& document)>& change) {
  const std::filesystem::path target = resolved_path(path);
  try {
    const Fd folder = lock_folder(target.parent_path());
    const auto known = AuthFile::load(target, AuthFile::Format::current);
    Json document = known ? known->document() : Json::object();
    if (!change(document)) return;
    std::string text = indented(document);
    const WipeAtEnd wiped(text);
    replace_file(folder.get(), target.filename(), text, 0600);
  } catch (Error& e) {
    throw e.add_context("changing auth file " + printable(path));
  }
}

}  // namespace sealos::config
