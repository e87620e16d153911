#include "support/layer_tar/sparse_content.hpp"

#include <algorithm>
#include <string>

#include "sealos/sdk/error.hpp"

namespace sealos::layer_tar {
namespace {

/// Pieces of content that are given to `split` too, if there is one.
class RawContent {
 public:
  RawContent(TarReader& reader, TarSplitWriter* split) : reader_(reader), split_(split) {}
  /// At most `most` bytes; empty at the end.
  std::span<const std::byte> take(size_t most) {
    if (left_.empty()) {
      left_ = reader_.content();
      if (split_ != nullptr) split_->raw(left_);
    }
    const auto out = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(out.size());
    taken_ += static_cast<std::int64_t>(out.size());
    return out;
  }
  std::int64_t taken() const { return taken_; }

 private:
  TarReader& reader_;
  TarSplitWriter* split_;
  std::span<const std::byte> left_;
  std::int64_t taken_ = 0;
};

/// Format 1.0: lines of decimal numbers, how many parts and then each, padded to a block.
SparseMap read_map(RawContent& content, const std::string& name) {
  const auto refuse = [&name] {
    throw Error(Status::corrupt, "the map of the sparse file " + printable(name) + " is damaged");
  };
  const auto next = [&] {
    std::string digits;
    while (true) {
      const auto byte = content.take(1);
      if (byte.empty() || digits.size() > 20) refuse();
      if (byte[0] == std::byte{'\n'}) break;
      digits += static_cast<char>(byte[0]);
    }
    const auto value = parse_decimal(digits);
    if (!value) refuse();
    return *value;
  };
  SparseMap map;
  const std::int64_t count = next();
  if (count > (1 << 20)) refuse();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t offset = next();
    map.emplace_back(offset, next());
  }
  while (content.taken() % static_cast<std::int64_t>(kTarBlock) != 0) {
    if (content.take(1).empty()) refuse();
  }
  return map;
}

}  // namespace

std::int64_t read_sparse_content(const TarEntry& entry, TarReader& reader, TarSplitWriter* split,
                                 const SparsePiece& piece) {
  RawContent content(reader, split);
  TarEntry described = entry;
  if (entry.sparse_map_in_content) described.sparse_map = read_map(content, entry.name);
  check_sparse_map(described, entry.size - content.taken());
  for (const auto& [offset, length] : described.sparse_map) {
    std::int64_t done = 0;
    while (done < length) {
      const auto bytes = content.take(static_cast<size_t>(length - done));
      if (bytes.empty()) throw Error(Status::corrupt, "a sparse file is cut off");
      piece(offset + done, bytes);
      done += static_cast<std::int64_t>(bytes.size());
    }
  }
  return described.real_size;
}

}  // namespace sealos::layer_tar
