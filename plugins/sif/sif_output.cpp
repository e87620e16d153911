#include "sif_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sif_file.hpp"

namespace sealos::sif {
namespace {

constexpr const char* kExisting = "sif.existing";
constexpr unsigned kMode = 0755;  // a SIF can be started: its first line says by what

void write_at(int file, std::string_view bytes, std::int64_t at, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, "writing " + name);
    bytes.remove_prefix(static_cast<size_t>(n));
    at += n;
  }
}

bool is_sif(const std::string& path) {
  try {
    SifFile file(path);
    return true;
  } catch (const Error& e) {
    return e.status() == Status::corrupt || e.status() == Status::unsupported;
  }
}

}  // namespace

SifOutput::SifOutput(const sdk::Host& host, const std::string& path, sdk::Intent intent)
    : host_(host), target_(path), folder_() {
  if (target_.is_pipe())
    throw Error(Status::unsupported, "a SIF is written to a regular file only");
  check_existing();
  if (intent == sdk::Intent::preview) return;
  folder_ = target_.open_folder();
  file_ = std::make_unique<StagedFile>(folder_.get());
  struct stat st;
  const bool there = target_.exists() && ::stat(target_.path().c_str(), &st) == 0;
  if (::fchmod(file_->fd(), there ? st.st_mode & 07777 : kMode) != 0)
    throw errno_error(errno, "setting the mode of " + target_.path());
  reserve(kUsualSlots);
}

/// What is no SIF is not lost unasked.
void SifOutput::check_existing() const {
  const std::string wish = host_.option(kExisting).value_or("");
  if (wish != "" && wish != "replace" && wish != "refuse") {
    throw Error(Status::invalid, fmt::format("{} must be replace or refuse, not \"{}\"", kExisting,
                                             printable(wish)));
  }
  if (!target_.exists() || wish == "replace") return;
  if (wish == "refuse") throw Error(Status::exists, "the file exists");
  if (!is_sif(target_.path())) {
    throw Error(Status::exists,
                fmt::format("the file exists and is no SIF; {}=replace replaces it", kExisting));
  }
}

void SifOutput::reserve(std::int64_t slots) {
  slots_ = std::max(slots, kUsualSlots);
  end_ = kTableOffset + slots_ * kDescriptorSize;
}

std::int64_t SifOutput::begin_object(std::int64_t alignment) {
  begin_ = (end_ + alignment - 1) / alignment * alignment;
  return begin_;
}

void SifOutput::end_object(Descriptor object, std::int64_t size) {
  object.id = static_cast<std::uint32_t>(objects_.size()) + 1;
  object.offset = begin_;
  object.size = size;
  object.size_with_padding = begin_ - end_ + size;
  end_ = begin_ + size;
  objects_.push_back(std::move(object));
}

void SifOutput::add(Descriptor object, std::string_view bytes) {
  write_at(fd(), bytes, begin_object(), target_.path());
  end_object(std::move(object), static_cast<std::int64_t>(bytes.size()));
}

void SifOutput::commit(Header header) {
  const auto used = static_cast<std::int64_t>(objects_.size());
  header.table_offset = kTableOffset;
  header.data_offset = kTableOffset + slots_ * kDescriptorSize;
  header.data_size = end_ - header.data_offset;
  if (used > slots_) {
    header.table_offset = (end_ + kAlignment - 1) / kAlignment * kAlignment;
    slots_ = used;
  }
  header.slots = slots_;
  header.slots_free = slots_ - used;
  header.table_size = slots_ * kDescriptorSize;
  std::string table;
  for (const Descriptor& object : objects_) table += descriptor_bytes(object);
  table.resize(static_cast<size_t>(header.table_size), '\0');
  write_at(fd(), table, header.table_offset, target_.path());
  write_at(fd(), header_bytes(header), 0, target_.path());
  sync_file(fd(), target_.path());
  host_.throw_if_cancelled();
  target_.check_unchanged();
  file_->keep(folder_.get(), target_.file_name());
  sync_file(folder_.get(), "the folder of " + target_.path());
}

}  // namespace sealos::sif
