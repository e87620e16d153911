#include "object_writer.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <map>

#include "pull_input.hpp"

namespace sealos::ostree {
namespace {

bool is_of_overlay(std::string_view name) {
  return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.");
}

/// What a file on the disk of this machine can be given.
bool is_kept_bare(std::string_view name, bool root, std::uint32_t type) {
  if (is_of_overlay(name) || name == "security.selinux") return false;
  const bool users = name.starts_with("user.");
  if (type == S_IFLNK && users) return false;
  return users || root;
}

Variant xattrs_of(const Attributes& attributes) {
  const std::map<std::string, std::string> sorted(attributes.xattrs.begin(),
                                                  attributes.xattrs.end());
  GVariantBuilder list;
  g_variant_builder_init(&list, G_VARIANT_TYPE("a(ayay)"));
  for (const auto& [name, value] : sorted) {
    g_variant_builder_add(
        &list, "(@ay@ay)", g_variant_new_bytestring(name.c_str()),
        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, value.data(), value.size(), 1));
  }
  return own(g_variant_builder_end(&list));
}

Owned<GFileInfo> info_of(const Attributes& attributes, std::uint32_t type) {
  Owned<GFileInfo> info(g_file_info_new());
  g_file_info_set_attribute_uint32(info.get(), "unix::uid", attributes.uid);
  g_file_info_set_attribute_uint32(info.get(), "unix::gid", attributes.gid);
  g_file_info_set_attribute_uint32(info.get(), "unix::mode", type | attributes.mode);
  return info;
}

std::string checksum_text(guchar* checksum) {
  const std::unique_ptr<guchar, GFree> owned(checksum);
  char text[OSTREE_SHA256_STRING_LEN + 1];
  ostree_checksum_inplace_from_bytes(checksum, text);
  return text;
}

}  // namespace

ObjectWriter::ObjectWriter(std::shared_ptr<const Repository> repository)
    : repository_(std::move(repository)), root_(::geteuid() == 0) {}

Attributes ObjectWriter::as_kept(Attributes attributes, std::uint32_t type) const {
  const OstreeRepoMode mode = repository_->mode();
  const std::uint32_t readable = type == S_IFDIR ? 0700 : 0600;
  if (mode == OSTREE_REPO_MODE_BARE_USER_ONLY) {
    // Permission bits only, and no others than these: libostree refuses the rest in this mode.
    return {0, 0, type == S_IFLNK ? 0777 : (attributes.mode & 0775) | readable, {}};
  }
  if (type == S_IFLNK) attributes.mode = 0777;
  if (mode != OSTREE_REPO_MODE_BARE) return attributes;
  std::erase_if(attributes.xattrs,
                [&](const auto& one) { return !is_kept_bare(one.first, root_, type); });
  if (!root_) {
    attributes.uid = ::geteuid();
    attributes.gid = ::getegid();
    attributes.mode |= readable;
  }
  return attributes;
}

std::string ObjectWriter::file(const Attributes& attributes, std::int64_t size,
                               const Pull& pull) const {
  const Attributes kept = as_kept(attributes, S_IFREG);
  const Owned<GFileInfo> info = info_of(kept, S_IFREG);
  g_file_info_set_file_type(info.get(), G_FILE_TYPE_REGULAR);
  g_file_info_set_size(info.get(), size);
  const Variant xattrs = xattrs_of(kept);
  PullInput input(size, pull);
  GlibError error;
  Owned<GInputStream> content;
  guint64 length = 0;
  bool well = ostree_raw_file_to_content_stream(input.get(), info.get(), xattrs.get(), Out(content),
                                                &length, nullptr, error.out());
  error.check(well, Status::internal, "preparing a file for the repository");
  guchar* checksum = nullptr;
  well = ostree_repo_write_content(repository_->get(), nullptr, content.get(), length, &checksum,
                                   nullptr, error.out());
  input.finish();
  error.check(well, Status::io, "writing a file into the repository " + repository_->path());
  return checksum_text(checksum);
}

std::string ObjectWriter::file(const Attributes& attributes, std::string_view content) const {
  const auto size = static_cast<std::int64_t>(content.size());
  return file(attributes, size, [&content](std::span<std::byte> into) {
    const size_t n = std::min(into.size(), content.size());
    std::memcpy(into.data(), content.data(), n);
    content.remove_prefix(n);
    return n;
  });
}

std::string ObjectWriter::symlink(const Attributes& attributes, const std::string& target) const {
  const Attributes kept = as_kept(attributes, S_IFLNK);
  const Variant xattrs = xattrs_of(kept);
  GlibError error;
  const OwnedText checksum(ostree_repo_write_symlink(repository_->get(), nullptr, kept.uid,
                                                     kept.gid, xattrs.get(), target.c_str(),
                                                     nullptr, error.out()));
  error.check(checksum != nullptr, Status::io,
              "writing a link into the repository " + repository_->path());
  return checksum.get();
}

std::string ObjectWriter::write(OstreeObjectType type, GVariant* object) const {
  const Variant owned = own(object);
  GlibError error;
  guchar* checksum = nullptr;
  const bool well = ostree_repo_write_metadata(repository_->get(), type, nullptr, owned.get(),
                                               &checksum, nullptr, error.out());
  error.check(well, Status::io,
              fmt::format("writing a {} into the repository {}", ostree_object_type_to_string(type),
                          repository_->path()));
  return checksum_text(checksum);
}

std::string ObjectWriter::folder_metadata(const Attributes& attributes) const {
  const Attributes kept = as_kept(attributes, S_IFDIR);
  const Variant xattrs = xattrs_of(kept);
  return write(OSTREE_OBJECT_TYPE_DIR_META,
               ostree_create_directory_metadata(info_of(kept, S_IFDIR).get(), xattrs.get()));
}

std::string ObjectWriter::folder(const FolderEntries& entries) const {
  GVariantBuilder file_list, folder_list;
  g_variant_builder_init(&file_list, G_VARIANT_TYPE("a(say)"));
  for (const auto& [name, content] : entries.files)
    g_variant_builder_add(&file_list, "(s@ay)", name.c_str(), bytes_of(content).get());
  g_variant_builder_init(&folder_list, G_VARIANT_TYPE("a(sayay)"));
  for (const auto& [name, one] : entries.folders) {
    g_variant_builder_add(&folder_list, "(s@ay@ay)", name.c_str(), bytes_of(one.first).get(),
                          bytes_of(one.second).get());
  }
  return write(OSTREE_OBJECT_TYPE_DIR_TREE,
               g_variant_new("(@a(say)@a(sayay))", g_variant_builder_end(&file_list),
                             g_variant_builder_end(&folder_list)));
}

std::string ObjectWriter::commit(const Metadata& metadata,
                                 const std::pair<std::string, std::string>& root) const {
  GVariantBuilder values;
  g_variant_builder_init(&values, G_VARIANT_TYPE_VARDICT);
  for (const auto& [key, value] : metadata)
    g_variant_builder_add(&values, "{sv}", key.c_str(), g_variant_new_string(value.c_str()));
  GVariant* nothing = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, nullptr, 0, 1);
  const auto now = static_cast<guint64>(std::time(nullptr));
  return write(
      OSTREE_OBJECT_TYPE_COMMIT,
      g_variant_new("(@a{sv}@ay@a(say)sst@ay@ay)", g_variant_builder_end(&values), nothing,
                    g_variant_new_array(G_VARIANT_TYPE("(say)"), nullptr, 0), "", "",
                    GUINT64_TO_BE(now), bytes_of(root.first).get(), bytes_of(root.second).get()));
}

}  // namespace sealos::ostree
