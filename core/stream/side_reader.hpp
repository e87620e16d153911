// A second reader beside the one that takes the bytes.
#pragma once

#include <functional>
#include <memory>

#include "sealos/sdk/stream.hpp"

namespace sealos {

/// Passes the bytes of a stream on, and lends them to a second reader on a thread of its own; at
/// most 1 MiB waits for that one, which need not take all.
class SideReader final : public Stream {
 public:
  /// What `reader` throws is thrown where the stream ends. It is given SEALOS_CANCELLED where the
  /// first reader goes before the end.
  SideReader(std::unique_ptr<Stream> from, std::function<void(Stream& same)> reader);
  ~SideReader() override;
  size_t read(std::span<std::byte> into) override;
  std::int64_t size() const override { return from_->size(); }

 private:
  class Queue;
  class Worker;
  std::unique_ptr<Stream> from_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace sealos
