#include "split_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "commit_tree.hpp"
#include "support/base64/base64.hpp"
#include "support/compression/compression.hpp"
#include "support/layer_tar/tar_split_stream.hpp"

namespace sealos::ostree {
namespace {

constexpr size_t kPiece = 64 * 1024;  // of base64: a multiple of four

/// What the base64 text of a commit's metadata stands for, a piece at a time.
class TarSplitBytes final : public Stream {
 public:
  TarSplitBytes(std::shared_ptr<const StoredCommit> commit, std::string_view text)
      : commit_(std::move(commit)), text_(text) {}

  size_t read(std::span<std::byte> into) override {
    if (at_ == piece_.size() && !text_.empty()) {
      piece_.clear();
      at_ = 0;
      if (!append_from_base64(piece_, text_.substr(0, kPiece))) {
        throw Error(Status::corrupt, fmt::format("the tar-split of the commit {} is not base64",
                                                 commit_->checksum()));
      }
      text_.remove_prefix(std::min(kPiece, text_.size()));
    }
    const size_t n = std::min(into.size(), piece_.size() - at_);
    if (n > 0) std::memcpy(into.data(), piece_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::shared_ptr<const StoredCommit> commit_;
  std::string_view text_;
  std::string piece_;
  size_t at_ = 0;
};

/// Stops what would go on for ever: lines that need more room than any tar of this size can.
class CappedStream final : public Stream {
 public:
  CappedStream(std::unique_ptr<Stream> from, std::int64_t most)
      : from_(std::move(from)), left_(most) {}

  size_t read(std::span<std::byte> into) override {
    const size_t n = from_->read(into);
    left_ -= static_cast<std::int64_t>(n);
    if (left_ < 0)
      throw Error(Status::corrupt, "the tar-split is larger than that of any such layer");
    return n;
  }

 private:
  std::unique_ptr<Stream> from_;
  std::int64_t left_;
};

/// An entry takes at least 512 bytes of tar, and these at most four thirds as much and a line of
/// about its name's length.
std::int64_t most_lines(std::int64_t size) {
  constexpr std::int64_t kSlack = 1 << 20;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return size > (kMost - kSlack) / 4 ? kMost : 4 * size + kSlack;
}

}  // namespace

std::unique_ptr<Stream> split_stream(std::shared_ptr<const StoredCommit> commit,
                                     const PlainForm& form) {
  const auto text = commit->text(kTarSplit);
  if (!text) {
    throw Error(Status::corrupt, fmt::format("layer {} cannot be rebuilt: its commit {} has no {}",
                                             form.digest.brief(), commit->checksum(), kTarSplit));
  }
  auto lines = std::make_unique<CappedStream>(
      decompress(std::make_unique<TarSplitBytes>(commit, *text), Compression::gzip, 1),
      most_lines(form.size));
  auto tree = std::make_shared<CommitTree>(commit->shared_repository(), commit->root());
  const auto open = [tree](const std::string& name, std::int64_t size) {
    return tree->open(name, size);
  };
  return layer_tar::tar_split_stream(std::move(lines), open, form.digest.brief(), form.size);
}

}  // namespace sealos::ostree
