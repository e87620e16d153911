#include "support/tar/tar_index.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "support/file/file.hpp"
#include "support/tar/tar_header.hpp"

namespace sealos {
namespace {

constexpr size_t kMostMembers = 1000000;
constexpr size_t kMostNames = 32 << 20;
constexpr std::int64_t kMostExtension = 1 << 20;
constexpr int kMostLinks = 8;

/// The path of a link's target. nullopt: it leads out of the archive.
std::optional<std::string> resolve(std::string_view from, const TarMember& link) {
  std::vector<std::string_view> parts;
  const auto walk = [&](std::string_view path) {
    while (!path.empty()) {
      const size_t slash = path.find('/');
      const std::string_view part = path.substr(0, slash);
      path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
      } else if (parts.empty()) {
        return false;
      } else {
        parts.pop_back();
      }
    }
    return true;
  };
  if (link.type == TarMember::Type::symbolic_link) {
    if (link.link.starts_with('/')) return std::nullopt;
    const size_t slash = from.rfind('/');
    if (slash != std::string_view::npos && !walk(from.substr(0, slash))) return std::nullopt;
  }
  if (!walk(link.link)) return std::nullopt;
  return fmt::format("{}", fmt::join(parts, "/"));
}

}  // namespace

/// Walks over the headers of one archive.
class TarScanner {
 public:
  TarScanner(int file, std::int64_t size) : file_(file), size_(size), window_(64 * 1024) {}

  TarIndex scan(const std::function<void()>& checkpoint) {
    size_t seen = 0;
    while (at_ + kTarBlock <= size_) {
      const auto header = parse_tar_header(read(at_, kTarBlock));
      if (!header) return std::move(index_);
      at_ += kTarBlock;
      if (++seen > kMostMembers) throw Error(Status::invalid, "the archive has too many members");
      if (seen % 1024 == 0 && checkpoint) checkpoint();
      take(*header);
    }
    if (at_ < size_ || seen == 0) cut_off();
    return std::move(index_);
  }

 private:
  [[noreturn]] static void cut_off() {
    throw Error(Status::corrupt, "the archive is cut off or is no tar archive");
  }

  void take(const TarHeader& header) {
    switch (header.type) {
      case 'x':
        pax_ = parse_pax(extension(header.size));
        return;
      case 'L':
        long_name_ = zero_ended(extension(header.size));
        return;
      case 'K':
        long_link_ = zero_ended(extension(header.size));
        return;
      case 'g':  // says nothing of what matters here
        skip(header.size);
        return;
      default:
        take_member(header);
        pax_ = {};
        long_name_.reset();
        long_link_.reset();
    }
  }

  void take_member(const TarHeader& header) {
    TarMember member;
    const std::string name = pax_.path.value_or(long_name_.value_or(header.name));
    member.name = normal_tar_name(name);
    member.link = pax_.link.value_or(long_link_.value_or(header.link));
    member.offset = at_;
    member.sparse = header.type == 'S' || pax_.sparse;
    // Links, devices and folders have no bytes, whatever size they claim.
    const bool regular =
        header.type == '0' || header.type == '\0' || header.type == '7' || header.type == 'S';
    const bool bodiless = header.type >= '1' && header.type <= '6';
    member.size = bodiless ? 0 : pax_.size.value_or(header.size);
    if (member.sparse && header.type == 'S') skip_sparse_maps();
    skip(member.size);
    if (header.type == '1') member.type = TarMember::Type::hard_link;
    if (header.type == '2') member.type = TarMember::Type::symbolic_link;
    const bool folder = name.ends_with('/') && regular;
    if ((regular && !folder) || header.type == '1' || header.type == '2') {
      names_ += member.name.size() + member.link.size();
      if (names_ > kMostNames)
        throw Error(Status::invalid, "the names in the archive are too long");
      index_.add(std::move(member));
    }
  }

