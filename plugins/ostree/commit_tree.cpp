#include "commit_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gio/gfiledescriptorbased.h>

#include <algorithm>

#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_path.hpp"

namespace sealos::ostree {
namespace {

constexpr int kMostLinks = 40;       // as Linux
constexpr size_t kMostParts = 4096;  // of a name; more than any path of Linux has

using layer_tar::clean_path;

/// What stands at a name in a list that is sorted by name: of files (say), of folders (sayay).
Variant find_name(GVariant* list, const std::string& name) {
  gsize low = 0, high = g_variant_n_children(list);
  while (low < high) {
    const gsize middle = low + (high - low) / 2;
    Variant entry = own(g_variant_get_child_value(list, middle));
    const Variant text = own(g_variant_get_child_value(entry.get(), 0));
    const int order = name.compare(g_variant_get_string(text.get(), nullptr));
    if (order == 0) return entry;
    (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
  }
  return nullptr;
}

std::string checksum_in(GVariant* entry) {
  const Variant bytes = own(g_variant_get_child_value(entry, 1));
  return checksum_of(bytes.get(), "an entry of a folder");
}

struct Opened {
  Owned<GInputStream> input;
  Owned<GFileInfo> info;
};

Opened open_object(const Repository& repository, const std::string& checksum,
                   const std::string& name) {
  GlibError error;
  Opened out;
  const bool well = ostree_repo_load_file(repository.get(), checksum.c_str(), Out(out.input),
                                          Out(out.info), nullptr, nullptr, error.out());
  error.check(well, Status::corrupt,
              fmt::format("reading \"{}\", the object {}", printable(name), checksum));
  return out;
}

/// A file that libostree unpacks while it is read.
class InputStream final : public Stream {
 public:
  InputStream(Owned<GInputStream> input, std::string name, std::int64_t size)
      : input_(std::move(input)), name_(std::move(name)), left_(size) {}

  size_t read(std::span<std::byte> into) override {
    GlibError error;
    const gssize n =
        g_input_stream_read(input_.get(), into.data(), into.size(), nullptr, error.out());
    error.check(n >= 0, Status::corrupt, "reading \"" + printable(name_) + "\"");
    if (n > left_ || (n == 0 && left_ > 0)) {
      throw Error(Status::corrupt, fmt::format("\"{}\" is {} than its object says",
                                               printable(name_), n == 0 ? "shorter" : "longer"));
    }
    left_ -= n;
    return static_cast<size_t>(n);
  }
  std::int64_t size() const override { return left_; }

 private:
  Owned<GInputStream> input_;
  std::string name_;
  std::int64_t left_;
};

}  // namespace

std::unique_ptr<Stream> object_stream(const Repository& repository, const std::string& checksum,
                                      const std::string& name, std::int64_t size) {
  Opened opened = open_object(repository, checksum, name);
  if (g_file_info_get_file_type(opened.info.get()) != G_FILE_TYPE_REGULAR ||
      opened.input == nullptr) {
    throw Error(Status::corrupt, fmt::format("\"{}\" is no regular file", printable(name)));
  }
  const std::int64_t has = g_file_info_get_size(opened.info.get());
  if (size >= 0 && has != size) {
    throw Error(Status::corrupt,
                fmt::format("the file \"{}\" has {} bytes, not {}", printable(name), has, size));
  }
  if (G_IS_FILE_DESCRIPTOR_BASED(opened.input.get())) {
    const int fd = g_file_descriptor_based_get_fd(G_FILE_DESCRIPTOR_BASED(opened.input.get()));
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) throw errno_error(errno, "opening \"" + printable(name) + "\"");
    return file_stream(std::move(copy), "\"" + printable(name) + "\"", 0, has);
  }
  return std::make_unique<InputStream>(std::move(opened.input), name, has);
}

CommitTree::CommitTree(std::shared_ptr<const Repository> repository, std::string root)
    : repository_(std::move(repository)) {
  way_.push_back(load("", root));
}

CommitTree::Folder CommitTree::load(std::string name, const std::string& checksum) const {
  const Variant tree = repository_->load(OSTREE_OBJECT_TYPE_DIR_TREE, checksum);
  return {std::move(name), own(g_variant_get_child_value(tree.get(), 0)),
          own(g_variant_get_child_value(tree.get(), 1))};
}

bool CommitTree::go_to(const std::vector<std::string>& parts, size_t count) {
  size_t common = 0;
  while (common < count && common + 1 < way_.size() && way_[common + 1].name == parts[common])
    ++common;
  way_.resize(common + 1);
  for (size_t i = common; i < count; ++i) {
    const Variant entry = find_name(way_.back().folders.get(), parts[i]);
    if (entry == nullptr) return false;
    way_.push_back(load(parts[i], checksum_in(entry.get())));
  }
  return true;
}

std::optional<std::string> CommitTree::find_plain(const std::vector<std::string>& parts) {
  if (parts.empty() || !go_to(parts, parts.size() - 1)) return std::nullopt;
  const Variant entry = find_name(way_.back().files.get(), parts.back());
  if (entry == nullptr) return std::nullopt;
  return checksum_in(entry.get());
}

/// Go's writer unpacked with links followed: a layer with "lib -> usr/lib" and "lib/x" has its x
/// in usr/lib.
std::optional<std::string> CommitTree::find_through_links(std::vector<std::string> parts) {
  int links = 0;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (go_to(parts, i + 1)) continue;
    const auto link = find_plain({parts.begin(), parts.begin() + static_cast<ptrdiff_t>(i) + 1});
    if (!link || ++links > kMostLinks || parts.size() > kMostParts) return std::nullopt;
    const Opened opened = open_object(*repository_, *link, parts[i]);
    if (g_file_info_get_file_type(opened.info.get()) != G_FILE_TYPE_SYMBOLIC_LINK)
      return std::nullopt;
    const std::string target = g_file_info_get_symlink_target(opened.info.get());
    std::string path = target.starts_with('/') ? "" : layer_tar::join_path(parts, i);
    path += "/" + target;
    for (size_t rest = i + 1; rest < parts.size(); ++rest) path += "/" + parts[rest];
    parts = clean_path(path);
    i = static_cast<size_t>(-1);
  }
  return find_plain(parts);
}

std::optional<std::string> CommitTree::find(std::string_view path) {
  std::vector<std::string> parts = clean_path(path);
  if (parts.size() > kMostParts) return std::nullopt;
  if (auto plain = find_plain(parts)) return plain;
  return find_through_links(std::move(parts));
}

std::unique_ptr<Stream> CommitTree::open(const std::string& path, std::int64_t size) {
  const auto checksum = find(path);
  if (!checksum) {
    throw Error(Status::corrupt, fmt::format("the repository has no file \"{}\"", printable(path)));
  }
  return object_stream(*repository_, *checksum, path, size);
}

}  // namespace sealos::ostree
