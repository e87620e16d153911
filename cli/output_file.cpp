#include "cli/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace sealos::cli {

OutputFile::OutputFile(const std::string& flag, std::string path) : path_(std::move(path)) {
  try {
    struct stat st {};
    if (::stat(path_.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
      file_ = open_at(AT_FDCWD, path_, O_WRONLY);
      return;
    }
    path_ = resolved_path(path_);
    aside_ = temporary_name(path_ + ".");
    file_ = open_at(AT_FDCWD, aside_, O_WRONLY | O_CREAT | O_EXCL, 0644);
  } catch (Error& e) {
    throw e.add_context(flag + " " + printable(path_));
  }
}

OutputFile::~OutputFile() {
  if (!aside_.empty()) ::unlink(aside_.c_str());
}

void OutputFile::write(std::string_view text) {
  write_all(file_.get(), text, path_);
  if (aside_.empty()) return;
  sync_file(file_.get(), path_);
  if (::rename(aside_.c_str(), path_.c_str()) != 0) throw errno_error(errno, "writing " + path_);
  aside_.clear();
}

}  // namespace sealos::cli
