#include "layer_writer.hpp"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <cstring>

#include "commit_tree.hpp"
#include "support/compression/compression.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/crc64.hpp"
#include "support/layer_tar/tar_path.hpp"
#include "support/layer_tar/tar_split_stream.hpp"

namespace sealos::ostree {
namespace {

using layer_tar::EntryKind;
using layer_tar::TarEntry;

constexpr size_t kMostName = 255;   // of a component; Linux's NAME_MAX
constexpr size_t kMostPath = 4095;  // Linux's PATH_MAX
constexpr int kLevel = 6;           // of the tar-split, which the commit's readers load whole

Attributes attributes_of(const TarEntry& entry) {
  return {entry.uid, entry.gid, entry.mode, entry.xattrs};
}

bool is_text(std::string_view text) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != FALSE;
}

}  // namespace

LayerWriter::LayerWriter(const ObjectWriter& objects, Stream& tar, int split, bool hash)
    : objects_(objects),
      tar_(tar),
      split_(split, "the tar-split of a layer", kLevel),
      reader_(tar_, &split_, hash) {}

std::string LayerWriter::run() {
  std::string why = take_entries();
  split_.finish();
  return why;
}

std::string LayerWriter::take_entries() {
  while (true) {
    std::optional<TarEntry> entry;
    try {
      entry = reader_.next();
    } catch (const Error& e) {
      if (tar_.failed()) throw;
      return e.message();
    }
    if (!entry) return "";
    const std::vector<std::string> parts = layer_tar::clean_path(entry->name);
    if (std::string why = obstacle(*entry, parts); !why.empty()) return why;
    place(*entry, parts);
  }
}

/// The tree's names and targets of links are text, and each name is there once.
std::string LayerWriter::obstacle(const TarEntry& entry,
                                  const std::vector<std::string>& parts) const {
  const auto about = [&](const char* why) {
    return fmt::format("{}: {}", printable(entry.name), why);
  };
  const bool folder = entry.kind == EntryKind::folder;
  if (entry.sparse) return about("a sparse file");
  if (parts.empty() && !folder) return about("no name for a file");
  if (seen_.contains(layer_tar::hash_of_name(entry.name)) && !folder)
    return about("the name comes twice");
  if (!is_text(entry.name)) return about("the name is not UTF-8");
  if (entry.name.size() > kMostPath) return about("the name is too long");
  if (entry.kind == EntryKind::symlink) {
    if (!is_text(entry.link)) return about("where the link leads is not UTF-8");
    if (entry.link.empty() || entry.link.size() > kMostPath) return about("no link that can be");
  }
  for (const std::string& part : parts) {
    if (part.size() > kMostName) return about("the name is too long");
  }
  for (const auto& [name, value] : entry.xattrs) {
    if (name.empty() || name.find('\0') != std::string::npos) return about("no attribute's name");
  }
  return tree_.obstacle(parts, folder);
}

void LayerWriter::place(const TarEntry& entry, const std::vector<std::string>& parts) {
  const bool first = seen_.insert(layer_tar::hash_of_name(entry.name));
  switch (entry.kind) {
    case EntryKind::folder:
      tree_.put_folder(parts, objects_.folder_metadata(attributes_of(entry)));
      break;
    case EntryKind::file:
      tree_.put_file(parts, put_content(entry));
      return split_.file(entry.name, entry.size, crc_);
    case EntryKind::symlink:
      tree_.put_file(parts, objects_.symlink(attributes_of(entry), entry.link));
      break;
    case EntryKind::hard_link:
      if (auto target = tree_.file(layer_tar::clean_path(entry.link)))
        tree_.put_file(parts, *std::move(target));
      break;
    case EntryKind::char_device:
    case EntryKind::block_device:
    case EntryKind::fifo:
      break;  // no repository holds them; the tar-split does
  }
  // Go refuses a tar-split that has a name twice, and a folder that comes again has no content.
  if (first) split_.file(entry.name, 0, 0);
}

std::string LayerWriter::put_content(const TarEntry& entry) {
  layer_tar::Crc64 crc;
  std::span<const std::byte> left;
  std::string checksum =
      objects_.file(attributes_of(entry), entry.size, [&](std::span<std::byte> into) {
        if (left.empty()) {
          left = reader_.content();
          crc.update(left);
        }
        const size_t n = std::min(left.size(), into.size());
        if (n > 0) std::memcpy(into.data(), left.data(), n);
        left = left.subspan(n);
        return n;
      });
  crc_ = crc.value();
  return checksum;
}

std::pair<std::string, std::string> LayerWriter::write_tree() const {
  return tree_.write(objects_, objects_.folder_metadata({0, 0, 0755, {}}));
}

Pull LayerWriter::read_again(Fd split) {
  auto lines =
      decompress(file_stream(std::move(split), "the tar-split of a layer"), Compression::gzip, 1);
  const auto open = [this](const std::string& name, std::int64_t size) {
    const auto checksum = tree_.file(layer_tar::clean_path(name));
    if (!checksum) throw Error(Status::corrupt, "\"" + printable(name) + "\" was not kept");
    return object_stream(objects_.repository(), *checksum, name, size);
  };
  std::shared_ptr<Stream> before =
      layer_tar::tar_split_stream(std::move(lines), open, "that was begun", -1);
  return [this, before](std::span<std::byte> into) {
    const size_t n = before->read(into);
    return n > 0 ? n : reader_.read_rest(into);
  };
}

}  // namespace sealos::ostree
