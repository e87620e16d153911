#include "squashfs_tar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "support/layer_tar/tar_path.hpp"

namespace sealos::sif {
namespace {

using layer_tar::kOpaque;
using layer_tar::kWhiteout;

constexpr std::string_view kOpaqueAttribute = "trusted.overlay.opaque";

std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

char tar_type(int type) {
  switch (type) {
    case SQFS_INODE_DIR:
      return '5';
    case SQFS_INODE_SLINK:
      return '2';
    case SQFS_INODE_BDEV:
      return '4';
    case SQFS_INODE_CDEV:
      return '3';
    case SQFS_INODE_FIFO:
      return '6';
    default:
      return '0';
  }
}

bool is_whiteout(const SquashfsEntry& entry) {
  return entry.type() == SQFS_INODE_CDEV && entry.device_major() == 0 && entry.device_minor() == 0;
}

}  // namespace

SquashfsTar::SquashfsTar(std::unique_ptr<SquashfsReader> reader, SquashfsTarOptions options)
    : reader_(std::move(reader)), options_(std::move(options)) {
  reader_->rewind();
}

size_t SquashfsTar::read(std::span<std::byte> into) {
  size_t done = 0;
  while (done < into.size()) {
    if (at_ < pending_.size()) {
      const size_t n = std::min(into.size() - done, pending_.size() - at_);
      std::memcpy(into.data() + done, pending_.data() + at_, n);
      at_ += n;
      done += n;
    } else if (content_at_ < content_size_) {
      done += read_content(into.subspan(done));
    } else if (!start_next()) {
      break;
    }
  }
  return done;
}

size_t SquashfsTar::read_content(std::span<std::byte> into) {
  const std::uint64_t left = content_size_ - content_at_;
  const size_t n =
      reader_->read(entry_, content_at_,
                    into.first(static_cast<size_t>(std::min<std::uint64_t>(left, into.size()))));
  if (n == 0) {
    throw Error(Status::corrupt, fmt::format("squashfs: {} is cut off", printable(entry_.path)));
  }
  content_at_ += n;
  if (content_at_ == content_size_) {
    pending_.assign(static_cast<size_t>(tar_padding(static_cast<std::int64_t>(content_size_))),
                    '\0');
    at_ = 0;
  }
  return n;
}

/// Puts the next header into pending_. False at the end of the tar.
bool SquashfsTar::start_next() {
  pending_.clear();
  at_ = 0;
  content_at_ = content_size_ = 0;
  while (auto entry = reader_->next()) {
    if (is_left_out(*entry)) continue;
    entry_ = *std::move(entry);
    start(entry_);
    return true;
  }
  if (added_ < options_.added.size()) {
    start_added(options_.added[added_++]);
    return true;
  }
  if (ended_) return false;
  ended_ = true;
  pending_.assign(2 * kTarBlock, '\0');
  return true;
}

bool SquashfsTar::is_left_out(const SquashfsEntry& entry) const {
  const bool misleading = name_in(entry.path).starts_with(kWhiteout);
  if (!misleading && entry.type() != SQFS_INODE_SOCKET) return false;
  options_.warn(fmt::format("{} is left out: {}", printable(entry.path),
                            misleading ? "its name would remove a file" : "it is a socket"));
  return true;
}

void SquashfsTar::start(const SquashfsEntry& entry) {
  TarFields fields = fields_of(entry);
  if (options_.overlay && is_whiteout(entry)) {
    const size_t name_at = entry.path.rfind('/') + 1;
    fields = TarFields{};
    fields.name = entry.path;
    fields.name.insert(name_at, kWhiteout);
    fields.mtime = entry.inode->base.mod_time;
  } else if (options_.overlay) {
    add_whiteouts(entry, fields);
  }
  content_size_ = static_cast<std::uint64_t>(fields.size);
  pending_ = tar_header(fields) + pending_;
}

/// A folder that hides what is below gets the tar's mark, as its first member, in place of the
/// attribute.
void SquashfsTar::add_whiteouts(const SquashfsEntry& entry, TarFields& fields) {
  const auto opaque = std::find_if(fields.xattrs.begin(), fields.xattrs.end(),
                                   [](const auto& one) { return one.first == kOpaqueAttribute; });
  if (opaque == fields.xattrs.end()) return;
  if (entry.is_folder() && opaque->second == "y") {
    TarFields mark;
    mark.name = entry.path + (entry.path.empty() ? "" : "/") + std::string(kOpaque);
    mark.mtime = fields.mtime;
    pending_ = tar_header(mark);
  }
  fields.xattrs.erase(opaque);
}

TarFields SquashfsTar::fields_of(const SquashfsEntry& entry) {
  TarFields fields;
  fields.name = entry.path.empty() ? "./" : entry.path;
  if (entry.is_folder() && !entry.path.empty()) fields.name += '/';
  fields.mode = entry.mode();
  fields.mtime = entry.inode->base.mod_time;
  fields.uid = entry.uid;
  fields.gid = entry.gid;
  fields.type = tar_type(entry.type());
  if (!entry.is_folder() && entry.links() > 1) {
    const auto [known, first] =
        linked_.try_emplace(entry.number(), Known{entry.path, entry.type()});
    if (known->second.type != entry.type()) {
      throw Error(Status::corrupt,
                  fmt::format("squashfs: {} and {} are one, of two kinds",
                              printable(known->second.path), printable(entry.path)));
    }
    if (!first) {
      fields.type = '1';
      fields.link = known->second.path;
      return fields;
    }
  }
  fields.xattrs = reader_->xattrs(entry);
  if (fields.type == '2') fields.link = entry.link();
  if (fields.type == '3' || fields.type == '4') {
    fields.device_major = entry.device_major();
    fields.device_minor = entry.device_minor();
  }
  if (fields.type == '0') fields.size = static_cast<std::int64_t>(entry.size());
  return fields;
}

void SquashfsTar::start_added(const AddedFile& file) {
  pending_ = tar_header(file.fields) + file.content;
  pending_.append(static_cast<size_t>(tar_padding(static_cast<std::int64_t>(file.content.size()))),
                  '\0');
}

}  // namespace sealos::sif