  /// An old GNU header of a sparse file may go on in more blocks, each saying whether another
  /// follows (offsets 482 and 504).
  void skip_sparse_maps() {
    bool more = read(at_ - kTarBlock, kTarBlock)[482] != std::byte{0};
    while (more) {
      if (at_ + kTarBlock > size_) cut_off();
      more = read(at_, kTarBlock)[504] != std::byte{0};
      at_ += kTarBlock;
    }
  }

  void skip(std::int64_t size) {
    if (size > size_ - at_) cut_off();
    // The last member of an archive that was cut at its end may lack its padding.
    at_ = std::min(size_, at_ + size + tar_padding(size));
  }

  std::string extension(std::int64_t size) {
    if (size > kMostExtension)
      throw Error(Status::invalid, "an extension record in the archive is too large");
    if (size > size_ - at_) cut_off();
    std::string text;
    while (static_cast<std::int64_t>(text.size()) < size) {
      const std::int64_t done = static_cast<std::int64_t>(text.size());
      const auto part = read(at_ + done, std::min<std::int64_t>(size - done, kTarBlock));
      text.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    skip(size);
    return text;
  }

  static std::string zero_ended(std::string text) {
    text.resize(std::min(text.size(), text.find('\0')));
    return text;
  }

  /// Bytes within the archive, valid until the next call.
  std::span<const std::byte> read(std::int64_t at, std::int64_t length) {
    if (at < start_ || at + length > start_ + filled_) fill(at, length);
    return std::span(window_).subspan(static_cast<size_t>(at - start_),
                                      static_cast<size_t>(length));
  }

  void fill(std::int64_t at, std::int64_t needed) {
    // Far from the last header a large member lies between, and what follows is not read ahead.
    const bool near = at < start_ + filled_ + static_cast<std::int64_t>(window_.size());
    const std::int64_t want = near ? static_cast<std::int64_t>(window_.size()) : 4096;
    start_ = at;
    filled_ = 0;
    while (filled_ < needed) {
      const ssize_t n =
          ::pread(file_, window_.data() + filled_,
                  static_cast<size_t>(std::min(want, size_ - at) - filled_), at + filled_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw errno_error(errno, "reading the archive");
      if (n == 0) cut_off();
      filled_ += n;
    }
  }

  int file_;
  std::int64_t size_;
  std::vector<std::byte> window_;
  std::int64_t start_ = 0, filled_ = 0, at_ = 0;
  PaxRecords pax_;
  std::optional<std::string> long_name_, long_link_;
  size_t names_ = 0;
  TarIndex index_;
};

std::string normal_tar_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name = slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

TarIndex TarIndex::build(int file, std::int64_t size, const std::function<void()>& checkpoint) {
  return TarScanner(file, size).scan(checkpoint);
}

void TarIndex::add(TarMember member) {
  const auto [at, fresh] = by_name_.emplace(member.name, members_.size());
  if (!fresh) ++twins_[member.name];
  members_.push_back(std::move(member));
}

const TarMember* TarIndex::exact(std::string_view name) const {
  const auto at = by_name_.find(name);
  if (at == by_name_.end()) return nullptr;
  if (twins_.contains(name)) {
    throw Error(Status::invalid,
                fmt::format("the archive has more than one member \"{}\"", printable(name)));
  }
  return &members_[at->second];
}

const TarMember* TarIndex::find(std::string_view name) const {
  std::string current = normal_tar_name(name);
  for (int steps = 0; steps <= kMostLinks; ++steps) {
    const TarMember* member = exact(current);
    if (member == nullptr) return nullptr;
    if (member->type == TarMember::Type::regular) {
      if (!member->sparse) return member;
      throw Error(Status::unsupported,
                  fmt::format("the member \"{}\" of the archive is sparse", printable(name)));
    }
    const auto target = resolve(current, *member);
    if (!target) {
      throw Error(Status::invalid,
                  fmt::format("the link \"{}\" leads out of the archive", printable(current)));
    }
    current = *target;
  }
  throw Error(Status::invalid,
              fmt::format("the link \"{}\" in the archive leads in a circle", printable(name)));
}

}  // namespace sealos
