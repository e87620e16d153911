// Looks at the tar of a layer while its bytes pass.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/custom_resources/layer_files.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos::custom_resources {

/// Is given a layer's bytes in pieces, and keeps what LayerFiles has. Bytes that are no tar end the
/// looking, and are told in LayerFiles::problem; nothing is thrown. Memory is bounded by kMaxBytes
/// and kMaxEntries. Not for concurrent use.
class LayerScanner {
 public:
  void take(std::span<const std::byte> bytes) noexcept;
  /// All bytes have been given.
  void end() noexcept;
  /// What stood in the way of giving them all.
  void fail(const std::string& why) noexcept;
  /// Whether it has seen where the tar ends, or why it cannot.
  bool over() const { return over_; }
  /// After end or fail.
  LayerFiles take_files() { return std::move(maker_.files()); }

 private:
  std::span<const std::byte> take_data(std::span<const std::byte> bytes);
  std::span<const std::byte> take_block(std::span<const std::byte> bytes);
  void enter(layer_tar::TarBlock block);
  void announce();

  LayerFilesMaker maker_;
  layer_tar::Announced announced_;
  std::array<std::byte, layer_tar::kTarBlock> block_{};
  size_t in_block_ = 0;
  std::int64_t content_left_ = 0, padding_left_ = 0;
  std::string data_;             // of a header that announces something
  char announcing_ = 0;          // its type; 0: none
  std::string* into_ = nullptr;  // where content goes
  bool sparse_map_ = false;      // a block that continues the map of a sparse file comes
  bool begun_ = false, over_ = false;
};

/// The same bytes; the scanner, which outlives the result, sees them too. Offers no descriptor.
std::unique_ptr<Stream> watched(std::unique_ptr<Stream> from, LayerScanner& scanner);

/// Gives a layer, compressed or not, to the scanner. Bytes that cannot be decompressed are told in
/// LayerFiles::problem; what `from` throws comes through.
void scan_all(std::unique_ptr<Stream> from, LayerScanner& scanner);

/// Reads a layer, compressed or not, to its end. What is wrong with its bytes is told in
/// LayerFiles::problem; what `from` throws comes through.
LayerFiles scan_layer(std::unique_ptr<Stream> from);

}  // namespace sealos::custom_resources
