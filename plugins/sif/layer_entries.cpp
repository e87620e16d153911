#include "layer_entries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "support/compression/compression.hpp"
#include "support/layer_tar/sparse_content.hpp"
#include "support/layer_tar/tar_path.hpp"
#include "support/layer_tar/tar_reader.hpp"

namespace sealos::sif {
namespace {

using layer_tar::EntryKind;
using layer_tar::TarEntry;
using layer_tar::TarReader;

constexpr size_t kMostEntries = 8'000'000;
constexpr size_t kMostName = 255;
constexpr size_t kMostDepth = 900;
constexpr size_t kMostLink = 65535;
/// What the holes of a layer's sparse files may have together.
constexpr std::int64_t kMostHoles = std::int64_t{64} << 30;

void check_path(const std::vector<std::string>& parts) {
  const auto too_long = [](const std::string& part) { return part.size() > kMostName; };
  if (parts.size() <= kMostDepth && std::none_of(parts.begin(), parts.end(), too_long)) return;
  throw Error(
      Status::unsupported,
      fmt::format("the layer has a path that is too long or too deep: {}",
                  printable(layer_tar::join_path(parts, std::min<size_t>(parts.size(), 9)))));
}

LayerEntry describe(const TarEntry& from, std::int64_t& holes) {
  LayerEntry entry;
  const auto parts = layer_tar::clean_path(from.name);
  check_path(parts);
  if (from.link.size() > kMostLink) {
    throw Error(Status::unsupported,
                fmt::format("the layer's link {} is too long", printable(from.name)));
  }
  entry.path = layer_tar::join_path(parts, parts.size());
  entry.kind = from.kind;
  entry.mode = from.mode;
  entry.uid = from.uid;
  entry.gid = from.gid;
  entry.mtime = static_cast<std::uint32_t>(
      std::min<std::int64_t>(from.mtime.tv_sec, std::numeric_limits<std::uint32_t>::max()));
  entry.device_major = from.device_major;
  entry.device_minor = from.device_minor;
  entry.link = from.link;
  entry.xattrs = from.xattrs;
  entry.size = from.sparse ? from.real_size : from.size;
  if (!from.sparse) return entry;
  if (from.real_size < 0 || from.real_size - from.size > holes) {
    throw Error(Status::unsupported,
                fmt::format("the layer's sparse files have holes of more than {} bytes, the last "
                            "of them {}",
                            kMostHoles, printable(from.name)));
  }
  holes -= std::max<std::int64_t>(0, from.real_size - from.size);
  return entry;
}

/// Gives pieces of a sparse file, with zeros between them, to a sink.
class Filler {
 public:
  Filler(ContentSink& sink, const Checkpoint& checkpoint)
      : sink_(sink), checkpoint_(checkpoint), zeros_(256 * 1024) {}

  void fill_to(std::int64_t place) {
    while (at_ < place) {
      checkpoint_();
      const auto n = std::min<std::int64_t>(place - at_, static_cast<std::int64_t>(zeros_.size()));
      sink_.append({zeros_.data(), static_cast<size_t>(n)});
      at_ += n;
    }
  }
  void put(std::int64_t place, std::span<const std::byte> bytes) {
    fill_to(place);
    sink_.append(bytes);
    at_ += static_cast<std::int64_t>(bytes.size());
  }

 private:
  ContentSink& sink_;
  const Checkpoint& checkpoint_;
  std::vector<std::byte> zeros_;
  std::int64_t at_ = 0;
};

void give_content(const TarEntry& entry, TarReader& reader, ContentSink& sink,
                  const Checkpoint& checkpoint) {
  if (entry.sparse) {
    Filler filler(sink, checkpoint);
    filler.fill_to(layer_tar::read_sparse_content(
        entry, reader, nullptr,
        [&](std::int64_t at, std::span<const std::byte> bytes) { filler.put(at, bytes); }));
    return;
  }
  for (auto bytes = reader.content(); !bytes.empty(); bytes = reader.content()) {
    checkpoint();
    sink.append(bytes);
  }
}

}  // namespace

std::vector<LayerEntry> scan_layer(std::unique_ptr<Stream> layer, const Checkpoint& checkpoint) {
  std::vector<LayerEntry> entries;
  std::int64_t holes = kMostHoles;
  TarReader reader(*layer, nullptr, false);
  while (const auto entry = reader.next()) {
    checkpoint();
    if (entries.size() == kMostEntries)
      throw Error(Status::unsupported, "the layer has too many entries");
    entries.push_back(describe(*entry, holes));
  }
  return entries;
}

void read_contents(std::unique_ptr<Stream> layer, const std::vector<std::uint32_t>& wanted,
                   ContentSink& sink, const Checkpoint& checkpoint) {
  TarReader reader(*layer, nullptr, false);
  std::uint32_t number = 0;
  for (size_t position = 0; position < wanted.size(); ++number) {
    const auto entry = reader.next();
    if (!entry) throw Error(Status::corrupt, "the layer became shorter while it was read");
    if (number != wanted[position]) continue;
    sink.begin(position);
    give_content(*entry, reader, sink, checkpoint);
    sink.end();
    ++position;
  }
}

}  // namespace sealos::sif
