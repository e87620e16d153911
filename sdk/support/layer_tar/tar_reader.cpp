#include "support/layer_tar/tar_reader.hpp"

#include <algorithm>
#include <cstring>

namespace sealos::layer_tar {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr std::int64_t kMaxAnnounced = 1 << 20;  // as Go: bytes of one pax or GNU header

[[noreturn]] void cut_off() { throw Error(Status::corrupt, "the layer's tar is cut off"); }

}  // namespace

TarReader::TarReader(Stream& tar, TarSplitWriter* split, bool hashes)
    : tar_(tar), split_(split), buffer_(kBuffer) {
  if (hashes) hasher_.emplace();
}

void TarReader::keep(std::span<const std::byte> bytes) {
  if (split_ != nullptr) split_->raw(bytes);
}

/// More bytes behind those that are here. False at the end.
bool TarReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, available());
    end_ -= begin_;
    begin_ = 0;
  }
  const size_t n = tar_.read(std::span(buffer_).subspan(end_));
  if (hasher_) hasher_->update(std::span<const std::byte>(buffer_).subspan(end_, n));
  end_ += n;
  bytes_ += static_cast<std::int64_t>(n);
  return n > 0;
}

/// The next block, which is a raw part of the tar. nullopt where the tar ends before it.
std::optional<TarBlock> TarReader::take_block() {
  while (available() < kTarBlock) {
    if (fill()) continue;
    if (available() > 0) cut_off();
    return std::nullopt;
  }
  const TarBlock block(buffer_.data() + begin_, kTarBlock);
  begin_ += kTarBlock;
  keep(block);
  return block;
}

/// The data of a pax or GNU header, and its padding.
std::string TarReader::take_data(std::int64_t size) {
  if (size > kMaxAnnounced) {
    throw Error(Status::corrupt, "the layer has a header of more than a mebibyte");
  }
  std::string data;
  while (static_cast<std::int64_t>(data.size()) < size) {
    const auto block = take_block();
    if (!block) cut_off();
    data.append(reinterpret_cast<const char*>(block->data()), kTarBlock);
  }
  data.resize(static_cast<size_t>(size));
  return data;
}

void TarReader::skip_padding() {
  while (padding_ > 0) {
    if (available() == 0 && !fill()) {
      padding_ = 0;  // the last entry of a tar without an end
      return;
    }
    const size_t n = std::min(padding_, available());
    keep({buffer_.data() + begin_, n});
    begin_ += n;
    padding_ -= n;
  }
}

void TarReader::take_rest() {
  do {
    keep({buffer_.data() + begin_, available()});
    begin_ = end_;
  } while (fill());
}

void TarReader::add_extended_sparse(TarEntry& entry) {
  bool more = buffer_[begin_ - kTarBlock + 482] != std::byte{0};
  while (more) {
    const auto block = take_block();
    if (!block) cut_off();
    add_old_sparse(*block, 0, 21, entry.sparse_map);
    more = (*block)[504] != std::byte{0};
  }
}

std::optional<TarEntry> TarReader::next() {
  for (auto bytes = content(); !bytes.empty(); bytes = content()) keep(bytes);
  skip_padding();
  Announced announced;
  while (true) {
    const auto block = take_block();
    if (!block || is_zero_block(*block)) {
      take_rest();
      return std::nullopt;
    }
    check_header(*block);
    const char type = type_of(*block);
    if (type == 'x') {
      parse_pax(take_data(size_of_data(*block)), announced);
    } else if (type == 'g') {
      take_data(size_of_data(*block));  // concerns no entry, as Go has it
    } else if (type == 'L' || type == 'K') {
      std::string text = take_data(size_of_data(*block));
      text.resize(std::min(text.find('\0'), text.size()));
      (type == 'L' ? announced.long_name : announced.long_link) = std::move(text);
    } else {
      TarEntry entry = make_entry(*block, announced);
      if (type == 'S') add_extended_sparse(entry);
      content_left_ = entry.size;
      padding_ = static_cast<size_t>(-entry.size & std::int64_t{kTarBlock - 1});
      return entry;
    }
  }
}

size_t TarReader::read_rest(std::span<std::byte> into) {
  if (available() == 0 && !fill()) return 0;
  const size_t n = std::min(available(), into.size());
  std::memcpy(into.data(), buffer_.data() + begin_, n);
  begin_ += n;
  return n;
}

std::span<const std::byte> TarReader::content() {
  if (content_left_ == 0) return {};
  if (available() == 0 && !fill()) cut_off();
  const size_t n = static_cast<size_t>(
      std::min<std::int64_t>(content_left_, static_cast<std::int64_t>(available())));
  const std::span<const std::byte> bytes(buffer_.data() + begin_, n);
  begin_ += n;
  content_left_ -= static_cast<std::int64_t>(n);
  return bytes;
}

}  // namespace sealos::layer_tar
