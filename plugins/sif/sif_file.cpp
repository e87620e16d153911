#include "sif_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "support/file/file_stream.hpp"

namespace sealos::sif {
namespace {

[[noreturn]] void damaged(const std::string& why) {
  throw Error(Status::corrupt, "the SIF is damaged: " + why);
}

/// Whether `size` bytes from `offset` lie between `least` and `end`.
bool lies_within(std::int64_t offset, std::int64_t size, std::int64_t least, std::int64_t end) {
  return offset >= least && size >= 0 && offset <= end && size <= end - offset;
}

}  // namespace

void read_exactly(int file, std::span<std::byte> into, std::int64_t offset, std::string_view what) {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(file, into.data() + done, into.size() - done,
                              offset + static_cast<std::int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(errno, fmt::format("reading {}", what));
    if (n == 0) throw Error(Status::corrupt, fmt::format("{} is cut off", what));
    done += static_cast<size_t>(n);
  }
}

SifFile::SifFile(const std::string& path)
    : path_(path), file_(open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY)) {
  struct stat st;
  if (::fstat(file_.get(), &st) != 0) throw errno_error(errno, "looking at the SIF");
  if (!S_ISREG(st.st_mode)) throw Error(Status::invalid, "it is no regular file");
  if (st.st_size < kHeaderSize) throw Error(Status::invalid, "it is no SIF: it is too short");
  std::array<std::byte, kHeaderSize> bytes;
  read_exactly(file_.get(), bytes, 0, "the header of the SIF");
  header_ = parse_header(bytes);
  read_table(st.st_size);
  check_objects(st.st_size);
}

void SifFile::read_table(std::int64_t file_size) {
  if (header_.slots < 0 || header_.slots > kMostSlots)
    damaged(fmt::format("it says that it has {} descriptors", header_.slots));
  if (header_.table_size != header_.slots * kDescriptorSize) {
    damaged(fmt::format("{} descriptors cannot have {} bytes", header_.slots, header_.table_size));
  }
  if (!lies_within(header_.table_offset, header_.table_size, kHeaderSize, file_size))
    damaged("its descriptors lie outside of the file");
  std::vector<std::byte> table(static_cast<size_t>(header_.table_size));
  read_exactly(file_.get(), table, header_.table_offset, "the table of the SIF");
  for (size_t at = 0; at < table.size(); at += kDescriptorSize) {
    const auto slot = std::span<const std::byte>(table).subspan(at).first<kDescriptorSize>();
    if (auto descriptor = parse_descriptor(slot)) descriptors_.push_back(*std::move(descriptor));
  }
}

void SifFile::check_objects(std::int64_t file_size) const {
  std::set<std::uint32_t> ids;
  std::vector<const Descriptor*> order;
  for (const Descriptor& object : descriptors_) {
    if (object.id == 0 || !ids.insert(object.id).second)
      damaged(fmt::format("the object number {} is not the only one", object.id));
    if (object.size == 0) continue;  // siftool puts such behind the end
    if (!lies_within(object.offset, object.size, kHeaderSize, file_size)) {
      damaged(fmt::format("object {} has {} bytes at {}, the file has {}", object.id, object.size,
                          object.offset, file_size));
    }
    order.push_back(&object);
  }
  std::sort(order.begin(), order.end(),
            [](const Descriptor* a, const Descriptor* b) { return a->offset < b->offset; });
  const std::int64_t table_end = header_.table_offset + header_.table_size;
  for (size_t i = 0; i < order.size(); ++i) {
    const Descriptor& object = *order[i];
    if (object.offset < table_end && object.offset + object.size > header_.table_offset)
      damaged(fmt::format("object {} overlaps the descriptors", object.id));
    if (i > 0 && order[i - 1]->offset + order[i - 1]->size > object.offset)
      damaged(fmt::format("the objects {} and {} overlap", order[i - 1]->id, object.id));
  }
}

const Descriptor* SifFile::find(DataType type, std::string_view name) const {
  const Descriptor* found = nullptr;
  for (const Descriptor& object : descriptors_) {
    if (object.type != type || object.name != name) continue;
    if (found != nullptr) {
      throw Error(Status::invalid,
                  fmt::format("the SIF has more than one object \"{}\"", printable(name)));
    }
    found = &object;
  }
  return found;
}

std::string SifFile::read(const Descriptor& object, std::int64_t most) const {
  if (object.size > most) {
    throw Error(Status::invalid, fmt::format("object {} of the SIF has {} bytes; more than {} are "
                                             "not read",
                                             object.id, object.size, most));
  }
  std::string text(static_cast<size_t>(object.size), '\0');
  read_exactly(file_.get(), std::as_writable_bytes(std::span(text)), object.offset,
               fmt::format("object {} of the SIF", object.id));
  return text;
}

std::unique_ptr<Stream> SifFile::open(const Descriptor& object, std::int64_t offset,
                                      std::int64_t length) const {
  if (!lies_within(offset, std::max<std::int64_t>(length, 0), 0, object.size)) {
    throw Error(Status::corrupt, fmt::format("object {} of the SIF has {} bytes, fewer than it "
                                             "should",
                                             object.id, object.size));
  }
  if (length < 0) length = object.size - offset;
  // A position of its own, so that several streams can be open.
  Fd again(::open(fmt::format("/proc/self/fd/{}", file_.get()).c_str(), O_RDONLY | O_CLOEXEC));
  const std::string name = fmt::format("object {} of the SIF", object.id);
  if (!again) return file_region_stream(file_.get(), name, object.offset + offset, length);
  return file_stream(std::move(again), name, object.offset + offset, length);
}

}  // namespace sealos::sif
